/* test_config.c -- proves the settings: order of sources, spellings, bounds, hints, masked secrets (N9, N10). */
#include "base/config.h"
#include "base/json.h"
#include "base/setting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

/* A loaded config, the reason of a refusal, and the file it was read from. */
struct loaded {
    struct config *cfg;
    struct buf why;
    enum err err;
    char file[64];
};

static struct loaded load(const char *text, size_t len)
{
    struct loaded l = {.cfg = NULL, .why = BUF_INIT(4096), .file = "/tmp/storehook-config-XXXXXX"};
    int fd = mkstemp(l.file);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    close(fd);
    l.err = config_load(l.file, &l.cfg, &l.why);
    return l;
}

static struct loaded load_text(const char *text)
{
    return load(text, strlen(text));
}

static void unload(struct loaded *l)
{
    unlink(l->file);
    config_free(l->cfg);
    buf_release(&l->why);
}

/* Asserts that `text` is refused as config with the reason "<file>:<reason>". */
static void assert_refused(const char *text, const char *reason)
{
    struct loaded l = load_text(text);
    char expected[512];

    snprintf(expected, sizeof(expected), "%s:%s", l.file, reason);
    assert_int_equal(l.err, ERR_CONFIG);
    assert_null(l.cfg);
    assert_string_equal(buf_text(&l.why), expected);
    unload(&l);
}

static void assert_variable_refused(const char *name, const char *value, const char *reason)
{
    struct buf why = BUF_INIT(4096);
    struct config *cfg = NULL;

    setenv(name, value, 1);
    assert_int_equal(config_load(NULL, &cfg, &why), ERR_CONFIG);
    unsetenv(name);
    assert_null(cfg);
    assert_string_equal(buf_text(&why), reason);
    buf_release(&why);
}

static void has_every_default_within_its_own_bounds(void **state)
{
    struct config *cfg = NULL;

    (void)state;
    assert_int_equal(config_load(NULL, &cfg, NULL), OK);
    assert_string_equal(config_text(cfg, SET_SERVE_LISTEN), "127.0.0.1:8443");
    assert_int_equal(config_int(cfg, SET_SERVE_HEAD_MAX), 16 << 10);
    assert_int_equal(config_int(cfg, SET_SERVE_BODY_MAX), 2 << 20);
    assert_int_equal(config_int(cfg, SET_SERVE_IDLE_TIMEOUT), 60000);
    assert_int_equal(config_int(cfg, SET_DRAIN_CART_DELAY), 3600000);
    config_free(cfg);
    config_free(NULL);
}

static void takes_file_over_default_environment_over_file_flag_over_all(void **state)
{
    struct loaded l;

    (void)state;
    setenv("STOREHOOK_DRAIN_TRIES", "9", 1);
    l = load_text("[drain]\nbatch = 11\ntries = 7\n[serve]\nworkers = 3\n");
    unsetenv("STOREHOOK_DRAIN_TRIES");
    assert_int_equal(l.err, OK);
    assert_int_equal(config_int(l.cfg, SET_DRAIN_BATCH), 11);
    assert_int_equal(config_int(l.cfg, SET_DRAIN_TRIES), 9);
    assert_int_equal(config_int(l.cfg, SET_SERVE_WORKERS), 3);
    assert_int_equal(config_set(l.cfg, SET_DRAIN_TRIES, STR("2"), &l.why), OK);
    assert_int_equal(config_int(l.cfg, SET_DRAIN_TRIES), 2);
    unload(&l);
}

