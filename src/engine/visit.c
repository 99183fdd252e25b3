/* visit.c -- owns the endpoint /visit/<public key>: what browsers tell of visits, unsigned and of low trust. */
/*
 * A visit is judged when its request is complete, and answered 204 in the same turn of the loop, kept or not. That is no 2xx
 * of N1, which speaks of deliveries: nobody is told here that anything is kept. What is kept goes through the allow-list of
 * model/browser.h into lane bulk, with the mark of low trust, by which the drainer holds it to the same list again. Nothing of
 * a visit reaches the log.
 */
#include "engine/visit.h"

#include "base/counters.h"
#include "base/form.h"
#include "base/id.h"
#include "base/log.h"
#include "engine/visit_script.h"
#include "model/browser.h"
#include "model/visit_token.h"

#include <stdio.h>
#include <stdlib.h>

enum { EXTRA_MAX_BYTES = 640, QUERY_MAX_BYTES = 4096, QUERY_PAIRS_MAX = 32 };

static const struct str path_prefix = {"/visit/", 7};

struct visits {
    struct visits_parts parts;
    struct arena arena; /* one visit's */
    struct buf body;    /* what is queued */
    struct buf query;   /* what a GET says, as JSON */
};

/* --- answers ---------------------------------------------------------------------------------------------------------- */

/* 204. The fields for another origin stand only in answers to a page of the shop. */
static void answer(struct http_exchange *x, struct str origin, bool preflight)
{
    char extra[EXTRA_MAX_BYTES];
    int n = snprintf(extra, sizeof(extra), "Cache-Control: no-store\r\nVary: Origin\r\n");

    if (origin.len)
        n += snprintf(extra + n, sizeof(extra) - (size_t)n, "Access-Control-Allow-Origin: %.*s\r\n%s", STR_ARG(origin),
                      preflight ? "Access-Control-Allow-Methods: POST\r\nAccess-Control-Allow-Headers: content-type\r\n"
                                  "Access-Control-Max-Age: 86400\r\n"
                                : "");
    http_answer(x, &(struct http_answer){.status = 204, .extra = extra});
}

/* --- what is asked ---------------------------------------------------------------------------------------------------- */

enum kind { KIND_VISIT, KIND_PIXEL, KIND_SCRIPT, KIND__COUNT };

static const struct {
    struct str suffix;
    const char *allow;
    unsigned methods; /* 1 << enum http_method */
} kinds[KIND__COUNT] = {
    [KIND_VISIT] = {{"", 0}, "GET, POST, OPTIONS", 1u << HTTP_GET | 1u << HTTP_POST | 1u << HTTP_OPTIONS},
    [KIND_PIXEL] = {{".gif", 4}, "GET, HEAD", 1u << HTTP_GET | 1u << HTTP_HEAD},
    [KIND_SCRIPT] = {{".js", 3}, "GET, HEAD", 1u << HTTP_GET | 1u << HTTP_HEAD},
};

static struct str key_of(const struct http_exchange *x)
{
    return str_upto(str_from(http_path(x), path_prefix.len), KEY_CHARS);
}

static enum err kind_of(const struct http_exchange *x, enum kind *out)
{
    struct str rest = str_from(http_path(x), path_prefix.len);

    for (size_t i = 0; i < KIND__COUNT && rest.len >= KEY_CHARS; i++)
        if (str_eq(str_from(rest, KEY_CHARS), kinds[i].suffix)) {
            *out = (enum kind)i;
            return OK;
        }
    return ERR_NOT_FOUND;
}

/* True for a body that is not read at all: too long, of unknown length, or packed. */
static bool is_unreadable(const struct http_exchange *x)
{
    struct fields headers = http_fields(x);
    struct str length = STR_NONE, coding = STR_NONE;
    uint64_t n = 0;

    if (fields_get(headers, STR("transfer-encoding"), NULL))
        return true;
    if (fields_get(headers, STR("content-encoding"), &coding) && !str_eq_nocase(coding, STR("identity")))
        return true;
    return fields_get(headers, STR("content-length"), &length) && (str_to_u64(length, &n) || n > BROWSER_BODY_MAX_BYTES);
}

enum err visits_head(void *arg, struct http_exchange *x)
{
    enum kind kind = KIND_VISIT;
    enum err err = kind_of(x, &kind);

