/* fuzz_http.c -- holds the request parser to what its header promises, for any bytes in any split. */
#include "net/http_chars.h"
#include "net/http_chunked.h"
#include "net/http_parse.h"

/* A broken promise ends the run, in every build. */
#define HOLDS(what)  \
    do {             \
        if (!(what)) \
            abort(); \
    } while (0)

enum { HEAD_MAX = 4096, BODY_MAX = 8192, INPUT_MAX = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    enum err err;
    bool have_head, complete;
    size_t used, body_len;
    struct http_head head;
    char body[BODY_MAX];
};

static void read_chunks(struct http_chunked *c, struct str in, struct outcome *o)
{
    size_t used = 1;
    struct str data;

    while (!o->err && used && !http_chunked_done(c)) {
        o->err = http_chunked_read(c, str_from(in, o->used), &used, &data);
        HOLDS(used <= in.len - o->used && data.len <= used && data.len <= BODY_MAX - o->body_len);
        o->used += used;
        if (data.len)
            memcpy(o->body + o->body_len, data.p, data.len);
        o->body_len += data.len;
    }
}

static void read_pieces(struct str text, size_t step, struct outcome *o)
{
    struct http_chunked chunked;
    size_t n = 0;

    memset(o, 0, sizeof(*o));
    http_head_init(&o->head);
    http_chunked_init(&chunked, BODY_MAX);
    while (!o->err && !o->complete && n < text.len) {
        n = text.len - n < step ? text.len : n + step;
        if (!o->have_head) {
            o->err = http_head_read(&o->head, str_upto(text, n), HEAD_MAX, &o->have_head);
            o->used = o->head.bytes;
        }
        if (!o->err && o->have_head && o->head.chunked)
            read_chunks(&chunked, str_upto(text, n), o);
        o->complete = !o->err && o->have_head && (!o->head.chunked || http_chunked_done(&chunked));
    }
}

static void check_span(const struct http_head *h, struct http_span span)
{
    HOLDS(span.at <= h->bytes && span.len <= h->bytes - span.at);
}

/* What an accepted head never is. */
static void check_head(const struct http_head *h, struct str text)
{
    HOLDS(h->bytes <= HEAD_MAX && h->bytes <= text.len && h->n_fields <= HTTP_FIELDS_MAX && h->minor <= 1);
    HOLDS(!(h->chunked && h->has_length) && !(h->chunked && h->minor == 0));
    HOLDS(h->chunked || h->has_length || !http_method_has_body(h->method));
    HOLDS(str_ends(str_upto(text, h->bytes), STR("\r\n\r\n")));
    check_span(h, h->path);
    check_span(h, h->query);
    check_span(h, h->host);
    HOLDS(h->path.len > 0 && (h->minor == 0 || h->host.len > 0));
    for (size_t i = 0; i < h->n_fields; i++) {
        check_span(h, h->fields[i].name);
        check_span(h, h->fields[i].value);
        HOLDS(h->fields[i].name.len && http_all(http_span_str(text, h->fields[i].name), HTTP_TOKEN));
        HOLDS(http_all(http_span_str(text, h->fields[i].value), HTTP_VALUE));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole, split;
    struct str text;

    if (size < 2 || size > INPUT_MAX)
        return 0;
    text = str_n(data + 1, size - 1);
    read_pieces(text, text.len, &whole);
    read_pieces(text, (size_t)data[0] + 1, &split);
    HOLDS(whole.err == split.err && whole.have_head == split.have_head && whole.complete == split.complete);
    HOLDS(whole.body_len == split.body_len && memcmp(whole.body, split.body, whole.body_len) == 0);
    if (whole.complete)
        HOLDS(whole.used == split.used);
    if (whole.have_head && !whole.err)
        check_head(&whole.head, text);
    return 0;
}
