/* test_email.c -- proves M2, AC-30 and AC-31 on the e-mail address. */
#include "model/email.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct fixture {
    struct arena arena;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (!f)
        return -1;
    arena_init(&f->arena, 1 << 20);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    arena_release(&f->arena);
    free(f);
    return 0;
}

static struct email read_email(struct fixture *f, struct str raw)
{
    struct email e = {0};
    enum err err = email_normalise(raw, &f->arena, &e);

    if (err)
        print_error("refused: %.*s\n", STR_ARG(raw));
    assert_int_equal(err, OK);
    assert_int_equal(strlen(e.key.p), e.key.len);
    assert_int_equal(strlen(e.shown.p), e.shown.len);
    return e;
}

static void M2_trims_and_shows_the_address_as_written(void **state)
{
    struct email e = read_email(*state, STR(" \t A.B+x@Ex\xc3\xa4mple.de\r\n"));

    assert_string_equal(e.shown.p, "A.B+x@Ex\xc3\xa4mple.de");
    assert_string_equal(e.key.p, "a.b+x@xn--exmple-cua.de");
}

static void M2_local_part_matches_without_case(void **state)
{
    assert_string_equal(read_email(*state, STR("Ada.Lovelace@example.com")).key.p,
                        read_email(*state, STR("aDA.lOVELACE@EXAMPLE.com")).key.p);
    assert_string_equal(read_email(*state, STR("Ada.Lovelace@example.com")).shown.p, "Ada.Lovelace@example.com");
}

static void M2_unicode_and_a_label_domains_are_one(void **state)
{
    static const char *const same[] = {"ada@ex\xc3\xa4mple.de", "ada@EX\xc3\x84MPLE.DE", "ada@exa\xcc\x88mple.de",
                                       "ada@xn--exmple-cua.de", "ada@XN--EXMPLE-CUA.de", "ada@ex\303\244mple\343\200\202de"};

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        assert_string_equal(read_email(*state, str_of(same[i])).key.p, "ada@xn--exmple-cua.de");
}

static void M2_sharp_s_is_not_double_s(void **state)
{
    assert_string_equal(read_email(*state, STR("ada@fa\xc3\x9f.de")).key.p, "ada@xn--fa-hia.de");
    assert_string_equal(read_email(*state, STR("ada@fass.de")).key.p, "ada@fass.de");
}

static void M2_folds_neither_dots_nor_plus_tags(void **state)
{
    assert_string_equal(read_email(*state, STR("a.da+shop@example.com")).key.p, "a.da+shop@example.com");
    assert_string_equal(read_email(*state, STR("ada@example.com")).key.p, "ada@example.com");
}

static void M2_letters_past_ascii_in_the_local_part_stay(void **state)
{
    assert_string_equal(read_email(*state, STR("\xc3\x84"
                                               "DA@example.com"))
                            .key.p,
                        "\xc3\x84"
                        "da@example.com");
}

static void M2_a_key_is_its_own_key(void **state)
{
    static const char *const texts[] = {"A.B+x@Ex\xc3\xa4mple.de", "O'Brien@Example.Museum",
                                        "\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct email e = read_email(*state, str_of(texts[i]));

        assert_string_equal(read_email(*state, e.key).key.p, e.key.p);
    }
}

static void AC_30_nothing_is_no_email(void **state)
{
    static const char *const empty[] = {"", " ", "\t\r\n "};
    struct fixture *f = *state;
    struct email e;

    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
        assert_int_equal(email_normalise(str_of(empty[i]), &f->arena, &e), ERR_NOT_FOUND);
    assert_int_equal(email_normalise(STR_NONE, &f->arena, &e), ERR_NOT_FOUND);
    assert_string_equal(email_reason(ERR_NOT_FOUND), "no_email");
    assert_string_equal(email_reason(ERR_SYNTAX), "invalid_email");
    assert_null(email_reason(ERR_MEMORY));
}

