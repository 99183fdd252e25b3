/* contact_fixture.h -- owns a fresh contact database for a test: sources of three platforms, bodies in, contacts and ledger out. */
#ifndef TESTS_CONTACT_FIXTURE_H
#define TESTS_CONTACT_FIXTURE_H

#include "built_in_routes.h"
#include "postgres_fixture.h"

#include "base/encode.h"
#include "base/id.h"
#include "base/log.h"
#include "engine/drain.h"
#include "store/contact.h"
#include "store/source.h"

#include <stdio.h>
#include <unistd.h>

/*
 * JSON in these tests is written for reading: 'x' stands for "x", '@30' for the time 30 seconds after the tests' day began and
 * '~30' for the same without a zone. What a test expects of a contact is a part of `contacts show --json`: members that are not
 * named may be anything, lists have the length that is written.
 */
enum { DAY_S = 1714557600, RECEIPT_S = 100000, FIXTURE_ENTRIES_MAX = 16 };

struct fixture {
    char dir[64], url[160];
    char trouble[4096]; /* detail of the last dead letter */
    int64_t now_us;     /* what every clock says; receipt time of the next delivery */
    struct clock clock;
    struct store *store;
    struct seal *seal;
    struct arena arena;
    int64_t shop, woo, plugin; /* sources */
    json_t *read;              /* everything that was read, freed at the end */
};

/* One delivery; NULL and 0 mean what a platform would usually send. */
struct sent {
    int64_t source;
    const char *platform, *topic, *body;
    const char *key;       /* the platform's id of the delivery; NULL: a new one */
    const char *triggered; /* '@30' */
    const char *delivery;  /* our id of it; NULL: a new one */
    int64_t deliveries;
    bool replay, fire;
    const char *on_add; /* struct entry; NULL: none */
    enum entry_kind kind;
};

static inline int64_t at(int64_t seconds)
{
    return (DAY_S + seconds) * US_PER_S;
}

static inline void receive_at(struct fixture *f, int64_t seconds)
{
    f->now_us = at(seconds);
}

/* Appends the JSON that `text` stands for. */
static inline void write_plain(const char *text, struct buf *out)
{
    for (const char *p = text; *p; p++) {
        char iso[TIME_ISO_CHARS + 1], *end;

        if (*p == '\'' && (p[1] == '@' || p[1] == '~') && p[2] >= '0' && p[2] <= '9') {
            time_iso(at(strtol(p + 2, &end, 10)), iso);
            if (p[1] == '~')
                iso[strlen(iso) - 1] = '\0';
            assert_int_equal(buf_printf(out, "\"%s", iso), OK);
            p = end - 1;
        } else {
            assert_int_equal(buf_append_c(out, *p == '\'' ? '"' : *p), OK);
        }
    }
}

static inline const char *plain(struct fixture *f, const char *text)
{
    struct buf out = BUF_INIT(1 << 20);
    struct str kept;

    write_plain(text, &out);
    kept = arena_str(&f->arena, buf_str(&out));
    assert_non_null(kept.p);
    buf_release(&out);
    return kept.p;
}

static inline int64_t add_source(struct fixture *f, const char *platform, const char *name, const char *list, int rank)
{
    char text[64] = "whsec_";
    unsigned char key[32];
    struct buf why = BUF_INIT(1000);
    struct secret *secret = NULL;
    struct source source = {.id = 0};
    struct source_plan plan = {
        .route = route_of(platform), .name = str_of(name), .list = str_of(list), .rank = rank, .n_secrets = 1};
    int64_t id;

    random_bytes(key, sizeof(key));
    base64_encode(str_n((const char *)key, sizeof(key)), text + strlen(text));
    assert_int_equal(secret_new(str_of(text), &secret), OK);
    plan.secrets[0] = (struct given_secret){.name = "secret", .secret = secret};
    if (source_add(f->store, f->seal, &plan, &source, &why))
        fail_msg("source %s: %s", name, buf_text(&why));
    id = source.id;
    source_release(&source);
    secret_free(secret);
    buf_release(&why);
    return id;
}

static inline void open_seal(struct fixture *f)
{
    unsigned char key[32];
    char hex[65];

    random_bytes(key, sizeof(key));
    for (size_t i = 0; i < sizeof(key); i++)
        snprintf(hex + 2 * i, 3, "%02x", key[i]);
    assert_int_equal(seal_load(str_of(hex), "", &f->seal), OK);
}

