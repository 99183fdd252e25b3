/* http_request.c -- owns the reading of one request: head, the handler's word on it, body. */
#include "net/http_conn.h"

#include "base/counters.h"

static void end_request(struct http_conn *c)
{
    http_conn_set_state(c, STATE_QUEUED);
    c->server->handler->end(c->server->arg, c->x);
}

/* 100 only now, after the handler has seen method, path and declared length. */
static bool invite_body(struct http_conn *c)
{
    if (!c->x->head.expect_continue || http_conn_has_unread(c))
        return true;
    if (buf_append(&c->x->out, STR("HTTP/1.1 100 Continue\r\n\r\n"))) {
        http_conn_close(c);
        return false;
    }
    http_conn_send(c);
    return c->state == STATE_BODY;
}

/* The head is complete: the handler decides. */
static bool offer_head(struct http_conn *c)
{
    const struct http_server *s = c->server;
    enum err err;

    c->requests++;
    counter_add(COUNTER_REQUESTS, 1);
    http_exchange_begin(c->x);
    if (c->x->head.content_length > s->limits.body_max_bytes) {
        http_conn_refuse(c, ERR_TOO_LARGE);
        return true;
    }
    err = s->handler->head(s->arg, c->x);
    if (c->state != STATE_HEAD)
        return true; /* it has answered already */
    if (err) {
        struct http_answer answer = http_answer_refusal(err);

        http_conn_answer(c, &answer, false);
        return true;
    }
    c->accepted = true;
    if (!http_head_has_body(&c->x->head)) {
        end_request(c);
        return true;
    }
    http_conn_set_state(c, STATE_BODY);
    return invite_body(c);
}

bool http_request_head(struct http_conn *c)
{
    struct http_exchange *x = c->x;
    bool complete = false;
    enum err err;

    if (!x || x->len == 0)
        return false;
    err = http_head_read(&x->head, str_n(x->in, x->len), c->server->limits.head_max_bytes, &complete);
    if (err) {
        http_conn_refuse(c, err);
        return true;
    }
    return complete && offer_head(c);
}

/* Finds the body's next piece among the unread bytes; `*whole` when the body is complete after it. */
static enum err next_piece(struct http_exchange *x, struct str *data, bool *whole)
{
    struct str unread = http_exchange_unread(x);
    size_t used = 0;
    enum err err = OK;

    if (x->head.chunked) {
        err = http_chunked_read(&x->chunked, unread, &used, data);
        *whole = http_chunked_done(&x->chunked);
    } else {
        used = unread.len < x->body_left ? unread.len : (size_t)x->body_left;
        *data = str_upto(unread, used);
        x->body_left -= used;
        *whole = x->body_left == 0;
    }
    x->read_at += used;
    return err;
}

bool http_request_body(struct http_conn *c)
{
    struct http_exchange *x = c->x;
    struct str data = STR_NONE, piece;
    bool whole = false;
    enum err err = next_piece(x, &data, &whole);

    if (!err && data.len) {
        err = http_exchange_add_body(x, data, &piece);
        if (!err)
            c->server->handler->body(c->server->arg, x, piece);
    }
    if (c->state != STATE_BODY)
        return true; /* the handler has answered before the end */
    if (err) {
        http_conn_refuse(c, err);
        return true;
    }
    if (whole)
        end_request(c);
    return whole || http_conn_has_unread(c);
}
