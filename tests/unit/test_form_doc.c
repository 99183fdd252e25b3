/* test_form_doc.c -- proves the document of a urlencoded form: nesting, lists, duplicates, limits. */
#include "base/buf.h"
#include "base/form_doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void write_node(const struct jnode *node, struct buf *out)
{
    bool list = node->type == J_ARRAY;
    enum err err = OK;

    if (node->type == J_STRING) {
        err = buf_printf(out, "%.*s", STR_ARG(node->text));
    } else {
        err = buf_append_c(out, list ? '[' : '{');
        for (const struct jnode *child = node->child; child; child = child->next) {
            if (!list)
                err = buf_printf(out, "%.*s=", STR_ARG(child->key));
            write_node(child, out);
            if (child->next)
                err = buf_append_c(out, ',');
        }
        if (!err)
            err = buf_append_c(out, list ? ']' : '}');
    }
    assert_int_equal(err, OK);
}

static void check_form(const char *text, const char *want, int line)
{
    struct buf out = BUF_INIT(64 << 10);
    const struct jnode *root = NULL;
    struct jdoc_error why;
    struct arena arena;
    enum err err;

    arena_init(&arena, 1 << 20);
    err = form_doc_parse(&arena, str_of(text), &root, &why);
    if (err)
        assert_int_equal(buf_printf(&out, "pair %zu: %s", why.at, why.why), OK);
    else
        write_node(root, &out);
    if (!str_eq(buf_str(&out), str_of(want))) {
        print_error("line %d: %s gives %s, not %s\n", line, text, buf_text(&out), want);
        _fail(__FILE__, line);
    }
    buf_release(&out);
    arena_release(&arena);
}
#define assert_form(text, want) check_form(text, want, __LINE__)

static void names_nest_by_brackets(void **state)
{
    (void)state;
    assert_form("", "{}");
    assert_form("a=1&b=&c", "{a=1,b=,c=}");
    assert_form("a[b]=1&a[c][d]=2&e=3", "{a={b=1,c={d=2}},e=3}");
    assert_form("data%5Bmerges%5D%5BFNAME%5D=Zo%C3%AB+X&type=subscribe", "{data={merges={FNAME=Zo\xc3\xab X}},type=subscribe}");
    assert_form("a[b.c]=1&a[x-y]=2", "{a={b.c=1,x-y=2}}");
}

static void lists_are_made_by_empty_and_by_counting_brackets(void **state)
{
    (void)state;
    assert_form("a[]=1&a[]=2", "{a=[1,2]}");
    assert_form("a[][x]=1&a[][x]=2", "{a=[{x=1},{x=2}]}");
    assert_form("a[0][x]=1&a[0][y]=2&a[1][x]=3", "{a=[{x=1,y=2},{x=3}]}");
    assert_form("a[1]=x&a[2]=y", "{a={1=x,2=y}}");
    assert_form("a[0]=x&a[k]=y", "{a={0=x,k=y}}");
    assert_form("0=x&1=y", "{0=x,1=y}"); /* the root stays a map */
}

static void brackets_that_do_not_close_are_part_of_the_name(void **state)
{
    (void)state;
    assert_form("a[b=1&c]=2&d[e]f=3&[g]=4&h[i[j]=5&k[l]]=6", "{a[b=1,c]=2,d[e]f=3,[g]=4,h[i[j]=5,k[l]]=6}");
}

static void a_name_comes_once(void **state)
{
    (void)state;
    assert_form("a=1&b=2&a=1", "pair 3: a name comes twice");
    assert_form("a[b]=1&a[b]=2", "pair 2: a name comes twice");
    assert_form("a=1&a[b]=2", "pair 2: a name is two of a value, a list and a map");
    assert_form("a[b]=1&a[]=2", "pair 2: a name is two of a value, a list and a map");
    assert_form("a[]=1&a[b]=2", "pair 2: a name is two of a value, a list and a map");
    assert_form("a[b]=1&a=2", "pair 2: a name comes twice");
}

static void what_is_no_form_is_refused(void **state)
{
    (void)state;
    assert_form("a=%zz", "pair 0: no urlencoded form");
    assert_form("a=%00", "pair 0: no urlencoded form");
    assert_form("a=1&b=%ff", "pair 2: invalid UTF-8");
    assert_form("%ff=1", "pair 1: invalid UTF-8");
}

static void depth_pairs_and_bytes_are_limited_N9(void **state)
{
    struct buf text = BUF_INIT(4 << 20);
    const struct jnode *root;
    struct jdoc_error why;
    struct arena arena;

    (void)state;
    assert_form("a[1][2][3][4][5][6][7][8][9][10][11][12][13][14][15]=x",
                "{a={1={2={3={4={5={6={7={8={9={10={11={12={13={14={15=x}}}}}}}}}}}}}}}}");
    assert_form("a[1][2][3][4][5][6][7][8][9][10][11][12][13][14][15][16]=x", "pair 1: nested too deeply");
    for (size_t i = 0; i <= FORM_DOC_PAIRS_MAX; i++)
        assert_int_equal(buf_printf(&text, "%sn%zu=", i ? "&" : "", i), OK);
    arena_init(&arena, 8 << 20);
    assert_int_equal(form_doc_parse(&arena, buf_str(&text), &root, &why), ERR_TOO_LARGE);
    assert_string_equal(why.why, "too many pairs");
    assert_int_equal(form_doc_parse(&arena, str_upto(buf_str(&text), text.len - 7), &root, &why), OK);
    assert_int_equal(root->n, FORM_DOC_PAIRS_MAX);
    arena_release(&arena);
    arena_init(&arena, 4 << 10);
    assert_int_equal(form_doc_parse(&arena, str_upto(buf_str(&text), 2000), &root, &why), ERR_MEMORY);
    arena_release(&arena);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_nest_by_brackets),
        cmocka_unit_test(lists_are_made_by_empty_and_by_counting_brackets),
        cmocka_unit_test(brackets_that_do_not_close_are_part_of_the_name),
        cmocka_unit_test(a_name_comes_once),
        cmocka_unit_test(what_is_no_form_is_refused),
        cmocka_unit_test(depth_pairs_and_bytes_are_limited_N9),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