/* Set-up of every test; load_routes and free_routes are those of the group. */
static inline int open_contacts(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct buf why = BUF_INIT(4096);

    assert_non_null(f);
    log_setup(LOG_ERROR, "test"); /* dead letters are warnings */
    snprintf(f->dir, sizeof(f->dir), "/tmp/storehook-contacts-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    test_database(f->dir, f->url, sizeof(f->url));
    f->clock = clock_fixed(&f->now_us);
    receive_at(f, RECEIPT_S);
    arena_init(&f->arena, 256 << 20);
    if (store_open_url(f->url, 50, &f->clock, &f->store, &why))
        fail_msg("%s", buf_text(&why));
    buf_release(&why);
    open_seal(f);
    f->read = json_array();
    f->shop = add_source(f, "shopify", "shop", "", 0);
    f->woo = add_source(f, "woocommerce", "woo", "", 0);
    f->plugin = add_source(f, "storehook", "plugin", "", 0);
    *state = f;
    return 0;
}

static inline int close_contacts(void **state)
{
    static const char *const names[] = {"test.db", "test.db-wal", "test.db-shm"};
    struct fixture *f = *state;
    char path[128];

    store_close(f->store);
    seal_free(f->seal);
    arena_release(&f->arena);
    json_decref(f->read);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        unlink(path);
    }
    rmdir(f->dir);
    free(f);
    return 0;
}

#define contact_test(name) cmocka_unit_test_setup_teardown(name, open_contacts, close_contacts)

/* -- deliveries ---------------------------------------------------------------------------------------------------------- */

static inline struct str copy_id(struct fixture *f, struct id id)
{
    return arena_str(&f->arena, id_str(&id));
}

static inline struct str number_text(struct fixture *f, int64_t n)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)n);
    return arena_str(&f->arena, str_of(text));
}

static inline const char *platform_of(const struct fixture *f, const struct sent *s)
{
    if (s->platform)
        return s->platform;
    return s->source == f->shop ? "shopify" : s->source == f->woo ? "woocommerce" : "storehook";
}

/* The headers of the three platforms that their routes read. */
static inline size_t write_headers(struct fixture *f, const struct sent *s, struct str key, struct field out[4])
{
    const char *platform = platform_of(f, s);
    const char *triggered = s->triggered ? plain(f, s->triggered) + 1 : NULL;
    size_t n = 0;

    if (strcmp(platform, "shopify") == 0) {
        out[n++] = (struct field){STR("X-Shopify-Topic"), str_of(s->topic)};
        out[n++] = (struct field){STR("X-Shopify-Shop-Domain"), STR("demo.example")};
        out[n++] = (struct field){STR("X-Shopify-Event-Id"), key};
        if (triggered)
            out[n++] = (struct field){STR("X-Shopify-Triggered-At"), str_upto(str_of(triggered), strlen(triggered) - 1)};
    } else if (strcmp(platform, "woocommerce") == 0) {
        out[n++] = (struct field){STR("X-WC-Webhook-Topic"), str_of(s->topic)};
        out[n++] = (struct field){STR("X-WC-Webhook-ID"), STR("1")};
        out[n++] = (struct field){STR("X-WC-Webhook-Delivery-ID"), key};
    } else {
        out[n++] = (struct field){STR("webhook-id"), key};
    }
    return n;
}

/* The entry that the receiver would have made of a delivery. Lives as long as the fixture. */
static inline struct claimed entry_of(struct fixture *f, struct sent s)
{
    struct str id = s.delivery ? str_of(s.delivery) : copy_id(f, id_new(f->now_us));
    struct field *kept = arena_array(&f->arena, ENTRY_FIELDS_MAX, sizeof(*kept)), given[4];
    const struct route *route = route_of(platform_of(f, &s));
    struct fields received = {given, write_headers(f, &s, s.key ? str_of(s.key) : id, given)};

    assert_non_null(kept);
    return (struct claimed){.entry = {.id = id,
                                      .source_id = number_text(f, s.source),
                                      .topic = route_header_topic(route, received),
                                      .received_at_us = f->now_us,
                                      .headers = {kept, route_keep_headers(route, received, kept)},
                                      .body = str_of(plain(f, s.body)),
                                      .replay = s.replay,
                                      .fire = s.fire,
                                      .on_add = str_of(s.on_add),
                                      .kind = s.kind},
                            .deliveries = s.deliveries ? s.deliveries : 1};
}

