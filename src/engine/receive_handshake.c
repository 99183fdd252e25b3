/* receive_handshake.c -- owns the answers to a platform's questions on /in/<key>. */
#include "engine/receipt.h"

#include "base/log.h"

#include <stdio.h>

static const char *config_of(void *arg, struct str name)
{
    const struct live_source *live = arg;
    char text[128];

    if (name.len >= sizeof(text))
        return NULL;
    snprintf(text, sizeof(text), "%.*s", STR_ARG(name));
    return source_config(&live->source, text);
}

/* I4, I5: a question of the platform, answered exactly as the route file says; nothing is queued. Only asked of requests that
 * carry no signature: a signed one is a delivery. */
bool receipt_handshake(struct receipt *p)
{
    struct handshake_request request = {.method = http_method_text(p->x),
                                        .query = http_query(p->x),
                                        .body = http_body(p->x),
                                        .headers = http_fields(p->x),
                                        .config = config_of,
                                        .arg = p->live};
    struct http_exchange *x = p->x;
    struct http_answer answer = {.status = 0};

    (void)fields_get(request.headers, STR("content-type"), &request.content_type);
    buf_clear(&p->r->answer);
    if (!route_handshake(p->live->route, &request, &answer.status, &answer.content_type, &p->r->answer))
        return false;
    answer.body = buf_str(&p->r->answer);
    receipt_count(p, "handshake", "", 1);
    LOG(LOG_INFO, "handshake answered", KV_TEXT("source", p->live->id_text), KV_INT("status", answer.status));
    receipt_end(p);
    http_answer(x, &answer);
    return true;
}
