/* test_log.c -- proves the log: one line an event, foreign bytes escaped, bounded (N9, N10). */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

/* What is written to stderr between begin and end. */
struct capture {
    FILE *file;
    int saved;
    char text[16384];
    size_t len;
};

static void capture_begin(struct capture *c)
{
    c->file = tmpfile();
    assert_non_null(c->file);
    c->saved = dup(STDERR_FILENO);
    assert_true(dup2(fileno(c->file), STDERR_FILENO) >= 0);
}

static void capture_end(struct capture *c)
{
    assert_true(dup2(c->saved, STDERR_FILENO) >= 0);
    close(c->saved);
    rewind(c->file);
    c->len = fread(c->text, 1, sizeof(c->text) - 1, c->file);
    c->text[c->len] = '\0';
    fclose(c->file);
}

static void assert_one_line(const struct capture *c)
{
    assert_true(c->len > 0 && c->len <= 4096);
    assert_true(c->text[c->len - 1] == '\n');
    assert_true(memchr(c->text, '\n', c->len) == c->text + c->len - 1);
}

static void writes_time_level_role_event_and_pairs(void **state)
{
    struct capture c;

    (void)state;
    log_setup(LOG_INFO, "serve");
    capture_begin(&c);
    LOG(LOG_INFO, "delivery accepted", KV_STR("id", STR("01ab")), KV_INT("bytes", -812), KV_UINT("n", UINT64_MAX),
        KV_TEXT("none", NULL), KV_ERR(ERR_RATE));
    capture_end(&c);
    assert_one_line(&c);
    assert_int_equal(c.text[4], '-');
    assert_int_equal(c.text[23], 'Z');
    assert_string_equal(c.text + 24, " info serve: delivery accepted id=01ab bytes=-812 n=18446744073709551615 none=\"\" "
                                     "error=\"too many requests\"\n");
}

static void escapes_every_byte_that_could_forge_a_line(void **state)
{
    struct capture c;

    (void)state;
    log_setup(LOG_INFO, "serve");
    capture_begin(&c);
    LOG(LOG_WARN, "refused", KV_STR("topic", STR("a\nlevel=error \"x\" \\ \x1b[2J\0\xc3\xa4\x7f end")), KV_STR("eq", STR("a=b")));
    capture_end(&c);
    assert_one_line(&c);
    assert_non_null(strstr(c.text, "topic=\"a\\x0alevel=error \\\"x\\\" \\\\ \\x1b[2J\\x00\\xc3\\xa4\\x7f end\" eq=\"a=b\"\n"));
}

static void N9_cuts_a_long_value_and_says_so(void **state)
{
    static char big[600];
    struct capture c;

    (void)state;
    memset(big, 'x', sizeof(big));
    capture_begin(&c);
    LOG(LOG_WARN, "refused", KV_STR("exact", str_n(big, 512)), KV_STR("long", str_n(big, 513)), KV_INT("after", 1));
    capture_end(&c);
    assert_one_line(&c);
    assert_non_null(strstr(c.text, "x long=\"xxx"));
    assert_non_null(strstr(c.text, "xxx...\" after=1\n"));
}

static void N9_leaves_out_whole_pairs_past_the_line(void **state)
{
    static char big[512];
    struct capture c;

    (void)state;
    memset(big, 1, sizeof(big)); /* four characters each */
    capture_begin(&c);
    LOG(LOG_WARN, "refused", KV_STR("a", str_n(big, 512)), KV_STR("b", str_n(big, 500)), KV_STR("c", str_n(big, 512)),
        KV_INT("d", 1));
    capture_end(&c);
    assert_one_line(&c);
    assert_non_null(strstr(c.text, " a=\""));
    assert_null(strstr(c.text, " c=\""));
    assert_null(strstr(c.text, " d="));
    assert_string_equal(c.text + c.len - 3, "1\"\n");
}

static void writes_nothing_below_the_level(void **state)
{
    enum log_level level;
    struct capture c;

    (void)state;
    assert_int_equal(log_level_parse(STR("error"), &level), OK);
    log_setup(level, "drain");
    capture_begin(&c);
    LOG(LOG_WARN, "quiet", KV_INT("n", 1));
    LOG(LOG_ERROR, "loud", KV_INT("n", 2));
    capture_end(&c);
    assert_one_line(&c);
    assert_non_null(strstr(c.text, " error drain: loud n=2\n"));
    log_setup(LOG_INFO, "storehook");
}

static void knows_its_four_levels_only(void **state)
{
    enum log_level level = LOG_INFO;

    (void)state;
    assert_int_equal(log_level_parse(STR("debug"), &level), OK);
    assert_int_equal(level, LOG_DEBUG);
    assert_int_equal(log_level_parse(STR("warn"), &level), OK);
    assert_int_equal(level, LOG_WARN);
    assert_int_equal(log_level_parse(STR("warning"), &level), ERR_SYNTAX);
    assert_int_equal(log_level_parse(STR("Info"), &level), ERR_SYNTAX);
    assert_int_equal(log_level_parse(STR_NONE, &level), ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_time_level_role_event_and_pairs), cmocka_unit_test(escapes_every_byte_that_could_forge_a_line),
        cmocka_unit_test(N9_cuts_a_long_value_and_says_so),       cmocka_unit_test(N9_leaves_out_whole_pairs_past_the_line),
        cmocka_unit_test(writes_nothing_below_the_level),         cmocka_unit_test(knows_its_four_levels_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
