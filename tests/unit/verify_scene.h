/* verify_scene.h -- owns what the tests of the schemes share: a spec, a key, a signed request and its verdict. */
#ifndef VERIFY_SCENE_H
#define VERIFY_SCENE_H

#include "base/clock.h"
#include "verify/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define PLAIN "{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\"}"
#define SLACKISH                                                                                                         \
    "{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"prefix\":\"v0=\",\"timestamp_header\":\"X-Time\"," \
    "\"signed\":\"v0:{timestamp}:{body}\"}"
#define TIMED "{\"scheme\":\"timed\",\"header\":\"X-Sig\"}"
#define STANDARD "{\"scheme\":\"standard\"}"

static const int64_t now_us = INT64_C(1700000000) * US_PER_S;

static inline enum err load_spec(const char *text, struct problems *problems, struct verify_spec **out)
{
    json_t *json = NULL;
    enum err err;

    assert_int_equal(json_parse(str_of(text), &json, NULL), OK);
    err = verify_spec_load(json, STR("/push/verify/0"), problems, out);
    json_decref(json); /* the spec keeps nothing of it */
    return err;
}

static inline struct verify_spec *new_spec(const char *text)
{
    struct verify_spec *spec = NULL;
    struct problems problems;

    problems_init(&problems, STR("test.json"));
    if (load_spec(text, &problems, &spec))
        fail_msg("%s", buf_text(&problems.text));
    assert_int_equal(problems.n, 0);
    problems_release(&problems);
    return spec;
}

static inline enum err try_key(const struct verify_spec *spec, struct str text, struct verify_key **out)
{
    struct secret *secret = NULL;
    enum err err = secret_new(text, &secret);

    if (!err)
        err = verify_key_new(spec, secret, out);
    secret_free(secret);
    return err;
}

static inline struct verify_key *new_key(const struct verify_spec *spec, struct str text)
{
    struct verify_key *key = NULL;

    assert_int_equal(try_key(spec, text, &key), OK);
    return key;
}

/* One spec with one key, a signed request and a verifier. */
struct scene {
    struct verify_spec *spec;
    struct verify_key *key;
    struct verifier *v;
    struct buf values;
    struct field fields[SIGN_FIELDS_MAX + 2];
    size_t n;
};

static void scene_sign(struct scene *s, const struct sign_request *request)
{
    buf_clear(&s->values);
    assert_int_equal(verify_sign(s->spec, s->key, request, &s->values, s->fields, &s->n), OK);
}

static inline struct scene scene_new(const char *spec, struct str secret)
{
    struct scene s = {.values = BUF_INIT(4096)};

    s.spec = new_spec(spec);
    s.key = new_key(s.spec, secret);
    assert_int_equal(verifier_new(&s.v), OK);
    scene_sign(&s, &(struct sign_request){.method = STR("POST"), .id = STR("msg_1"), .body = STR("{}"), .now_us = now_us});
    return s;
}

static void scene_free(struct scene *s)
{
    buf_release(&s->values);
    verify_key_free(s->key);
    verify_spec_free(s->spec);
    verifier_free(s->v);
}

/* Verifies `body` under the scene's fields at `at_us`. */
static inline enum err verdict_at(struct scene *s, struct str body, int64_t at_us, struct verdict *verdict)
{
    const struct verify_key *keys[] = {s->key};
    struct verify_request request = {.method = STR("POST"), .headers = {s->fields, s->n}, .now_us = at_us};
    enum err begun = verifier_begin(s->v, s->spec, keys, 1, &request);

    assert_int_equal(verifier_feed(s->v, body), begun);
    return verifier_end(s->v, body, verdict);
}

static inline enum err verdict_of(struct scene *s)
{
    return verdict_at(s, STR("{}"), now_us, NULL);
}

#endif
