/* doctor_report.c -- owns what the doctor says of one source: the samples, the secrets and the dead letters brought together. */
#include "engine/doctor_report.h"

#include "base/timefmt.h"
#include "engine/doctor.h"
#include "engine/figures.h"
#include "store/account.h"

enum {
    SECRETS_MAX = 2000, /* of all sources: those of later sources are not tried */
    SAMPLE_ARENA_BYTES = 4 << 20,
    LETTERS_MAX = 1000,
    PAGE_LETTERS = 16,
    PAGE_BYTES = 256 << 20,
    TOPICS_MAX = 10,
    DEAD_ID_BYTES = 128,
    URL_BYTES_MAX = 2048
};

struct report {
    const struct doctor_parts *parts;
    const struct source *source;
    const struct route *route;
    struct source_list sources;
    struct doctor_secret *secrets;
    struct secret **opened;
    size_t n;
    struct buf url;
    json_t *rejected;
    enum err err; /* of the callback */
};

/* --- secrets ---------------------------------------------------------------------------------------------------------- */

/* One that does not open with this master key cannot be tried, and that is said by `source show` and the receivers. */
static enum err open_secrets(struct report *r, const struct source *s)
{
    for (size_t i = 0; i < s->n_secrets && r->n < SECRETS_MAX; i++) {
        enum err err = source_secret_open(r->parts->seal, s->id, &s->secrets[i], &r->opened[r->n]);

        if (err == ERR_MEMORY)
            return err;
        if (err)
            continue;
        r->secrets[r->n] = (struct doctor_secret){.source = s->name,
                                                  .platform = s->platform,
                                                  .name = s->secrets[i].name,
                                                  .id = s->secrets[i].id,
                                                  .secret = r->opened[r->n],
                                                  .own = s->id == r->source->id,
                                                  .from_us = s->secrets[i].from_us,
                                                  .until_us = s->secrets[i].until_us};
        r->n++;
    }
    return OK;
}

/* The source's own come first. */
static enum err load_secrets(struct report *r)
{
    int64_t account_id = r->parts->store->account_id;
    enum err err;

    store_enter(r->parts->store, r->source->account_id); /* the admin page shows sources of all accounts */
    err = source_list_load(r->parts->store, &r->sources);
    store_enter(r->parts->store, account_id);

    r->secrets = calloc(SECRETS_MAX, sizeof(*r->secrets));
    r->opened = calloc(SECRETS_MAX, sizeof(*r->opened));
    if (!err && (!r->secrets || !r->opened))
        err = ERR_MEMORY;
    if (!err)
        err = open_secrets(r, r->source);
    for (size_t i = 0; i < r->sources.n && !err; i++)
        if (r->sources.at[i].id != r->source->id)
            err = open_secrets(r, &r->sources.at[i]);
    return err;
}

/* --- samples ---------------------------------------------------------------------------------------------------------- */

