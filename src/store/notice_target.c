/* notice_target.c -- owns the targets of notices in the database: the operator's URLs, and the secrets that we sign with. */
#include "store/notice_target.h"

#include "base/encode.h"
#include "base/id.h"
#include "store/notice_rows.h"

enum { KEY_BYTES = 32, KEY_BYTES_MIN = 24, KEY_BYTES_MAX = 64, SEALED_BYTES_MAX = 1024, CONTEXT_CHARS = 64 };

/* --- secrets ------------------------------------------------------------------------------------------------------------ */

static struct str context_of(const struct store *store, int64_t target_id, char out[CONTEXT_CHARS])
{
    snprintf(out, CONTEXT_CHARS, "notice-target:%lld:%lld", (long long)store->account_id, (long long)target_id);
    return str_of(out);
}

/* Returns owned: "whsec_" and base64 of random bytes. */
static enum err make_secret(struct secret **out)
{
    char text[sizeof("whsec_") + BASE64_LEN(KEY_BYTES)] = "whsec_";
    unsigned char key[KEY_BYTES];
    enum err err;

    random_bytes(key, sizeof(key));
    base64_encode(str_n(key, sizeof(key)), text + strlen(text));
    err = secret_new(str_of(text), out);
    explicit_bzero(key, sizeof(key));
    explicit_bzero(text, sizeof(text));
    return err;
}

/* Returns owned: the one that was given, once its form is right. */
static enum err take_secret(const struct secret *given, struct secret **out)
{
    struct str text = secret_bytes(given), prefix = STR("whsec_");
    unsigned char key[KEY_BYTES_MAX];
    size_t n = 0;
    enum err err = str_starts(text, prefix) ? base64_decode(str_from(text, prefix.len), key, sizeof(key), &n) : ERR_SYNTAX;

    explicit_bzero(key, sizeof(key));
    if (err || n < KEY_BYTES_MIN)
        return ERR_SYNTAX;
    return secret_new(text, out);
}

static enum err insert_secret(struct store *store, const struct seal *seal, int64_t target_id, int64_t number,
                              const struct secret *secret)
{
    struct buf sealed = BUF_INIT(SEALED_BYTES_MAX);
    char context[CONTEXT_CHARS];
    enum err err = seal_close(seal, context_of(store, target_id, context), secret_bytes(secret), &sealed);

    if (!err)
        err = db_run(store->db,
                     "INSERT INTO notice_secret (account_id, target_id, number, sealed, from_us, until_us)"
                     " VALUES ($1, $2, $3, $4, $5, 0)",
                     "iiisi", store->account_id, target_id, number, buf_str(&sealed), clock_wall_us(store->clock));
    buf_release(&sealed);
    return err;
}

enum err notice_secret_open(const struct store *store, const struct seal *seal, int64_t target_id, const struct notice_secret *s,
                            struct secret **out)
{
    char context[CONTEXT_CHARS];

    return seal_open(seal, context_of(store, target_id, context), s->sealed, out);
}

enum err notice_target_secrets(struct store *store, int64_t id, struct arena *arena, struct notice_secret *out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT sealed, number, from_us, until_us FROM notice_secret WHERE account_id = $1 AND target_id = $2"
                            " AND (until_us = 0 OR until_us > $3) ORDER BY number DESC",
                            "iii", store->account_id, id, clock_wall_us(store->clock));

    *n = 0;
    while (!err && *n < NOTICE_SECRETS_MAX && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};
        struct notice_secret *s = &out[(*n)++];

        s->sealed = row_str(&r);
        s->number = row_int(&r);
        s->from_us = row_int(&r);
        s->until_us = row_int(&r);
        err = r.err;
    }
    db_done(st);
    return err;
}

bool notice_target_name_is_valid(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", name.p[i]) || name.p[i] == '\0')
            return false;
    return name.len > 0 && name.len <= NOTICE_TARGET_NAME_MAX;
}

/* --- targets ------------------------------------------------------------------------------------------------------------ */

