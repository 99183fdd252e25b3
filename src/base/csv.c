/* csv.c -- owns CSV text (RFC 4180): reading it record by record in bounded memory, and writing its cells. */
#include "base/csv.h"

#include <stdlib.h>

enum { CHUNK_BYTES = 64 << 10 };

const struct csv_limits csv_limits_default = {
    .cell_max_bytes = 64 << 10, .record_max_bytes = 256 << 10, .columns_max = 500, .separator = ','};

/*
 *  START --other--> PLAIN --separator--> START       START --quote--> QUOTED --quote--> CLOSED --separator--> START
 *  CLOSED --quote--> QUOTED (a doubled quote)         any but QUOTED --CR--> RETURN --LF--> the record ends
 *  any --trouble--> SKIP --LF--> the record ends; what does not fit in quotes is passed over up to the closing one first
 */
enum state { START, PLAIN, QUOTED, CLOSED, RETURN, SKIP };

struct csv {
    struct csv_limits limits;
    csv_source *source;
    void *arg;
    struct buf chunk;
    size_t at; /* next byte of the chunk */
    bool ended, begun;
    enum state state;
    uint64_t line, column; /* of the next byte */
    uint64_t quote_line, quote_column, cell_line, cell_column;
    struct buf text; /* all cells of the record, one after the other */
    size_t *ends;    /* of each cell in `text` */
    struct str *cells;
    size_t n;
    bool quoted;      /* the record has a cell in quotes, so it is not an empty line */
    bool skip_quotes; /* SKIP: within quotes that open in what is passed over, or before it */
    bool in_quotes;
};

struct csv *csv_new(const struct csv_limits *limits, csv_source *source, void *arg)
{
    struct csv *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    *c = (struct csv){.limits = *limits, .source = source, .arg = arg, .line = 1, .column = 1};
    buf_init(&c->chunk, CHUNK_BYTES);
    buf_init(&c->text, limits->record_max_bytes);
    c->ends = calloc(limits->columns_max, sizeof(*c->ends));
    c->cells = calloc(limits->columns_max, sizeof(*c->cells));
    if (c->ends && c->cells)
        return c;
    csv_free(c);
    return NULL;
}

void csv_free(struct csv *c)
{
    if (!c)
        return;
    buf_release(&c->chunk);
    buf_release(&c->text);
    free(c->ends);
    free(c->cells);
    free(c);
}

static enum err refill(struct csv *c)
{
    enum err err = OK;

    buf_clear(&c->chunk);
    c->at = 0;
    if (!c->ended)
        err = c->source(c->arg, CHUNK_BYTES, &c->chunk);
    c->ended = !err && c->chunk.len == 0;
    return err;
}

/* The mark may come in pieces, so it is looked for in a first chunk of its own size. */
static enum err pass_mark(struct csv *c)
{
    size_t before;
    enum err err = OK;

    c->begun = true;
    do {
        before = c->chunk.len;
        err = c->source(c->arg, 3 - before, &c->chunk);
    } while (!err && c->chunk.len > before && c->chunk.len < 3);
    if (!err && str_starts(buf_str(&c->chunk), STR("\xef\xbb\xbf")))
        c->at = 3;
    return err;
}

static void trouble_at(struct csv *c, struct csv_record *out, enum err err, const char *what, uint64_t line, uint64_t column)
{
    if (out->err)
        return;
    out->err = err;
    out->trouble = what;
    out->trouble_line = line;
    out->trouble_column = column;
    c->skip_quotes = c->in_quotes = c->state == QUOTED;
    c->state = SKIP;
}

static void trouble(struct csv *c, struct csv_record *out, enum err err, const char *what)
{
    trouble_at(c, out, err, what, c->line, c->column);
}

static size_t cell_start(const struct csv *c)
{
    return c->n ? c->ends[c->n - 1] : 0;
}

static enum err add_byte(struct csv *c, struct csv_record *out, char byte)
{
    enum err err = OK;

    if (byte == '\0')
        trouble(c, out, ERR_SYNTAX, "a NUL byte");
    else if (c->text.len - cell_start(c) == c->limits.cell_max_bytes)
        trouble_at(c, out, ERR_TOO_LARGE, "a cell that is too long begins here", c->cell_line, c->cell_column);
    else
        err = buf_append_c(&c->text, byte);
    if (err == ERR_TOO_LARGE) {
        trouble_at(c, out, ERR_TOO_LARGE, "a record that is too long begins here", out->line, 1);
        err = OK;
    }
    return err;
}

static void end_cell(struct csv *c, struct csv_record *out)
{
    struct str cell = str_from(buf_str(&c->text), cell_start(c));

    if (c->n == c->limits.columns_max) {
        trouble(c, out, ERR_TOO_MANY, "too many columns");
    } else if (!str_is_utf8(cell)) {
        trouble_at(c, out, ERR_UTF8, "a cell that is not UTF-8 begins here", c->cell_line, c->cell_column);
    } else {
        c->ends[c->n++] = c->text.len;
        c->state = START;
        c->cell_line = c->line;
        c->cell_column = c->column + 1;
    }
}