static void reads_comments_blanks_indents_and_a_last_line_without_newline(void **state)
{
    struct loaded l = load_text("; one\n# two\n\n  [serve] \n\t listen=0.0.0.0:1 ; why\n  workers = 2 # why\n\n"
                                "public_url_is_not_here_but_commented = 1\n"
                                "\n[drain]\nbatch=5");

    (void)state;
    assert_int_equal(l.err, ERR_CONFIG); /* the one unknown key, in line 8 */
    unload(&l);
    l = load_text("; one\n# two\n\n  [serve] \n\t listen=0.0.0.0:1 ; why\n  workers = 2 # why\n\n[drain]\nbatch=5");
    assert_int_equal(l.err, OK);
    assert_string_equal(config_text(l.cfg, SET_SERVE_LISTEN), "0.0.0.0:1");
    assert_int_equal(config_int(l.cfg, SET_SERVE_WORKERS), 2);
    assert_int_equal(config_int(l.cfg, SET_DRAIN_BATCH), 5);
    unload(&l);
}

static void keeps_a_hash_inside_a_value(void **state)
{
    struct loaded l = load_text("[redis]\nurl = redis://u:p#w@host:1/0\n");

    (void)state;
    assert_int_equal(l.err, OK);
    assert_string_equal(config_text(l.cfg, SET_REDIS_URL), "redis://u:p#w@host:1/0");
    unload(&l);
}

static void refuses_an_unknown_key_with_file_line_and_hint(void **state)
{
    (void)state;
    assert_refused("[serve]\nlistn = x\n", "2: unknown key listn in section [serve]; did you mean serve.listen?");
    assert_refused("[server]\nlisten = x\n", "2: unknown key listen in section [server]; did you mean serve.listen?");
    assert_refused("\n[storehook]\nbody_max = 1m\n",
                   "3: unknown key body_max in section [storehook]; did you mean serve.body_max?");
    assert_refused("[serve]\n[serve]\nfrobnicate_it = 1\n", "3: unknown key frobnicate_it in section [serve]");
    assert_refused("batch = 1\n", "1: unknown key batch before any [section]; did you mean drain.batch?");
}

static void refuses_a_key_set_twice(void **state)
{
    (void)state;
    assert_refused("[drain]\nbatch = 1\n[serve]\n[drain]\nbatch = 2\n", "5: drain.batch is set a second time, first in line 2");
}

static void refuses_lines_that_are_no_pair(void **state)
{
    (void)state;
    assert_refused("[serve]\nlisten\n", "2: neither [section] nor key = value");
    assert_refused("[drain]\n[serve\n# x\n", "2: neither [section] nor key = value");
}

static void refuses_a_line_that_is_too_long_and_one_with_a_nul(void **state)
{
    char text[1024];
    struct loaded l;

    (void)state;
    snprintf(text, sizeof(text), "[db]\nurl = %0900d\n", 0);
    l = load_text(text);
    assert_int_equal(l.err, ERR_CONFIG);
    assert_non_null(strstr(buf_text(&l.why), ":2: line longer than"));
    unload(&l);
    l = load("[serve]\nlisten = a\0b\nworkers = 1\n", 33);
    assert_int_equal(l.err, ERR_CONFIG);
    assert_non_null(strstr(buf_text(&l.why), ":2: line longer than"));
    unload(&l);
}

static void refuses_a_file_that_is_absent_and_one_that_is_a_directory(void **state)
{
    struct buf why = BUF_INIT(4096);
    struct config *cfg = NULL;

    (void)state;
    assert_int_equal(config_load("/nonexistent/storehook.ini", &cfg, &why), ERR_NOT_FOUND);
    assert_string_equal(buf_text(&why), "/nonexistent/storehook.ini: cannot be read: No such file or directory");
    buf_clear(&why);
    assert_int_equal(config_load("/tmp", &cfg, &why), ERR_CONFIG);
    assert_string_equal(buf_text(&why), "/tmp: cannot be read: Is a directory");
    assert_null(cfg);
    buf_release(&why);
}

