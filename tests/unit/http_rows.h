/* http_rows.h -- owns what the parser's tests share: rows of message and verdict, checked whole and in every split. */
#ifndef TESTS_HTTP_ROWS_H
#define TESTS_HTTP_ROWS_H

#include "net/http_chunked.h"
#include "net/http_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { HEAD_MAX = 16384, BODY_MAX = 4096, MESSAGE_MAX = 65536 };

/* What reading a message came to. */
struct outcome {
    enum err err;
    bool complete;
    size_t used;
    char body[BODY_MAX + 1];
    size_t body_len;
};

static inline enum err read_chunks(struct http_chunked *c, struct str in, size_t *at, struct outcome *o)
{
    size_t used = 1;
    struct str data;
    enum err err = OK;

    while (!err && used && !http_chunked_done(c)) {
        err = http_chunked_read(c, str_from(in, *at), &used, &data);
        *at += used;
        memcpy(o->body + o->body_len, data.len ? data.p : "", data.len);
        o->body_len += data.len;
    }
    return err;
}

/* Reads a message that comes in pieces of `first` bytes, then `step` bytes each. */
static inline void read_pieces(struct str text, size_t first, size_t step, struct outcome *o)
{
    static struct http_head head;
    struct http_chunked chunked;
    bool have_head = false;
    size_t at = 0;

    memset(o, 0, sizeof(*o));
    http_head_init(&head);
    http_chunked_init(&chunked, BODY_MAX);
    for (size_t n = first; !o->err && !o->complete; n = n + step < text.len ? n + step : text.len) {
        struct str seen = str_upto(text, n);

        if (!have_head) {
            o->err = http_head_read(&head, seen, HEAD_MAX, &have_head);
            at = have_head ? head.bytes : 0;
        }
        if (!o->err && have_head && head.chunked)
            o->err = read_chunks(&chunked, seen, &at, o);
        o->complete = !o->err && have_head && (!head.chunked || http_chunked_done(&chunked));
        if (n == text.len)
            break;
    }
    o->used = o->complete ? at : 0;
}

static inline void same_in_every_split(struct str text, const struct outcome *whole)
{
    static struct outcome split;

    read_pieces(text, 1, 1, &split);
    for (size_t cut = 1; cut <= text.len; cut += text.len > 600 ? 97 : 1) {
        assert_int_equal(split.err, whole->err);
        assert_int_equal(split.complete, whole->complete);
        assert_int_equal(split.used, whole->used);
        assert_int_equal(split.body_len, whole->body_len);
        assert_memory_equal(split.body, whole->body, whole->body_len);
        read_pieces(text, cut, text.len, &split);
    }
}

struct row {
    const char *text;
    size_t len;
    enum err want;
};

#define H "Host: a.example\r\n"
#define ROW(text, want)              \
    {                                \
        text, sizeof(text) - 1, want \
    }
#define POST(fields, body, want) ROW("POST /in/k HTTP/1.1\r\n" H fields "\r\n" body, want)
#define GET(line, want) ROW(line "\r\n" H "\r\n", want)
#define FIELD(line, want) ROW("GET / HTTP/1.1\r\n" H line "\r\n\r\n", want)
#define CHUNKS(body, want) POST("Transfer-Encoding: chunked\r\n", body, want)

static inline void check(const struct row *rows, size_t n)
{
    static struct outcome o;

    for (size_t i = 0; i < n; i++) {
        struct str text = str_n(rows[i].text, rows[i].len);

        read_pieces(text, text.len, 1, &o);
        if (o.err != rows[i].want || (!o.err && !o.complete))
            print_message("row %zu: %.*s\n", i, STR_ARG(text));
        assert_string_equal(err_name(o.err), err_name(rows[i].want));
        assert_int_equal(o.complete, rows[i].want == OK);
        same_in_every_split(text, &o);
    }
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(*(rows)))

#endif