/* A byte outside of quotes that may end a cell or a record. True when it was one of those. */
static bool end_by(struct csv *c, struct csv_record *out, char byte, bool *done)
{
    if (byte != c->limits.separator && byte != '\n' && byte != '\r')
        return false;
    end_cell(c, out);
    *done = byte == '\n';
    if (!out->err && byte == '\r')
        c->state = RETURN;
    return true;
}

static enum err take_byte(struct csv *c, struct csv_record *out, char byte, bool *done)
{
    switch (c->state) {
    case START:
        if (byte == '"') {
            c->state = QUOTED;
            c->quoted = true;
            c->quote_line = c->line;
            c->quote_column = c->column;
            return OK;
        }
        c->state = PLAIN;
        return take_byte(c, out, byte, done);
    case PLAIN:
        if (end_by(c, out, byte, done))
            return OK;
        if (byte != '"')
            return add_byte(c, out, byte);
        trouble(c, out, ERR_SYNTAX, "a quote in the middle of a cell; put the whole cell in quotes and double it");
        return OK;
    case QUOTED:
        if (byte != '"')
            return add_byte(c, out, byte);
        c->state = CLOSED;
        return OK;
    case CLOSED:
        if (byte == '"') {
            c->state = QUOTED;
            return add_byte(c, out, byte);
        }
        if (!end_by(c, out, byte, done))
            trouble(c, out, ERR_SYNTAX, "text after a closing quote");
        return OK;
    case RETURN:
        *done = byte == '\n';
        if (!*done)
            trouble(c, out, ERR_SYNTAX, "a CR without LF before this");
        return OK;
    case SKIP:
        if (byte == '"' && c->skip_quotes)
            c->in_quotes = !c->in_quotes;
        *done = byte == '\n' && !c->in_quotes;
        return OK;
    }
    return OK;
}

static void count_byte(struct csv *c, char byte)
{
    if (byte == '\n') {
        c->line++;
        c->column = 1;
    } else if (((unsigned char)byte & 0xc0) != 0x80) {
        c->column++;
    }
}

/* The text ended: the last line may have no line end. */
static void end_text(struct csv *c, struct csv_record *out)
{
    if (c->state == QUOTED)
        trouble_at(c, out, ERR_SYNTAX, "a quote that is never closed opens here; nothing after it was read", c->quote_line,
                   c->quote_column);
    else if (c->state == PLAIN || c->state == CLOSED || (c->state == START && c->n))
        end_cell(c, out);
}

static void begin_record(struct csv *c, struct csv_record *out)
{
    *out = (struct csv_record){.line = c->line, .err = OK, .trouble = ""};
    buf_clear(&c->text);
    c->n = 0;
    c->state = START;
    c->quoted = c->skip_quotes = c->in_quotes = false;
    c->cell_line = c->line;
    c->cell_column = c->column;
}

static enum err read_record(struct csv *c, struct csv_record *out, bool *more)
{
    bool done = false, any = false;
    enum err err = OK;

    begin_record(c, out);
    while (!err && !done) {
        char byte;

        if (c->at == c->chunk.len)
            err = refill(c);
        if (err || c->ended)
            break;
        byte = c->chunk.p[c->at++];
        err = take_byte(c, out, byte, &done);
        count_byte(c, byte);
        any = true;
    }
    if (!err && !done)
        end_text(c, out);
    *more = any;
    return err;
}

static bool is_empty_line(const struct csv *c, const struct csv_record *out)
{
    return !out->err && c->n <= 1 && c->text.len == 0 && !c->quoted;
}

enum err csv_next(struct csv *c, struct csv_record *out, bool *more)
{
    enum err err = c->begun ? OK : pass_mark(c);

    do {
        if (!err)
            err = read_record(c, out, more);
    } while (!err && *more && is_empty_line(c, out));
    if (err || !*more || out->err)
        return err;
    for (size_t i = 0; i < c->n; i++) {
        size_t from = i ? c->ends[i - 1] : 0;

        c->cells[i] = str_n(c->text.p ? c->text.p + from : "", c->ends[i] - from);
    }
    out->cells = c->cells;
    out->n = c->n;
    return OK;
}

/* --- formulas --------------------------------------------------------------------------------------------------------- */

/* A formula for a spreadsheet, with or without apostrophes in front: so that taking one away always undoes putting it there. */
static bool is_formula(struct str cell)
{
    while (str_starts(cell, STR("'")))
        cell = str_from(cell, 1);
    return cell.len && memchr("=+-@\t\r", cell.p[0], 6) != NULL;
}

void csv_write_cell(struct str cell, bool last, FILE *out)
{
    fputs(is_formula(cell) ? "\"'" : "\"", out);
    for (size_t i = 0; i < cell.len; i++) {
        if (cell.p[i] == '"')
            putc('"', out);
        putc(cell.p[i], out);
    }
    fputs(last ? "\"\r\n" : "\",", out);
}

struct str csv_plain(struct str cell)
{
    return str_starts(cell, STR("'")) && is_formula(cell) ? str_from(cell, 1) : cell;
}
