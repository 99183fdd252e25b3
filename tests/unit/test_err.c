/* test_err.c -- proves the list of errors: every row has a text, a name of its own and an HTTP status. */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void every_row_has_a_text_a_status_and_a_name_of_its_own(void **state)
{
    (void)state;
    for (int e = 0; e < ERR__COUNT; e++) {
        const char *name = err_name((enum err)e);
        int status = err_http_status((enum err)e);

        assert_true(err_text((enum err)e)[0]);
        assert_true(name[0] && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name));
        assert_true(status == 200 || (status >= 400 && status < 600));
        for (int other = 0; other < e; other++)
            assert_string_not_equal(name, err_name((enum err)other));
    }
}

static void names_stay_valid_beside_each_other(void **state)
{
    const char *missing = err_name(ERR_SIGNATURE_MISSING), *ok = err_name(OK);

    (void)state;
    assert_string_equal(missing, "signature_missing");
    assert_string_equal(ok, "ok");
}

static void I2_every_signature_and_timestamp_error_is_401(void **state)
{
    static const enum err all[] = {ERR_SIGNATURE,          ERR_SIGNATURE_MISSING,   ERR_SIGNATURE_MALFORMED,
                                   ERR_SIGNATURE_REPEATED, ERR_TIMESTAMP_MALFORMED, ERR_TIMESTAMP_STALE};

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        assert_int_equal(err_http_status(all[i]), 401);
}

static void I2_the_receiver_s_own_answers_have_their_status(void **state)
{
    (void)state;
    assert_int_equal(err_http_status(OK), 200);
    assert_int_equal(err_http_status(ERR_NOT_FOUND), 404);
    assert_int_equal(err_http_status(ERR_METHOD), 405);
    assert_int_equal(err_http_status(ERR_TOO_LARGE), 413);
    assert_int_equal(err_http_status(ERR_RATE), 429);
    assert_int_equal(err_http_status(ERR_QUEUE_DOWN), 503);
    assert_int_equal(err_http_status(ERR_QUEUE_UNSAFE), 503);
    assert_int_equal(err_http_status(ERR_QUEUE_FULL), 503);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_a_text_a_status_and_a_name_of_its_own),
        cmocka_unit_test(names_stay_valid_beside_each_other),
        cmocka_unit_test(I2_every_signature_and_timestamp_error_is_401),
        cmocka_unit_test(I2_the_receiver_s_own_answers_have_their_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
