/* sender.c -- owns the making of deliveries as a platform signs them: the mirror of receiving. */
#include "cli/sender.h"

#include "base/problems.h"

enum { VALUES_MAX_BYTES = 64 << 10, BODY_MAX_BYTES = 64 << 20, TOPICS_MAX = 128 };

struct sender {
    const struct route *route;
    const struct secret *secret;
    struct str url;
    const struct verify_spec *spec; /* NULL until one fits */
    struct verify_key *key;
    struct verifier *verifier;
};

enum err sender_new(const struct route *route, const struct secret *secret, struct str url, struct sender **out)
{
    struct sender *s = calloc(1, sizeof(*s));

    if (!s || verifier_new(&s->verifier)) {
        free(s);
        return ERR_MEMORY;
    }
    s->route = route;
    s->secret = secret;
    s->url = url;
    *out = s;
    return OK;
}

void sender_free(struct sender *s)
{
    if (!s)
        return;
    verify_key_free(s->key);
    verifier_free(s->verifier);
    free(s);
}

bool sender_is_timed(const struct sender *s)
{
    return s->spec && verify_spec_is_timed(s->spec);
}

void draft_init(struct draft *d)
{
    d->n = 0;
    d->values = d->id = d->signature = BUF_INIT(VALUES_MAX_BYTES);
    d->body = BUF_INIT(BODY_MAX_BYTES);
}

void draft_release(struct draft *d)
{
    buf_release(&d->values);
    buf_release(&d->id);
    buf_release(&d->signature);
    buf_release(&d->body);
}

/* Says that the topic has no example, and which are near or known. */
static enum err no_example(const struct route *route, struct str topic, struct buf *why)
{
    const char *names[TOPICS_MAX + 1] = {NULL}, *near;
    struct str name;
    size_t n = 0;
    enum err err;

    while (n < TOPICS_MAX && (name = route_send_topic(route, n)).p)
        names[n++] = name.p; /* a member's name in the file: ends with NUL */
    near = nearest_name(topic, names);
    if (near)
        err = buf_printf(why, "no example for \"%.*s\"; did you mean \"%s\"?", STR_ARG(topic), near);
    else
        err = buf_printf(why, "no example for \"%.*s\"; give one with --body, or send", STR_ARG(topic));
    for (size_t i = 0; !near && names[i] && !err; i++)
        err = buf_printf(why, "%s %s", i ? "," : "", names[i]);
    return err ? err : ERR_NOT_FOUND;
}

static enum err fill_body(const struct route *route, const struct route_send *what, struct str body, struct draft *out,
                          struct buf *why)
{
    enum err err;

    buf_clear(&out->body);
    if (body.p)
        return buf_append(&out->body, body);
    err = route_send_example(route, what, &out->body);
    return err == ERR_NOT_FOUND ? no_example(route, what->topic, why) : err;
}

/* The headers that do not belong to the signature. */
static enum err fill_headers(const struct route *route, const struct route_send *what, struct draft *out)
{
    enum err err;

    buf_clear(&out->values);
    err = route_send_headers(route, what, &out->values, out->fields, &out->n);
    if (!err && fields_get((struct fields){out->fields, out->n}, STR("Content-Type"), NULL) == 0)
        out->fields[out->n++] = (struct field){.name = STR("Content-Type"), .value = route_send_content_type(route)};
    return err;
}

/* Adds the signature's fields after the other `n`. */
static enum err sign(const struct sender *s, const struct verify_spec *spec, const struct verify_key *key, size_t n,
                     int64_t signed_at_us, struct draft *out)
{
    struct buf body = BUF_INIT(BODY_MAX_BYTES); /* where the signature is a part of it, or it of the signature */
    struct sign_request request = {.method = STR("POST"),
                                   .url = s->url,
                                   .id = buf_str(&out->id),
                                   .body = buf_str(&out->body),
                                   .headers = {out->fields, n},
                                   .now_us = signed_at_us,
                                   .signed_body = &body};
    size_t signed_fields = 0;
    enum err err;

    buf_clear(&out->signature);
    err = verify_sign(spec, key, &request, &out->signature, out->fields + n, &signed_fields);
    out->n = n + signed_fields;
    if (!err && body.len) {
        buf_clear(&out->body);
        err = buf_append(&out->body, buf_str(&body));
    }
    buf_release(&body);
    return err;
}

/* True when the receiver would choose this spec for the delivery, and accept it. */
static bool is_accepted(const struct sender *s, const struct verify_spec *spec, const struct verify_key *key, const struct draft *d,
                        int64_t now_us)
{
    struct fields headers = {d->fields, d->n};
    struct verify_request request = {.method = STR("POST"), .url = s->url, .headers = headers, .now_us = now_us};
    size_t index;

    return route_verify_for(s->route, &request, &index) == spec && verifier_begin(s->verifier, spec, &key, 1, &request) == OK &&
           verifier_feed(s->verifier, buf_str(&d->body)) == OK && verifier_end(s->verifier, buf_str(&d->body), NULL) == OK;
}

/* Signs with the first of the route's ways that fits, and keeps it. */
static enum err choose_and_sign(struct sender *s, int64_t signed_at_us, struct draft *out, struct buf *why)
{
    const struct verify_spec *spec;
    size_t n = out->n;
    enum err err = ERR_NOT_IMPLEMENTED, said;

    for (size_t i = 0; !s->spec && (spec = route_verify_at(s->route, i)) != NULL; i++) {
        struct verify_key *key = NULL;

        err = verify_key_new_signer(spec, s->secret, &key);
        if (!err)
            err = sign(s, spec, key, n, signed_at_us, out);
        if (!err && is_accepted(s, spec, key, out, signed_at_us)) {
            s->spec = spec;
            s->key = key;
            return OK;
        }
        err = err ? err : ERR_NOT_IMPLEMENTED;
        verify_key_free(key);
    }
    if (err == ERR_SYNTAX)
        said = buf_printf(why, "the secret has not the form that %s uses", route_title(s->route));
    else
        said = buf_printf(why, "%s: %s cannot be signed for with what its route file says", err_text(err), route_title(s->route));
    return said ? said : err;
}

enum err sender_make(struct sender *s, const struct route_send *what, struct str body, int64_t signed_at_us, struct draft *out,
                     struct buf *why)
{
    enum err err = fill_body(s->route, what, body, out, why);

    if (!err)
        err = fill_headers(s->route, what, out);
    buf_clear(&out->id);
    if (!err)
        err = buf_append(&out->id, what->id);
    if (err)
        return err;
    return s->spec ? sign(s, s->spec, s->key, out->n, signed_at_us, out) : choose_and_sign(s, signed_at_us, out, why);
}