static void refuses_values_of_the_wrong_form_or_out_of_bounds(void **state)
{
    (void)state;
    assert_refused("[drain]\nbatch = many\n", "2: drain.batch must be a whole number, not \"many\"");
    assert_refused("[drain]\nbatch =\n", "2: drain.batch must be a whole number, not \"\"");
    assert_refused("[drain]\nbatch = 0\n", "2: drain.batch must be between 1 and 10000, not \"0\"");
    assert_refused("[drain]\nbatch = -1\n", "2: drain.batch must be a whole number, not \"-1\"");
    assert_refused("[drain]\nbatch = 10001\n", "2: drain.batch must be between 1 and 10000, not \"10001\"");
    assert_refused("[drain]\nbatch = 99999999999999999999\n",
                   "2: drain.batch must be between 1 and 10000, not \"99999999999999999999\"");
    assert_refused("[serve]\nbody_max = 2t\n", "2: serve.body_max must be a size such as 512, 16k, 2m or 1g, not \"2t\"");
    assert_refused("[serve]\nbody_max = 9223372036854775807g\n",
                   "2: serve.body_max must be between 1024 and 67108864 bytes, not \"9223372036854775807g\"");
    assert_refused("[serve]\nidle_timeout = 10\n",
                   "2: serve.idle_timeout must be a time with its unit, such as 250ms, 10s, 5m, 1h or 2d, not \"10\"");
    assert_refused("[serve]\nidle_timeout = 50ms\n", "2: serve.idle_timeout must be between 100 and 3600000 ms, not \"50ms\"");
    assert_refused("[storehook]\nlog_level = inof\n", "2: storehook.log_level must be debug, info, warn or error, not \"inof\"");
    assert_refused("[redis]\nrequire_fsync = no\n", "2: redis.require_fsync must be always or everysec, not \"no\"");
    assert_refused("[storehook]\npublic_url = a\tb\n", "2: storehook.public_url holds a control character");
}

static void reads_sizes_and_times_with_each_unit(void **state)
{
    static const struct {
        enum setting s;
        const char *text;
        int64_t value;
    } cases[] = {
        {SET_SERVE_BODY_MAX, "2048", 2048},      {SET_SERVE_BODY_MAX, "3k", 3072},        {SET_SERVE_BODY_MAX, "1m", 1 << 20},
        {SET_REDIS_PIPELINE_MAX, "1g", 1 << 30}, {SET_SERVE_IDLE_TIMEOUT, "100ms", 100},  {SET_SERVE_IDLE_TIMEOUT, "7s", 7000},
        {SET_SERVE_IDLE_TIMEOUT, "2m", 120000},  {SET_SERVE_IDLE_TIMEOUT, "1h", 3600000}, {SET_DRAIN_CART_DELAY, "14d", 1209600000},
    };
    struct config *cfg = NULL;

    (void)state;
    assert_int_equal(config_load(NULL, &cfg, NULL), OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(config_set(cfg, cases[i].s, str_of(cases[i].text), NULL), OK);
        assert_int_equal(config_int(cfg, cases[i].s), cases[i].value);
    }
    config_free(cfg);
}

static void keeps_the_old_value_when_a_new_one_is_refused(void **state)
{
    struct buf why = BUF_INIT(4096);
    struct config *cfg = NULL;

    (void)state;
    assert_int_equal(config_load(NULL, &cfg, NULL), OK);
    assert_int_equal(config_set(cfg, SET_DRAIN_BATCH, STR("0"), &why), ERR_CONFIG);
    assert_string_equal(buf_text(&why), "drain.batch must be between 1 and 10000, not \"0\"");
    assert_int_equal(config_int(cfg, SET_DRAIN_BATCH), 200);
    assert_string_equal(config_text(cfg, SET_DRAIN_BATCH), "200");
    config_free(cfg);
    buf_release(&why);
}

