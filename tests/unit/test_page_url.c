/* test_page_url.c -- proves what is kept of an address: the shop's own sites, no fragment, few query members. */
#include "model/page_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct page_rules rules = {{"https://shop.example http://127.0.0.1:8080", 42}, {"utm_* variant", 13}};

static void knows_origins_as_browsers_write_them(void **state)
{
    static const char *const good[] = {"https://shop.example", "http://127.0.0.1:8080", "https://a-b.c", "https://x:1",
                                       "http://x:65535"};
    static const char *const bad[] = {"",
                                      "https://",
                                      "shop.example",
                                      "https://shop.example/",
                                      "https://Shop.example",
                                      "https://shop.example:",
                                      "https://shop.example:0",
                                      "https://shop.example:65536",
                                      "https://shop.example:1x",
                                      "https://a@shop.example",
                                      "https://shop.example https://b",
                                      "ftp://shop.example",
                                      "null"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_true(page_url_is_origin(str_of(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(page_url_is_origin(str_of(bad[i])));
}

static void finds_an_origin_as_a_whole(void **state)
{
    (void)state;
    assert_true(page_url_has_origin(rules.origins, STR("https://shop.example")));
    assert_true(page_url_has_origin(rules.origins, STR("http://127.0.0.1:8080")));
    assert_false(page_url_has_origin(rules.origins, STR("https://shop.exampl")));
    assert_false(page_url_has_origin(rules.origins, STR("https://shop.example.evil")));
    assert_false(page_url_has_origin(rules.origins, STR("http://127.0.0.1:80")));
    assert_false(page_url_has_origin(rules.origins, STR_NONE));
    assert_false(page_url_has_origin(STR_NONE, STR("https://shop.example")));
}

struct pair {
    const char *given, *kept;
};

static void assert_kept(const struct pair *pairs, size_t n, bool referrer)
{
    for (size_t i = 0; i < n; i++) {
        struct arena arena;
        struct str out;

        arena_init(&arena, 1 << 16);
        if (referrer)
            assert_int_equal(page_url_referrer(str_of(pairs[i].given), &arena, &out), OK);
        else
            assert_int_equal(page_url_clean(str_of(pairs[i].given), &rules, &arena, &out), OK);
        if (!str_eq(out, str_of(pairs[i].kept)))
            fail_msg("%s became %.*s", pairs[i].given, STR_ARG(out));
        arena_release(&arena);
    }
}

static void keeps_the_shops_page_and_the_allowed_members(void **state)
{
    static const struct pair pairs[] = {
        {"https://shop.example", "https://shop.example"},
        {"https://shop.example/", "https://shop.example/"},
        {"https://shop.example/a?b=1", "https://shop.example/a"},
        {"https://shop.example/a?utm_source=x&b=1&variant=2&utm_=3", "https://shop.example/a?utm_source=x&variant=2&utm_=3"},
        {"https://shop.example/a?variant2=1&avariant=2&UTM_X=3", "https://shop.example/a"},
        {"https://shop.example/a?variant", "https://shop.example/a?variant"},
        {"https://shop.example/a?&&variant=1&&", "https://shop.example/a?variant=1"},
        {"https://shop.example/a#email=zoe", "https://shop.example/a"},
        {"https://shop.example/a#?variant=1", "https://shop.example/a"},
        {"https://shop.example?variant=1#x", "https://shop.example?variant=1"},
        {"https://shop.example/a?variant=1?b=2", "https://shop.example/a?variant=1?b=2"},
        {"http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"},
    };

    (void)state;
    assert_kept(pairs, sizeof(pairs) / sizeof(*pairs), false);
}

static void drops_other_sites_and_what_is_no_address(void **state)
{
    static const struct pair pairs[] = {
        {"", ""},
        {"/a", ""},
        {"//shop.example/a", ""},
        {"https://evil.example/", ""},
        {"https://shop.example.evil.example/", ""},
        {"https://shop.example@evil.example/", ""},
        {"https://shop.example:443/", ""},
        {"http://shop.example/", ""},
        {"HTTPS://shop.example/", ""},
        {"javascript:alert(1)//https://shop.example/", ""},
        {"https://shop.example/a b", ""},
        {"https://shop.example/<script>", ""},
        {"https://shop.example/\"", ""},
        {"https://shop.example/\\evil", ""},
        {"https://shop.example/\x01", ""},
        {"https://shop.example/\xc3\xa9", ""},
    };

    (void)state;
    assert_kept(pairs, sizeof(pairs) / sizeof(*pairs), false);
}

static void keeps_of_a_referrer_the_page_alone(void **state)
{
    static const struct pair pairs[] = {
        {"https://search.example/?q=secret", "https://search.example/"},
        {"https://search.example/a/b#c", "https://search.example/a/b"},
        {"https://shop.example/a?utm_source=x", "https://shop.example/a"},
        {"https://zoe:pw@mail.example/", ""},
        {"https://", ""},
        {"https:///x", ""},
        {"android-app://com.example", ""},
        {"", ""},
    };

    (void)state;
    assert_kept(pairs, sizeof(pairs) / sizeof(*pairs), true);
}

static void an_arena_that_is_full_is_an_error(void **state)
{
    struct arena arena;
    struct str out;

    (void)state;
    arena_init(&arena, 8);
    assert_int_equal(page_url_clean(STR("https://shop.example/a"), &rules, &arena, &out), ERR_MEMORY);
    assert_int_equal(out.len, 0);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_origins_as_browsers_write_them),         cmocka_unit_test(finds_an_origin_as_a_whole),
        cmocka_unit_test(keeps_the_shops_page_and_the_allowed_members), cmocka_unit_test(drops_other_sites_and_what_is_no_address),
        cmocka_unit_test(keeps_of_a_referrer_the_page_alone),           cmocka_unit_test(an_arena_that_is_full_is_an_error),
    };

    return cmocka_run_group_tests_name("page_url", tests, NULL, NULL);
}
