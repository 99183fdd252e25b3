/* fuzz_csv.c -- feeds arbitrary bytes to the CSV reader: in any pieces it reads the same, and what it took is read back as written. */
#include "base/csv.h"

#include <stdlib.h>

static const struct csv_limits limits = {.cell_max_bytes = 64, .record_max_bytes = 256, .columns_max = 8, .separator = ','};

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

static void check_record(const struct csv_record *r)
{
    if (r->line == 0 || (r->err && (!*r->trouble || !r->trouble_line || !r->trouble_column)) || r->n > limits.columns_max)
        abort();
    for (size_t i = 0; !r->err && i < r->n; i++)
        if (r->cells[i].len > limits.cell_max_bytes || !str_is_utf8(r->cells[i]))
            abort();
}

/* Writes what was read as CSV; without an apostrophe's help, for that is not what is read back here. */
static void write_all(struct str text, size_t piece, bool keep_trouble, FILE *out)
{
    struct pieces pieces = {text, piece};
    struct csv *c = csv_new(&limits, next_piece, &pieces);
    struct csv_record r;
    bool more = c != NULL;

    while (more && !csv_next(c, &r, &more) && more) {
        check_record(&r);
        if (r.err && keep_trouble)
            fprintf(out, "%s,%d,%d\r\n", err_name(r.err), (int)r.trouble_line, (int)r.trouble_column);
        for (size_t i = 0; !r.err && i < r.n; i++)
            csv_write_cell(csv_plain(r.cells[i]), i + 1 == r.n, out);
    }
    csv_free(c);
}

/* Returns owned. */
static char *as_csv(struct str text, size_t piece, bool keep_trouble, size_t *len)
{
    char *copy = NULL;
    FILE *out = open_memstream(&copy, len);

    if (!out)
        abort();
    write_all(text, piece, keep_trouble, out);
    fclose(out);
    return copy;
}

static void check_same(struct str a, struct str b)
{
    if (!str_eq(a, b))
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    size_t whole_len = 0, pieces_len = 0, taken_len = 0, again_len = 0;
    char *whole = as_csv(str_n(data, size), size + 1, true, &whole_len);
    char *pieces = as_csv(str_n(data, size), 1 + size % 7, true, &pieces_len);
    char *taken = as_csv(str_n(data, size), size + 1, false, &taken_len);
    char *again = as_csv(str_n(taken, taken_len), 5, false, &again_len);

    check_same(str_n(whole, whole_len), str_n(pieces, pieces_len));
    if (!memchr(data ? (const char *)data : "", '\'', size) && !memchr(taken, '\'', taken_len))
        check_same(str_n(taken, taken_len), str_n(again, again_len));
    free(whole);
    free(pieces);
    free(taken);
    free(again);
    return 0;
}
