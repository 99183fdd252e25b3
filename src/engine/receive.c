/* receive.c -- owns the endpoint /in/<key>: from the request's head to the answer that promises durability. */
/*
 *   READING --receiver_end--> ASKING --sources_came--> (judge) --receipt_append--> QUEUED --append_done--> answered, back in the pool
 *      |            the key is unknown, or the secret may be one that a handshake brought a moment ago: a newer snapshot was asked for
 *      +-----------------------------------------------> (judge) --answer at once: 401..., handshake, check mode--> pool
 *   READING, ASKING --receiver_gone--> pool          QUEUED --receiver_gone--> QUEUED without exchange --append_done--> pool
 *
 * N1: 2xx leaves only from append_done, when the queue has said that the entry is durable. N2: no body of a delivery is parsed
 * before its signature has passed; it is fed to the verifier as it comes (a handshake's, up to 8 KiB, is read in its own shape).
 * I1-I3, I7: see judge. I8: nothing of a delivery that got 503 is remembered, so that its retry is judged like the first.
 */
#include "engine/receive.h"

#include "base/counters.h"
#include "base/log.h"
#include "engine/figures.h"
#include "engine/receipt.h"
#include "engine/source_table.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHECK_ARENA_BYTES = 16 << 20, URL_MAX_BYTES = 2048 };

static const struct str path_prefix = {"/in/", 4};

static void set_state(struct receipt *p, enum receipt_state next)
{
    static const unsigned from[RECEIPT__COUNT] = {
        [RECEIPT_FREE] = 1u << RECEIPT_READING | 1u << RECEIPT_ASKING | 1u << RECEIPT_QUEUED,
        [RECEIPT_READING] = 1u << RECEIPT_FREE,
        [RECEIPT_ASKING] = 1u << RECEIPT_READING,
        [RECEIPT_QUEUED] = 1u << RECEIPT_READING | 1u << RECEIPT_ASKING,
    };

    assert(from[next] & (1u << p->state));
    p->state = next;
}

static enum err receipt_take(struct receiver *r, struct receipt **out)
{
    struct receipt *p = r->free;
    struct verifier *verifier = NULL;
    enum err err = OK;

    if (p) {
        r->free = p->next_free;
    } else {
        p = calloc(1, sizeof(*p));
        err = p ? verifier_new(&verifier) : ERR_MEMORY;
        if (err) {
            free(p);
            return err;
        }
        p->r = r;
        p->refused = ERR_SIGNATURE_MISSING;
        buf_init(&p->url, URL_MAX_BYTES);
        p->verifier = verifier;
        p->next_all = r->all;
        r->all = p;
    }
    set_state(p, RECEIPT_READING);
    *out = p;
    return OK;
}

void receipt_end(struct receipt *p)
{
    if (p->asking)
        sources_forget(&p->wait);
    receipt_late_end(p);
    receipt_handshake_end(p);
    sources_release(p->live);
    p->asking = p->fresh = false;
    p->ask_err = OK;
    p->live = NULL;
    p->signing = NULL;
    p->refused = ERR_SIGNATURE_MISSING;
    p->x = NULL;
    p->n_keys = 0;
    p->topic[0] = '\0';
    set_state(p, RECEIPT_FREE);
    p->next_free = p->r->free;
    p->r->free = p;
}

/* --- the verdict ------------------------------------------------------------------------------------------------------ */

/* Chooses the way to sign that the request names, and the source's secrets that are valid now; all are tried (I1). */
static void choose_keys(struct receipt *p, const struct verify_request *request)
{
    p->signing = live_source_signing(p->live, request);
    for (size_t i = 0; p->signing && i < p->signing->n_keys && p->n_keys < VERIFY_KEYS_MAX; i++) {
        const struct source_secret *secret = p->signing->keys[i].secret;

        if (!source_secret_is_valid(secret, p->received_at_us))
            continue;
        p->secrets[p->n_keys] = secret;
        p->keys[p->n_keys++] = p->signing->keys[i].key;
    }
}

