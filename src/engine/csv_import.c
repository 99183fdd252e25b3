/* csv_import.c -- owns the import of one CSV file: rows into the queue, then what the drainers made of them. */
#include "engine/csv_import.h"

#include "engine/csv_rows.h"
#include "store/seen.h"
#include "store/source.h"
#include "verify/digest.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>

enum {
    COLUMNS_BYTES = 8 << 20,
    GROUP_BYTES = 48 << 20, /* arena of one group, with what the mapping of a row needs */
    RESULT_BYTES = 8 << 20,
    POLL_FIRST_MS = 5,
    POLL_LAST_MS = 100,
    LONELY_MS = 2000, /* without progress, before one looks for a drainer */
    DIGEST_CHUNK = 64 << 10
};

struct csv_import {
    struct csv_import_plan plan;
    struct arena fixed;
    struct csv *csv;
    struct csv_columns columns;
    struct csv_rows *rows;
    struct csv_sums sums;
    struct sha256 *digest; /* of the file as it is read for the second time */
    char file_hex[SHA256_HEX_CHARS + 1], id[SHA256_HEX_CHARS + 1];
    uint64_t bytes;
    bool lonely; /* it was said that there is no drainer */
};

/* --- the file --------------------------------------------------------------------------------------------------------- */

static enum err digest_file(FILE *file, char out[SHA256_HEX_CHARS + 1])
{
    struct sha256 *digest = sha256_new();
    char *chunk = malloc(DIGEST_CHUNK);
    size_t n = 1;
    enum err err = digest && chunk ? OK : ERR_MEMORY;

    while (!err && n) {
        n = fread(chunk, 1, DIGEST_CHUNK, file);
        err = ferror(file) ? ERR_IO : sha256_add(digest, str_n(chunk, n));
    }
    if (!err)
        err = sha256_end(digest, out);
    if (!err && fseek(file, 0, SEEK_SET))
        err = ERR_IO;
    sha256_free(digest);
    free(chunk);
    return err;
}

static enum err read_chunk(void *arg, size_t n, struct buf *out)
{
    struct csv_import *import = arg;
    enum err err = buf_reserve(out, n);
    size_t got;

    if (err)
        return err;
    got = fread(out->p + out->len, 1, n, import->plan.file);
    if (ferror(import->plan.file))
        return ERR_IO;
    err = sha256_add(import->digest, str_n(out->p + out->len, got));
    out->len += got;
    out->p[out->len] = '\0';
    import->bytes += got;
    return err;
}

/* The digest of all that decides what a row means: the same rows read otherwise are another import. */
static enum err name_import(struct csv_import *import)
{
    const struct csv_import_plan *plan = &import->plan;
    struct buf text = BUF_INIT(1 << 20);
    enum err err =
        buf_printf(&text, "%s\n%.*s\n%.*s\n%c\n", import->file_hex, STR_ARG(plan->list), STR_ARG(plan->confirmed), plan->separator);

    if (!err && plan->sms_confirmed.len)
        err = buf_printf(&text, "sms %.*s\n", STR_ARG(plan->sms_confirmed));
    for (size_t i = 0; i < import->columns.n && !err; i++)
        err = buf_printf(&text, "%.*s\n", STR_ARG(csv_column_target(&import->columns.at[i], &import->fixed)));
    if (!err)
        err = sha256_hex(buf_str(&text), import->id);
    buf_release(&text);
    return err;
}

static enum err refuse(enum err written)
{
    return written ? written : ERR_CONFIG;
}

static enum err read_head(struct csv_import *import, struct buf *why)
{
    struct csv_mapping mapping = import->plan.mapping;
    struct csv_record head = {.n = 0};
    struct field_list own;
    bool more = false;
    enum err err = field_list_load(import->plan.store, &import->fixed, &own);

    mapping.own = &own;
    if (!err)
        err = csv_next(import->csv, &head, &more);
    if (err)
        return err;
    if (!more)
        return refuse(buf_printf(why, "the file is empty; its first row names the columns"));
    if (head.err)
        return refuse(buf_printf(why, "line %" PRIu64 ", character %" PRIu64 ": %s (the first row names the columns)",
                                 head.trouble_line, head.trouble_column, head.trouble));
    return csv_columns_read(&head, &mapping, &import->fixed, &import->columns, why);
}

enum err csv_import_new(const struct csv_import_plan *plan, struct csv_import **out, struct buf *why)
{
    struct csv_limits limits = csv_limits_default;
    struct csv_import *import = calloc(1, sizeof(*import));
    enum err err = OK;

