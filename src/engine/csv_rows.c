/* csv_rows.c -- owns a group of rows of a CSV file as entries: made, checked as the drainer will read them, judged in a dry run. */
#include "engine/csv_rows.h"

#include "base/id.h"
#include "store/erase.h"
#include "store/list.h"
#include "store/scope.h"
#include "store/source.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    ROWS_MAX = 500,
    BODIES_MAX = 4 << 20, /* bytes of one group in the queue */
    BODY_MAX = 2 << 20,   /* of one row: as much as a delivery may have */
    LINE_DIGITS = 12,     /* in keys, so that their order is that of the lines */
    POLICY_BYTES = 1 << 20,
    WORK_BYTES = 64 << 20 /* one row's mapping, or its contact */
};

struct csv_rows {
    struct csv_rows_plan plan;
    const struct route *route;
    int64_t source_id; /* 0: there is none, in a dry run */
    char source_text[24];
    struct arena group, work; /* texts of the entries; one row's */
    struct arena fixed;
    struct policy policy;
    struct entry entries[ROWS_MAX];
    struct str keys[ROWS_MAX];
    size_t n, body_bytes;
};

/* --- the source ------------------------------------------------------------------------------------------------------- */

/* Nothing calls a URL for it: it is made disabled, without a secret. Another import may have made it just now. */
static enum err make_source(struct csv_rows *rows, struct source *source, struct buf *why)
{
    struct store *store = rows->plan.import->store;
    struct source_plan plan = {.route = rows->route, .name = STR(CSV_SOURCE), .disabled = true};
    enum err err = source_add(store, rows->plan.import->seal, &plan, source, why);

    return err == ERR_EXISTS ? source_find(store, plan.name, source) : err;
}

static enum err find_source(struct csv_rows *rows, struct buf *why)
{
    struct source source = {.id = 0};
    enum err err = source_find(rows->plan.import->store, STR(CSV_SOURCE), &source);

    if (err == ERR_NOT_FOUND && rows->plan.import->stream)
        err = make_source(rows, &source, why);
    else if (err == ERR_NOT_FOUND)
        return OK;
    if (!err && strcmp(source.platform, CSV_PLATFORM) != 0)
        err = buf_printf(why, "there is a source \"%s\" of platform %s; imports need that name, remove it first", CSV_SOURCE,
                         source.platform)
                  ? ERR_MEMORY
                  : ERR_CONFIG;
    rows->source_id = source.id;
    source_release(&source);
    return err;
}

enum err csv_rows_new(const struct csv_rows_plan *plan, struct csv_rows **out, struct buf *why)
{
    struct csv_rows *rows = calloc(1, sizeof(*rows));
    enum err err;

    if (!rows)
        return ERR_MEMORY;
    rows->plan = *plan;
    rows->route = routes_find(plan->import->routes, STR(CSV_PLATFORM));
    arena_init(&rows->group, plan->arena_bytes);
    arena_init(&rows->work, WORK_BYTES);
    arena_init(&rows->fixed, POLICY_BYTES);
    err = rows->route ? find_source(rows, why) : ERR_NOT_FOUND;
    if (!err)
        err = policy_load(plan->import->store, &rows->fixed, &rows->policy);
    snprintf(rows->source_text, sizeof(rows->source_text), "%" PRId64, rows->source_id);
    if (err)
        csv_rows_free(rows);
    else
        *out = rows;
    return err;
}

void csv_rows_free(struct csv_rows *rows)
{
    if (!rows)
        return;
    arena_release(&rows->group);
    arena_release(&rows->work);
    arena_release(&rows->fixed);
    free(rows);
}

/* --- entries ---------------------------------------------------------------------------------------------------------- */

static json_t *new_body(const struct csv_rows *rows, uint64_t line)
{
    const struct csv_import_plan *plan = rows->plan.import;
    char row[LINE_DIGITS + 9];
    json_t *body;

    snprintf(row, sizeof(row), "%0*" PRIu64, LINE_DIGITS, line);
    body = json_pack("{ss ss}", "import", rows->plan.id, "row", row);
    if (body && plan->list.len && json_object_set_new(body, "list", json_str(plan->list)))
        goto failed;
    if (body && plan->confirmed.len && json_object_set_new(body, "confirmed", json_str(plan->confirmed)))
        goto failed;
    if (body && plan->sms_confirmed.len && json_object_set_new(body, "sms_confirmed", json_str(plan->sms_confirmed)))
        goto failed;
    return body;
failed:
    json_decref(body);
    return NULL;
}

/* Writes the body into the group's arena. */
static enum err write_body(struct csv_rows *rows, const struct csv_columns *columns, const struct csv_record *record,
                           struct str *out)
{
    struct buf text = BUF_INIT(BODY_MAX);
    json_t *body = new_body(rows, record->line);
    enum err err = body ? csv_columns_fill(columns, record, body) : ERR_MEMORY;

    if (!err)
        err = json_print(body, &text);
    if (!err) {
        *out = arena_str(&rows->group, buf_str(&text));
        err = out->p ? OK : ERR_MEMORY;
    }
    json_decref(body);
    buf_release(&text);
    return err;
}

static enum err make_entry(struct csv_rows *rows, struct str body, struct entry *out)
{
    int64_t now_us = clock_wall_us(rows->plan.import->clock);
    struct id id = id_new(now_us);

