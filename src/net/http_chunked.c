/* http_chunked.c -- owns the strict reading of a chunked body, in whatever pieces it comes (RFC 9112, 7.1).
 *
 *   SIZE --;--> EXT --CR--+                  +--(size 0)--> LINE --CR--> END_LF --LF--> DONE
 *     +------------CR-----+--> SIZE_LF --LF--+                ^ |name
 *     ^                                      +--> DATA        | v
 *     +---LF--- DATA_LF <--CR--- DATA_CR <--------+           | NAME --:--> VALUE --CR--> LINE_LF --+
 *                                                             +----------------------------LF-------+
 */
#include "net/http_chunked.h"

#include "net/http_chars.h"

enum state { SIZE, EXT, SIZE_LF, DATA, DATA_CR, DATA_LF, LINE, NAME, VALUE, LINE_LF, END_LF, DONE };

enum { SIZE_DIGITS_MAX = 16 };

void http_chunked_init(struct http_chunked *c, uint64_t max_bytes)
{
    *c = (struct http_chunked){.state = SIZE, .max = max_bytes};
}

bool http_chunked_done(const struct http_chunked *c)
{
    return c->state == DONE;
}

static unsigned hex_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

static enum err in_size(struct http_chunked *c, char byte)
{
    if (http_is(byte, HTTP_HEX) && c->digits < SIZE_DIGITS_MAX) {
        c->left = c->left << 4 | hex_value(byte);
        c->digits++;
        return OK;
    }
    if (c->digits == 0 || (byte != ';' && byte != '\r'))
        return ERR_SYNTAX;
    c->ext = byte == ';';
    c->state = byte == ';' ? EXT : SIZE_LF;
    return OK;
}

static enum err in_ext(struct http_chunked *c, char byte)
{
    if (byte == '\r') {
        c->ext_total += c->ext;
        c->state = SIZE_LF;
        return c->ext_total > HTTP_CHUNK_EXT_TOTAL ? ERR_SYNTAX : OK;
    }
    return http_is(byte, HTTP_VALUE) && ++c->ext <= HTTP_CHUNK_EXT_MAX ? OK : ERR_SYNTAX;
}

static enum err in_size_lf(struct http_chunked *c, char byte)
{
    if (byte != '\n')
        return ERR_SYNTAX;
    if (c->left > c->max - c->total)
        return ERR_TOO_LARGE; /* I6: told before a byte too many is read */
    c->total += c->left;
    c->state = c->left ? DATA : LINE;
    return OK;
}

static enum err in_data_cr(struct http_chunked *c, char byte)
{
    c->state = DATA_LF;
    return byte == '\r' ? OK : ERR_SYNTAX;
}

static enum err in_data_lf(struct http_chunked *c, char byte)
{
    c->digits = 0;
    c->state = SIZE;
    return byte == '\n' ? OK : ERR_SYNTAX;
}

static enum err in_line(struct http_chunked *c, char byte)
{
    c->state = byte == '\r' ? END_LF : NAME;
    return byte == '\r' || http_is(byte, HTTP_TOKEN) ? OK : ERR_SYNTAX;
}

static enum err in_name(struct http_chunked *c, char byte)
{
    if (byte == ':')
        c->state = VALUE;
    return byte == ':' || http_is(byte, HTTP_TOKEN) ? OK : ERR_SYNTAX;
}

static enum err in_value(struct http_chunked *c, char byte)
{
    if (byte == '\r')
        c->state = LINE_LF;
    return byte == '\r' || http_is(byte, HTTP_VALUE) ? OK : ERR_SYNTAX;
}

static enum err in_line_lf(struct http_chunked *c, char byte)
{
    c->state = LINE;
    return byte == '\n' ? OK : ERR_SYNTAX;
}

static enum err in_end_lf(struct http_chunked *c, char byte)
{
    c->state = DONE;
    return byte == '\n' ? OK : ERR_SYNTAX;
}

static enum err (*const steps[])(struct http_chunked *c, char byte) = {
    [SIZE] = in_size, [EXT] = in_ext,   [SIZE_LF] = in_size_lf, [DATA_CR] = in_data_cr, [DATA_LF] = in_data_lf,
    [LINE] = in_line, [NAME] = in_name, [VALUE] = in_value,     [LINE_LF] = in_line_lf, [END_LF] = in_end_lf,
};

static enum err step(struct http_chunked *c, char byte)
{
    if (c->state >= LINE && ++c->trailer > HTTP_CHUNK_TRAILER_MAX)
        return ERR_SYNTAX;
    return steps[c->state](c, byte);
}

enum err http_chunked_read(struct http_chunked *c, struct str in, size_t *used, struct str *data)
{
    size_t i = 0;
    enum err err = OK;

    *data = STR_NONE;
    while (!err && i < in.len && c->state != DATA && c->state != DONE)
        err = step(c, in.p[i++]);
    if (!err && c->state == DATA && i < in.len) {
        size_t n = in.len - i < c->left ? in.len - i : (size_t)c->left;

        *data = str_n(in.p + i, n);
        i += n;
        c->left -= n;
        if (c->left == 0)
            c->state = DATA_CR;
    }
    *used = i;
    return err;
}