    if (!import)
        return ERR_MEMORY;
    import->plan = *plan;
    arena_init(&import->fixed, COLUMNS_BYTES);
    limits.separator = plan->separator;
    import->csv = csv_new(&limits, read_chunk, import);
    import->digest = sha256_new();
    if (!import->csv || !import->digest)
        err = ERR_MEMORY;
    if (!err)
        err = digest_file(plan->file, import->file_hex);
    if (!err)
        err = read_head(import, why);
    if (!err)
        err = name_import(import);
    if (err == ERR_IO)
        err = buf_printf(why, "cannot be read twice, as an import must: %s", strerror(errno)) ? ERR_MEMORY : ERR_IO;
    if (err)
        csv_import_free(import);
    else
        *out = import;
    return err;
}

void csv_import_free(struct csv_import *import)
{
    if (!import)
        return;
    csv_rows_free(import->rows);
    csv_free(import->csv);
    sha256_free(import->digest);
    arena_release(&import->fixed);
    free(import);
}

const struct csv_columns *csv_import_columns(const struct csv_import *import)
{
    return &import->columns;
}

const char *csv_import_id(const struct csv_import *import)
{
    return import->id;
}

const struct csv_sums *csv_import_sums(const struct csv_import *import)
{
    return &import->sums;
}

/* --- the sums --------------------------------------------------------------------------------------------------------- */

/* Counts under the reason; those past the table's end under the last one. */
static void count_reason(struct csv_sums *sums, struct str reason)
{
    size_t i = 0;

    while (i < sums->n_reasons && !str_eq(reason, str_of(sums->reasons[i].name)))
        i++;
    if (i == CSV_REASONS_MAX)
        i--;
    if (i == sums->n_reasons) {
        snprintf(sums->reasons[i].name, sizeof(sums->reasons[i].name), "%.*s", STR_ARG(reason));
        sums->n_reasons++;
    }
    sums->reasons[i].rows++;
}

static void reject(struct csv_import *import, uint64_t line, struct str reason, struct str detail)
{
    struct csv_reject rejected = {.line = line, .reason = reason, .detail = detail};

    import->sums.rejected++;
    count_reason(&import->sums, reason);
    import->plan.watch.reject(import->plan.watch.arg, &rejected);
}

static void count_verdict(struct csv_import *import, uint64_t line, struct row_verdict verdict)
{
    import->sums.consent_refused += verdict.consent_refused;
    if (verdict.fate == ROW_ERASED)
        reject(import, line, STR("erased"), STR("the person was erased; only an opt-in of their own brings them back"));
    if (verdict.fate == ROW_SKIPPED)
        reject(import, line, STR("skipped"), STR("an address of staff or of a marketplace's relay; contacts.skip says which are"));
    import->sums.fates[verdict.fate]++;
}

/* What the drainers noted of one row. `first` is the first delivery id of this run: an earlier one took the row before. */
static void count_key(struct csv_import *import, const struct seen_key *key, struct str first)
{
    struct row_verdict verdict;
    uint64_t line = csv_rows_line(key->key);

    if (key->reason.len)
        reject(import, line, key->reason, key->detail);
    else if (str_cmp(key->delivery_id, first) < 0)
        import->sums.before++;
    else if (row_verdict_parse(key->detail, &verdict))
        import->sums.fates[ROW_UPDATED]++; /* replayed meanwhile by hand: applied, and nothing more is known */
    else
        count_verdict(import, line, verdict);
}

/* --- groups ----------------------------------------------------------------------------------------------------------- */

static void see_role(void *arg, const struct role_seen *seen)
{
    bool *drains = arg;

    *drains |= str_eq(seen->role, STR("drain"));
}

/* Says once that nobody drains. A look that fails says nothing: the wait has its own end. */
static void look_for_drainer(struct csv_import *import)
{
    bool drains = false;

    if (import->lonely || stream_roles(import->plan.stream, see_role, &drains) || drains)
        return;
    import->lonely = true;
    import->plan.watch.no_drainer(import->plan.watch.arg);
}

/* Waits until every row of the group is seen; `keys` are then what became of them. */
static enum err await_group(struct csv_import *import, struct arena *arena, struct seen_key **keys, size_t *n)
{
    const struct csv_import_plan *plan = &import->plan;
    int64_t since_us = clock_mono_us(plan->clock), quiet_us = 0;
    size_t had = 0, wanted = csv_rows_n(import->rows);
    int pause_ms = POLL_FIRST_MS;
    enum err err = OK;

