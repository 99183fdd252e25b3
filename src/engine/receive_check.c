/* receive_check.c -- owns check mode: what a signed delivery would mean, told to a plugin's author instead of queued. */
#include "engine/receipt.h"

#include "base/log.h"
#include "route/mapped_json.h"

enum { ANSWER_MAX_BYTES = 4 << 20 };

static const struct str check_header = {"storehook-check", 15};

bool receipt_is_check(const struct receipt *p)
{
    return fields_get(http_fields(p->x), check_header, NULL) > 0;
}

/* Whoever means a check must not be taken at the word of a delivery because he spelt it otherwise. */
static enum err check_asked(const struct receipt *p)
{
    struct str value;
    bool one = fields_get(http_fields(p->x), check_header, &value) == 1 && str_eq(value, STR("1"));

    if (!one)
        return ERR_SYNTAX;
    return rate_take(p->r->parts.check_rate, p->live->source.id, p->started_us) ? OK : ERR_RATE;
}

/* The whole delivery's error, beside what is known of it; NULL when memory is out. */
static json_t *failure_json(const struct live_source *live, const struct mapped *mapped, const struct map_failure *failure)
{
    json_t *answer = mapped_json(live->route, mapped);

    if (answer && json_object_set_new(answer, "error",
                                      json_pack("{ss so}", "reason", failure->reason, "detail", json_str(failure->detail)))) {
        json_decref(answer);
        return NULL;
    }
    return answer;
}

/* Maps as the drainer would. The body's signature has passed (N2). */
static enum err map(struct receipt *p, struct buf *out)
{
    struct field kept[ENTRY_FIELDS_MAX];
    struct map_failure failure = {.reason = ""};
    struct mapped mapped = {.n = 0};
    struct entry entry;
    json_t *answer = NULL;
    enum err err;

    receipt_entry(p, kept, &entry);
    entry.id = STR("00000000000000000000000000000000");
    entry.source_id = str_of(p->live->id_text);
    entry.received_at_us = p->received_at_us;
    err = route_map(p->live->route, &entry, p->live->source.config, &p->r->check, &mapped, &failure);
    if (err && !*failure.reason)
        return err;
    answer = err ? failure_json(p->live, &mapped, &failure) : mapped_json(p->live->route, &mapped);
    err = answer ? json_print_pretty(answer, out) : ERR_MEMORY;
    json_decref(answer);
    return err ? err : buf_append_c(out, '\n');
}

enum err receipt_check(struct receipt *p)
{
    struct buf answer = BUF_INIT(ANSWER_MAX_BYTES);
    enum err err = check_asked(p);

    if (!err)
        err = map(p, &answer);
    arena_reset(&p->r->check);
    if (!err) {
        receipt_count(p, "checked", "", 1);
        LOG(LOG_INFO, "delivery checked", KV_TEXT("source", p->live->id_text), KV_UINT("bytes", http_body(p->x).len));
        receipt_answer_json(p, buf_str(&answer));
    }
    buf_release(&answer);
    return err;
}
