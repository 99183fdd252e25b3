/* test_jdoc.c -- proves the foreign JSON document: what is taken, what is refused and where, and that numbers keep their text. */
#include "base/buf.h"
#include "base/jdoc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { ARENA_BYTES = 64 << 20 };

static const struct jnode *parsed(struct arena *arena, struct str text)
{
    const struct jnode *root = NULL;
    struct jdoc_error why = {0, NULL};
    enum err err = jdoc_parse(arena, text, &jdoc_limits_default, &root, &why);

    if (err)
        fail_msg("%.*s: refused at %zu: %s", STR_ARG(str_upto(text, 60)), why.at, why.why);
    return root;
}

static enum err refused_at(struct str text, size_t *at)
{
    struct arena arena;
    const struct jnode *root = NULL;
    struct jdoc_error why = {0, NULL};
    enum err err;

    arena_init(&arena, ARENA_BYTES);
    err = jdoc_parse(&arena, text, &jdoc_limits_default, &root, &why);
    if (err == OK)
        fail_msg("%.*s: accepted", STR_ARG(str_upto(text, 60)));
    assert_non_null(why.why);
    assert_true(why.at <= text.len);
    *at = why.at;
    arena_release(&arena);
    return err;
}

static struct str text_at(const struct jnode *root, const char *pointer)
{
    const struct jnode *node = jnode_at(root, str_of(pointer));

    assert_non_null(node);
    return node->text;
}

#define assert_text(root, pointer, want)                     \
    do {                                                     \
        struct str got_ = text_at(root, pointer);            \
        assert_int_equal(got_.len, sizeof(want) - 1);        \
        assert_memory_equal(got_.p, want, sizeof(want) - 1); \
    } while (0)

static void numbers_keep_their_exact_text(void **state)
{
    struct arena arena;
    const struct jnode *root;

    (void)state;
    arena_init(&arena, ARENA_BYTES);
    root = parsed(&arena, STR("{\"id\":820982911946154508,\"m\":10.10,\"e\":-1.5E+300 ,\"z\":0,\"n\":-0,"
                              "\"long\":123456789012345678901234567890.123456789012345678901234567890}"));
    assert_text(root, "/id", "820982911946154508");
    assert_text(root, "/m", "10.10");
    assert_text(root, "/e", "-1.5E+300");
    assert_text(root, "/z", "0");
    assert_text(root, "/n", "-0");
    assert_text(root, "/long", "123456789012345678901234567890.123456789012345678901234567890");
    assert_int_equal(root->n, 6);
    arena_release(&arena);
}

static void strings_are_decoded(void **state)
{
    struct arena arena;
    const struct jnode *root;

    (void)state;
    arena_init(&arena, ARENA_BYTES);
    root = parsed(&arena,
                  STR("{\"a\":\"\\u00e9\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"b\":\"\\ud83d\\ude00\",\"c\":\"Zo\xc3\xab \xf0\x9f\x98\x80\","
                      "\"d\":\"\",\"\\u0065x\":\"\\u2028\",\"\":\"empty key\",\"a/b\":1,\"m~n\":2,\"e\\\"q\":\"last\\\\\"}"));
    assert_text(root, "/a", "\xc3\xa9\"\\/\b\f\n\r\t");
    assert_text(root, "/b", "\xf0\x9f\x98\x80");
    assert_text(root, "/c", "Zo\xc3\xab \xf0\x9f\x98\x80");
    assert_text(root, "/d", "");
    assert_text(root, "/ex", "\xe2\x80\xa8");
    assert_text(root, "/", "empty key");
    assert_text(root, "/a~1b", "1");
    assert_text(root, "/m~0n", "2");
    assert_text(root, "/e\"q", "last\\");
    arena_release(&arena);
}

static void members_and_elements_keep_their_order(void **state)
{
    struct arena arena;
    const struct jnode *root, *list;

    (void)state;
    arena_init(&arena, ARENA_BYTES);
    root = parsed(&arena, STR(" {\"b\" : [ 1 , [ ] , { } , null , true , false , \"x\" ] , \"a\" : { \"c\" : 1 } }\r\n\t "));
    assert_int_equal(root->type, J_OBJECT);
    assert_true(str_eq(root->child->key, STR("b")));
    assert_true(str_eq(root->child->next->key, STR("a")));
    list = jnode_member(root, STR("b"));
    assert_int_equal(list->n, 7);
    assert_int_equal(jnode_at(list, STR("/1"))->type, J_ARRAY);
    assert_int_equal(jnode_at(list, STR("/2"))->type, J_OBJECT);
    assert_int_equal(jnode_at(list, STR("/3"))->type, J_NULL);
    assert_int_equal(jnode_at(list, STR("/4"))->type, J_TRUE);
    assert_int_equal(jnode_at(list, STR("/5"))->type, J_FALSE);
    assert_text(list, "/6", "x");
    assert_null(jnode_at(list, STR("/7")));
    assert_null(jnode_at(list, STR("/01")));
    assert_null(jnode_at(list, STR("/-1")));
    assert_null(jnode_at(list, STR("/")));
    assert_null(jnode_at(root, STR("a")));
    assert_null(jnode_at(root, STR("/a/c/d")));
    assert_ptr_equal(jnode_at(root, STR("")), root);
    assert_null(jnode_member(list, STR("0")));
    arena_release(&arena);
}

