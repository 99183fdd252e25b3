/* receive_handshake.c -- owns the answers to a platform's questions on /in/<key>, and the secrets that come with them. */
#include "engine/receipt.h"

#include "base/encode.h"
#include "base/log.h"
#include "engine/source_table.h"

#include <stdio.h>
#include <stdlib.h>

enum { RANDOM_BYTES = 32, SEALED_MAX_BYTES = 16 << 10 };

/* --- what the source was given ---------------------------------------------------------------------------------------- */

static const char *config_of(void *arg, struct str name)
{
    const struct receipt *p = arg;
    struct verify_config config = live_source_config(p->live);

    return config.get(config.arg, name);
}

/* The i-th secret, if it is valid and has that name. */
static const struct source_secret *secret_at(const struct receipt *p, size_t i, struct str name)
{
    const struct source_secret *secret = &p->live->source.secrets[i];

    return str_eq(str_of(secret->name), name) && source_secret_is_valid(secret, p->received_at_us) ? secret : NULL;
}

static enum err secret_of(void *arg, struct str name, struct secret **out)
{
    const struct receipt *p = arg;

    for (size_t i = p->live->source.n_secrets; i-- > 0;)
        if (secret_at(p, i, name))
            return live_source_open(p->live, secret_at(p, i, name), out);
    return ERR_NOT_FOUND;
}

/* Prepares the source's valid secrets for the spec; the caller frees the keys, also after an error. */
static enum err make_keys(const struct receipt *p, const struct verify_spec *spec, struct verify_key **keys, size_t *n)
{
    enum err err = OK;

    if (verify_spec_secret_name(spec).len == 0) { /* a key that everybody knows */
        err = verify_key_new(spec, NULL, &keys[0]);
        *n = err ? 0 : 1;
        return err;
    }
    for (size_t i = 0; i < p->live->source.n_secrets && *n < VERIFY_KEYS_MAX && !err; i++) {
        const struct source_secret *of = secret_at(p, i, verify_spec_secret_name(spec));
        struct secret *secret = NULL;

        if (!of)
            continue;
        err = live_source_open(p->live, of, &secret);
        if (!err)
            err = verify_key_new(spec, secret, &keys[*n]);
        *n += !err;
        secret_free(secret);
    }
    return err;
}

static enum err verify_with(struct receipt *p, const struct verify_spec *spec)
{
    struct verify_key *keys[VERIFY_KEYS_MAX];
    const struct verify_key *tried[VERIFY_KEYS_MAX];
    struct verify_request request = receipt_request(p);
    size_t n = 0;
    enum err err = verify_spec_applies(spec, &request) ? make_keys(p, spec, keys, &n) : ERR_SIGNATURE_MISSING;

    for (size_t i = 0; i < n; i++)
        tried[i] = keys[i];
    if (!err)
        err = verifier_begin(p->verifier, spec, tried, n, &request);
    if (!err)
        err = verifier_feed(p->verifier, http_body(p->x));
    if (!err)
        err = verifier_end(p->verifier, http_body(p->x), NULL);
    for (size_t i = 0; i < n; i++)
        verify_key_free(keys[i]);
    return err;
}

/* The receipt's verifier is free for it: the request's own signature has its verdict by now. */
static enum err verify_own(void *arg, const struct verify_spec *spec)
{
    struct receipt *p = arg;
    struct verify_config config = live_source_config(p->live);
    struct verify_spec *own = NULL;
    struct problems problems;
    enum err err;

    problems_init(&problems, STR("handshake"));
    err = verify_spec_for_source(spec, &config, &problems, &own);
    if (err)
        LOG(LOG_ERROR, "signature of a handshake not usable", KV_TEXT("source", p->live->id_text),
            KV_STR("why", buf_str(&problems.text)));
    else
        err = verify_with(p, own ? own : spec);
    verify_spec_free(own);
    problems_release(&problems);
    return err;
}

/* --- a secret that the platform brings -------------------------------------------------------------------------------- */

/* A secret with which no delivery could be verified is not taken. */
static enum err check_form(const struct receipt *p, struct str name, struct str text)
{
    const struct verify_spec *spec;
    struct secret *secret = NULL;
    enum err err = secret_new(text, &secret);