/* The endpoint as the platform knows it: what the source's config says, else the public URL and the path, without query; empty
 * when neither is set. Never made from Host. */
static struct str endpoint_url(struct receipt *p)
{
    struct verify_config config = live_source_config(p->live);
    struct str own = str_of(config.get(config.arg, STR("url")));
    struct buf *url = &p->url;

    if (own.len)
        return str_upto(own, str_find(own, '?'));
    buf_clear(url);
    if (p->r->parts.public_url.len == 0 || buf_append(url, p->r->parts.public_url) || buf_append(url, http_path(p->x)))
        return STR_NONE;
    return buf_str(url);
}

struct verify_request receipt_request(struct receipt *p)
{
    return (struct verify_request){.method = http_method_text(p->x),
                                   .url = endpoint_url(p),
                                   .query = http_query(p->x),
                                   .headers = http_fields(p->x),
                                   .config = live_source_config(p->live),
                                   .now_us = p->received_at_us};
}

/* Feeds the verifier as long as nothing speaks against the request. */
static void feed(struct receipt *p, struct str bytes)
{
    if (!p->refused && bytes.len)
        p->refused = verifier_feed(p->verifier, bytes);
}

/* Starts to verify, once the source is known: what has been read of the body is fed at once, the rest as it comes (N2). */
static void begin_verify(struct receipt *p)
{
    struct verify_request request = receipt_request(p);

    p->refused = ERR_SIGNATURE_MISSING;
    if (p->live->err)
        return;
    choose_keys(p, &request);
    if (p->signing && verify_spec_needs_url(p->signing->spec) && request.url.len == 0)
        p->refused = ERR_CONFIG; /* ours to mend: nothing can be said of the sender */
    else if (p->signing)
        p->refused = verifier_begin(p->verifier, p->signing->spec, p->keys, p->n_keys, &request);
    feed(p, http_body(p->x));
}

/* N1, I3: the one place that lets a 2xx for a delivery go, and the answer to a secret that was brought. */
static void append_done(void *arg, enum err err)
{
    struct receipt *p = arg;

    if (err && p->x) {
        receipt_refuse(p, err);
        return;
    }
    if (err) {
        counter_add(COUNTER_UNAVAILABLE, 1); /* the sender did not wait for our no */
    } else if (p->handshake) {
        receipt_handshake_kept(p);
    } else {
        counter_add(COUNTER_STORED, 1);
        receipt_count(p, "accepted", "", 1);
        receipt_count(p, "last_at_us", "", p->received_at_us);
        LOG(LOG_INFO, "delivery accepted", KV_STR("id", id_str(&p->id)), KV_TEXT("source", p->live->id_text),
            KV_TEXT("topic", p->topic), KV_UINT("bytes", p->body_bytes),
            KV_INT("took_us", clock_mono_us(p->r->parts.clock) - p->started_us));
        if (p->x)
            receipt_accept(p);
    }
    receipt_end(p);
}

enum err receipt_append(struct receipt *p, struct entry *entry)
{
    enum err err;

    p->id = id_new(p->received_at_us);
    entry->id = id_str(&p->id);
    entry->source_id = str_of(p->live->id_text);
    entry->received_at_us = p->received_at_us;
    err = queue_append(p->r->parts.queue, entry, append_done, p);
    if (!err)
        set_state(p, RECEIPT_QUEUED);
    return err && err_http_status(err) != 503 ? ERR_QUEUE_DOWN : err; /* whatever kept it out is ours, not the sender's */
}