static void a_scalar_is_a_document(void **state)
{
    static const char *const documents[] = {"1", " -0.5e-3 ", "\"x\"", "null", "true ", "false", "[]", "{}", "\"\\\"\"", "\"]\""};

    (void)state;
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        struct arena arena;

        arena_init(&arena, ARENA_BYTES);
        parsed(&arena, str_of(documents[i]));
        arena_release(&arena);
    }
}

/* Each is refused with ERR_SYNTAX. */
static const char *const malformed[] = {
    "",
    " ",
    "[",
    "]",
    "{",
    "}",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[,]",
    "[1,,2]",
    "[1 2]",
    "[1}",
    "{]",
    "1,2",
    "1 2",
    "[] []",
    "[1],[2",
    "1],[2",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,\"a\":1}",
    "{\"a\" 1}",
    "{a:1}",
    "{1:2}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1]",
    "{\"a\"::1}",
    "{'a':1}",
    "{null:1}",
    "{\"a\":1}}",
    "{\"a\":1,,\"b\":2}",
    "[\"a\":1]",
    "{\"a\",\"b\"}",
    "[true",
    "tru",
    "nul",
    "nulll",
    "truefalse",
    "True",
    "NaN",
    "Infinity",
    "-Infinity",
    "undefined",
    "+1",
    "-",
    "01",
    "-01",
    "1.",
    ".5",
    "1.e3",
    "1e",
    "1e+",
    "0x10",
    "1_000",
    "1a",
    "0e",
    "--1",
    "1.2.3",
    "1e2e3",
    "12 3",
    "\"",
    "\"abc",
    "abc\"",
    "\"a\"b\"",
    "\"\\x41\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\",
    "\"\\\"",
    "\"\\ud800\"",
    "\"\\ud800\\u0041\"",
    "\"\\ud83dx\"",
    "\"\\uD800\\uD800\"",
    "\"\\u0000\"",
    "{\"\\u0000\":1}",
    "{\"\\ud800\":1}",
    "\"a\nb\"",
    "\"a\tb\"",
    "\"\x01\"",
    "/* c */ 1",
    "1 // c",
    "[1]x",
    "[1]\x0c",
    "\xef\xbb\xbf{}",
    "[\"a\"\"b\"]",
    "[1\"b\"]",
    "[\"a\"1]",
    "{\"a\":\"b\"\"c\":1}",
    "[[]",
    "[{]}",
    "[1,{\"a\":[2}]]",
    "[\"e\":4,\"\"]",
    "\"e\":4,\"\"]",
    "[\"a\\n\":1]",
    "a",
    "\"]",
    "[\"",
    "[\"]",
    "{\"",
    "{\"a",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":\"",
};

static void malformed_documents_are_refused(void **state)
{
    size_t at;

    (void)state;
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        enum err err = refused_at(str_of(malformed[i]), &at);

        if (err != ERR_SYNTAX)
            fail_msg("%s: %s", malformed[i], err_name(err));
    }
    assert_int_equal(refused_at(STR("\"\0\""), &at), ERR_SYNTAX);
    assert_int_equal(refused_at(STR("[1]\0"), &at), ERR_SYNTAX);
}

static void bad_utf8_and_lone_low_surrogates_are_refused(void **state)
{
    static const char *const texts[] = {
        "\"\xff\"",
        "\"\x80\"",
        "\"\xc0\x80\"",
        "\"\xc3\"",
        "\"\xe2\x82\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xf0\x82\x82\xac\"",
        "{\"\xff\":1}",
        "\xff",
        "\xfe\xff",
    };
    size_t at;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(refused_at(str_of(texts[i]), &at), ERR_UTF8);
    assert_int_not_equal(refused_at(STR("\"\\udc00\""), &at), OK);
    assert_int_not_equal(refused_at(STR("\"a\\uDFFFb\""), &at), OK);
    assert_int_not_equal(refused_at(STR("{\"\\udc00\":1}"), &at), OK);
}