    for (*n = 0; !err && *n < wanted;) {
        arena_reset(arena);
        err = seen_range(plan->store, csv_rows_source(import->rows), csv_rows_first_key(import->rows),
                         csv_rows_last_key(import->rows), wanted, arena, keys, n);
        if (err || *n == wanted)
            break;
        if (*n > had)
            since_us = clock_mono_us(plan->clock);
        had = *n;
        quiet_us = clock_mono_us(plan->clock) - since_us;
        if (quiet_us > LONELY_MS * US_PER_MS)
            look_for_drainer(import);
        if (quiet_us > plan->wait_ms * US_PER_MS)
            return ERR_TIMEOUT;
        poll(NULL, 0, pause_ms);
        pause_ms = 2 * pause_ms < POLL_LAST_MS ? 2 * pause_ms : POLL_LAST_MS;
    }
    return err;
}

static enum err finish_queued(struct csv_import *import, struct arena *arena)
{
    struct seen_key *keys = NULL;
    size_t n = 0, entries = csv_rows_n(import->rows);
    const struct entry *at = csv_rows_entries(import->rows);
    enum err err = stream_append_all(import->plan.stream, at, entries);

    if (!err)
        err = await_group(import, arena, &keys, &n);
    for (size_t i = 0; i < n && !err; i++)
        count_key(import, &keys[i], at[0].id);
    return err;
}

/* Nothing is changed: the rows are judged one by one against the contacts as they are. */
static enum err finish_dry(struct csv_import *import, struct arena *arena)
{
    struct seen_key *keys = NULL;
    size_t n = 0, seen = 0;
    enum err err = seen_range(import->plan.store, csv_rows_source(import->rows), csv_rows_first_key(import->rows),
                              csv_rows_last_key(import->rows), csv_rows_n(import->rows), arena, &keys, &n);

    for (size_t i = 0; i < csv_rows_n(import->rows) && !err; i++) {
        struct row_verdict verdict;

        if (seen < n && str_eq(keys[seen].key, csv_rows_key(import->rows, i))) {
            count_key(import, &keys[seen++], csv_rows_entries(import->rows)[0].id);
            continue;
        }
        err = csv_rows_judge(import->rows, i, &verdict);
        if (!err)
            count_verdict(import, csv_rows_line(csv_rows_key(import->rows, i)), verdict);
    }
    return err;
}

static enum err finish_group(struct csv_import *import)
{
    struct arena arena;
    enum err err = OK;

    arena_init(&arena, RESULT_BYTES);
    if (csv_rows_n(import->rows))
        err = import->plan.stream ? finish_queued(import, &arena) : finish_dry(import, &arena);
    arena_release(&arena);
    csv_rows_reset(import->rows);
    if (!err)
        import->plan.watch.progress(import->plan.watch.arg, import->bytes, &import->sums);
    return err;
}

/* --- rows ------------------------------------------------------------------------------------------------------------- */

static enum err reject_record(struct csv_import *import, const struct csv_record *record)
{
    char text[160];

    if (record->err)
        snprintf(text, sizeof(text), "line %" PRIu64 ", character %" PRIu64 ": %s", record->trouble_line, record->trouble_column,
                 record->trouble);
    else
        snprintf(text, sizeof(text), "%zu cells, but the first row names %zu columns", record->n, import->columns.n);
    reject(import, record->line, record->err ? STR("csv") : STR("columns"), str_of(text));
    return OK;
}

static enum err take_record(struct csv_import *import, const struct csv_record *record)
{
    struct csv_refusal refusal = {.reason = NULL};
    enum err err;

    import->sums.rows++;
    if (record->err || record->n != import->columns.n)
        return reject_record(import, record);
    err = csv_rows_add(import->rows, &import->columns, record, &refusal);
    if (!err && refusal.reason)
        reject(import, record->line, str_of(refusal.reason), refusal.detail);
    if (!err && csv_rows_full(import->rows))
        err = finish_group(import);
    return err;
}

static enum err check_unchanged(struct csv_import *import, struct buf *why)
{
    char hex[SHA256_HEX_CHARS + 1];
    enum err err = sha256_end(import->digest, hex);

    if (err || strcmp(hex, import->file_hex) == 0)
        return err;
    return refuse(buf_printf(why, "the file was changed while it was read; import it again"));
}

enum err csv_import_run(struct csv_import *import, struct buf *why)
{
    struct csv_rows_plan plan = {.import = &import->plan, .id = import->id, .arena_bytes = GROUP_BYTES};
    struct csv_record record;
    bool more = true;
    enum err err = csv_rows_new(&plan, &import->rows, why);

    while (!err && more) {
        err = csv_next(import->csv, &record, &more);
        if (!err && more)
            err = take_record(import, &record);
    }
    if (!err)
        err = finish_group(import);
    return err ? err : check_unchanged(import, why);
}
