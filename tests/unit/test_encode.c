/* test_encode.c -- proves hex and base64: one right form each, everything else refused (I1: signatures are decoded strictly). */
#include "base/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* RFC 4648, section 10. */
static const struct {
    struct str plain, base64, hex;
} vectors[] = {
    {STR_NONE, STR_NONE, STR_NONE},
    {{"f", 1}, {"Zg==", 4}, {"66", 2}},
    {{"fo", 2}, {"Zm8=", 4}, {"666f", 4}},
    {{"foo", 3}, {"Zm9v", 4}, {"666f6f", 6}},
    {{"foob", 4}, {"Zm9vYg==", 8}, {"666f6f62", 8}},
    {{"fooba", 5}, {"Zm9vYmE=", 8}, {"666f6f6261", 10}},
    {{"foobar", 6}, {"Zm9vYmFy", 8}, {"666f6f626172", 12}},
    {{"\xff\xfe\xfd\x00", 4}, {"//79AA==", 8}, {"fffefd00", 8}},
};

static void encodes_and_decodes_the_vectors_of_rfc_4648(void **state)
{
    char text[32], bytes[16];
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
        base64_encode(vectors[i].plain, text);
        assert_true(str_eq(str_of(text), vectors[i].base64));
        assert_int_equal(BASE64_LEN(vectors[i].plain.len), vectors[i].base64.len);
        assert_int_equal(base64_decode(vectors[i].base64, bytes, sizeof(bytes), &len), OK);
        assert_true(str_eq(str_n(bytes, len), vectors[i].plain));
        hex_encode(vectors[i].plain, text);
        assert_true(str_eq(str_of(text), vectors[i].hex));
        assert_int_equal(hex_decode(vectors[i].hex, bytes, vectors[i].plain.len), OK);
        assert_true(str_eq(str_n(bytes, vectors[i].plain.len), vectors[i].plain));
    }
}

static void I1_refuses_base64_that_is_not_canonical(void **state)
{
    static const struct str bad[] = {
        {"Z", 1},        {"Zg", 2},
        {"Zg=", 3},      {"Zm9vYg", 6},
        {"Zh==", 4}, /* unused bits */
        {"Zm9=", 4}, /* unused bits */
        {"Zg==Zg==", 8}, {"Zg==\n", 5},
        {" Zg==", 5},    {"Z g=", 4},
        {"=Zg=", 4},     {"====", 4},
        {"Zg=v", 4},     {"Z===", 4},
        {"Zm-v", 4},     {"Zm_v", 4},
        {"Zm\0v", 4},    {"Zm9v\xff\xff\xff\xff", 8},
        {"Zm8=Zm9v", 8}, {"Zm9vZg==AAAA", 12},
    };
    char bytes[16];
    size_t len = 77;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(base64_decode(bad[i], bytes, sizeof(bytes), &len), ERR_SYNTAX);
    assert_int_equal(len, 77);
}

static void N9_never_writes_past_the_room_it_is_given(void **state)
{
    char bytes[8];
    size_t len = 0;

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    assert_int_equal(base64_decode(STR("Zm9vYg=="), bytes, 3, &len), ERR_RANGE);
    assert_int_equal(bytes[3], 'x');
    assert_int_equal(base64_decode(STR("Zm9vYg=="), bytes, 4, &len), OK);
    assert_int_equal(bytes[4], 'x');
    assert_int_equal(base64_decode(STR("Zg=="), bytes, 0, &len), ERR_RANGE);
    assert_int_equal(base64_decode(STR_NONE, bytes, 0, &len), OK);
    assert_int_equal(len, 0);
}

static void I1_refuses_hex_of_another_length_or_case(void **state)
{
    char bytes[4];

    (void)state;
    assert_int_equal(hex_decode(STR("666f"), bytes, 2), OK);
    assert_int_equal(hex_decode(STR("666F"), bytes, 2), ERR_SYNTAX);
    assert_int_equal(hex_decode(STR("666"), bytes, 1), ERR_SYNTAX);
    assert_int_equal(hex_decode(STR("666f6f"), bytes, 2), ERR_SYNTAX);
    assert_int_equal(hex_decode(STR("66"), bytes, 2), ERR_SYNTAX);
    assert_int_equal(hex_decode(STR("6g"), bytes, 1), ERR_SYNTAX);
    assert_int_equal(hex_decode(STR("0x66"), bytes, 2), ERR_SYNTAX);
    assert_int_equal(hex_decode(STR(" 6"), bytes, 1), ERR_SYNTAX);
    assert_int_equal(hex_decode(STR("6\0"), bytes, 1), ERR_SYNTAX);
}

static void every_byte_survives_both_ways(void **state)
{
    char plain[256], text[2 * 256 + 1], back[256];
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 256; i++)
        plain[i] = (char)i;
    for (size_t n = 0; n <= 256; n++) {
        base64_encode(str_n(plain, n), text);
        assert_int_equal(strlen(text), BASE64_LEN(n));
        assert_int_equal(base64_decode(str_of(text), back, sizeof(back), &len), OK);
        assert_int_equal(len, n);
        assert_memory_equal(back, plain, n);
        hex_encode(str_n(plain, n), text);
        assert_int_equal(hex_decode(str_of(text), back, n), OK);
        assert_memory_equal(back, plain, n);
    }
}

static void base64url_has_its_own_alphabet_and_no_padding(void **state)
{
    static const char *const bad[] = {"-_8=", "+/8", "a", "-_9", "-_8\n", "ab d"};
    char bytes[4], text[BASE64_LEN(2) + 1];
    size_t n = 0;

    (void)state;
    assert_int_equal(base64url_decode(STR("-_8"), bytes, sizeof(bytes), &n), OK);
    assert_int_equal(n, 2);
    assert_memory_equal(bytes, "\xfb\xff", 2);
    assert_int_equal(base64url_encode(str_n(bytes, n), text), 3);
    assert_string_equal(text, "-_8");
    assert_int_equal(base64url_decode(STR(""), bytes, sizeof(bytes), &n), OK);
    assert_int_equal(n, 0);
    assert_int_equal(base64url_decode(STR("Zm9vYmE"), bytes, sizeof(bytes), &n), ERR_RANGE);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(base64url_decode(str_of(bad[i]), bytes, sizeof(bytes), &n), ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_and_decodes_the_vectors_of_rfc_4648),
        cmocka_unit_test(I1_refuses_base64_that_is_not_canonical),
        cmocka_unit_test(N9_never_writes_past_the_room_it_is_given),
        cmocka_unit_test(I1_refuses_hex_of_another_length_or_case),
        cmocka_unit_test(every_byte_survives_both_ways),
        cmocka_unit_test(base64url_has_its_own_alphabet_and_no_padding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
