/* doctor_trial.c -- owns one question of the doctor: would this request pass if one thing about it were different? */
#include "engine/doctor_impl.h"

/* Any clock will do: clocks are judged by themselves. */
#define ANY_TIME_US (INT64_MAX / 4)

struct verify_request trial_request(const struct doctor *d)
{
    const struct rejected *s = d->c->sample;

    return (struct verify_request){.method = s->method,
                                   .url = d->c->url,
                                   .query = s->query,
                                   .headers = s->headers,
                                   .config = d->c->config,
                                   .now_us = s->at_us,
                                   .tolerance_us = ANY_TIME_US};
}

static enum err run(struct doctor *d, const struct assumption *a, const struct verify_key *key)
{
    struct verify_request request = trial_request(d);
    struct verdict verdict;
    enum err err;

    request.url = a->url;
    request.query = a->query;
    err = verifier_begin(d->verifier, a->spec, &key, 1, &request);
    if (!err)
        err = verifier_feed(d->verifier, a->body);
    err = verifier_end(d->verifier, a->body, &verdict); /* says again what was wrong before */
    if (!err)
        d->signed_at_us = verdict.signed_at_us;
    return err;
}

enum err trial(struct doctor *d, const struct assumption *a)
{
    struct secret *secret = NULL;
    struct verify_key *key = NULL;
    enum err err = secret_new(a->secret, &secret);

    if (!err)
        err = verify_key_new(a->spec, secret, &key);
    if (!err)
        err = run(d, a, key);
    verify_key_free(key);
    secret_free(secret);
    return err;
}

bool trial_signed(struct doctor *d, const struct assumption *a)
{
    enum err err = trial(d, a);

    return err == OK || err == ERR_RECIPIENT;
}

struct assumption trial_as_it_is(const struct doctor *d, struct str secret)
{
    return (struct assumption){
        .spec = d->spec, .secret = secret, .body = d->c->sample->body, .url = d->c->url, .query = d->c->sample->query};
}

bool trial_own(struct doctor *d, bool (*passes)(struct doctor *d, struct assumption a, void *arg), void *arg)
{
    for (size_t i = 0; i < d->c->n_secrets; i++) {
        const struct doctor_secret *s = &d->c->secrets[i];

        if (s->own && s->valid && str_eq(str_of(s->name), verify_spec_secret_name(d->spec)) &&
            passes(d, trial_as_it_is(d, secret_bytes(s->secret)), arg))
            return true;
    }
    return false;
}

static bool passes_spec(struct doctor *d, struct assumption a, void *spec)
{
    a.spec = spec;
    return trial(d, &a) == OK;
}

bool trial_element(struct doctor *d, const char *member, const char *value)
{
    struct verify_spec *spec = NULL;
    json_t *element = json_copy(d->element);
    struct problems problems;
    bool passes = false;
    int failed = !element || (value ? json_object_set_new(element, member, json_string(value)) : json_object_del(element, member));

    problems_init(&problems, STR("doctor"));
    if (!failed && verify_spec_load(element, STR(""), &problems, &spec) == OK)
        passes = trial_own(d, passes_spec, spec);
    problems_release(&problems);
    verify_spec_free(spec);
    json_decref(element);
    return passes;
}