static inline enum err apply_list(struct fixture *f, const struct claimed *const *list, size_t n, struct drain_verdict *verdicts)
{
    struct drain_parts parts = {.store = f->store,
                                .routes = routes,
                                .seal = f->seal,
                                .clock = &f->clock,
                                .trigger_age_us = INT64_C(3) * 86400 * US_PER_S,
                                .tries = 5};

    return drain_batch(&parts, list, n, &f->arena, verdicts);
}

static inline enum err apply_entries(struct fixture *f, const struct claimed *entries, size_t n, struct drain_verdict *verdicts)
{
    const struct claimed *list[FIXTURE_ENTRIES_MAX];

    assert_true(n <= FIXTURE_ENTRIES_MAX);
    for (size_t i = 0; i < n; i++)
        list[i] = &entries[i];
    return apply_list(f, list, n, verdicts);
}

/* Applies one delivery; returns the dead letter's reason, "" when it is applied. */
static inline const char *send_delivery(struct fixture *f, struct sent s)
{
    struct claimed entry = entry_of(f, s);
    struct drain_verdict verdict;

    assert_int_equal(apply_entries(f, &entry, 1, &verdict), OK);
    assert_false(verdict.keep);
    snprintf(f->trouble, sizeof(f->trouble), "%.*s", STR_ARG(verdict.detail));
    return verdict.reason.len ? arena_str(&f->arena, verdict.reason).p : "";
}

static inline const char *shop_says(struct fixture *f, const char *topic, const char *body)
{
    return send_delivery(f, (struct sent){.source = f->shop, .topic = topic, .body = body});
}

static inline const char *woo_says(struct fixture *f, const char *topic, const char *body)
{
    return send_delivery(f, (struct sent){.source = f->woo, .topic = topic, .body = body});
}

static inline const char *plugin_says(struct fixture *f, const char *body)
{
    return send_delivery(f, (struct sent){.source = f->plugin, .body = body});
}

#define assert_applied(call)                                    \
    do {                                                        \
        const char *reason = (call);                            \
        if (*reason)                                            \
            fail_msg("dead letter %s: %s", reason, f->trouble); \
    } while (0)
#define assert_dead(call, want) assert_string_equal(call, want)

/* A body written by a format, for values that a test computes. */
__attribute__((format(printf, 2, 3))) static inline const char *body_of(struct fixture *f, const char *format, ...)
{
    char text[4096];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    assert_in_range(n, 1, sizeof(text) - 1);
    return arena_str(&f->arena, str_of(text)).p;
}

/* -- contacts ------------------------------------------------------------------------------------------------------------ */

/* Borrows: the contact with that address or id as `contacts show --json` prints it; NULL when there is none. */
static inline json_t *contact_json(struct fixture *f, const char *who)
{
    struct view_source *sources = NULL;
    struct contact_view view;
    struct str id;
    size_t n = 0;
    json_t *json;
    enum err err = contact_find(f->store, str_of(who), &f->arena, &id);

    if (err == ERR_NOT_FOUND)
        return NULL;
    assert_int_equal(err, OK);
    assert_int_equal(contact_sources(f->store, 3600 * US_PER_S, &f->arena, &sources, &n), OK);
    assert_int_equal(contact_load(f->store, id, sources, n, &f->arena, &view), OK);
    json = view_json(&view, sources, n);
    assert_int_equal(json_array_append_new(f->read, json), 0);
    return json;
}

/* True when `got` has all that `want` names. */
static inline bool is_part_of(json_t *want, json_t *got)
{
    const char *key;
    json_t *value;
    size_t i;

    if (json_is_array(want)) {
        if (!json_is_array(got) || json_array_size(want) != json_array_size(got))
            return false;
        json_array_foreach(want, i, value) if (!is_part_of(value, json_array_get(got, i))) return false;
        return true;
    }
    if (!json_is_object(want))
        return json_equal(want, got);
    json_object_foreach(want, key, value) if (!is_part_of(value, json_object_get(got, key))) return false;
    return json_is_object(got);
}

