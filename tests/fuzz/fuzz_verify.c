/* fuzz_verify.c -- feeds foreign parameters and foreign requests to the verifier; what sign makes, verify must accept. */
#include "base/clock.h"
#include "verify/verify.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const spec_texts[] = {
    "{\"scheme\":\"hmac\",\"header\":\"s\",\"encoding\":\"either\",\"prefix\":\"v0=\",\"prefix_optional\":true,\"separator\":\","
    "\"}",
    "{\"scheme\":\"hmac\",\"header\":\"s\",\"encoding\":\"hex\",\"timestamp_header\":\"t\",\"timestamp_format\":\"http_date\","
    "\"signed\":\"{method}{url.decoded}{header.h}{body}{timestamp}\"}",
    "{\"scheme\":\"hmac\",\"header\":\"s\",\"encoding\":\"base64\",\"timestamp_header\":\"t\",\"timestamp_format\":\"iso\","
    "\"id_header\":\"i\",\"signed\":\"{id}.{timestamp}.{body}\",\"hash\":\"sha512\"}",
    "{\"scheme\":\"timed\",\"header\":\"s\",\"hash\":\"sha1\",\"secret_form\":\"html\"}",
    "{\"scheme\":\"standard\",\"header_prefix\":\"w-\"}",
};
enum { SPECS = sizeof(spec_texts) / sizeof(spec_texts[0]) };

static struct verify_spec *load(struct str text)
{
    struct verify_spec *spec = NULL;
    struct problems problems;
    json_t *json = NULL;

    if (json_parse(text, &json, NULL))
        return NULL;
    problems_init(&problems, STR("fuzz"));
    if (verify_spec_load(json, STR(""), &problems, &spec) == ERR_CONFIG)
        assert(problems.n > 0 && !spec);
    problems_release(&problems);
    json_decref(json);
    return spec;
}

static struct verify_key *make_key(const struct verify_spec *spec, struct str text)
{
    struct secret *secret = NULL;
    struct verify_key *key = NULL;

    if (secret_new(text, &secret) == OK && verify_key_new(spec, secret, &key))
        key = NULL;
    secret_free(secret);
    return key;
}

static enum err verify(struct verifier *v, const struct verify_spec *spec, const struct verify_key *key, struct fields headers,
                       struct str url, struct str body)
{
    struct verify_request request = {
        .method = STR("POST"), .url = url, .headers = headers, .now_us = INT64_C(1700000000) * US_PER_S};
    enum err err = verifier_begin(v, spec, &key, 1, &request);
    struct verdict verdict;

    if (verifier_feed(v, str_upto(body, body.len / 2)) != err || verifier_feed(v, str_from(body, body.len / 2)) != err)
        abort();
    return verifier_end(v, body, &verdict);
}

/* A request of foreign header values, one a line. */
static void foreign_request(struct verifier *v, const struct verify_spec *spec, const struct verify_key *key, struct str rest)
{
    static const char *const names[] = {"s", "t", "i", "h", "w-signature", "w-timestamp", "w-id"};
    struct field fields[sizeof(names) / sizeof(names[0])];
    struct str value = STR_NONE;
    size_t n = 0;

    for (; n < sizeof(names) / sizeof(names[0]) && str_split(&rest, '\n', &value); n++)
        fields[n] = (struct field){.name = str_of(names[n]), .value = value};
    verify_spec_applies(spec, &(struct verify_request){.headers = {fields, n}});
    if (verify(v, spec, key, (struct fields){fields, n}, value, rest) == OK)
        abort(); /* nobody guesses a signature */
}

static void signed_request(struct verifier *v, const struct verify_spec *spec, const struct verify_key *key, struct str body)
{
    struct field header = {STR("h"), STR("x")}, fields[SIGN_FIELDS_MAX + 1];
    struct sign_request request = {.method = STR("POST"),
                                   .url = str_upto(body, 40),
                                   .id = STR("m1"),
                                   .body = body,
                                   .headers = {&header, 1},
                                   .now_us = INT64_C(1700000000) * US_PER_S};
    struct buf values = BUF_INIT(4096);
    size_t n = 0;

    if (verify_sign(spec, key, &request, &values, fields, &n) == OK) {
        fields[n++] = header;
        if (verify(v, spec, key, (struct fields){fields, n}, request.url, body))
            abort();
    }
    buf_release(&values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str input = str_n(data, size);
    struct verify_spec *spec;
    struct verify_key *key;
    struct verifier *v = NULL;

    if (size == 0)
        return 0;
    if (data[0] == '{') {
        verify_spec_free(load(input));
        return 0;
    }
    spec = load(str_of(spec_texts[data[0] % SPECS]));
    if (!spec || verifier_new(&v))
        abort();
    input = str_from(input, 1);
    verify_key_free(make_key(spec, input)); /* a foreign secret */
    key = make_key(spec, STR("c2VjcmV0IGJ5dGVz"));
    foreign_request(v, spec, key, input);
    signed_request(v, spec, key, input);
    verify_key_free(key);
    verifier_free(v);
    verify_spec_free(spec);
    return 0;
}