void receipt_entry(const struct receipt *p, struct field kept[ENTRY_FIELDS_MAX], struct entry *out)
{
    struct fields headers = http_fields(p->x);

    *out = (struct entry){.topic = route_header_topic(p->live->route, headers),
                          .headers = {.at = kept, .n = route_keep_headers(p->live->route, headers, kept)},
                          .body = http_body(p->x)};
    (void)fields_get(headers, STR("content-type"), &out->content_type);
    if (http_method(p->x) == HTTP_GET && out->body.len == 0) {
        out->content_type = STR("application/x-www-form-urlencoded");
        out->body = http_query(p->x);
    }
    out->lane = route_lane(p->live->route, out->topic);
}

/* Makes the entry of a delivery and hands it to the queue. */
static enum err append(struct receipt *p, const struct verdict *verdict)
{
    struct field kept[ENTRY_FIELDS_MAX];
    struct entry entry;

    receipt_entry(p, kept, &entry);
    entry.signed_at_us = verdict->signed_at_us;
    snprintf(p->topic, sizeof(p->topic), "%.*s", STR_ARG(entry.topic));
    p->body_bytes = entry.body.len;
    return receipt_append(p, &entry);
}

/* Why a request for an unknown key cannot be answered 404: we do not know better (a 404 would make a platform give up). */
static enum err unknown_reason(const struct receipt *p)
{
    if (p->ask_err)
        return p->ask_err;
    return sources_known(p->r->parts.sources) ? ERR_NOT_FOUND : ERR_QUEUE_DOWN;
}

static struct str key_of(const struct http_exchange *x)
{
    return str_from(http_path(x), path_prefix.len);
}

/* For `source show` and the end of a rotation: how often and when last. */
static void count_use(const struct receipt *p, const char *id)
{
    receipt_count(p, "secret:", id, 1);
    receipt_count(p, "last_at_us:", id, p->received_at_us);
}

/* Judges a verified delivery: the rate, then the queue. */
static enum err take_delivery(struct receipt *p, const struct verdict *verdict)
{
    struct rate *rate = p->r->parts.rate;
    enum err err;

    if (verdict->key != VERIFY_NO_KEY)
        count_use(p, p->secrets[verdict->key]->id);
    if (!str_eq(key_of(p->x), str_of(p->live->source.key)))
        count_use(p, FIGURES_OLD_URL);
    if (rate && !rate_take(rate, p->live->source.id, p->started_us))
        return ERR_RATE;
    err = append(p, verdict);
    if (!err)
        counter_add(COUNTER_RECEIVED, 1);
    return err;
}

/* After OK the request has been answered, or will be when the queue answers. */
static enum err judge_known(struct receipt *p)
{
    bool delivers = route_takes_method(p->live->route, http_method_text(p->x));
    struct verdict verdict = {.key = 0};
    enum err verified = p->refused ? p->refused : verifier_end(p->verifier, http_body(p->x), &verdict), err;

    if (delivers && !verified && receipt_is_check(p))
        return receipt_check(p);
    err = receipt_handshake(p, verified);
    if (err != ERR_NOT_FOUND)
        return err;
    if (!delivers)
        return ERR_METHOD;
    return verified ? verified : take_delivery(p, &verdict);
}

/*
 * The body is complete and the source is known, or known to be unknown. I2: nothing but 401, 404, 405, 429 and 503 is said to a
 * delivery here, 403 to a handshake with a wrong word, 400 to a check that is none; 400, 408, 411, 413, 414, 415 and 431 were said while reading.
 */
static void judge(struct receipt *p)
{
    enum err err;

    if (!p->live) {
        dummy_work_do(p->r->dummy, http_body(p->x));
        err = unknown_reason(p);
    } else if (p->live->err) {
        err = p->live->err; /* we cannot open its secrets: nobody can be judged, and nobody is told to give up */
    } else {
        err = judge_known(p);
        if (err && receipt_late(p, err))
            return;
    }
    if (!err)
        return;
    counter_add(COUNTER_RECEIVED, 1);
    receipt_refuse(p, err);
}

/* --- what the server calls -------------------------------------------------------------------------------------------- */

