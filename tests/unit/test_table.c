/* test_table.c -- the table on a terminal: aligned, cut to the width, harmless whatever the cells hold. */
#include "cli/table.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_prints(const struct table *t, size_t width, const char *want)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    table_print(t, out, width);
    fclose(out);
    assert_string_equal(text, want);
    free(text);
}

static struct table *two_columns(void)
{
    static const char *const columns[] = {"ID", "NAME", NULL};
    struct table *t = table_new(columns);

    assert_non_null(t);
    return t;
}

static void columns_are_aligned_by_characters_not_bytes(void **state)
{
    struct table *t = two_columns();

    (void)state;
    assert_int_equal(table_add(t, (const struct str[]){STR("\xc3\xa4\xc3\xb6\xc3\xbc"), STR("x")}), OK);
    assert_int_equal(table_add(t, (const struct str[]){STR("7"), STR("longer")}), OK);
    assert_int_equal(table_rows(t), 2);
    assert_prints(t, 0, "ID   NAME\n\xc3\xa4\xc3\xb6\xc3\xbc  x\n7    longer\n");
    table_free(t);
}

static void the_widest_column_gives_way_to_the_width_of_the_terminal(void **state)
{
    struct table *t = two_columns();

    (void)state;
    assert_int_equal(table_add(t, (const struct str[]){STR("1"), STR("a name that is far too long")}), OK);
    assert_prints(t, 14, "ID  NAME\n1   a name th~\n");
    assert_prints(t, 3, "ID  NAME\n1   a nam~\n"); /* a column stays readable */
    table_free(t);
}

static void no_byte_of_a_cell_steers_the_terminal(void **state)
{
    struct table *t = two_columns();

    (void)state;
    assert_int_equal(table_add(t, (const struct str[]){STR("\x1b[2J"), STR("a\nb\xff\xc2\x9b")}), OK);
    assert_prints(t, 0, "ID       NAME\n\\x1b[2J  a\\x0ab\\xff\\xc2\\x9b\n");
    table_free(t);
}

static void no_mark_of_direction_in_a_cell_turns_the_line_round(void **state)
{
    struct table *t = two_columns();

    (void)state;
    assert_int_equal(table_add(t, (const struct str[]){STR("a\xe2\x80\xae"
                                                           "b"),
                                                       STR("\xd8\x9c\xe2\x81\xa6\xe2\x80\xa8"
                                                           "c")}),
                     OK);
    assert_int_equal(table_add(t, (const struct str[]){STR("\xe2\x80\x93"), STR("\xe2\x80\x8d\xd8\x9d")}), OK); /* dash, joiner */
    assert_prints(t, 0,
                  "ID              NAME\na\\xe2\\x80\\xaeb  \\xd8\\x9c\\xe2\\x81\\xa6\\xe2\\x80\\xa8c\n"
                  "\xe2\x80\x93               \xe2\x80\x8d\xd8\x9d\n");
    table_free(t);
}

static void a_body_keeps_its_lines_when_it_is_escaped(void **state)
{
    struct buf out = BUF_INIT(256);

    (void)state;
    assert_int_equal(text_escape(STR("{\n\t\"a\": \"\x07\xf0\x9f\x8e\x81\"\r\n}\0"), true, &out), OK);
    assert_string_equal(buf_text(&out), "{\n\t\"a\": \"\\x07\xf0\x9f\x8e\x81\"\\x0d\n}\\x00");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned_by_characters_not_bytes),
        cmocka_unit_test(the_widest_column_gives_way_to_the_width_of_the_terminal),
        cmocka_unit_test(no_byte_of_a_cell_steers_the_terminal),
        cmocka_unit_test(no_mark_of_direction_in_a_cell_turns_the_line_round),
        cmocka_unit_test(a_body_keeps_its_lines_when_it_is_escaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