/* What is refused, and the test's word for it. */
#define MALFORMED(X)                                                        \
    X("no @", "ada.example.com")                                            \
    X("two @", "ada@home@example.com")                                      \
    X("@ twice", "ada@@example.com")                                        \
    X("only @", "@")                                                        \
    X("empty local part", "@example.com")                                   \
    X("empty domain", "ada@")                                               \
    X("one label", "ada@localhost")                                         \
    X("local starts with a dot", ".ada@example.com")                        \
    X("local ends with a dot", "ada.@example.com")                          \
    X("local has two dots", "ada..l@example.com")                           \
    X("domain starts with a dot", "ada@.example.com")                       \
    X("domain ends with a dot", "ada@example.com.")                         \
    X("domain has two dots", "ada@example..com")                            \
    X("mapped domain ends with a dot", "ada@ex\xc3\xa4mple.de\xe3\x80\x82") \
    X("blank in the local part", "ada l@example.com")                       \
    X("blank in the domain", "ada@exam ple.com")                            \
    X("blank beside @", "ada @example.com")                                 \
    X("TAB", "ada\t@example.com")                                           \
    X("CR LF and a header", "ada@example.com\r\nBcc: eve@example.net")      \
    X("LF in the local part", "a\nda@example.com")                          \
    X("NUL in the local part", "a\0da@example.com")                         \
    X("NUL at the end", "ada@example.com\0")                                \
    X("NUL hides a domain", "ada@example.com\0.example.net")                \
    X("DEL", "ada\x7f@example.com")                                         \
    X("C1 control", "ada\xc2\x85@example.com")                              \
    X("label starts with a hyphen", "ada@-example.com")                     \
    X("label ends with a hyphen", "ada@example-.com")                       \
    X("last label ends with a hyphen", "ada@example.com-")                  \
    X("domain literal", "ada@[192.0.2.1]")                                  \
    X("IPv6 literal", "ada@[IPv6:2001:db8::1]")                             \
    X("bare IPv4", "ada@192.0.2.1")                                         \
    X("numeric top-level domain", "ada@example.123")                        \
    X("full-width numeric top-level domain", "ada@example.\xef\xbc\x91")    \
    X("display name", "Ada <ada@example.com>")                              \
    X("angle brackets", "<ada@example.com>")                                \
    X("mailto", "mailto:ada@example.com")                                   \
    X("comma list", "ada@example.com,eve@example.net")                      \
    X("semicolon list", "ada@example.com;eve@example.net")                  \
    X("trailing comma", "ada@example.com,")                                 \
    X("comment", "ada(home)@example.com")                                   \
    X("quoted local part", "\"ada\"@example.com")                           \
    X("quoted @", "\"ada@home\"@example.com")                               \
    X("backslash", "a\\da@example.com")                                     \
    X("underscore in the domain", "ada@exam_ple.com")                       \
    X("underscore in a Unicode domain", "ada@ex\xc3\xa4m_ple.com")          \
    X("full-width underscore in the domain", "ada@exam\xef\xbc\xbfple.com") \
    X("percent in the domain", "ada@exam%ple.com")                          \
    X("port", "ada@example.com:25")                                         \
    X("invalid UTF-8 in the local part", "ad\xff@example.com")              \
    X("invalid UTF-8 in the domain", "ada@ex\xc3mple.com")                  \
    X("overlong UTF-8", "ada\xc0\xae@example.com")                          \
    X("surrogate", "ada\xed\xa0\x80@example.com")                           \
    X("noncharacter of plane 1", "ada\xf0\x9f\xbf\xbf@example.com")         \
    X("right-to-left override", "ada\xe2\x80\xae@example.com")              \
    X("bidi isolate in the domain", "ada@exam\xe2\x81\xa6ple.com")          \
    X("zero-width space", "ada\xe2\x80\x8b@example.com")                    \
    X("zero-width space in the domain", "ada@exam\xe2\x80\x8bple.com")      \
    X("soft hyphen in the domain", "ada@exam\xc2\xadple.com")               \
    X("byte order mark", "\xef\xbb\xbf"                                     \
                         "ada@example.com")                                 \
    X("no-break space", "\xc2\xa0"                                          \
                        "ada@example.com")                                  \
    X("replacement character", "ad\xef\xbf\xbd@example.com")                \
    X("tag character", "ada\xf3\xa0\x81\xa1@example.com")                   \
    X("punycode that is none", "ada@xn--a.com")                             \
    X("empty punycode", "ada@xn--.com")                                     \
    X("mixed directions in a label", "ada@a\xd7\x90.com")                   \
    X("slash like character in the domain", "ada@exam\xe2\x81\x84ple.com")

static void AC_31_refuses_malformed_addresses(void **state)
{
    static const struct {
        const char *what;
        struct str text;
    } rows[] = {
#define X(what, text) {what, {text, sizeof(text) - 1}},
        MALFORMED(X)
#undef X
    };
    struct fixture *f = *state;
    struct email e;

    assert_true(sizeof(rows) / sizeof(rows[0]) >= 25);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (email_normalise(rows[i].text, &f->arena, &e) != ERR_SYNTAX)
            fail_msg("not refused: %s", rows[i].what);
}