    for (size_t i = 0; !err && (spec = route_verify_at(p->live->route, i)) != NULL; i++) {
        struct verify_key *key = NULL;

        if (str_eq(verify_spec_secret_name(spec), name))
            err = verify_key_new(spec, secret, &key);
        verify_key_free(key);
    }
    secret_free(secret);
    return err == ERR_RANGE || err == ERR_SYNTAX ? ERR_SIGNATURE_MALFORMED : err;
}

/* N1, N10: sealed, it goes through the queue like a delivery; the answer waits until it is durable there. */
static enum err capture(struct receipt *p)
{
    const struct handshake_answer *a = p->handshake;
    struct buf sealed = BUF_INIT(SEALED_MAX_BYTES);
    struct entry entry = {.kind = a->first_only ? ENTRY_FIRST_SECRET : ENTRY_SECRET, .topic = a->capture, .lane = LANE_URGENT};
    enum err err = check_form(p, a->capture, buf_str(&a->secret));

    if (!err)
        err = live_source_seal(p->live, buf_str(&a->secret), &sealed);
    entry.body = buf_str(&sealed);
    if (!err)
        err = receipt_append(p, &entry);
    buf_release(&sealed);
    return err;
}

/* --- the answer ------------------------------------------------------------------------------------------------------- */

static void send_answer(struct receipt *p)
{
    const struct handshake_answer *a = p->handshake;

    receipt_count(p, "handshake", "", 1);
    LOG(LOG_INFO, "handshake answered", KV_TEXT("source", p->live->id_text), KV_INT("status", a->status),
        KV_STR("captured", a->capture));
    http_answer(
        p->x, &(struct http_answer){
                  .status = a->status, .content_type = a->content_type, .body = buf_str(&a->body), .extra = buf_text(&a->headers)});
}

void receipt_handshake_kept(struct receipt *p)
{
    receipt_count(p, "captured", "", 1);
    if (p->x)
        send_answer(p);
}

void receipt_handshake_end(struct receipt *p)
{
    if (p->handshake)
        handshake_answer_release(p->handshake);
    free(p->handshake);
    p->handshake = NULL;
}

static enum err ask_route(struct receipt *p, enum err verified)
{
    unsigned char random[RANDOM_BYTES];
    char hex[2 * RANDOM_BYTES + 1];
    struct handshake_request request = {.method = http_method_text(p->x),
                                        .query = http_query(p->x),
                                        .body = http_body(p->x),
                                        .url = receipt_request(p).url,
                                        .headers = http_fields(p->x),
                                        .is_unsigned = !p->signing || !verify_spec_proves(p->signing->spec),
                                        .is_verified = !verified,
                                        .config = config_of,
                                        .secret = secret_of,
                                        .verify = verify_own,
                                        .arg = p};
    enum err err;

    if (!route_takes_method(p->live->route, request.method))
        request.is_unsigned = true; /* it can be no delivery, whatever it carries */
    random_bytes(random, sizeof(random));
    hex_encode(str_n(random, sizeof(random)), hex);
    request.random = str_n(hex, 2 * RANDOM_BYTES);
    (void)fields_get(request.headers, STR("content-type"), &request.content_type);
    err = route_handshake(p->live->route, &request, p->handshake);
    explicit_bzero(random, sizeof(random));
    explicit_bzero(hex, sizeof(hex));
    return err;
}

/* I5: whether a secret is pending is judged by a snapshot that is newer than the request, not by one of a second ago. */
static enum err look_again(struct receipt *p)
{
    receipt_handshake_end(p);
    p->fresh = true;
    receipt_wait(p);
    receipt_judge_again(p);
    return OK;
}

enum err receipt_handshake(struct receipt *p, enum err verified)
{
    enum err err;

    if (!route_has_handshake(p->live->route, http_method_text(p->x)))
        return ERR_NOT_FOUND;
    p->handshake = malloc(sizeof(*p->handshake));
    if (!p->handshake)
        return ERR_MEMORY;
    handshake_answer_init(p->handshake);
    err = ask_route(p, verified);
    if (!err) /* nothing that is echoed is ever taken for a page */
        err = buf_append(&p->handshake->headers, STR("X-Content-Type-Options: nosniff\r\n"));
    if (!err && p->handshake->first_only && !p->fresh)
        return look_again(p);
    if (!err && p->handshake->capture.len)
        err = p->handshake->first_only && p->ask_err ? p->ask_err : capture(p);
    else if (!err) {
        send_answer(p);
        receipt_end(p);
        return OK;
    }
    if (err)
        receipt_handshake_end(p);
    return err;
}