static void the_place_of_an_error_is_told(void **state)
{
    size_t at;

    (void)state;
    assert_int_equal(refused_at(STR("{\"a\":1,\"b\":tru}"), &at), ERR_SYNTAX);
    assert_int_equal(at, 11);
    assert_int_equal(refused_at(STR("[1,2,\"a\xff\"]"), &at), ERR_UTF8);
    assert_int_equal(at, 7);
    assert_int_equal(refused_at(STR("[1,2,\"ab\n\"]"), &at), ERR_SYNTAX);
    assert_int_equal(at, 8);
    assert_int_equal(refused_at(STR("[1,2,\"ab]"), &at), ERR_SYNTAX);
    assert_int_equal(at, 5);
    assert_int_equal(refused_at(STR("{\"a\":[1,2"), &at), ERR_SYNTAX);
    assert_int_equal(at, 9);
    assert_int_equal(refused_at(STR("[1,{\"a\":1,\"a\":2}]"), &at), ERR_DUPLICATE);
    assert_int_equal(at, 3);
}

static void duplicate_members_are_refused_however_they_are_written(void **state)
{
    size_t at;

    (void)state;
    assert_int_equal(refused_at(STR("{\"a\":1,\"a\":1}"), &at), ERR_DUPLICATE);
    assert_int_equal(refused_at(STR("{\"a\":1,\"b\":2,\"\\u0061\":3}"), &at), ERR_DUPLICATE);
    assert_int_equal(refused_at(STR("{\"x\":[{\"\":1,\"\":2}]}"), &at), ERR_DUPLICATE);
}

/* 40,000 members: pairwise comparison would take 800 million steps. */
static void many_members_are_checked_without_quadratic_work(void **state)
{
    struct buf text = BUF_INIT(2 << 20);
    struct arena arena;
    size_t at;

    (void)state;
    assert_int_equal(buf_append(&text, STR("{\"k0\":0")), OK);
    for (int i = 1; i < 40000; i++)
        assert_int_equal(buf_printf(&text, ",\"key-with-a-long-common-start-%d\":%d", i, i), OK);
    assert_int_equal(buf_append(&text, STR("}")), OK);
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(parsed(&arena, buf_str(&text))->n, 40000);
    arena_release(&arena);
    text.len--;
    assert_int_equal(buf_append(&text, STR(",\"key-with-a-long-common-start-20000\":1}")), OK);
    assert_int_equal(refused_at(buf_str(&text), &at), ERR_DUPLICATE);
    buf_release(&text);
}

static void append_n(struct buf *b, struct str s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(buf_append(b, s), OK);
}

static void limits_hold_N9(void **state)
{
    struct buf text = BUF_INIT(4 << 20);
    struct arena arena;
    size_t at;

    (void)state;
    append_n(&text, STR("["), 64);
    append_n(&text, STR("]"), 64);
    arena_init(&arena, ARENA_BYTES);
    parsed(&arena, buf_str(&text));
    arena_release(&arena);
    buf_clear(&text);
    append_n(&text, STR("["), 65);
    append_n(&text, STR("]"), 65);
    assert_int_equal(refused_at(buf_str(&text), &at), ERR_DEPTH);
    buf_clear(&text);
    append_n(&text, STR("{\"a\":["), 40);
    append_n(&text, STR("]}"), 40);
    assert_int_equal(refused_at(buf_str(&text), &at), ERR_DEPTH);
    buf_clear(&text);
    append_n(&text, STR("["), 1000000);
    assert_int_equal(refused_at(buf_str(&text), &at), ERR_SYNTAX);
    buf_clear(&text);
    append_n(&text, STR("["), 1);
    append_n(&text, STR("0,"), 200000);
    append_n(&text, STR("0]"), 1);
    assert_int_equal(refused_at(buf_str(&text), &at), ERR_TOO_LARGE);
    buf_clear(&text);
    append_n(&text, STR("\"0123456789abcdef"), (2 << 20) / 16);
    assert_int_equal(refused_at(buf_str(&text), &at), ERR_TOO_LARGE);
    buf_release(&text);
}

static void a_full_arena_is_an_error(void **state)
{
    struct str text = STR("[1,2,3,4,5,6,7,8,9,10,{\"a\":\"b\"},{\"c\":\"\\u0064\"}]");
    struct jdoc_error why;
    const struct jnode *root;

    (void)state;
    for (size_t max = 0; max < 2000; max += 40) {
        struct arena arena;
        enum err err;

        arena_init(&arena, max);
        err = jdoc_parse(&arena, text, &jdoc_limits_default, &root, &why);
        assert_true(err == ERR_MEMORY || err == OK);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_keep_their_exact_text),
        cmocka_unit_test(strings_are_decoded),
        cmocka_unit_test(members_and_elements_keep_their_order),
        cmocka_unit_test(a_scalar_is_a_document),
        cmocka_unit_test(malformed_documents_are_refused),
        cmocka_unit_test(bad_utf8_and_lone_low_surrogates_are_refused),
        cmocka_unit_test(the_place_of_an_error_is_told),
        cmocka_unit_test(duplicate_members_are_refused_however_they_are_written),
        cmocka_unit_test(many_members_are_checked_without_quadratic_work),
        cmocka_unit_test(limits_hold_N9),
        cmocka_unit_test(a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests_name("jdoc", tests, NULL, NULL);
}