static void AC_31_accepts_addresses_of_real_shops(void **state)
{
    static const char *const texts[] = {
        "ada+shop@example.com",
        "o'brien@example.ie",
        "ada_lovelace@example.com",
        "1234567890@example.com",
        "ada@example.photography",
        "ada@x.de",
        "a@b.co",
        "ada@mail.shop.example.co.uk",
        "ada@123.com",
        "ada@my--shop.de",
        "ada@a-b.de",
        "-ada-@example.com",
        "ada.l!#$%&'*+-/=?^_`{|}~@example.com",
        "ada@xn--fiqs8s.xn--fiqs8s",
        "ada@\xe4\xb8\xad\xe5\x9b\xbd.\xe4\xb8\xad\xe5\x9b\xbd",
        "ada@example.xn--p1ai",
        "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd@\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84",
        "j\xc3\xb6rg@example.de",
        "\xf0\x9f\x98\x80@example.com",
        "ada@\xd7\x90\xd7\x91.com",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_string_equal(read_email(*state, str_of(texts[i])).shown.p, texts[i]);
}

/* Writes local_bytes times 'l', '@', then labels of at most label_bytes until the whole has `bytes`. Returns its length. */
static struct str long_address(char *out, size_t local_bytes, size_t label_bytes, size_t bytes)
{
    memset(out, 'l', bytes);
    out[local_bytes] = '@';
    for (size_t at = local_bytes + 1 + label_bytes; at < bytes - 1; at += label_bytes + 1)
        out[at] = '.';
    return str_n(out, bytes);
}

static void AC_31_keeps_the_limits_of_length(void **state)
{
    struct fixture *f = *state;
    struct email e;
    char text[300];

    read_email(f, long_address(text, 64, 63, 254));
    read_email(f, long_address(text, 1, 60, 254));
    assert_int_equal(email_normalise(long_address(text, 64, 63, 255), &f->arena, &e), ERR_SYNTAX);
    assert_int_equal(email_normalise(long_address(text, 65, 63, 200), &f->arena, &e), ERR_SYNTAX);
    assert_int_equal(email_normalise(long_address(text, 64, 64, 200), &f->arena, &e), ERR_SYNTAX);
}

static void AC_31_counts_the_length_of_the_mapped_domain_too(void **state)
{
    struct fixture *f = *state;
    struct email e;
    struct str text;
    char raw[300] = "ada@";
    size_t at = 4;

    for (int i = 0; i < 24; i++, at += 4) /* 4 octets each as written, 9 as A-label with its dot */
        memcpy(raw + at,
               "\xd7\x90"
               "1.",
               4);
    memcpy(raw + at, "\xd7\x90\xd7\x91", 4);
    text = str_n(raw, at + 4);
    assert_true(text.len < EMAIL_MAX_BYTES / 2);
    assert_true(read_email(f, text).key.len > 2 * text.len - 20);
    for (int i = 0; i < 12; i++, at += 4)
        memcpy(raw + at,
               "\xd7\x90"
               "1.",
               4);
    memcpy(raw + at, "\xd7\x90\xd7\x91", 4);
    assert_true(at + 4 < EMAIL_MAX_BYTES);
    assert_int_equal(email_normalise(str_n(raw, at + 4), &f->arena, &e), ERR_SYNTAX);
}

static void N9_a_full_arena_is_an_error(void **state)
{
    struct arena small;
    struct email e;

    (void)state;
    arena_init(&small, 8);
    assert_int_equal(email_normalise(STR("ada@example.com"), &small, &e), ERR_MEMORY);
    arena_release(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(M2_trims_and_shows_the_address_as_written),
        cmocka_unit_test(M2_local_part_matches_without_case),
        cmocka_unit_test(M2_unicode_and_a_label_domains_are_one),
        cmocka_unit_test(M2_sharp_s_is_not_double_s),
        cmocka_unit_test(M2_folds_neither_dots_nor_plus_tags),
        cmocka_unit_test(M2_letters_past_ascii_in_the_local_part_stay),
        cmocka_unit_test(M2_a_key_is_its_own_key),
        cmocka_unit_test(AC_30_nothing_is_no_email),
        cmocka_unit_test(AC_31_refuses_malformed_addresses),
        cmocka_unit_test(AC_31_accepts_addresses_of_real_shops),
        cmocka_unit_test(AC_31_keeps_the_limits_of_length),
        cmocka_unit_test(AC_31_counts_the_length_of_the_mapped_domain_too),
        cmocka_unit_test(N9_a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests_name("email", tests, set_up, tear_down);
}