static enum err ask_int(struct store *store, const char *sql, int64_t id, int64_t *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st, sql, id ? "ii" : "i", store->account_id, id);

    if (!err)
        err = db_step(st, &row);
    if (!err)
        *out = db_column_int(st, 0);
    db_done(st);
    return err;
}

static enum err insert_target(struct store *store, const struct notice_target_plan *plan, int64_t id)
{
    return db_run(store->db,
                  "INSERT INTO notice_target (account_id, id, name, url, types, enabled, disabled_why, created_at_us, failures,"
                  " paused_until_us, last_status, last_error, last_at_us, delivered_at_us)"
                  " VALUES ($1, $2, $3, $4, $5, 1, '', $6, 0, 0, 0, '', 0, 0)",
                  "iisssi", store->account_id, id, plan->name, plan->url, not_null(plan->types), clock_wall_us(store->clock));
}

/* What one transaction works with. */
struct job {
    const struct seal *seal;
    const struct notice_target_plan *plan;
    const struct secret *secret;
    int64_t id, grace_ms;
};

/* Inside a transaction. The number of a removed target may come again: nothing of that one is left. */
static enum err put_target(struct store *store, void *arg)
{
    const struct job *job = arg;
    int64_t id = 0, n = 0;
    enum err err = ask_int(store, "SELECT COUNT(*) FROM notice_target WHERE account_id = $1", 0, &n);

    if (!err && n >= NOTICE_TARGETS_MAX)
        err = ERR_TOO_MANY;
    if (!err)
        err = ask_int(store, "SELECT COALESCE(MAX(id), 0) + 1 FROM notice_target WHERE account_id = $1", 0, &id);
    if (!err)
        err = insert_target(store, job->plan, id);
    return err ? err : insert_secret(store, job->seal, id, 1, job->secret);
}

enum err notice_target_add(struct store *store, const struct seal *seal, const struct notice_target_plan *plan,
                           struct secret **secret)
{
    struct secret *made = NULL;
    enum err err = plan->secret ? take_secret(plan->secret, &made) : make_secret(&made);

    if (!err)
        err = store_transact(store, put_target, &(struct job){.seal = seal, .plan = plan, .secret = made});
    if (!err) {
        *secret = made;
        made = NULL;
    }
    secret_free(made);
    return err;
}

void notice_target_read(struct row *r, struct notice_target *t)
{
    t->id = row_int(r);
    t->name = row_str(r);
    t->url = row_str(r);
    t->types = row_str(r);
    t->enabled = row_int(r) != 0;
    t->disabled_why = row_str(r);
    t->created_at_us = row_int(r);
    t->failures = row_int(r);
    t->paused_until_us = row_int(r);
    t->last_status = row_int(r);
    t->last_error = row_str(r);
    t->last_at_us = row_int(r);
    t->delivered_at_us = row_int(r);
}

enum err notice_target_find(struct store *store, struct str name, struct arena *arena, struct notice_target *out)
{
    struct db_stmt *st = NULL;
    struct row r = {.arena = arena, .column = 0, .err = OK};
    bool row = false;
    enum err err =
        db_query(store->db, &st, "SELECT " NOTICE_TARGET_COLUMNS " FROM notice_target WHERE account_id = $1 AND name = $2", "is",
                 store->account_id, not_null(name));

    if (!err)
        err = db_step(st, &row);
    if (!err && !row)
        err = ERR_NOT_FOUND;
    if (!err) {
        r.st = st;
        notice_target_read(&r, out);
        err = r.err;
    }
    db_done(st);
    return err;
}

enum err notice_target_list(struct store *store, struct arena *arena, struct notice_target **out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err =
        db_query(store->db, &st, "SELECT " NOTICE_TARGET_COLUMNS " FROM notice_target WHERE account_id = $1 ORDER BY name", "i",
                 store->account_id);

    *n = 0;
    *out = arena_array(arena, NOTICE_TARGETS_MAX, sizeof(**out));
    if (!err && !*out)
        err = ERR_MEMORY;
    while (!err && *n < NOTICE_TARGETS_MAX && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        notice_target_read(&r, &(*out)[(*n)++]);
        err = r.err;
    }
    db_done(st);
    return err;
}