    *out = (struct entry){.kind = ENTRY_DELIVERY,
                          .id = arena_str(&rows->group, id_str(&id)),
                          .source_id = str_of(rows->source_text),
                          .received_at_us = now_us,
                          .content_type = STR("application/json"),
                          .body = body,
                          .fire = rows->plan.import->fire,
                          .on_add = rows->plan.import->on_add,
                          .lane = LANE_BULK};
    out->topic = route_header_topic(rows->route, out->headers);
    return out->id.p ? OK : ERR_MEMORY;
}

/* AC-30, AC-31: a row without a valid address is refused here already, so that it makes no dead letter. */
static enum err check_email(struct csv_rows *rows, const struct mapped *mapped, struct csv_refusal *refusal)
{
    struct event_refs refs;
    enum err err = event_refs(&mapped->events[0], &rows->work, &refs);

    if (err || refs.email_err == OK)
        return err;
    *refusal = refs.email_err == ERR_SYNTAX
                   ? (struct csv_refusal){.reason = "invalid_email", .detail = STR("the e-mail address is not valid")}
                   : (struct csv_refusal){.reason = "no_email", .detail = STR("the cell of the e-mail address is empty")};
    return OK;
}

/* Maps the entry as the drainer will. */
static enum err map_row(struct csv_rows *rows, const struct entry *entry, struct mapped *mapped, struct csv_refusal *refusal)
{
    struct map_failure failure = {0};
    enum err err;

    arena_reset(&rows->work);
    *mapped = (struct mapped){.n = 0};
    err = route_map(rows->route, entry, NULL, &rows->work, mapped, &failure);
    if (err && err != ERR_MEMORY && failure.reason) {
        *refusal = (struct csv_refusal){.reason = failure.reason, .detail = failure.detail};
        return OK;
    }
    if (!err && mapped->n != 1)
        return ERR_CONFIG; /* the route is not the built-in one, and means something else */
    return err ? err : check_email(rows, mapped, refusal);
}

enum err csv_rows_add(struct csv_rows *rows, const struct csv_columns *columns, const struct csv_record *record,
                      struct csv_refusal *refusal)
{
    struct entry *entry = &rows->entries[rows->n];
    struct mapped mapped;
    struct str body = STR_NONE;
    enum err err = write_body(rows, columns, record, &body);

    *refusal = (struct csv_refusal){.reason = NULL};
    if (err == ERR_TOO_LARGE) {
        *refusal = (struct csv_refusal){.reason = "too_large", .detail = STR("the row is too long")};
        return OK;
    }
    if (!err)
        err = make_entry(rows, body, entry);
    if (!err)
        err = map_row(rows, entry, &mapped, refusal);
    if (err || refusal->reason)
        return err;
    rows->keys[rows->n] = arena_str(&rows->group, mapped.dedupe_key);
    if (!rows->keys[rows->n].p)
        return ERR_MEMORY;
    rows->n++;
    rows->body_bytes += body.len;
    return OK;
}

bool csv_rows_full(const struct csv_rows *rows)
{
    return rows->n == ROWS_MAX || rows->body_bytes >= BODIES_MAX || rows->group.used_bytes >= rows->plan.arena_bytes / 2;
}

void csv_rows_reset(struct csv_rows *rows)
{
    arena_reset(&rows->group);
    rows->n = rows->body_bytes = 0;
}

size_t csv_rows_n(const struct csv_rows *rows)
{
    return rows->n;
}

const struct entry *csv_rows_entries(const struct csv_rows *rows)
{
    return rows->entries;
}

int64_t csv_rows_source(const struct csv_rows *rows)
{
    return rows->source_id;
}

struct str csv_rows_key(const struct csv_rows *rows, size_t i)
{
    return rows->keys[i];
}

struct str csv_rows_first_key(const struct csv_rows *rows)
{
    return rows->keys[0];
}

struct str csv_rows_last_key(const struct csv_rows *rows)
{
    return rows->keys[rows->n - 1];
}

uint64_t csv_rows_line(struct str key)
{
    uint64_t line = 0;

    if (key.len < LINE_DIGITS || str_to_u64(str_from(key, key.len - LINE_DIGITS), &line))
        return 0;
    return line;
}

/* --- dry run ---------------------------------------------------------------------------------------------------------- */

static struct id count_id(void *arg)
{
    size_t *made = arg;
    struct id id = {{0}};

    memset(id.text, '0', ID_CHARS);
    ++*made;
    return id;
}

enum err csv_rows_judge(struct csv_rows *rows, size_t i, struct row_verdict *out)
{
    const struct csv_import_plan *plan = rows->plan.import;
    const struct entry *entry = &rows->entries[i];
    struct csv_refusal refusal = {.reason = NULL};
    struct event_refs refs;
    struct outcome outcome;
    struct mapped mapped;
    struct scope scope;
    size_t made = 0;
    struct event_context ctx = {.source_id = rows->source_id,
                                .platform = STR(CSV_PLATFORM),
                                .receipt = entry->id,
                                .effect_key = rows->keys[i],
                                .received_at_us = entry->received_at_us,
                                .new_id = count_id,
                                .arg = &made};
    enum err err = map_row(rows, entry, &mapped, &refusal);

    if (err)
        return err;
    ctx.event = &mapped.events[0];
    err = event_refs(ctx.event, &rows->work, &refs);
    if (!err)
        err = erase_when(plan->store, plan->seal, &refs, rows->source_id, &ctx.erased_at_us);
    if (!err)
        err = scope_load(plan->store, ctx.event, &refs, rows->source_id, &rows->work, &scope);
    if (!err)
        err = contact_apply(&scope, &refs, &ctx, &rows->policy, &outcome);
    if (!err)
        *out = row_judge(&scope, &outcome, made > 0);
    return err;
}
