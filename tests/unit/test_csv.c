/* test_csv.c -- proves that CSV is read strictly, in pieces of any size and within its limits, and that its cells are written back. */
#include "base/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* A text that comes in pieces. */
struct pieces {
    struct str text;
    size_t piece;
};

static enum err next_piece(void *arg, size_t n, struct buf *out)
{
    struct pieces *p = arg;
    struct str piece = str_upto(p->text, n < p->piece ? n : p->piece);

    p->text = str_from(p->text, piece.len);
    return buf_append(out, piece);
}

static enum err broken(void *arg, size_t n, struct buf *out)
{
    (void)arg;
    (void)n;
    (void)out;
    return ERR_IO;
}

/* Writes records as "line:cell|cell;" and trouble as "line!err@line,character;". */
static void read_all(struct str text, size_t piece, const struct csv_limits *limits, struct buf *out)
{
    struct pieces pieces = {text, piece};
    struct csv *c = csv_new(limits, next_piece, &pieces);
    struct csv_record r;
    bool more = true;

    assert_non_null(c);
    while (more) {
        assert_int_equal(csv_next(c, &r, &more), OK);
        if (more && r.err)
            assert_int_equal(
                buf_printf(out, "%d!%s@%d,%d;", (int)r.line, err_name(r.err), (int)r.trouble_line, (int)r.trouble_column), OK);
        for (size_t i = 0; more && !r.err && i < r.n; i++) {
            if (i == 0)
                assert_int_equal(buf_printf(out, "%d:", (int)r.line), OK);
            assert_int_equal(buf_append(out, r.cells[i]), OK);
            assert_int_equal(buf_append_c(out, i + 1 < r.n ? '|' : ';'), OK);
        }
    }
    csv_free(c);
}

/* The same whatever the pieces it comes in. */
static void assert_reads_within(struct str text, const struct csv_limits *limits, const char *want)
{
    for (size_t piece = 1; piece <= text.len + 1; piece++) {
        struct buf got = BUF_INIT(1 << 16);

        read_all(text, piece, limits, &got);
        if (strcmp(buf_text(&got), want) != 0)
            fail_msg("pieces of %zu: got %s, expected %s", piece, buf_text(&got), want);
        buf_release(&got);
    }
}

static void assert_reads(const char *text, const char *want)
{
    assert_reads_within(str_of(text), &csv_limits_default, want);
}

static void reads_records_by_LF_and_CR_LF_with_or_without_a_last_line_end(void **state)
{
    (void)state;
    assert_reads("", "");
    assert_reads("a,b\n1,2\n", "1:a|b;2:1|2;");
    assert_reads("a,b\r\n1,2", "1:a|b;2:1|2;");
    assert_reads("a,\n,b\n,", "1:a|;2:|b;3:|;");
    assert_reads(" a , b ", "1: a | b ;");
}

static void quotes_hold_separators_quotes_and_line_ends(void **state)
{
    (void)state;
    assert_reads("\"a,b\",\"c\"\"d\",\"\"\n", "1:a,b|c\"d|;");
    assert_reads("\"a\r\nb\",c\nd,e\n", "1:a\r\nb|c;3:d|e;");
    assert_reads("\"\"\"\"", "1:\";");
}

static void empty_lines_are_passed_over_but_counted(void **state)
{
    (void)state;
    assert_reads("\n\r\na\n\nb\n\n", "3:a;5:b;");
    assert_reads("\"\"\na\n", "1:;2:a;");
}

static void a_byte_order_mark_is_passed_over_at_the_start_only(void **state)
{
    (void)state;
    assert_reads("\xef\xbb\xbf"
                 "a,b\n",
                 "1:a|b;");
    assert_reads("\xef\xbb\xbf\"a\"\n", "1:a;");
    assert_reads("a\n\xef\xbb\xbf"
                 "b\n",
                 "1:a;2:\xef\xbb\xbf"
                 "b;");
    assert_reads("\xef\xbb", "1!utf8@1,1;");
}