static enum err need_change(struct store *store, enum err err)
{
    return err || db_changes(store->db) ? err : ERR_NOT_FOUND;
}

enum err notice_target_set_enabled(struct store *store, int64_t id, bool enabled, struct str why)
{
    return need_change(store, db_run(store->db,
                                     "UPDATE notice_target SET enabled = $3, disabled_why = $4, failures = 0, paused_until_us = 0"
                                     " WHERE account_id = $1 AND id = $2",
                                     "iiis", store->account_id, id, (int64_t)enabled, enabled ? STR("") : not_null(why)));
}

/* Inside a transaction. */
static enum err remove_target(struct store *store, void *arg)
{
    static const char *const of_target[] = {
        "DELETE FROM notice WHERE account_id = $1 AND id IN (SELECT notice_id FROM notice_delivery d WHERE d.account_id = $1"
        " AND d.target_id = $2) AND NOT EXISTS (SELECT 1 FROM notice_delivery o WHERE o.account_id = $1"
        " AND o.notice_id = notice.id AND o.target_id <> $2)",
        "DELETE FROM notice_delivery WHERE account_id = $1 AND target_id = $2",
        "DELETE FROM notice_secret WHERE account_id = $1 AND target_id = $2",
    };
    const struct job *job = arg;
    enum err err = OK;

    for (size_t i = 0; i < sizeof(of_target) / sizeof(*of_target) && !err; i++)
        err = db_run(store->db, of_target[i], "ii", store->account_id, job->id);
    return err ? err
               : need_change(store, db_run(store->db, "DELETE FROM notice_target WHERE account_id = $1 AND id = $2", "ii",
                                           store->account_id, job->id));
}

enum err notice_target_remove(struct store *store, int64_t id)
{
    return store_transact(store, remove_target, &(struct job){.id = id});
}

/* --- rotation ----------------------------------------------------------------------------------------------------------- */

/* Inside a transaction: ends the secrets there are, forgets those that have ended. */
static enum err end_secrets(struct store *store, int64_t id, int64_t grace_ms)
{
    int64_t now_us = clock_wall_us(store->clock), left = 0;
    enum err err = db_run(store->db,
                          "UPDATE notice_secret SET until_us = $3 WHERE account_id = $1 AND target_id = $2"
                          " AND (until_us = 0 OR until_us > $3)",
                          "iii", store->account_id, id, now_us + grace_ms * US_PER_MS);

    if (!err)
        err = db_run(store->db, "DELETE FROM notice_secret WHERE account_id = $1 AND target_id = $2 AND until_us <= $3", "iii",
                     store->account_id, id, now_us);
    if (!err)
        err = ask_int(store, "SELECT COUNT(*) FROM notice_secret WHERE account_id = $1 AND target_id = $2", id, &left);
    return err || left < NOTICE_SECRETS_MAX ? err : ERR_TOO_MANY;
}

/* Inside a transaction. The number goes on from the one that ends, which is there still when this is asked. */
static enum err begin_secret(struct store *store, void *arg)
{
    const struct job *job = arg;
    int64_t number = 0;
    enum err err = ask_int(store, "SELECT COALESCE(MAX(number), 0) + 1 FROM notice_secret WHERE account_id = $1 AND target_id = $2",
                           job->id, &number);

    if (!err)
        err = end_secrets(store, job->id, job->grace_ms);
    return err ? err : insert_secret(store, job->seal, job->id, number, job->secret);
}

enum err notice_target_rotate(struct store *store, const struct seal *seal, int64_t id, const struct secret *given,
                              int64_t grace_ms, struct secret **out)
{
    struct secret *made = NULL;
    enum err err = given ? take_secret(given, &made) : make_secret(&made);

    if (!err)
        err = store_transact(store, begin_secret, &(struct job){.seal = seal, .secret = made, .id = id, .grace_ms = grace_ms});
    if (!err) {
        *out = made;
        made = NULL;
    }
    secret_free(made);
    return err;
}