/* Takes the source as the table has it now, and starts to verify. */
static void hold_source(struct receipt *p)
{
    sources_release(p->live);
    p->signing = NULL;
    p->refused = ERR_SIGNATURE_MISSING;
    p->n_keys = 0;
    p->live = sources_hold(p->r->parts.sources, key_of(p->x));
    if (p->live)
        begin_verify(p);
}

static void sources_came(void *arg, enum err err)
{
    struct receipt *p = arg;

    p->asking = false;
    p->ask_err = err;
    hold_source(p);
    if (p->state == RECEIPT_ASKING)
        judge(p);
}

static void ask_sources(struct receipt *p)
{
    p->ask_err = sources_ask(p->r->parts.sources, &p->wait, sources_came, p);
    p->asking = !p->ask_err;
}

/* Looks the source up; asks for a newer snapshot when the key could be one of a source that was added this moment. */
static void find_source(struct receipt *p)
{
    hold_source(p);
    if (!p->live && key_of(p->x).len == KEY_CHARS)
        ask_sources(p);
}

void receipt_wait(struct receipt *p)
{
    if (p->state != RECEIPT_ASKING)
        set_state(p, RECEIPT_ASKING);
}

void receipt_judge_again(struct receipt *p)
{
    ask_sources(p);
    if (!p->asking)
        sources_came(p, p->ask_err);
}

enum err receiver_head(void *arg, struct http_exchange *x)
{
    struct receiver *r = arg;
    enum http_method method = http_method(x);
    struct str coding;
    struct receipt *p = NULL;
    enum err err;

    if (method != HTTP_POST && method != HTTP_GET && method != HTTP_HEAD && method != HTTP_OPTIONS) {
        http_set_allow(x, "POST");
        return ERR_METHOD;
    }
    if (fields_get(http_fields(x), STR("content-encoding"), &coding) && !str_eq_nocase(coding, STR("identity")))
        return ERR_MEDIA_TYPE; /* nothing is unpacked here, so nothing can blow up */
    err = receipt_take(r, &p);
    if (err)
        return err;
    p->x = x;
    p->started_us = clock_mono_us(r->parts.clock);
    p->received_at_us = clock_wall_us(r->parts.clock);
    http_set_user(x, p);
    find_source(p);
    return OK;
}

void receiver_body(void *arg, struct http_exchange *x, struct str chunk)
{
    struct receipt *p = http_user(x);

    (void)arg;
    feed(p, chunk);
}

void receiver_end(void *arg, struct http_exchange *x)
{
    struct receipt *p = http_user(x);

    (void)arg;
    if (p->asking)
        set_state(p, RECEIPT_ASKING);
    else
        judge(p);
}

void receiver_gone(void *arg, struct http_exchange *x)
{
    struct receipt *p = http_user(x);

    (void)arg;
    p->x = NULL;
    if (p->state != RECEIPT_QUEUED) /* a queued one ends when the queue answers: the entry may be stored */
        receipt_end(p);
}

/* --- life ------------------------------------------------------------------------------------------------------------- */

enum err receiver_new(const struct receiver_parts *parts, struct receiver **out)
{
    struct receiver *r = calloc(1, sizeof(*r));
    enum err err;

    if (!r)
        return ERR_MEMORY;
    r->parts = *parts;
    arena_init(&r->check, CHECK_ARENA_BYTES);
    err = dummy_work_new(&r->dummy);
    if (err) {
        receiver_free(r);
        return err;
    }
    *out = r;
    return OK;
}

void receiver_free(struct receiver *r)
{
    if (!r)
        return;
    while (r->all) {
        struct receipt *p = r->all;

        r->all = p->next_all;
        if (p->state != RECEIPT_FREE)
            receipt_end(p);
        verifier_free(p->verifier);
        buf_release(&p->url);
        free(p);
    }
    dummy_work_free(r->dummy);
    arena_release(&r->check);
    free(r);
}
