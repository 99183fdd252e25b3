/* figures_metrics.c -- owns the figures in the text format of Prometheus. */
#include "engine/figures.h"

#include "base/counters.h"

/* A label's value: backslash, quote and newline are escaped, as the format asks. */
static enum err put_label(struct buf *out, struct str value)
{
    enum err err = OK;

    for (size_t i = 0; i < value.len && !err; i++) {
        char c = value.p[i];

        if (c == '\\' || c == '"')
            err = buf_append_c(out, '\\');
        if (!err)
            err = c == '\n' ? buf_append(out, STR("\\n")) : buf_append_c(out, c);
    }
    return err;
}

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static enum err put_head(struct buf *out, const char *name, const char *help)
{
    return buf_printf(out, "# HELP storehook_%s %s\n# TYPE storehook_%s gauge\n", name, help, name);
}

/* The row of one process: storehook_<name><ending>{role="...",pid="..."} value */
static enum err put_of_role(struct buf *out, const char *name, const char *ending, const json_t *role, int64_t value)
{
    enum err err = buf_printf(out, "storehook_%s%s{role=\"", name, ending);

    if (!err)
        err = put_label(out, json_member_text(role, "role"));
    return err ? err : buf_printf(out, "\",pid=\"%lld\"} %lld\n", (long long)number(role, "pid"), (long long)value);
}

static enum err put_single(const json_t *figures, struct buf *out)
{
    static const struct {
        const char *key, *name, *help;
    } rows[] = {
        {"dead", "dead_letters", "dead letters"},
        {"queue_memory_bytes", "queue_memory_bytes", "memory that Redis uses"},
        {"contacts", "contacts", "contacts in the database"},
    };
    enum err err = OK;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) && !err; i++) {
        err = put_head(out, rows[i].name, rows[i].help);
        if (!err)
            err = buf_printf(out, "storehook_%s %lld\n", rows[i].name, (long long)number(figures, rows[i].key));
    }
    return err;
}

static enum err put_lanes(const json_t *figures, struct buf *out)
{
    static const struct {
        const char *key, *name, *help;
    } rows[] = {
        {"waiting", "lane_waiting", "entries in the lane"},
        {"pending", "lane_pending", "entries claimed and not yet applied"},
        {"oldest_age_ms", "lane_oldest_age_milliseconds", "age of the oldest entry in the lane"},
    };
    json_t *lanes = json_object_get(figures, "lanes"), *lane;
    const char *name;
    enum err err = OK;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) && !err; i++) {
        err = put_head(out, rows[i].name, rows[i].help);
        json_object_foreach(lanes, name, lane) if (!err) err =
            buf_printf(out, "storehook_%s{lane=\"%s\"} %lld\n", rows[i].name, name, (long long)number(lane, rows[i].key));
    }
    return err;
}

/* Of each source, so that a platform that is away shows. */
static enum err put_fetches(const json_t *figures, struct buf *out)
{
    static const char *const states[] = {"waiting", "failing", "gone"};
    enum err err = put_head(out, "fetch_tasks", "objects that deliveries told to fetch; failing ones are among those waiting");
    json_t *source;
    size_t i;

    json_array_foreach(json_object_get(figures, "sources"), i, source)
    {
        for (size_t k = 0; k < sizeof(states) / sizeof(*states) && !err; k++) {
            err = buf_printf(out, "storehook_fetch_tasks{id=\"%lld\",source=\"", (long long)number(source, "id"));
            if (!err)
                err = put_label(out, json_member_text(source, "name"));
            if (!err)
                err = buf_printf(out, "\",state=\"%s\"} %lld\n", states[k],
                                 (long long)number(json_object_get(source, "fetches"), states[k]));
        }
    }
    if (!err)
        err = put_head(out, "fetch_oldest_age_milliseconds", "age of the object that waits longest for its fetch");
    return err ? err
               : buf_printf(out, "storehook_fetch_oldest_age_milliseconds %lld\n",
                            (long long)number(json_object_get(figures, "fetches"), "oldest_age_ms"));
}

/* Of each target, so that one that is away shows. */
static enum err put_notices(const json_t *figures, struct buf *out)
{
    static const char *const states[] = {"waiting", "failing", "dead"};
    json_t *notices = json_object_get(figures, "notices"), *target;
    enum err err = put_head(out, "notices", "notices of a target that wait or are dead; failing ones are among those waiting");
    size_t i;

    json_array_foreach(json_object_get(notices, "targets"), i, target)
    {
        for (size_t k = 0; k < sizeof(states) / sizeof(*states) && !err; k++) {
            err = buf_printf(out, "storehook_notices{account=\"%lld\",target=\"", (long long)number(target, "account"));
            if (!err)
                err = put_label(out, json_member_text(target, "name"));
            if (!err)
                err = buf_printf(out, "\",state=\"%s\"} %lld\n", states[k], (long long)number(target, states[k]));
        }
    }
    if (!err)
        err = put_head(out, "notice_oldest_age_milliseconds", "age of the notice that waits longest");
    return err ? err
               : buf_printf(out, "storehook_notice_oldest_age_milliseconds %lld\n", (long long)number(notices, "oldest_age_ms"));
}

/* Of accounts that have a limit, or that somebody waits for. Near and full are 1 or 0 (AC-29). */
static enum err put_limits(const json_t *figures, struct buf *out)
{
    static const struct {
        const char *key, *name, *help;
    } rows[] = {
        {"contacts", "account_contacts", "contacts of an account with a limit"},
        {"contact_limit", "account_contact_limit", "contacts that an account may have; 0 = no limit any more"},
        {"over", "account_contacts_over", "contacts above the limit, which are billed"},
        {"near", "account_limit_near", "1 when an account is at 90 % of its limit or above"},
        {"full", "account_limit_reached", "1 when an account is at its limit or above"},
        {"parked", "account_contacts_parked", "persons who wait for room in an account"},
    };
    const json_t *account, *value;
    enum err err = OK;
    size_t i;