    (void)arg;
    if (err)
        return err;
    if (!(kinds[kind].methods & 1u << http_method(x))) {
        http_set_allow(x, kinds[kind].allow);
        return ERR_METHOD;
    }
    if (is_unreadable(x))
        answer(x, STR_NONE, false); /* and the connection ends */
    return OK;
}

void visits_gone(void *arg, struct http_exchange *x)
{
    (void)arg; /* nothing is held between the calls */
    (void)x;
}

/* --- judging ---------------------------------------------------------------------------------------------------------- */

/* Where the page is that asks: of a POST its Origin; of a GET, which has none for a picture, that of its Referer. */
static struct str page_origin(const struct http_exchange *x)
{
    struct str value = STR_NONE;

    if (fields_get(http_fields(x), STR("origin"), &value) == 1)
        return value;
    if (http_method(x) == HTTP_POST || fields_get(http_fields(x), STR("referer"), &value) != 1)
        return STR_NONE;
    return page_url_origin(value);
}

/* The visitor's browser asks not to be followed. */
static bool is_refused(struct fields headers)
{
    struct str dnt = STR_NONE, gpc = STR_NONE;

    (void)fields_get(headers, STR("dnt"), &dnt);
    (void)fields_get(headers, STR("sec-gpc"), &gpc);
    return str_eq(dnt, STR("1")) || str_eq(gpc, STR("1"));
}

static bool has_readable_type(const struct http_exchange *x)
{
    struct str type = STR_NONE;

    if (http_method(x) != HTTP_POST || fields_get(http_fields(x), STR("content-type"), &type) == 0)
        return true;
    type = str_trim(str_upto(type, str_find(type, ';')));
    return str_eq_nocase(type, STR("text/plain")) || str_eq_nocase(type, STR("application/json"));
}

/* The members of a GET, and where they stand in the JSON of a POST. */
static enum err write_query(struct visits *v, const struct http_exchange *x, const struct form *form)
{
    static const struct {
        const char *name, *object; /* object NULL: at the top */
    } members[] = {{"visitor_id", NULL}, {"type", NULL}, {"token", NULL}, {"url", "page"}, {"title", "page"}, {"referrer", "page"}};
    struct str value = STR_NONE, page = STR_NONE;
    json_t *root = json_pack("{ss s{}}", "type", event_type_name(EVENT_PAGE_VISIT), "page");
    enum err err;

    if (fields_get(http_fields(x), STR("referer"), &page) == 1)
        json_object_set_new(json_object_get(root, "page"), "url", json_str(page));
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (form_get(form, str_of(members[i].name), &value) == 1)
            json_object_set_new(members[i].object ? json_object_get(root, members[i].object) : root, members[i].name,
                                json_str(value));
    if (form_get(form, STR("product_id"), &value) == 1)
        json_object_set_new(root, "product", json_pack("{so}", "id", json_str(value)));
    if (form_get(form, STR("consent"), &value) == 1 && str_eq(value, STR("false")))
        json_object_set_new(root, "consent", json_false());
    buf_clear(&v->query);
    err = root ? json_print(root, &v->query) : ERR_MEMORY;
    json_decref(root);
    return err;
}

/* What is said, as JSON: the body of a POST, the query of a GET. */
static enum err find_text(struct visits *v, const struct http_exchange *x, struct str *out)
{
    static const struct form_limits limits = {.max_bytes = QUERY_MAX_BYTES, .max_pairs = QUERY_PAIRS_MAX};
    struct form form = {.n = 0};
    enum err err;

    *out = http_body(x);
    if (http_method(x) == HTTP_POST)
        return OK;
    err = form_parse(http_query(x), &limits, &form);
    if (!err)
        err = write_query(v, x, &form);
    form_release(&form);
    *out = buf_str(&v->query);
    return err;
}

/* A token that is not ours or is over is left out; the visit counts all the same. */
static void check_token(const struct visits *v, struct browser_said *said, int64_t now_us)
{
    struct str contact_id;

    if (said->token.len && visit_token_check(v->parts.seal, said->token, now_us, &contact_id))
        said->token = STR_NONE;
}

static void append_done(void *arg, enum err err)
{
    (void)arg;
    counter_add(err ? COUNTER_VISITS_DROPPED : COUNTER_VISITS, 1);
}

