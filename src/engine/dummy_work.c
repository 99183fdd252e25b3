/* dummy_work.c -- owns the work that is done for an unknown source, so that the time of the answer does not tell it apart. */
#include "engine/dummy_work.h"

#include "base/encode.h"
#include "base/id.h"
#include "base/json.h"
#include "verify/verify.h"

#include <stdlib.h>

enum { DIGEST_BYTES = 32 };

struct dummy_work {
    struct verify_spec *spec;
    struct verify_key *key;
    struct verifier *verifier;
    char signature[BASE64_LEN(DIGEST_BYTES) + 1];
};

/* As a route file says it. */
#define SPEC "{\"scheme\":\"hmac\",\"header\":\"x-signature\",\"hash\":\"sha256\",\"encoding\":\"base64\"}"

static enum err load_spec(struct verify_spec **out)
{
    struct problems problems;
    json_t *json = NULL;
    enum err err = json_parse(STR(SPEC), &json, NULL);

    problems_init(&problems, STR("dummy"));
    if (!err)
        err = verify_spec_load(json, STR_NONE, &problems, out);
    problems_release(&problems);
    json_decref(json);
    return err;
}

enum err dummy_work_new(struct dummy_work **out)
{
    struct dummy_work *d = calloc(1, sizeof(*d));
    char random[DIGEST_BYTES];
    struct secret *secret = NULL;
    enum err err = d ? load_spec(&d->spec) : ERR_MEMORY;

    if (err)
        goto done;
    random_bytes(random, sizeof(random));
    base64_encode(str_n(random, sizeof(random)), d->signature);
    random_bytes(random, sizeof(random));
    err = secret_new(str_n(random, sizeof(random)), &secret);
    if (!err)
        err = verify_key_new(d->spec, secret, &d->key);
    if (!err)
        err = verifier_new(&d->verifier);
    if (err)
        goto done;
    *out = d;
    d = NULL;
done:
    explicit_bzero(random, sizeof(random));
    secret_free(secret);
    dummy_work_free(d);
    return err;
}

void dummy_work_free(struct dummy_work *d)
{
    if (!d)
        return;
    verifier_free(d->verifier);
    verify_key_free(d->key);
    verify_spec_free(d->spec);
    free(d);
}

void dummy_work_do(struct dummy_work *d, struct str body)
{
    const struct field header = {.name = STR("x-signature"), .value = str_of(d->signature)};
    const struct verify_key *key = d->key;
    struct verify_request request = {.method = STR("POST"), .headers = {.at = &header, .n = 1}};

    /* the verdict is not asked for: the answer is 404 whatever it is */
    if (!verifier_begin(d->verifier, d->spec, &key, 1, &request) && !verifier_feed(d->verifier, body) &&
        !verifier_end(d->verifier, body, NULL))
        return;
}