    for (size_t k = 0; k < sizeof(rows) / sizeof(*rows) && !err; k++) {
        err = put_head(out, rows[k].name, rows[k].help);
        json_array_foreach(json_object_get(figures, "limits"), i, account)
        {
            value = json_object_get(account, rows[k].key);
            if (!err)
                err = buf_printf(out, "storehook_%s{account=\"", rows[k].name);
            if (!err)
                err = put_label(out, json_member_text(account, "name"));
            if (!err)
                err = buf_printf(out, "\"} %lld\n",
                                 (long long)(json_is_boolean(value) ? json_is_true(value) : json_integer_value(value)));
        }
    }
    return err;
}

static enum err put_roles(const json_t *figures, struct buf *out)
{
    enum err err = put_head(out, "role_up", "roles that say they are ready");
    json_t *role;
    size_t i;

    json_array_foreach(json_object_get(figures, "roles"), i, role)
    {
        if (!err)
            err = put_of_role(out, "role_up", "", role, 1);
    }
    return err;
}

/* What one process counted, from its start on. */
static enum err put_counter(const json_t *figures, enum counter c, struct buf *out)
{
    const char *name = counter_name(c);
    enum err err =
        buf_printf(out, "# HELP storehook_%s_total %s\n# TYPE storehook_%s_total counter\n", name, counter_help(c), name);
    json_t *role;
    size_t i;

    json_array_foreach(json_object_get(figures, "roles"), i, role)
    {
        const json_t *value = json_object_get(json_object_get(role, "counters"), name);

        if (!err && value)
            err = put_of_role(out, name, "_total", role, json_integer_value(value));
    }
    return err;
}

static enum err put_counters(const json_t *figures, struct buf *out)
{
    enum err err = OK;

    for (enum counter c = 0; c < COUNTER__COUNT && !err; c++)
        err = put_counter(figures, c, out);
    return err;
}

static enum err put_count(const json_t *source, const char *field, int64_t value, struct buf *out)
{
    enum err err = buf_printf(out, "storehook_source_count{id=\"%lld\",source=\"", (long long)number(source, "id"));

    if (!err)
        err = put_label(out, json_member_text(source, "name"));
    if (!err)
        err = buf_append(out, STR("\",what=\""));
    if (!err)
        err = put_label(out, str_of(field));
    return err ? err : buf_printf(out, "\"} %lld\n", (long long)value);
}

/* Those have a family of their own, with the secret's id as a label. */
static bool is_use(const char *field)
{
    return strncmp(field, "secret:", 7) == 0 || strncmp(field, "last_at_us:", 11) == 0;
}

static enum err put_sources(const json_t *figures, struct buf *out)
{
    enum err err = put_head(out, "source_count", "what happened to deliveries of a source; last_at_us is a time");
    json_t *source, *value;
    const char *field;
    size_t i;

    json_array_foreach(json_object_get(figures, "sources"), i, source)
    {
        json_object_foreach(json_object_get(source, "counts"), field, value) if (!err && !is_use(field)) err =
            put_count(source, field, json_integer_value(value), out);
    }
    return err;
}

static enum err put_use(const char *name, const json_t *source, const char *secret, int64_t value, struct buf *out)
{
    enum err err = buf_printf(out, "storehook_%s{id=\"%lld\",source=\"", name, (long long)number(source, "id"));

    if (!err)
        err = put_label(out, json_member_text(source, "name"));
    if (!err)
        err = buf_append(out, STR("\",secret=\""));
    if (!err)
        err = put_label(out, str_of(secret));
    return err ? err : buf_printf(out, "\"} %lld\n", (long long)value);
}

/* One family: the counters whose name begins with `prefix`, by the secret's id. */
static enum err put_uses(const json_t *figures, const char *prefix, const char *name, int64_t unit, struct buf *out)
{
    enum err err = OK;
    json_t *source, *value;
    const char *field;
    size_t i, len = strlen(prefix);

    json_array_foreach(json_object_get(figures, "sources"), i, source)
    {
        json_object_foreach(json_object_get(source, "counts"), field, value)
        {
            if (!err && strncmp(field, prefix, len) == 0)
                err = put_use(name, source, field + len, json_integer_value(value) / unit, out);
        }
    }
    return err;
}

static enum err put_secrets(const json_t *figures, struct buf *out)
{
    enum err err = buf_append(out, STR("# HELP storehook_source_secret_uses_total deliveries verified with a secret of a source\n"
                                       "# TYPE storehook_source_secret_uses_total counter\n"));

    if (!err)
        err = put_uses(figures, "secret:", "source_secret_uses_total", 1, out);
    if (!err)
        err = put_head(out, "source_secret_last_used_seconds", "when a secret of a source was last used");
    return err ? err : put_uses(figures, "last_at_us:", "source_secret_last_used_seconds", US_PER_S, out);
}

enum err figures_metrics(const json_t *figures, struct buf *out)
{
    static enum err (*const parts[])(const json_t *figures, struct buf *out) = {
        put_single, put_lanes, put_fetches, put_limits, put_notices, put_roles, put_counters, put_sources, put_secrets};
    enum err err = OK;

    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts) && !err; i++)
        err = parts[i](figures, out);
    return err;
}
