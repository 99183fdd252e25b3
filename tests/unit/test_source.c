/* test_source.c -- sources in a real database: added, checked against their route, removed, published as a snapshot. */
#include "source_fixture.h"

#include "store/master_key.h"

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
        {"{\"shop\":\"\"}", "secret", "00", "n", "needs \"shop\" (the shop's name); give it with --set shop=VALUE"},
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

static void another_master_key_is_noticed_with_and_without_sources_N10(void **state)
{
    struct fixture *f = *state;
    struct source s;

    assert_int_equal(master_key_check(f->store, f->seal), OK); /* the first one becomes the database's */
    assert_int_equal(master_key_check(f->store, f->other_seal), ERR_SEAL);
    add(f, "one", &s);
    source_release(&s);
    assert_int_equal(master_key_check(f->store, f->seal), OK);
    assert_int_equal(master_key_check(f->store, f->other_seal), ERR_SEAL);
}

static void a_database_from_before_takes_only_the_key_that_opens_its_secrets_N10(void **state)
{
    struct fixture *f = *state;
    struct source s;

    add(f, "one", &s);
    source_release(&s);
    assert_int_equal(master_key_check(f->store, f->other_seal), ERR_SEAL);
    assert_int_equal(master_key_check(f->store, f->seal), OK);
    assert_int_equal(master_key_check(f->store, f->other_seal), ERR_SEAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(another_master_key_is_noticed_with_and_without_sources_N10),
        WITH_STORE(a_database_from_before_takes_only_the_key_that_opens_its_secrets_N10),
        WITH_STORE(a_source_comes_back_as_it_was_added_with_defaults_filled_in),
        WITH_STORE(N10_a_secret_is_sealed_for_its_source_and_its_master_key),
        WITH_STORE(two_sources_differ_in_id_and_key_and_may_not_share_a_name),
        WITH_STORE(what_a_route_does_not_accept_is_refused_with_a_hint),
        WITH_STORE(a_refused_plan_leaves_nothing_behind),
        WITH_STORE(a_removed_source_keeps_its_name_for_history_and_loses_its_secrets),
        WITH_STORE(the_snapshot_has_enabled_sources_and_the_secrets_that_are_valid),
        WITH_STORE(an_object_that_is_no_source_is_refused),
        WITH_STORE(a_published_snapshot_reaches_the_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