static void refuses_unknown_variables_of_its_prefix_with_a_hint(void **state)
{
    (void)state;
    assert_variable_refused("STOREHOOK_SERVE_LISTN", "x",
                            "environment: unknown variable STOREHOOK_SERVE_LISTN; did you mean STOREHOOK_SERVE_LISTEN?");
    assert_variable_refused("STOREHOOK_DIR", "x",
                            "environment: unknown variable STOREHOOK_DIR; did you mean STOREHOOK_STOREHOOK_DIR?");
    assert_variable_refused("STOREHOOK_LOG_LEVEL", "x",
                            "environment: unknown variable STOREHOOK_LOG_LEVEL; did you mean STOREHOOK_STOREHOOK_LOG_LEVEL?");
    assert_variable_refused("STOREHOOK_FROBNICATE_THE_QUEUE", "x", "environment: unknown variable STOREHOOK_FROBNICATE_THE_QUEUE");
    assert_variable_refused("STOREHOOK_", "x", "environment: unknown variable STOREHOOK_");
    assert_variable_refused("STOREHOOK_DRAIN_BATCH", "", "environment: drain.batch must be a whole number, not \"\"");
}

static void N9_refuses_a_value_longer_than_the_maximum(void **state)
{
    static char big[5000];

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    assert_variable_refused("STOREHOOK_DB_URL", big, "environment: db.url is longer than 4096 bytes");
}

static void puts_relative_paths_below_dir(void **state)
{
    struct config *cfg = NULL;

    (void)state;
    assert_int_equal(config_load(NULL, &cfg, NULL), OK);
    assert_string_equal(config_text(cfg, SET_SERVE_CERT), "var/certs/server.pem");
    assert_string_equal(config_text(cfg, SET_ROUTES_DIR), "");
    assert_int_equal(config_set(cfg, SET_DIR, STR("/srv/hooks"), NULL), OK);
    assert_string_equal(config_text(cfg, SET_SERVE_CERT), "/srv/hooks/certs/server.pem");
    assert_int_equal(config_set(cfg, SET_SERVE_CERT, STR("/etc/ssl/own.pem"), NULL), OK);
    assert_string_equal(config_text(cfg, SET_SERVE_CERT), "/etc/ssl/own.pem");
    assert_int_equal(config_set(cfg, SET_DIR, STR(""), NULL), ERR_CONFIG); /* else some files would be below / */
    assert_string_equal(config_text(cfg, SET_SERVE_KEY), "/srv/hooks/certs/server.key");
    config_free(cfg);
}

static void shows_values_with_their_origin(void **state)
{
    struct loaded l = load_text("[drain]\nbatch = 11\n");
    struct buf out = BUF_INIT(1 << 20);
    char line[256];

    (void)state;
    assert_int_equal(config_set(l.cfg, SET_DRAIN_TRIES, STR("3"), NULL), OK);
    assert_int_equal(config_show(l.cfg, false, &out), OK);
    snprintf(line, sizeof(line), "drain.batch = 11  # entries a transaction (default 200; from %s:2)\n", l.file);
    assert_non_null(strstr(buf_text(&out), line));
    assert_non_null(strstr(buf_text(&out),
                           "drain.tries = 3  # deliveries of a poison entry before it is a dead letter (default 5; from flag)\n"));
    assert_non_null(strstr(buf_text(&out), "serve.workers = 0  # worker threads; 0 = one a core (default 0; from default)\n"));
    unload(&l);
    buf_release(&out);
}

static void shows_json_with_a_member_for_every_setting(void **state)
{
    struct buf out = BUF_INIT(1 << 20);
    struct config *cfg = NULL;
    json_t *all = NULL;

    (void)state;
    setenv("STOREHOOK_STOREHOOK_PUBLIC_URL", "https://b\xff.example", 1);
    assert_int_equal(config_load(NULL, &cfg, NULL), OK);
    unsetenv("STOREHOOK_STOREHOOK_PUBLIC_URL");
    assert_int_equal(config_show(cfg, true, &out), OK);
    assert_int_equal(json_parse(buf_str(&out), &all, NULL), OK);
    assert_int_equal(json_object_size(all), SET__COUNT);
    for (size_t s = 0; s < SET__COUNT; s++)
        assert_true(json_is_object(json_object_get(all, setting_row((enum setting)s)->key)));
    assert_true(str_eq(json_member_text(json_object_get(all, "serve.listen"), "value"), STR("127.0.0.1:8443")));
    assert_true(str_eq(json_member_text(json_object_get(all, "storehook.public_url"), "from"), STR("environment")));
    json_decref(all);
    config_free(cfg);
    buf_release(&out);
}

