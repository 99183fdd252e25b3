/* source_fixture.h -- owns a fresh database of sources for a test: a route, two master keys, two secrets. */
#ifndef TESTS_SOURCE_FIXTURE_H
#define TESTS_SOURCE_FIXTURE_H

#include "postgres_fixture.h"
#include "redis_fixture.h"
#include "store/source.h"

#include "base/encode.h"
#include "base/id.h"

#define ROUTE                                                                                                          \
    "{\"route\":1,\"platform\":\"demo\",\"title\":\"Demo\",\"config\":{"                                               \
    "\"secret\":{\"type\":\"secret\",\"required\":true,\"doc\":\"the shop's secret\"},"                                \
    "\"shop\":{\"type\":\"text\",\"required\":true,\"doc\":\"the shop's name\"},"                                      \
    "\"region\":{\"type\":\"text\",\"default\":\"eu\",\"doc\":\"where it is\"}},"                                      \
    "\"push\":{\"verify\":[{\"scheme\":\"hmac\",\"header\":\"X-Sign\",\"encoding\":\"hex\",\"secret_form\":\"hex\"}]," \
    "\"topic\":{\"header\":\"X-Topic\"},\"dedupe\":[[{\"header\":\"X-Id\"}]]},"                                        \
    "\"objects\":{\"customer\":{\"contact.email\":\"/email\"}},"                                                       \
    "\"topics\":{\"c\":{\"event\":\"signup\",\"object\":\"customer\"}}}"

enum { START_US = 1700000000 };

struct fixture {
    char dir[64];
    int64_t now_us;
    struct clock clock;
    struct store *store;
    struct seal *seal, *other_seal;
    struct route *route;
    struct secret *first, *second;
    json_t *config;
    struct buf why;
};

static inline struct seal *make_seal(void)
{
    unsigned char key[32];
    char text[65];
    struct seal *seal = NULL;

    random_bytes(key, sizeof(key));
    hex_encode(str_n(key, sizeof(key)), text);
    assert_int_equal(seal_load(str_of(text), NULL, &seal), OK);
    return seal;
}

static inline int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct problems problems;
    char url[160];

    assert_non_null(f);
    snprintf(f->dir, sizeof(f->dir), "/tmp/storehook-source-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    test_database(f->dir, url, sizeof(url));
    f->why = BUF_INIT(4096);
    f->now_us = START_US * US_PER_S;
    f->clock = clock_fixed(&f->now_us);
    assert_int_equal(store_open_url(url, 100, &f->clock, &f->store, &f->why), OK);
    problems_init(&problems, STR("demo.json"));
    if (route_load(STR(ROUTE), &problems, &f->route))
        fail_msg("%s", buf_text(&problems.text));
    problems_release(&problems);
    f->seal = make_seal();
    f->other_seal = make_seal();
    assert_int_equal(secret_new(STR("00112233445566778899aabbccddeeff"), &f->first), OK);
    assert_int_equal(secret_new(STR("ffeeddccbbaa99887766554433221100"), &f->second), OK);
    f->config = json_pack("{ss}", "shop", "first shop");
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    static const char *const names[] = {"test.db", "test.db-wal", "test.db-shm"};
    struct fixture *f = *state;

    store_close(f->store);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        char path[96];

        snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(f->dir), 0);
    route_free(f->route);
    seal_free(f->seal);
    seal_free(f->other_seal);
    secret_free(f->first);
    secret_free(f->second);
    json_decref(f->config);
    buf_release(&f->why);
    free(f);
    return 0;
}

static inline struct source_plan plan(const struct fixture *f, const char *name)
{
    return (struct source_plan){.route = f->route,
                                .name = str_of(name),
                                .list = STR("news"),
                                .rank = 3,
                                .config = f->config,
                                .secrets = {{.name = "secret", .secret = f->first}},
                                .n_secrets = 1};
}

static inline void add(struct fixture *f, const char *name, struct source *out)
{
    struct source_plan p = plan(f, name);

    if (source_add(f->store, f->seal, &p, out, &f->why))
        fail_msg("%s", buf_text(&f->why));
}

static inline void assert_opens(const struct fixture *f, const struct source *s, size_t i, const struct secret *want)
{
    struct secret *opened = NULL;
    char context[40];

    snprintf(context, sizeof(context), "source:%lld", (long long)s->id);
    assert_int_equal(seal_open(f->seal, str_of(context), str_of(s->secrets[i].sealed), &opened), OK);
    assert_true(str_eq(secret_bytes(opened), secret_bytes(want)));
    secret_free(opened);
}

static inline void rotate(struct fixture *f, const struct source *s, const struct secret *secret, int64_t grace_ms,
                          const char *want)
{
    struct given_secret given = {.name = "secret", .secret = secret};
    struct buf id = BUF_INIT(32);

    assert_int_equal(source_rotate(f->store, f->seal, s->id, &given, grace_ms, &id), OK);
    assert_string_equal(buf_text(&id), want);
    buf_release(&id);
}

static inline json_t *snapshot(struct fixture *f)
{
    struct buf text = BUF_INIT(1 << 20);
    json_t *json = NULL;

    assert_int_equal(source_snapshot(f->store, &text), OK);
    assert_null(strstr(buf_text(&text), "00112233445566778899aabbccddeeff"));
    assert_int_equal(json_parse(buf_str(&text), &json, NULL), OK);
    buf_release(&text);
    return json;
}

/* The one source of the snapshot: how many secrets it has, the first one's id, how many old keys. */
static inline void assert_snapshot(struct fixture *f, size_t secrets, const char *first, size_t old_keys)
{
    json_t *json = snapshot(f);
    struct source back;

    assert_int_equal(source_from_json(json_array_get(json_object_get(json, "sources"), 0), &back), OK);
    assert_int_equal(back.n_secrets, secrets);
    assert_string_equal(back.secrets[0].id, first);
    assert_int_equal(back.n_old_keys, old_keys);
    source_release(&back);
    json_decref(json);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
