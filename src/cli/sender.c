/* sender.c -- owns the making of deliveries as a platform signs them: the mirror of receiving. */
#include "cli/sender.h"

#include "base/problems.h"

enum { VALUES_MAX_BYTES = 64 << 10, BODY_MAX_BYTES = 64 << 20, QUERY_MAX_BYTES = 8 << 10, TOPICS_MAX = 128 };

struct sender {
    const struct route *route;
    const struct secret *secret;
    struct str secret_name; /* config member that it is; empty: any */
    struct str url, query;  /* where it goes, without and after the "?" */
    struct verify_config config;
    struct verify_spec *own[ROUTE_VERIFY_MAX]; /* of the route's ways to sign those that config changes, else NULL */
    const struct verify_spec *spec;            /* NULL until one fits */
    struct verify_key *key;
    struct verifier *verifier;
};

/* The i-th way to sign as the receiver's source has it; NULL past the end. */
static const struct verify_spec *way(const struct sender *s, size_t i)
{
    const struct verify_spec *spec = route_verify_at(s->route, i);

    return spec && s->own[i] ? s->own[i] : spec;
}

static enum err load_own(struct sender *s, struct problems *problems)
{
    const struct verify_spec *spec;
    enum err err = OK;

    for (size_t i = 0; !err && (spec = route_verify_at(s->route, i)) != NULL; i++)
        err = verify_spec_for_source(spec, &s->config, problems, &s->own[i]);
    return err;
}

enum err sender_new(const struct route *route, const struct secret *secret, struct str secret_name, struct str url,
                    const struct verify_config *config, struct problems *problems, struct sender **out)
{
    struct sender *s = calloc(1, sizeof(*s));
    enum err err = s ? verifier_new(&s->verifier) : ERR_MEMORY;

    if (!err) {
        const char *registered = config->get ? config->get(config->arg, STR("url")) : NULL;
        struct str known = str_of(registered ? registered : "");
        size_t cut = str_find(url, '?');

        s->route = route;
        s->secret = secret;
        s->secret_name = secret_name;
        s->url = known.len ? str_upto(known, str_find(known, '?')) : str_upto(url, cut);
        s->query = str_from(url, cut < url.len ? cut + 1 : url.len);
        s->config = *config;
        err = load_own(s, problems);
    }
    if (err) {
        sender_free(s);
        return err;
    }
    *out = s;
    return OK;
}

void sender_free(struct sender *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < ROUTE_VERIFY_MAX; i++)
        verify_spec_free(s->own[i]);
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
    d->body = d->unsigned_body = BUF_INIT(BODY_MAX_BYTES);
    d->query = BUF_INIT(QUERY_MAX_BYTES);
}

void draft_release(struct draft *d)
{
    buf_release(&d->values);
    buf_release(&d->id);
    buf_release(&d->signature);
    buf_release(&d->body);
    buf_release(&d->unsigned_body);
    buf_release(&d->query);
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

static enum err fill_body(const struct sender *s, const struct route_send *what, struct str body, struct draft *out,
                          struct buf *why)
{
    struct route_send example = *what;
    enum err err;

    buf_clear(&out->unsigned_body);
    if (body.p)
        return buf_append(&out->unsigned_body, body);
    example.secret = s->secret ? secret_bytes(s->secret) : STR_NONE;
    err = route_send_example(s->route, &example, &out->unsigned_body);
    return err == ERR_NOT_FOUND ? no_example(s->route, what->topic, why) : err;
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
    struct sign_request request = {.method = STR("POST"),
                                   .url = s->url,
                                   .query = s->query,
                                   .id = buf_str(&out->id),
                                   .body = buf_str(&out->unsigned_body),
                                   .headers = {out->fields, n},
                                   .config = s->config,
                                   .now_us = signed_at_us,
                                   .signed_query = &out->query,
                                   .signed_body = &out->body};
    size_t signed_fields = 0;
    enum err err;

    buf_clear(&out->signature);
    buf_clear(&out->body);
    buf_clear(&out->query);
    err = buf_append(&out->query, s->query);
    if (!err)
        err = verify_sign(spec, key, &request, &out->signature, out->fields + n, &signed_fields);
    if (!err && out->body.len == 0) /* the signature is not in the body */
        err = buf_append(&out->body, buf_str(&out->unsigned_body));
    out->n = n + signed_fields;
    return err;
}

/* True when the receiver would choose the i-th way for the delivery, and accept it. */
static bool is_accepted(const struct sender *s, size_t i, const struct verify_key *key, const struct draft *d, int64_t now_us)
{
    struct verify_request request = {.method = STR("POST"),
                                     .url = s->url,
                                     .query = buf_str(&d->query),
                                     .headers = {d->fields, d->n},
                                     .config = s->config,
                                     .now_us = now_us};

    for (size_t before = 0; before < i; before++)
        if (verify_spec_applies(way(s, before), &request))
            return false;
    return verify_spec_applies(way(s, i), &request) && verifier_begin(s->verifier, way(s, i), &key, 1, &request) == OK &&
           verifier_feed(s->verifier, buf_str(&d->body)) == OK && verifier_end(s->verifier, buf_str(&d->body), NULL) == OK;
}

/* True when the secret is given as one that the way does not use. */
static bool is_another_s(const struct sender *s, const struct verify_spec *spec)
{
    return s->secret_name.len && !str_eq(s->secret_name, verify_spec_secret_name(spec));
}

/* Signs with the first of the route's ways that fits, and keeps it. */
static enum err choose_and_sign(struct sender *s, int64_t signed_at_us, struct draft *out, struct buf *why)
{
    const struct verify_spec *spec;
    size_t n = out->n;
    enum err err = ERR_NOT_IMPLEMENTED, said;

    for (size_t i = 0; !s->spec && (spec = way(s, i)) != NULL; i++) {
        struct verify_key *key = NULL;

        if (is_another_s(s, spec))
            continue;
        err = verify_key_new_signer(spec, s->secret, &key);
        if (!err)
            err = sign(s, spec, key, n, signed_at_us, out);
        if (!err && is_accepted(s, i, key, out, signed_at_us)) {
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
    enum err err = fill_body(s, what, body, out, why);

    if (!err)
        err = fill_headers(s->route, what, out);
    buf_clear(&out->id);
    if (!err)
        err = buf_append(&out->id, what->id);
    if (err)
        return err;
    return s->spec ? sign(s, s->spec, s->key, out->n, signed_at_us, out) : choose_and_sign(s, signed_at_us, out, why);
}
