/* table.c -- owns the table on a terminal: aligned columns, cut to its width, foreign bytes made harmless. */
#include "cli/table.h"

#include <sys/ioctl.h>
#include <unistd.h>

enum { CELL_BYTES_MAX = 4096, COLUMN_WIDTH_MIN = 6, GAP = 2, BYTES_MAX = 64 << 20 };

struct table {
    const char *heads[TABLE_COLUMNS_MAX];
    size_t n_columns, n_rows;
    struct buf text;                  /* all cells, one after the other */
    struct buf ends;                  /* size_t a cell: where it ends in text */
    size_t widths[TABLE_COLUMNS_MAX]; /* characters of the widest cell */
};

/* Characters without a shape that turn the direction of what follows or end the line: U+061C, U+200E, U+200F, U+2028..U+202E,
 * U+2066..U+2069 (Unicode, Bidi_Control and line separators). `s` begins with a whole character. */
static bool steers_text(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;

    if (p[0] == 0xd8)
        return p[1] == 0x9c;
    if (p[0] != 0xe2)
        return false;
    return (p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae))) ||
           (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
}

/* Bytes of the UTF-8 character at p, 0 when it is none or would steer the terminal: control characters (U+0080..U+009F
 * included), marks of direction. */
static size_t printable(struct str s)
{
    unsigned char c = (unsigned char)s.p[0];
    size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

    if (c < ' ' || c == 0x7f || n > s.len || !str_is_utf8(str_n(s.p, n)) || (c == 0xc2 && (unsigned char)s.p[1] < 0xa0) ||
        steers_text(s))
        return 0;
    return n;
}

enum err text_escape(struct str s, bool lines, struct buf *out)
{
    enum err err = OK;

    while (s.len && !err) {
        size_t n = lines && (*s.p == '\n' || *s.p == '\t') ? 1 : printable(s);

        err = n ? buf_append(out, str_n(s.p, n)) : buf_printf(out, "\\x%02x", (unsigned char)*s.p);
        s = str_from(s, n ? n : 1);
    }
    return err;
}

void text_print(struct str s, bool lines, FILE *out)
{
    struct buf text = BUF_INIT(BYTES_MAX);

    if (!text_escape(s, lines, &text))
        fputs(buf_text(&text), out);
    buf_release(&text);
}

/* Characters of escaped text: bytes that do not continue one. */
static size_t text_width(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

struct table *table_new(const char *const *columns)
{
    struct table *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    buf_init(&t->text, BYTES_MAX);
    buf_init(&t->ends, BYTES_MAX);
    for (; columns[t->n_columns] && t->n_columns < TABLE_COLUMNS_MAX; t->n_columns++) {
        t->heads[t->n_columns] = columns[t->n_columns];
        t->widths[t->n_columns] = strlen(columns[t->n_columns]);
    }
    return t;
}

void table_free(struct table *t)
{
    if (!t)
        return;
    buf_release(&t->text);
    buf_release(&t->ends);
    free(t);
}

enum err table_add(struct table *t, const struct str *cells)
{
    enum err err = OK;

    for (size_t i = 0; i < t->n_columns && !err; i++) {
        size_t from = t->text.len, width;

        err = text_escape(str_upto(cells[i], CELL_BYTES_MAX), false, &t->text);
        if (!err)
            err = buf_append(&t->ends, str_n(&t->text.len, sizeof(t->text.len)));
        width = err ? 0 : text_width(str_from(buf_str(&t->text), from));
        if (width > t->widths[i])
            t->widths[i] = width;
    }
    t->n_rows += !err;
    return err;
}

size_t table_rows(const struct table *t)
{
    return t->n_rows;
}

static struct str cell(const struct table *t, size_t row, size_t column)
{
    size_t at = row * t->n_columns + column, from = 0, end;

    memcpy(&end, t->ends.p + at * sizeof(end), sizeof(end));
    if (at)
        memcpy(&from, t->ends.p + (at - 1) * sizeof(from), sizeof(from));
    return str_n(t->text.p ? t->text.p + from : "", end - from);
}

static size_t total(const size_t *widths, size_t n)
{
    size_t sum = n ? (n - 1) * GAP : 0;

    for (size_t i = 0; i < n; i++)
        sum += widths[i];
    return sum;
}

/* Takes from the widest column until all fit, but leaves each readable. */
static void fit(size_t *widths, size_t n, size_t width)
{
    while (width && total(widths, n) > width) {
        size_t widest = 0;

        for (size_t i = 1; i < n; i++)
            if (widths[i] > widths[widest])
                widest = i;
        if (widths[widest] <= COLUMN_WIDTH_MIN)
            return;
        widths[widest]--;
    }
}

/* Prints `s` in `width` characters; a cut is shown by "~". The last column is not padded. */
static void print_cell(FILE *out, struct str s, size_t width, bool last)
{
    size_t have = text_width(s), shown = have <= width ? have : width - 1, n = 0, bytes = 0;

    while (bytes < s.len && (n < shown || ((unsigned char)s.p[bytes] & 0xc0) == 0x80)) {
        n += ((unsigned char)s.p[bytes] & 0xc0) != 0x80;
        bytes++;
    }
    fwrite(s.p, 1, bytes, out);
    if (have > width)
        fputc('~', out);
    for (size_t i = have < width ? have : width; i < width + GAP && !last; i++)
        fputc(' ', out);
    if (last)
        fputc('\n', out);
}

void table_print(const struct table *t, FILE *out, size_t width)
{
    size_t widths[TABLE_COLUMNS_MAX];

    memcpy(widths, t->widths, sizeof(widths));
    fit(widths, t->n_columns, width);
    for (size_t i = 0; i < t->n_columns; i++)
        print_cell(out, str_of(t->heads[i]), widths[i], i + 1 == t->n_columns);
    for (size_t row = 0; row < t->n_rows; row++)
        for (size_t i = 0; i < t->n_columns; i++)
            print_cell(out, cell(t, row, i), widths[i], i + 1 == t->n_columns);
}

void table_show(const struct table *t)
{
    struct winsize size;
    bool terminal = isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;

    table_print(t, stdout, terminal ? size.ws_col : 0);
}
