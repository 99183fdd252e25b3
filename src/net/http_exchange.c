/* http_exchange.c -- owns one request's memory: the pooled buffer, the body in it, and what the handler reads of it. */
#include "net/http_conn.h"

#include <assert.h>

enum {
    POOL_MAX = 256,        /* spare exchanges a worker keeps */
    OUT_KEPT_BYTES = 4096, /* an answer's buffer above this is freed with it */
    OUT_MAX_BYTES = 64 << 20,
};

static struct http_exchange *exchange_new(struct http_server *s)
{
    struct http_exchange *x = malloc(sizeof(*x) + s->in_bytes);

    if (!x)
        return NULL;
    buf_init(&x->big, s->limits.body_max_bytes);
    buf_init(&x->out, OUT_MAX_BYTES);
    return x;
}

struct http_exchange *http_exchange_take(struct http_conn *c)
{
    struct http_server *s = c->server;
    struct http_exchange *x = SLIST_FIRST(&s->pool);

    if (x) {
        SLIST_REMOVE_HEAD(&s->pool, pool_link);
        s->n_pool--;
    } else {
        x = exchange_new(s);
        if (!x)
            return NULL;
    }
    x->conn = c;
    x->len = x->read_at = 0;
    http_exchange_next(x);
    return x;
}

static void exchange_free(struct http_exchange *x)
{
    buf_release(&x->big);
    buf_release(&x->out);
    free(x);
}

static void drop_big_body(struct http_exchange *x)
{
    x->conn->server->big_bytes -= x->big.cap;
    buf_release(&x->big);
}

void http_exchange_put(struct http_exchange *x)
{
    struct http_server *s;

    if (!x)
        return;
    s = x->conn->server;
    drop_big_body(x);
    if (x->out.cap > OUT_KEPT_BYTES)
        buf_release(&x->out);
    if (s->n_pool >= POOL_MAX) {
        exchange_free(x);
        return;
    }
    SLIST_INSERT_HEAD(&s->pool, x, pool_link);
    s->n_pool++;
}

void http_exchange_pool_free(struct http_server *s)
{
    struct http_exchange *x;

    while ((x = SLIST_FIRST(&s->pool)) != NULL) {
        SLIST_REMOVE_HEAD(&s->pool, pool_link);
        exchange_free(x);
    }
    s->n_pool = 0;
}

void http_exchange_next(struct http_exchange *x)
{
    if (x->read_at && x->len > x->read_at)
        memmove(x->in, x->in + x->read_at, x->len - x->read_at);
    x->len -= x->read_at;
    x->read_at = 0;
    x->user = NULL;
    x->allow = NULL;
    x->body_at = x->body_len = 0;
    x->body_moved = false;
    x->out_sent = 0;
    buf_clear(&x->out);
    if (x->big.cap)
        drop_big_body(x);
    http_head_init(&x->head);
}

void http_exchange_begin(struct http_exchange *x)
{
    struct str bytes = str_n(x->in, x->head.bytes);

    for (size_t i = 0; i < x->head.n_fields; i++) {
        x->fields[i].name = http_span_str(bytes, x->head.fields[i].name);
        x->fields[i].value = http_span_str(bytes, x->head.fields[i].value);
    }
    x->read_at = x->body_at = x->head.bytes;
    x->body_left = x->head.content_length;
    http_chunked_init(&x->chunked, x->conn->server->limits.body_max_bytes);
}

/* Appends to the big body, within what all bodies of the worker may take together (N9). */
static enum err big_append(struct http_exchange *x, struct str data)
{
    struct http_server *s = x->conn->server;
    size_t before = x->big.cap;
    enum err err;

    if (s->big_bytes > s->big_max_bytes)
        return ERR_MEMORY;
    err = buf_append(&x->big, data);
    s->big_bytes += x->big.cap - before;
    return err;
}

/* The body has filled `in`: it moves out, and `in` only passes bytes on from now. */
static enum err move_body_out(struct http_exchange *x)
{
    enum err err = big_append(x, str_n(x->in + x->body_at, x->body_len));

    if (err)
        return err;
    x->body_moved = true;
    x->len = x->read_at = x->body_at;
    return OK;
}

/* While a body comes, every byte in `in` has been taken already when more is read. */
size_t http_exchange_room(struct http_exchange *x)
{
    size_t cap = x->conn->server->in_bytes;

    if (x->conn->state == STATE_BODY) {
        assert(x->read_at == x->len);
        x->len = x->read_at = x->body_at + (x->body_moved ? 0 : x->body_len);
        if (x->len == cap && move_body_out(x))
            return 0;
    }
    return cap - x->len;
}

enum err http_exchange_add_body(struct http_exchange *x, struct str data, struct str *piece)
{
    char *end = x->in + x->body_at + x->body_len;
    enum err err = OK;

    if (x->body_moved) {
        err = big_append(x, data);
        if (!err)
            *piece = str_from(buf_str(&x->big), x->big.len - data.len);
        return err;
    }
    if (end != data.p)
        memmove(end, data.p, data.len); /* over the framing of chunks */
    x->body_len += data.len;
    *piece = str_n(end, data.len);
    return OK;
}

struct str http_exchange_unread(const struct http_exchange *x)
{
    return str_n(x->in + x->read_at, x->len - x->read_at);
}

static struct str head_text(const struct http_exchange *x, struct http_span span)
{
    return str_n(x->in + span.at, span.len);
}

enum http_method http_method(const struct http_exchange *x)
{
    return x->head.method;
}

struct str http_method_text(const struct http_exchange *x)
{
    return http_method_name(x->head.method);
}

struct str http_path(const struct http_exchange *x)
{
    return head_text(x, x->head.path);
}

struct str http_query(const struct http_exchange *x)
{
    return head_text(x, x->head.query);
}

struct str http_host(const struct http_exchange *x)
{
    return head_text(x, x->head.host);
}

struct fields http_fields(const struct http_exchange *x)
{
    return (struct fields){.at = x->fields, .n = x->head.n_fields};
}

struct str http_body(const struct http_exchange *x)
{
    return x->body_moved ? buf_str(&x->big) : str_n(x->in + x->body_at, x->body_len);
}

struct str http_peer(const struct http_exchange *x)
{
    return str_of(x->conn->peer);
}

void http_set_user(struct http_exchange *x, void *user)
{
    x->user = user;
}

void *http_user(const struct http_exchange *x)
{
    return x->user;
}

void http_set_allow(struct http_exchange *x, const char *allow)
{
    x->allow = allow;
}

void http_answer(struct http_exchange *x, const struct http_answer *answer)
{
    struct http_conn *c = x->conn;

    http_conn_answer(c, answer, answer->close);
}
