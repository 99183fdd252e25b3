/* test_source_secret.c -- secrets and keys of sources in a real database: rotated, ended, kept for a while. */
#include "source_fixture.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(I1_a_rotated_secret_stays_valid_for_the_time_of_grace),
        WITH_STORE(a_second_rotation_never_prolongs_an_older_secret),
        WITH_STORE(rotation_without_grace_ends_the_old_secret_at_once),
        WITH_STORE(an_ended_secret_stays_for_a_week_and_goes_first_when_room_is_needed),
        WITH_STORE(finishing_a_rotation_ends_the_old_secrets_and_never_the_latest),
        WITH_STORE(a_replaced_key_leads_to_the_source_for_the_time_of_grace),
        WITH_STORE(N9_a_source_holds_at_most_eight_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
