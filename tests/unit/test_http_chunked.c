/* test_http_chunked.c -- chunked bodies against the tables of the reliability facts, in every split. */
#include "http_rows.h"

static void framing_3_1_chunks(void **state)
{
    static const struct row rows[] = {
        CHUNKS("5\r\nhello\r\n0\r\n\r\n", OK),
        CHUNKS("0005\r\nhello\r\n00\r\n\r\n", OK),
        CHUNKS("5;a=b\r\nhello\r\n0;c=\"d e\"\r\n\r\n", OK),
        CHUNKS("0x5\r\nhello\r\n0\r\n\r\n", ERR_SYNTAX),
        CHUNKS("+5\r\nhello\r\n0\r\n\r\n", ERR_SYNTAX),
        CHUNKS(" 5\r\nhello\r\n0\r\n\r\n", ERR_SYNTAX),
        CHUNKS("5 \r\nhello\r\n0\r\n\r\n", ERR_SYNTAX),
        CHUNKS("5\0\r\nhello\r\n0\r\n\r\n", ERR_SYNTAX),
        CHUNKS("-5\r\nhello\r\n0\r\n\r\n", ERR_SYNTAX),
        CHUNKS("g\r\n", ERR_SYNTAX),
        CHUNKS("\r\nhello\r\n0\r\n\r\n", ERR_SYNTAX),
        CHUNKS("10000000000000005\r\nhello\r\n", ERR_SYNTAX),
        CHUNKS("ffffffffffffffff\r\nhello\r\n", ERR_TOO_LARGE),
        CHUNKS("5\r\nhello0\r\n\r\n", ERR_SYNTAX),
        CHUNKS("5\r\nhello!!0\r\n\r\n", ERR_SYNTAX),
        CHUNKS("5\nhello\r\n0\r\n\r\n", ERR_SYNTAX),
        CHUNKS("5\r\nhello\n0\r\n\r\n", ERR_SYNTAX),
        CHUNKS("5\r\nhello\r\n0\n\r\n", ERR_SYNTAX),
        CHUNKS("5\r\nhello\r\n0\r\n\n", ERR_SYNTAX),
        CHUNKS("5;a\nb\r\nhello\r\n0\r\n\r\n", ERR_SYNTAX),
        CHUNKS("5;a\rb\r\nhello\r\n0\r\n\r\n", ERR_SYNTAX),
    };

    (void)state;
    CHECK(rows);
}

static void framing_3_1_trailers(void **state)
{
    static const struct row rows[] = {
        CHUNKS("0\r\nX-Sum: 1\r\n\r\n", OK),
        CHUNKS("5\r\nhello\r\n0\r\nContent-Length: 99\r\nTransfer-Encoding: x\r\nHost: b\r\nHost: c\r\n\r\n", OK),
        CHUNKS("0\r\nno colon\r\n\r\n", ERR_SYNTAX),
        CHUNKS("0\r\n: x\r\n\r\n", ERR_SYNTAX),
        CHUNKS("0\r\n folded: x\r\n\r\n", ERR_SYNTAX),
        CHUNKS("0\r\na: \0\r\n\r\n", ERR_SYNTAX),
        CHUNKS("0\r\na: b\n\r\n", ERR_SYNTAX),
        CHUNKS("0\r\na: b\r\r\n\r\n", ERR_SYNTAX),
    };

    (void)state;
    CHECK(rows);
}

static void chunks_come_out_as_one_body_in_every_split(void **state)
{
    static struct outcome o;
    struct str text =
        STR("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\nA\r\n, big worl\r\n1\r\nd\r\n0\r\n"
            "T: t\r\n\r\nGET");

    (void)state;
    read_pieces(text, text.len, 1, &o);
    assert_true(o.complete);
    assert_int_equal(o.used, text.len - 3);
    assert_int_equal(o.body_len, 16);
    assert_memory_equal(o.body, "hello, big world", 16);
    same_in_every_split(text, &o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing_3_1_chunks),
        cmocka_unit_test(framing_3_1_trailers),
        cmocka_unit_test(chunks_come_out_as_one_body_in_every_split),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