static void trouble_says_line_and_character_and_the_next_line_is_read(void **state)
{
    (void)state;
    assert_reads("\xc3\xa9,x\"y\nb\n", "1!syntax@1,4;2:b;");
    assert_reads("a\n\"b\"c,\"\nd\n", "1:a;2!syntax@2,4;3:d;");
    assert_reads("a\rb\nc\n", "1!syntax@1,3;2:c;");
    assert_reads("ok,\xff\xfe\nc\n", "1!utf8@1,4;2:c;");
    assert_reads("a\n\"b\nc,d\n", "1:a;2!syntax@2,1;");
}

static void a_NUL_is_refused(void **state)
{
    (void)state;
    assert_reads_within(str_n("a\0b\nc\n", 6), &csv_limits_default, "1!syntax@1,2;2:c;");
    assert_reads_within(str_n("\"a\0b\n\"\nc\n", 9), &csv_limits_default, "1!syntax@1,3;3:c;");
}

static void what_is_past_a_limit_is_passed_over_as_a_whole(void **state)
{
    const struct csv_limits small = {.cell_max_bytes = 4, .record_max_bytes = 10, .columns_max = 3, .separator = ','};

    (void)state;
    assert_reads_within(STR("abcd,x\nabcde,x\nb\n"), &small, "1:abcd|x;2!too_large@2,1;3:b;");
    assert_reads_within(STR("x,\"abcde\nno,row\n\",y\nb\n"), &small, "1!too_large@1,3;4:b;");
    assert_reads_within(STR("x,\"ab\"\"cde\"\"\nno\",y\nb\n"), &small, "1!too_large@1,3;3:b;");
    assert_reads_within(STR("abcd,abcd,abc\nb\n"), &small, "1!too_large@1,1;2:b;");
    assert_reads_within(STR("a,b,c\na,b,c,d\nb\n"), &small, "1:a|b|c;2!too_many@2,8;3:b;");
}

static void another_separator_leaves_commas_alone(void **state)
{
    struct csv_limits limits = csv_limits_default;

    (void)state;
    limits.separator = ';';
    assert_reads_within(STR("a,b;c\n"), &limits, "1:a,b|c;");
}

static void a_source_that_fails_is_an_error(void **state)
{
    struct csv *c = csv_new(&csv_limits_default, broken, NULL);
    struct csv_record r;
    bool more;

    (void)state;
    assert_int_equal(csv_next(c, &r, &more), ERR_IO);
    csv_free(c);
}

/* Writes the cells, reads them, and takes the apostrophes away. */
static void assert_round_trip(const char *const *cells, size_t n)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct pieces pieces;
    struct csv_record r;
    struct csv *c;
    bool more = false;

    for (size_t i = 0; i < n; i++)
        csv_write_cell(str_of(cells[i]), i + 1 == n, out);
    fclose(out);
    pieces = (struct pieces){str_n(text, len), len};
    c = csv_new(&csv_limits_default, next_piece, &pieces);
    assert_int_equal(csv_next(c, &r, &more), OK);
    assert_true(more && !r.err);
    assert_int_equal(r.n, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(str_eq(csv_plain(r.cells[i]), str_of(cells[i])));
        if (r.cells[i].len)
            assert_null(strchr("=+-@\t\r", r.cells[i].p[0])); /* no spreadsheet takes it for a formula */
    }
    csv_free(c);
    free(text);
}

static void what_is_written_is_read_back_and_is_no_formula(void **state)
{
    static const char *const cells[] = {"plain", "a\"b,c\r\nd", "=1+1", "+49 30", "-", "@x", "'=1", "''+x", "'", "'s", "\tx", ""};

    (void)state;
    assert_round_trip(cells, sizeof(cells) / sizeof(*cells));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_records_by_LF_and_CR_LF_with_or_without_a_last_line_end),
        cmocka_unit_test(quotes_hold_separators_quotes_and_line_ends),
        cmocka_unit_test(empty_lines_are_passed_over_but_counted),
        cmocka_unit_test(a_byte_order_mark_is_passed_over_at_the_start_only),
        cmocka_unit_test(trouble_says_line_and_character_and_the_next_line_is_read),
        cmocka_unit_test(a_NUL_is_refused),
        cmocka_unit_test(what_is_past_a_limit_is_passed_over_as_a_whole),
        cmocka_unit_test(another_separator_leaves_commas_alone),
        cmocka_unit_test(a_source_that_fails_is_an_error),
        cmocka_unit_test(what_is_written_is_read_back_and_is_no_formula),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
