/* receive_answer.c -- owns what the sender of a delivery is told, and what is counted then. */
#include "engine/receipt.h"

#include "base/counters.h"
#include "base/log.h"

#include <stdio.h>

/* What a sender is told, by status: brief and the same for every reason (I2). */
static const struct refusal {
    int status;
    const char *body, *extra;
    enum counter counter;
} refusals[] = {
    {400, "{\"error\":\"bad request\"}", NULL, COUNTER_REFUSED},
    {401, "{\"error\":\"unauthorized\"}", NULL, COUNTER_REFUSED},
    {403, "{\"error\":\"forbidden\"}", NULL, COUNTER_REFUSED},
    {404, "{\"error\":\"not found\"}", NULL, COUNTER_REFUSED},
    {405, "{\"error\":\"method not allowed\"}", NULL, COUNTER_REFUSED},
    {429, "{\"error\":\"too many requests\"}", "Retry-After: 1\r\n", COUNTER_REFUSED},
    {503, "{\"error\":\"unavailable\"}", "Retry-After: 5\r\n", COUNTER_UNAVAILABLE}, /* the last: for all that is our trouble */
};
enum { REFUSALS = sizeof(refusals) / sizeof(refusals[0]) };

void receipt_count(const struct receipt *p, const char *what, const char *name, int64_t by)
{
    char field[64];
    int n = snprintf(field, sizeof(field), "%s%s", what, name);

    if (p->live && n > 0 && (size_t)n < sizeof(field))
        queue_source_count(p->r->parts.queue, str_of(p->live->id_text), str_n(field, (size_t)n), by);
}

/* Says what to do where the platform signs, or asks for, a URL that nobody has told us. */
static void explain_url(struct receipt *p)
{
    if (p->live && !p->live->err && receipt_request(p).url.len == 0)
        LOG(LOG_WARN, "public URL not known", KV_TEXT("source", p->live->id_text), KV_TEXT("platform", p->live->source.platform),
            KV_TEXT("todo", "set storehook.public_url to how the platform calls this server, and restart"));
}

void receipt_refuse(struct receipt *p, enum err err)
{
    const struct refusal *row = refusals;
    struct http_exchange *x = p->x;
    const char *allow = p->live && p->live->route ? route_methods(p->live->route) : "POST";

    while (row->status != err_http_status(err) && row < &refusals[REFUSALS - 1])
        row++;
    counter_add(row->counter, 1);
    if (err == ERR_CONFIG)
        explain_url(p);
    receipt_count(p, "refused:", err_name(err), 1);
    LOG(row->status == 503 ? LOG_WARN : LOG_INFO, row->status == 503 ? "delivery unavailable" : "delivery refused",
        KV_TEXT("source", p->live ? p->live->id_text : ""), KV_TEXT("reason", err_name(err)), KV_INT("status", row->status),
        KV_STR("peer", http_peer(x)));
    rejects_take(p->r->parts.rejects, p->live, x, p->received_at_us, err);
    receipt_end(p);
    http_set_allow(x, allow);
    http_answer(x, &(struct http_answer){
                       .status = row->status, .content_type = "application/json", .body = str_of(row->body), .extra = row->extra});
}

void receipt_accept(struct receipt *p)
{
    struct str type = STR_NONE, body = STR_NONE;
    struct http_answer answer = {.status = route_answer(p->live->route, &type, &body)};
    char text[64];
    char type_text[96];

    snprintf(type_text, sizeof(type_text), "%.*s", STR_ARG(type));
    if (answer.status) {
        answer.content_type = type.len ? type_text : NULL;
        answer.body = body;
    } else {
        snprintf(text, sizeof(text), "{\"delivery\":\"%s\"}", p->id.text);
        answer = (struct http_answer){.status = 200, .content_type = "application/json", .body = str_of(text)};
    }
    http_answer(p->x, &answer);
}

void receipt_answer_json(struct receipt *p, struct str body)
{
    struct http_exchange *x = p->x;

    receipt_end(p);
    http_answer(x, &(struct http_answer){.status = 200, .content_type = "application/json", .body = body});
}