static void N10_masks_secrets_wherever_it_shows_them(void **state)
{
    struct loaded l =
        load_text("[storehook]\nmaster_key = c0ffee\n[redis]\nurl = redis://u:hunter2@h:1\n[db]\nurl = postgres://u:hunter2@h/d\n");
    struct buf out = BUF_INIT(1 << 20);

    (void)state;
    assert_int_equal(l.err, OK);
    for (int json = 0; json < 2; json++) {
        assert_int_equal(config_show(l.cfg, json, &out), OK);
        assert_null(strstr(buf_text(&out), "hunter2"));
        assert_null(strstr(buf_text(&out), "c0ffee"));
    }
    assert_non_null(strstr(buf_text(&out), "***"));
    unload(&l);
    buf_release(&out);
}

static void N10_does_not_repeat_a_refused_secret(void **state)
{
    (void)state;
    assert_refused("[redis]\nurl = redis://hunter2\x01\n", "2: redis.url holds a control character");
}

/* Takes the "# " off every line that sets a key, so that the sample says what it shows. */
static void uncomment(struct buf *sample, struct buf *out)
{
    struct str rest = buf_str(sample), line;

    while (str_split(&rest, '\n', &line)) {
        bool pair = str_starts(line, STR("# ")) && str_find_str(line, STR(" = ")) < str_find(str_from(line, 2), ' ') + 3;

        assert_int_equal(buf_append(out, pair ? str_from(line, 2) : line), OK);
        assert_int_equal(buf_append_c(out, '\n'), OK);
    }
}

static void samples_every_setting_at_its_default(void **state)
{
    struct buf sample = BUF_INIT(1 << 20), active = BUF_INIT(1 << 20), shown = BUF_INIT(1 << 20);
    struct loaded l;

    (void)state;
    assert_int_equal(config_sample(false, &sample), OK);
    l = load_text(buf_text(&sample));
    assert_int_equal(l.err, OK);
    unload(&l);
    uncomment(&sample, &active);
    l = load_text(buf_text(&active));
    assert_int_equal(l.err, OK);
    assert_int_equal(config_show(l.cfg, false, &shown), OK);
    assert_null(strstr(buf_text(&shown), "from default"));
    unload(&l);
    buf_release(&sample);
    buf_release(&active);
    buf_release(&shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_every_default_within_its_own_bounds),
        cmocka_unit_test(takes_file_over_default_environment_over_file_flag_over_all),
        cmocka_unit_test(reads_comments_blanks_indents_and_a_last_line_without_newline),
        cmocka_unit_test(keeps_a_hash_inside_a_value),
        cmocka_unit_test(refuses_an_unknown_key_with_file_line_and_hint),
        cmocka_unit_test(refuses_a_key_set_twice),
        cmocka_unit_test(refuses_lines_that_are_no_pair),
        cmocka_unit_test(refuses_a_line_that_is_too_long_and_one_with_a_nul),
        cmocka_unit_test(refuses_a_file_that_is_absent_and_one_that_is_a_directory),
        cmocka_unit_test(refuses_values_of_the_wrong_form_or_out_of_bounds),
        cmocka_unit_test(reads_sizes_and_times_with_each_unit),
        cmocka_unit_test(keeps_the_old_value_when_a_new_one_is_refused),
        cmocka_unit_test(refuses_unknown_variables_of_its_prefix_with_a_hint),
        cmocka_unit_test(N9_refuses_a_value_longer_than_the_maximum),
        cmocka_unit_test(puts_relative_paths_below_dir),
        cmocka_unit_test(shows_values_with_their_origin),
        cmocka_unit_test(shows_json_with_a_member_for_every_setting),
        cmocka_unit_test(N10_masks_secrets_wherever_it_shows_them),
        cmocka_unit_test(N10_does_not_repeat_a_refused_secret),
        cmocka_unit_test(samples_every_setting_at_its_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
