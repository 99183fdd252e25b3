/* test_source.c -- sources in a real database: added, checked against their route, rotated, removed, published as a snapshot. */
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

static struct seal *make_seal(void)
{
    unsigned char key[32];
    char text[65];
    struct seal *seal = NULL;

    random_bytes(key, sizeof(key));
    hex_encode(str_n(key, sizeof(key)), text);
    assert_int_equal(seal_load(str_of(text), NULL, &seal), OK);
    return seal;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct problems problems;
    char url[96];

    assert_non_null(f);
    snprintf(f->dir, sizeof(f->dir), "/tmp/storehook-source-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(url, sizeof(url), "sqlite:%s/t.db", f->dir);
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

static int tear_down(void **state)
{
    static const char *const names[] = {"t.db", "t.db-wal", "t.db-shm"};
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

static struct source_plan plan(const struct fixture *f, const char *name)
{
    return (struct source_plan){.route = f->route,
                                .name = str_of(name),
                                .list = STR("news"),
                                .rank = 3,
                                .config = f->config,
                                .secrets = {{.name = "secret", .secret = f->first}},
                                .n_secrets = 1};
}

static void add(struct fixture *f, const char *name, struct source *out)
{
    struct source_plan p = plan(f, name);

    if (source_add(f->store, f->seal, &p, out, &f->why))
        fail_msg("%s", buf_text(&f->why));
}

static void assert_opens(const struct fixture *f, const struct source *s, size_t i, const struct secret *want)
{
    struct secret *opened = NULL;
    char context[40];

    snprintf(context, sizeof(context), "source:%lld", (long long)s->id);
    assert_int_equal(seal_open(f->seal, str_of(context), str_of(s->secrets[i].sealed), &opened), OK);
    assert_true(str_eq(secret_bytes(opened), secret_bytes(want)));
    secret_free(opened);
}

static void a_source_comes_back_as_it_was_added_with_defaults_filled_in(void **state)
{
    struct fixture *f = *state;
    struct source s;

    add(f, "my shop", &s);
    assert_int_equal(s.id, 1);
    assert_int_equal(s.account_id, ACCOUNT_DEFAULT);
    assert_int_equal(strlen(s.key), KEY_CHARS);
    assert_string_equal(s.platform, "demo");
    assert_string_equal(s.list, "news");
    assert_int_equal(s.rank, 3);
    assert_true(s.enabled);
    assert_true(s.created_at_us == f->now_us);
    assert_string_equal(source_config(&s, "shop"), "first shop");
    assert_string_equal(source_config(&s, "region"), "eu");
    assert_null(source_config(&s, "secret"));
    source_release(&s);
    assert_int_equal(source_find(f->store, STR("my shop"), &s), OK);
    assert_int_equal(s.id, 1);
    source_release(&s);
    assert_int_equal(source_find(f->store, STR("your shop"), &s), ERR_NOT_FOUND);
}

static void N10_a_secret_is_sealed_for_its_source_and_its_master_key(void **state)
{
    struct fixture *f = *state;
    struct secret *opened = NULL;
    struct source s;

    add(f, "my shop", &s);
    assert_int_equal(s.n_secrets, 1);
    assert_string_equal(s.secrets[0].id, "s1");
    assert_string_equal(s.secrets[0].name, "secret");
    assert_opens(f, &s, 0, f->first);
    assert_int_equal(seal_open(f->seal, STR("source:2"), str_of(s.secrets[0].sealed), &opened), ERR_SEAL);
    assert_int_equal(seal_open(f->other_seal, STR("source:1"), str_of(s.secrets[0].sealed), &opened), ERR_SEAL);
    source_release(&s);
}

static void two_sources_differ_in_id_and_key_and_may_not_share_a_name(void **state)
{
    struct fixture *f = *state;
    struct source_plan p = plan(f, "one");
    struct source one, two, three;

    add(f, "one", &one);
    add(f, "two", &two);
    assert_int_equal(two.id, 2);
    assert_string_not_equal(one.key, two.key);
    assert_int_equal(source_add(f->store, f->seal, &p, &three, &f->why), ERR_EXISTS);
    source_release(&one);
    source_release(&two);
}

static void what_a_route_does_not_accept_is_refused_with_a_hint(void **state)
{
    static const struct {
        const char *config, *secret_name, *secret, *name, *says;
    } cases[] = {
        {"{\"shop\":\"s\",\"regoin\":\"us\"}", "secret", "00", "n", "did you mean \"region\"?"},
        {"{\"shop\":\"s\",\"completely\":\"x\"}", "secret", "00", "n", "no config \"completely\""},
        {"{\"shop\":\"s\",\"secret\":\"x\"}", "secret", "00", "n", "--secret-file"},
        {"{\"shop\":5}", "secret", "00", "n", "no text"},
        {"{}", "secret", "00", "n", "needs \"shop\" (the shop's name); give it with --set shop=VALUE"},
        {"{\"shop\":\"s\"}", NULL, NULL, "n", "needs its secret \"secret\" (the shop's secret)"},
        {"{\"shop\":\"s\"}", "shop", "00", "n", "is no secret"},
        {"{\"shop\":\"s\"}", "token", "00", "n", "no config \"token\""},
        {"{\"shop\":\"s\"}", "secret", "not hex", "n", "has not the form that Demo gives out"},
        {"{\"shop\":\"s\"}", "secret", "00", "", "1 to 100 printable bytes"},
        {"{\"shop\":\"s\"}", "secret", "00", "two\nlines", "1 to 100 printable bytes"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        json_t *config = json_loads(cases[i].config, 0, NULL);
        struct secret *secret = NULL;
        struct source_plan p = {.route = f->route, .name = str_of(cases[i].name), .config = config};

        if (cases[i].secret) {
            assert_int_equal(secret_new(str_of(cases[i].secret), &secret), OK);
            p.secrets[p.n_secrets++] = (struct given_secret){.name = cases[i].secret_name, .secret = secret};
        }
        buf_clear(&f->why);
        assert_int_equal(source_check(&p, &f->why), ERR_CONFIG);
        if (!strstr(buf_text(&f->why), cases[i].says))
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, buf_text(&f->why), cases[i].says);
        secret_free(secret);
        json_decref(config);
    }
}

static void a_refused_plan_leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;
    struct source_plan p = plan(f, "half");
    struct source_list list;
    struct source s;

    p.config = NULL;
    assert_int_equal(source_add(f->store, f->seal, &p, &s, &f->why), ERR_CONFIG);
    assert_int_equal(source_list_load(f->store, &list), OK);
    assert_int_equal(list.n, 0);
    source_list_release(&list);
}

static void rotate(struct fixture *f, const struct source *s, const struct secret *secret, int64_t grace_ms, const char *want)
{
    struct given_secret given = {.name = "secret", .secret = secret};
    struct buf id = BUF_INIT(32);

    assert_int_equal(source_rotate(f->store, f->seal, s->id, &given, grace_ms, &id), OK);
    assert_string_equal(buf_text(&id), want);
    buf_release(&id);
}

static json_t *snapshot(struct fixture *f)
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
static void assert_snapshot(struct fixture *f, size_t secrets, const char *first, size_t old_keys)
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

static void I1_a_rotated_secret_stays_valid_for_the_time_of_grace(void **state)
{
    struct fixture *f = *state;
    struct source s, after;

    add(f, "my shop", &s);
    f->now_us += US_PER_S;
    rotate(f, &s, f->second, 60000, "s2");
    assert_int_equal(source_get(f->store, s.id, &after), OK);
    assert_int_equal(after.n_secrets, 2);
    assert_true(after.secrets[0].until_us == f->now_us + 60 * US_PER_S);
    assert_true(after.secrets[1].from_us == f->now_us);
    assert_true(after.secrets[1].until_us == 0);
    assert_opens(f, &after, 1, f->second);
    source_release(&after);
    source_release(&s);
}

static void a_second_rotation_never_prolongs_an_older_secret(void **state)
{
    struct fixture *f = *state;
    struct source s, after;
    int64_t first_end_us;

    add(f, "my shop", &s);
    rotate(f, &s, f->second, 1000, "s2");
    first_end_us = f->now_us + US_PER_S;
    f->now_us += US_PER_S / 2;
    rotate(f, &s, f->first, 3600000, "s3");
    assert_int_equal(source_get(f->store, s.id, &after), OK);
    assert_int_equal(after.n_secrets, 3);
    assert_true(after.secrets[0].until_us == first_end_us);
    source_release(&after);
    source_release(&s);
}

static void rotation_without_grace_ends_the_old_secret_at_once(void **state)
{
    struct fixture *f = *state;
    struct source s, after;

    add(f, "my shop", &s);
    rotate(f, &s, f->second, 0, "s2");
    assert_int_equal(source_get(f->store, s.id, &after), OK);
    assert_true(after.secrets[0].until_us == f->now_us);
    assert_string_equal(after.secrets[1].id, "s2");
    source_release(&after);
    assert_snapshot(f, 1, "s2", 0);
    source_release(&s);
}

static void an_ended_secret_stays_for_a_week_and_goes_first_when_room_is_needed(void **state)
{
    struct fixture *f = *state;
    struct source s, after;
    char id[8];

    add(f, "my shop", &s);
    rotate(f, &s, f->second, 0, "s2");
    f->now_us += 7 * 86400 * US_PER_S;
    rotate(f, &s, f->first, 0, "s3");
    assert_int_equal(source_get(f->store, s.id, &after), OK);
    assert_string_equal(after.secrets[0].id, "s2");
    source_release(&after);
    for (int i = 4; i < 4 + SOURCE_SECRETS_MAX; i++) {
        f->now_us += US_PER_S;
        snprintf(id, sizeof(id), "s%d", i);
        rotate(f, &s, f->second, 0, id);
    }
    assert_int_equal(source_get(f->store, s.id, &after), OK);
    assert_int_equal(after.n_secrets, SOURCE_SECRETS_MAX);
    assert_string_equal(after.secrets[0].id, "s4");
    source_release(&after);
    source_release(&s);
}

static void finishing_a_rotation_ends_the_old_secrets_and_never_the_latest(void **state)
{
    struct fixture *f = *state;
    struct source s, after;

    add(f, "my shop", &s);
    rotate(f, &s, f->second, 60000, "s2");
    rotate(f, &s, f->first, 60000, "s3");
    assert_int_equal(source_get(f->store, s.id, &after), OK);
    assert_true(source_secret_is_old(&after, 0, f->now_us));
    assert_true(source_secret_is_old(&after, 1, f->now_us));
    assert_false(source_secret_is_old(&after, 2, f->now_us));
    assert_false(source_secret_is_old(&after, 0, f->now_us + 60 * US_PER_S));
    source_release(&after);
    assert_int_equal(source_finish(f->store, s.id, "another"), OK);
    assert_snapshot(f, 3, "s1", 0);
    assert_int_equal(source_finish(f->store, s.id, NULL), OK);
    assert_snapshot(f, 1, "s3", 0);
    source_release(&s);
}

static void a_replaced_key_leads_to_the_source_for_the_time_of_grace(void **state)
{
    struct fixture *f = *state;
    struct source s, after;

    add(f, "my shop", &s);
    assert_int_equal(source_rotate_key(f->store, s.id, 60000), OK);
    assert_int_equal(source_get(f->store, s.id, &after), OK);
    assert_string_not_equal(after.key, s.key);
    assert_int_equal(after.n_old_keys, 1);
    assert_string_equal(after.old_keys[0].key, s.key);
    assert_true(after.old_keys[0].until_us == f->now_us + 60 * US_PER_S);
    source_release(&after);
    assert_snapshot(f, 1, "s1", 1);
    for (int i = 1; i < SOURCE_OLD_KEYS_MAX; i++)
        assert_int_equal(source_rotate_key(f->store, s.id, 60000), OK);
    assert_int_equal(source_rotate_key(f->store, s.id, 60000), ERR_TOO_MANY);
    f->now_us += 60 * US_PER_S;
    assert_snapshot(f, 1, "s1", 0);
    assert_int_equal(source_rotate_key(f->store, s.id, 60000), OK);
    assert_snapshot(f, 1, "s1", 1);
    assert_int_equal(source_finish_key(f->store, s.id), OK);
    assert_snapshot(f, 1, "s1", 0);
    source_release(&s);
}

static void N9_a_source_holds_at_most_eight_secrets(void **state)
{
    struct fixture *f = *state;
    struct given_secret given = {.name = "secret", .secret = f->second};
    struct buf id = BUF_INIT(32);
    struct source s, after;

    add(f, "my shop", &s);
    for (int i = 1; i < SOURCE_SECRETS_MAX; i++)
        assert_int_equal(source_rotate(f->store, f->seal, s.id, &given, 60000, &id), OK);
    assert_int_equal(source_rotate(f->store, f->seal, s.id, &given, 60000, &id), ERR_TOO_MANY);
    assert_int_equal(source_get(f->store, s.id, &after), OK);
    assert_int_equal(after.n_secrets, SOURCE_SECRETS_MAX);
    assert_true(after.secrets[SOURCE_SECRETS_MAX - 1].until_us == 0); /* the refused rotation ended nothing */
    source_release(&after);
    f->now_us += 61 * US_PER_S;
    buf_clear(&id);
    assert_int_equal(source_rotate(f->store, f->seal, s.id, &given, 60000, &id), OK);
    assert_string_equal(buf_text(&id), "s9");
    buf_release(&id);
    source_release(&s);
}

static void a_removed_source_keeps_its_name_for_history_and_loses_its_secrets(void **state)
{
    struct fixture *f = *state;
    struct source s, after, next;

    add(f, "my shop", &s);
    assert_int_equal(source_remove(f->store, s.id), OK);
    assert_int_equal(source_find(f->store, STR("my shop"), &after), ERR_NOT_FOUND);
    assert_int_equal(source_get(f->store, s.id, &after), OK);
    assert_string_equal(after.name, "my shop");
    assert_int_equal(after.n_secrets, 0);
    assert_false(after.enabled);
    assert_int_equal(source_remove(f->store, s.id), ERR_NOT_FOUND);
    assert_int_equal(source_set_enabled(f->store, s.id, true), ERR_NOT_FOUND);
    add(f, "my shop", &next);
    assert_int_equal(next.id, 2);
    source_release(&s);
    source_release(&after);
    source_release(&next);
}

static void the_snapshot_has_enabled_sources_and_the_secrets_that_are_valid(void **state)
{
    struct fixture *f = *state;
    struct source one, two, back;
    json_t *json, *list;

    add(f, "one", &one);
    add(f, "two", &two);
    rotate(f, &one, f->second, 60000, "s2");
    assert_int_equal(source_set_enabled(f->store, two.id, false), OK);
    json = snapshot(f);
    list = json_object_get(json, "sources");
    assert_int_equal(json_array_size(list), 1);
    assert_int_equal(source_from_json(json_array_get(list, 0), &back), OK);
    assert_string_equal(back.key, one.key);
    assert_int_equal(back.n_secrets, 2);
    assert_opens(f, &back, 0, f->first);
    assert_opens(f, &back, 1, f->second);
    assert_string_equal(source_config(&back, "shop"), "first shop");
    source_release(&back);
    json_decref(json);

    f->now_us += 60 * US_PER_S;
    json = snapshot(f);
    assert_int_equal(source_from_json(json_array_get(json_object_get(json, "sources"), 0), &back), OK);
    assert_int_equal(back.n_secrets, 1);
    assert_string_equal(back.secrets[0].id, "s2");
    source_release(&back);
    json_decref(json);
    source_release(&one);
    source_release(&two);
}

static void an_object_that_is_no_source_is_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *member, *value; /* NULL: taken away */
        enum err err;
    } cases[] = {
        {"key", NULL, ERR_SYNTAX},
        {"key", "5", ERR_TYPE},
        {"id", "\"1\"", ERR_TYPE},
        {"enabled", "1", ERR_TYPE},
        {"config", "[]", ERR_TYPE},
        {"config", "{\"shop\":1}", ERR_TYPE},
        {"secrets", "{}", ERR_TYPE},
        {"secrets", "[{}]", ERR_SYNTAX},
        {"rank", "99999999999", ERR_RANGE},
        {"secrets", "[1,2,3,4,5,6,7,8,9]", ERR_TOO_MANY},
        {"old_keys", "{}", ERR_TYPE},
        {"old_keys", "[{}]", ERR_SYNTAX},
        {"old_keys", "[1,2,3,4,5]", ERR_TOO_MANY},
    };
    struct source s, back;