static json_t *header_names(const struct rejected *sample)
{
    json_t *list = json_array();

    for (size_t i = 0; i < sample->headers.n && list; i++)
        if (json_array_append_new(list, json_str(sample->headers.at[i].name))) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

/* Whether each secret was valid when the sample was taken. */
static void date_secrets(struct report *r, int64_t at_us)
{
    for (size_t i = 0; i < r->n; i++)
        r->secrets[i].valid = r->secrets[i].from_us <= at_us &&
                              (!r->secrets[i].until_us || r->secrets[i].until_us > clock_wall_us(r->parts->store->clock));
}

static const char *config_of(void *arg, struct str name)
{
    const struct report *r = arg;
    char text[128];

    if (name.len >= sizeof(text))
        return NULL;
    snprintf(text, sizeof(text), "%.*s", STR_ARG(name));
    return source_config(r->source, text);
}

static enum err explain(struct report *r, const struct rejected *sample)
{
    char at[TIME_ISO_CHARS + 1];
    json_t *findings = json_array();
    struct doctor_case c = {.sample = sample,
                            .route = r->route,
                            .routes = r->parts->routes,
                            .seal = r->parts->seal,
                            .secrets = r->secrets,
                            .n_secrets = r->n,
                            .config = {.get = config_of, .arg = r},
                            .url = buf_str(&r->url)};
    json_t *row = json_pack("{ss so so sI sb so so}", "at", time_iso(sample->at_us, at), "reason", json_str(sample->reason),
                            "method", json_str(sample->method), "body_bytes", (json_int_t)sample->body_bytes, "old_url",
                            (int)sample->old_url, "headers", header_names(sample), "findings", findings);

    if (json_array_append_new(r->rejected, row))
        return ERR_MEMORY;
    date_secrets(r, sample->at_us);
    return doctor_explain(&c, findings);
}

/* A sample that cannot be read is of another version of this program; it ends within a day. */
static bool take_sample(void *arg, struct str text)
{
    struct report *r = arg;
    struct rejected sample;
    struct arena arena;
    enum err err;

    arena_init(&arena, SAMPLE_ARENA_BYTES);
    err = rejected_read(r->parts->seal, text, &arena, &sample);
    if (!err)
        err = explain(r, &sample);
    if (err == ERR_MEMORY)
        r->err = err;
    arena_release(&arena);
    return false;
}

/* As the receiver has it: what the source's config says, else the public URL and the path. */
static enum err set_url(struct report *r)
{
    struct str own = str_of(source_config(r->source, "url"));

    if (own.len)
        return buf_append(&r->url, str_upto(own, str_find(own, '?')));
    if (r->parts->public_url.len == 0)
        return OK;
    return buf_printf(&r->url, "%.*s/in/%s", STR_ARG(r->parts->public_url), r->source->key);
}

static enum err load_rejected(struct report *r)
{
    char id[24];
    enum err err;

    snprintf(id, sizeof(id), "%lld", (long long)r->source->id);
    err = set_url(r);
    if (!err)
        err = stream_rejected(r->parts->stream, str_of(id), take_sample, r);
    return err ? err : r->err;
}

/* --- dead letters ----------------------------------------------------------------------------------------------------- */

/* What can be done about each reason; the last row is for every other. */
static const struct {
    const char *reason, *text;
} advice[] = {
    {"unknown_topic",
     "The route file does not know these topics: unsubscribe from them there, or add them in a route file of your own "
     "and replay the letters."},
    {"not_json", "The body is no JSON: something on the way changes it before it is signed, or the platform sends another format."},
    {"mapping", "A member has a value that it should not have; `storehook dead show ID` says which."},
    {"no_email", "The customers have no address; what was said is kept with the customer, and no contact is made."},
    {"bad_time",
     "The sender gives times before 1990, as a clock does that was never set; set it, or have the sender leave the time out."},
    {"group_too_large",
     "More customers and addresses are connected than belong to one person, as by a test address that every order has; "
     "have the sender leave that address out, or put it on the skip list (`contacts.skip`)."},
    {"invalid_email", "The addresses are none that mail can be sent to; correct them in the shop."},
    {"contact_limit", "The account has as many contacts as it may have; these letters are applied by themselves when there is room "
                      "(`storehook account show NAME`)."},
    {NULL, "`storehook dead list` shows them one by one."},
};

static const char *advice_for(const char *reason)
{
    size_t i = 0;

    while (advice[i].reason && strcmp(advice[i].reason, reason) != 0)
        i++;
    return advice[i].text;
}

static json_t *row_of(json_t *list, struct str reason)
{
    json_t *row, *text = json_str(reason);
    size_t i;

    json_array_foreach(list, i, row)
    {
        if (str_eq(json_member_text(row, "reason"), reason)) {
            json_decref(text);
            return row;
        }
    }
    row =
        json_pack("{sO si s[] ss}", "reason", text, "count", 0, "topics", "text", text ? advice_for(json_string_value(text)) : "");
    json_decref(text);
    return json_array_append_new(list, row) ? NULL : row;
}

static enum err count_letter(json_t *list, const struct dead_letter *letter)
{
    json_t *row = row_of(list, letter->reason), *topics = json_object_get(row, "topics"), *topic;
    size_t i;

    if (!row || json_object_set_new(row, "count", json_integer(json_integer_value(json_object_get(row, "count")) + 1)))
        return ERR_MEMORY;
    json_array_foreach(topics, i, topic) if (str_eq(json_text(topic), letter->entry.topic)) return OK;
    if (json_array_size(topics) == TOPICS_MAX || letter->entry.topic.len == 0)
        return OK;
    return json_array_append_new(topics, json_str(letter->entry.topic)) ? ERR_MEMORY : OK;
}

static enum err load_dead(struct report *r, json_t *list)
{
    char id[24], after[DEAD_ID_BYTES];
    struct dead_filter filter = {.max = PAGE_LETTERS};
    struct arena arena;
    size_t n = PAGE_LETTERS;
    enum err err = OK;

    snprintf(id, sizeof(id), "%lld", (long long)r->source->id);
    filter.source_id = str_of(id);
    arena_init(&arena, PAGE_BYTES);
    for (size_t seen = 0; seen < LETTERS_MAX && n == PAGE_LETTERS && !err; seen += n) {
        struct dead_letter *letters = NULL;

        arena_reset(&arena);
        err = stream_dead_list(r->parts->stream, &filter, &arena, &letters, &n);
        for (size_t i = 0; i < n && !err; i++)
            err = count_letter(list, &letters[i]);
        if (err || n == 0)
            break;
        snprintf(after, sizeof(after), "%.*s", STR_ARG(letters[n - 1].dead_id));
        filter.after = str_of(after);
    }
    arena_release(&arena);
    return err;
}

/* --- the whole -------------------------------------------------------------------------------------------------------- */

/* What the receivers refused, by reason. */
static enum err load_refused(struct report *r, json_t *object)
{
    json_t *counts = json_object(), *value;
    const char *name;
    enum err err = counts ? figures_counts(r->parts->stream, r->source->id, counts) : ERR_MEMORY;

    json_object_foreach(counts, name, value)
    {
        if (!err && strncmp(name, "refused:", 8) == 0 && json_object_set(object, name + 8, value))
            err = ERR_MEMORY;
    }
    json_decref(counts);
    return err;
}

static enum err fill(struct report *r, json_t *report)
{
    enum err err = report ? load_secrets(r) : ERR_MEMORY;

    r->rejected = json_object_get(report, "rejected");
    if (!err)
        err = load_refused(r, json_object_get(report, "refused"));
    if (!err)
        err = load_rejected(r);
    return err ? err : load_dead(r, json_object_get(report, "dead"));
}

enum err doctor_report(const struct doctor_parts *parts, const struct source *source, json_t **out)
{
    struct report r = {.parts = parts,
                       .source = source,
                       .route = routes_find(parts->routes, str_of(source->platform)),
                       .url = BUF_INIT(URL_BYTES_MAX)};
    json_t *report = json_pack("{ss ss sb s{} s[] s[]}", "source", source->name, "platform", source->platform, "enabled",
                               (int)source->enabled, "refused", "rejected", "dead");
    enum err err = !parts->seal ? ERR_SEAL : r.route ? fill(&r, report) : ERR_CONFIG;

    for (size_t i = 0; i < r.n; i++)
        secret_free(r.opened[i]);
    free(r.opened);
    free(r.secrets);
    source_list_release(&r.sources);
    buf_release(&r.url);
    if (err)
        json_decref(report);
    else
        *out = report;
    return err;
}