static enum err append(struct visits *v, const struct live_source *live, const struct browser_said *said, int64_t now_us)
{
    struct id id = id_new(now_us);
    struct entry entry = {.id = id_str(&id),
                          .source_id = str_of(live->id_text),
                          .topic = str_of(event_type_name(said->event.type)),
                          .received_at_us = now_us,
                          .content_type = STR("application/json"),
                          .kind = ENTRY_VISIT,
                          .lane = LANE_BULK};
    enum err err;

    buf_clear(&v->body);
    err = browser_write(said, &v->body);
    entry.body = buf_str(&v->body);
    return err ? err : queue_append(v->parts.queue, &entry, append_done, v);
}

/* Keeps the visit, or says in one word why not. */
static const char *keep(struct visits *v, const struct http_exchange *x, const struct live_source *live)
{
    struct page_rules rules = {.origins = str_of(live->source.visits_origins), .query_members = v->parts.query_members};
    int64_t now_us = clock_wall_us(v->parts.clock), mono_us = clock_mono_us(v->parts.clock);
    struct browser_said said;
    struct str text, agent = STR_NONE;
    enum err err;

    (void)fields_get(http_fields(x), STR("user-agent"), &agent);
    if (!page_url_has_origin(rules.origins, page_origin(x)))
        return "origin";
    if (is_refused(http_fields(x)))
        return "consent";
    if (browser_is_bot(agent))
        return "bot";
    if (!visit_limits_take_address(v->parts.limits, http_peer(x), http_fields(x), mono_us) ||
        !visit_limits_take_key(v->parts.limits, live->source.id, mono_us))
        return "rate";
    arena_reset(&v->arena);
    err = has_readable_type(x) ? find_text(v, x, &text) : ERR_MEDIA_TYPE;
    if (!err)
        err = browser_read(text, &rules, now_us, &v->arena, &said);
    if (err)
        return "body";
    if (said.refused)
        return "consent";
    if (!visit_limits_take_visitor(v->parts.limits, live->source.id, said.event.m[M_VISITOR_ID].text, mono_us))
        return "rate";
    check_token(v, &said, now_us);
    return append(v, live, &said, now_us) ? "queue" : NULL;
}

/* Counts what became of it, for `source show`. */
static void count(const struct visits *v, const struct live_source *live, const char *dropped)
{
    char field[64];
    int n = snprintf(field, sizeof(field), dropped ? "visits_dropped:%s" : "visits%s", dropped ? dropped : "");

    if (dropped)
        counter_add(COUNTER_VISITS_DROPPED, 1);
    queue_source_count(v->parts.queue, str_of(live->id_text), str_n(field, (size_t)n), 1);
}

void visits_end(void *arg, struct http_exchange *x)
{
    struct visits *v = arg;
    struct live_source *live;
    struct str origin = STR_NONE;
    enum kind kind = KIND_VISIT;
    bool preflight = http_method(x) == HTTP_OPTIONS;

    if (!kind_of(x, &kind) && kind == KIND_SCRIPT) {
        visit_script_answer(x);
        return;
    }
    live = sources_hold_visits(v->parts.sources, key_of(x));
    if (!live) {
        answer(x, STR_NONE, false);
        return;
    }
    if (fields_get(http_fields(x), STR("origin"), &origin) != 1 ||
        !page_url_has_origin(str_of(live->source.visits_origins), origin))
        origin = STR_NONE;
    if (!preflight && http_method(x) != HTTP_HEAD)
        count(v, live, keep(v, x, live));
    answer(x, origin, preflight);
    sources_release(live);
}

/* --- life ------------------------------------------------------------------------------------------------------------- */

enum err visits_new(const struct visits_parts *parts, struct visits **out)
{
    struct visits *v = calloc(1, sizeof(*v));

    if (!v)
        return ERR_MEMORY;
    v->parts = *parts;
    arena_init(&v->arena, BROWSER_ARENA_BYTES);
    buf_init(&v->body, 4 * BROWSER_BODY_MAX_BYTES);
    buf_init(&v->query, 4 * BROWSER_BODY_MAX_BYTES);
    *out = v;
    return OK;
}

void visits_free(struct visits *v)
{
    if (!v)
        return;
    arena_release(&v->arena);
    buf_release(&v->body);
    buf_release(&v->query);
    free(v);
}