    add(f, "one", &s);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        json_t *json = source_to_json(&s);

        if (cases[i].value)
            assert_int_equal(json_object_set_new(json, cases[i].member, json_loads(cases[i].value, JSON_DECODE_ANY, NULL)), 0);
        else
            assert_int_equal(json_object_del(json, cases[i].member), 0);
        assert_int_equal(source_from_json(json, &back), cases[i].err);
        json_decref(json);
    }
    source_release(&s);
}

static void a_published_snapshot_reaches_the_queue(void **state)
{
    struct fixture *f = *state;
    struct redis_fixture redis;
    struct config *cfg;
    struct stream *stream = NULL;
    struct source s;
    redisReply *reply;
    bool present = true;

    redis_fixture_start(&redis);
    cfg = redis_fixture_config(&redis);
    if (stream_open(cfg, &clock_system, &stream, &f->why))
        fail_msg("%s", buf_text(&f->why));
    assert_int_equal(stream_sources_present(stream, &present), OK);
    assert_false(present);
    add(f, "one", &s);
    assert_int_equal(source_publish(f->store, stream), OK);
    reply = redis_fixture_command(&redis, "GET storehook:sources");
    assert_int_equal(reply->type, REDIS_REPLY_STRING);
    assert_non_null(strstr(reply->str, s.key));
    freeReplyObject(reply);
    redis_fixture_kill(&redis);
    assert_int_equal(source_publish(f->store, stream), ERR_QUEUE_DOWN);
    assert_int_equal(source_set_enabled(f->store, s.id, false), OK); /* no transaction was left open */
    source_release(&s);
    stream_close(stream);
    config_free(cfg);
    redis_fixture_stop(&redis);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_source_comes_back_as_it_was_added_with_defaults_filled_in),
        WITH_STORE(N10_a_secret_is_sealed_for_its_source_and_its_master_key),
        WITH_STORE(two_sources_differ_in_id_and_key_and_may_not_share_a_name),
        WITH_STORE(what_a_route_does_not_accept_is_refused_with_a_hint),
        WITH_STORE(a_refused_plan_leaves_nothing_behind),
        WITH_STORE(I1_a_rotated_secret_stays_valid_for_the_time_of_grace),
        WITH_STORE(a_second_rotation_never_prolongs_an_older_secret),
        WITH_STORE(rotation_without_grace_ends_the_old_secret_at_once),
        WITH_STORE(an_ended_secret_stays_for_a_week_and_goes_first_when_room_is_needed),
        WITH_STORE(finishing_a_rotation_ends_the_old_secrets_and_never_the_latest),
        WITH_STORE(a_replaced_key_leads_to_the_source_for_the_time_of_grace),
        WITH_STORE(N9_a_source_holds_at_most_eight_secrets),
        WITH_STORE(a_removed_source_keeps_its_name_for_history_and_loses_its_secrets),
        WITH_STORE(the_snapshot_has_enabled_sources_and_the_secrets_that_are_valid),
        WITH_STORE(an_object_that_is_no_source_is_refused),
        WITH_STORE(a_published_snapshot_reaches_the_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