static inline void check_contact(struct fixture *f, const char *who, const char *want_text, const char *file, int line)
{
    struct buf where = BUF_INIT(200), text = BUF_INIT(1 << 20);
    json_t *got = contact_json(f, who), *want = NULL;

    if (json_parse(str_of(plain(f, want_text)), &want, &where))
        fail_msg("%s:%d: %s in %s", file, line, buf_text(&where), want_text);
    if (!got || !is_part_of(want, got)) {
        if (got)
            assert_int_equal(json_print_pretty(got, &text), OK);
        print_error("%s:%d: %s is not %s but %s\n", file, line, who, want_text, got ? buf_text(&text) : "nobody");
        _fail(file, line);
    }
    json_decref(want);
    buf_release(&where);
    buf_release(&text);
}
#define assert_contact(who, want) check_contact(f, who, want, __FILE__, __LINE__)
#define assert_nobody(who) assert_null(contact_json(f, who))

static inline void check_count(struct fixture *f, uint64_t want, const char *file, int line)
{
    uint64_t n = 0;

    _assert_int_equal((unsigned long)contact_count(f->store, &n), OK, file, line);
    _assert_int_equal((unsigned long)n, (unsigned long)want, file, line);
}
#define assert_contacts(want) check_count(f, want, __FILE__, __LINE__)

/* Borrows the contact's id. */
static inline const char *contact_id(struct fixture *f, const char *who)
{
    json_t *json = contact_json(f, who);

    if (!json)
        fail_msg("there is no contact %s", who);
    return json_string_value(json_object_get(json, "id"));
}

/* Copies the id of the contact that a customer of the shop belongs to; "" while it has none. */
static inline const char *customer_contact(struct fixture *f, int64_t source, const char *external_id)
{
    struct db_stmt *st = NULL;
    const char *id = "";
    bool row = false;

    assert_int_equal(db_prepare(f->store->db,
                                "SELECT contact_id FROM customer WHERE account_id = $1 AND source_id = $2 AND external_id = $3",
                                &st),
                     OK);
    db_bind_int(st, 1, f->store->account_id);
    db_bind_int(st, 2, source);
    db_bind_str(st, 3, str_of(external_id));
    assert_int_equal(db_step(st, &row), OK);
    if (row)
        id = arena_str(&f->arena, db_column_str(st, 0)).p;
    db_done(st);
    return id;
}

/* -- ledger -------------------------------------------------------------------------------------------------------------- */

/* The latest ledger line of the contact with that rule and outcome (NULL: any); *n gets how many there are. */
static inline struct ledger_line ledger_of(struct fixture *f, const char *who, const char *rule, const char *what, size_t *n)
{
    struct ledger_line *lines = NULL, found = {.source_id = 0};
    size_t all = 0;

    *n = 0;
    assert_int_equal(contact_ledger(f->store, str_of(contact_id(f, who)), 1000, &f->arena, &lines, &all), OK);
    for (size_t i = 0; i < all; i++)
        if ((!rule || str_eq(lines[i].rule, str_of(rule))) && (!what || str_eq(lines[i].what, str_of(what)))) {
            found = lines[i];
            (*n)++;
        }
    return found;
}

static inline size_t ledger_count(struct fixture *f, const char *who, const char *rule, const char *what)
{
    size_t n;

    ledger_of(f, who, rule, what, &n);
    return n;
}

/* C12: the latest line of that rule and outcome says old -> new. */
static inline void check_ledger(struct fixture *f, const char *who, const char *rule, const char *what, const char *old,
                                const char *new, const char *file, int line)
{
    size_t n;
    struct ledger_line last = ledger_of(f, who, rule, what, &n);

    if (n == 0) {
        print_error("%s:%d: no ledger line %s %s\n", file, line, rule, what);
        _fail(file, line);
    }
    check_str(last.old, old, "the old value", file, line);
    check_str(last.new, new, "the new value", file, line);
}
#define assert_ledger(who, rule, what, old, new) check_ledger(f, who, rule, what, old, new, __FILE__, __LINE__)

/* How many rows a table has. */
static inline int64_t count_rows(struct fixture *f, const char *select_count)
{
    struct db_stmt *st = NULL;
    bool row = false;
    int64_t n;

    assert_int_equal(db_prepare(f->store->db, select_count, &st), OK);
    assert_int_equal(db_step(st, &row), OK);
    assert_true(row);
    n = db_column_int(st, 0);
    db_done(st);
    return n;
}

#endif
