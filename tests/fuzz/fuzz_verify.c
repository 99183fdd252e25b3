/* fuzz_verify.c -- feeds foreign parameters and foreign requests to the verifier; what sign makes, verify must accept. */
#include "base/clock.h"
#include "tests/unit/key_pairs.h"
#include "verify/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HMAC_OF(rest) "{\"scheme\":\"hmac\",\"encoding\":\"hex\"," rest "}"

/* `pair`: the kind of key pair that signs, NULL = a shared secret. */
static struct {
    const char *text, *pair;
    struct verify_spec *spec;
    struct verify_key *key;
} specs[] = {
    {"{\"scheme\":\"hmac\",\"header\":\"s\",\"encoding\":\"either\",\"prefix\":\"v0=\",\"prefix_optional\":true,\"separator\":\","
     "\"}",
     NULL, NULL, NULL},
    {HMAC_OF("\"header\":\"s\",\"timestamp_header\":\"t\",\"timestamp_format\":\"http_date\","
             "\"signed\":\"{method}{url.decoded}{header.h}{body}{timestamp}\""),
     NULL, NULL, NULL},
    {"{\"scheme\":\"hmac\",\"header\":\"s\",\"encoding\":\"base64\",\"timestamp_header\":\"t\",\"timestamp_format\":\"iso\","
     "\"id_header\":\"i\",\"signed\":\"{id}.{timestamp}.{body}\",\"hash\":\"sha512\"}",
     NULL, NULL, NULL},
    {"{\"scheme\":\"timed\",\"header\":\"s\",\"hash\":\"sha1\",\"secret_form\":\"html\"}", NULL, NULL, NULL},
    {"{\"scheme\":\"standard\",\"header_prefix\":\"w-\"}", NULL, NULL, NULL},
    {HMAC_OF("\"header\":\"s\",\"url_port\":\"either\",\"signed\":\"{url}{form.sorted}{body.crc32}\""), NULL, NULL, NULL},
    {HMAC_OF("\"header\":\"s\",\"signed\":\"{body.sorted}{query.a}\""), NULL, NULL, NULL},
    {HMAC_OF("\"header\":\"s\",\"signed\":\"{at:/t}.{at:/id}\""), NULL, NULL, NULL},
    {HMAC_OF("\"query\":\"sign\",\"signed\":\"{query.rest}{body.base64}\""), NULL, NULL, NULL},
    {HMAC_OF("\"form\":\"sig\",\"signed\":\"{form.php}\""), NULL, NULL, NULL},
    {HMAC_OF("\"header\":\"s\",\"body_hash\":\"a\",\"signed\":\"{url}\""), NULL, NULL, NULL},
    {HMAC_OF("\"header\":\"s\",\"timestamp_at\":\"/t\",\"expect\":[{\"at\":[\"/a\",\"/b/0\"],\"config\":\"c\"},"
             "{\"form\":\"f\",\"config\":\"d\"}]"),
     NULL, NULL, NULL},
    {"{\"scheme\":\"token\",\"header\":\"s\",\"prefix\":\"Bearer \",\"pin\":{\"header\":\"h\",\"host\":\"*.x\",\"path\":\"/a/*\"}}",
     NULL, NULL, NULL},
    {"{\"scheme\":\"token\",\"at\":\"/t\"}", NULL, NULL, NULL},
    {"{\"scheme\":\"rsa\",\"header\":[\"s\",\"t\"],\"encoding\":\"hex\",\"hash\":\"sha1\"}", "RSA", NULL, NULL},
    {"{\"scheme\":\"ed25519\",\"header\":\"s\",\"timestamp_header\":\"t\",\"signed\":\"{timestamp}{body}\"}", "ED25519", NULL,
     NULL},
    {"{\"scheme\":\"ecdsa\",\"header\":\"s\",\"timestamp_header\":\"t\",\"signed\":\"{timestamp}{body}\"}", "EC", NULL, NULL},
    {"{\"scheme\":\"rsa\",\"header\":[\"s\",\"t\"],\"secret_form\":\"by_path\",\"key_header\":[\"i\",\"h\"]}", NULL, NULL, NULL},
};
enum { SPECS = sizeof(specs) / sizeof(specs[0]) };

static const char *config_of(void *arg, struct str name)
{
    (void)arg;
    return str_eq(name, STR("c")) ? "x" : NULL;
}

static struct verify_spec *load(struct str text)
{
    const struct verify_config config = {.get = config_of};
    struct verify_spec *spec = NULL, *own = NULL;
    struct problems problems;
    json_t *json = NULL;

    if (json_parse(text, &json, NULL))
        return NULL;
    problems_init(&problems, STR("fuzz"));
    if (verify_spec_load_with(json, STR(""), &config, &problems, &spec) == ERR_CONFIG && (problems.n == 0 || spec))
        abort();
    if (spec && verify_spec_for_source(spec, &config, &problems, &own))
        abort(); /* the same config, the same answer */
    verify_spec_free(own);
    problems_release(&problems);
    json_decref(json);
    return spec;
}

static struct verify_key *make_key(const struct verify_spec *spec, struct str text)
{
    struct secret *secret = NULL;
    struct verify_key *key = NULL;

    if (secret_new(text, &secret) == OK && verify_key_new_signer(spec, secret, &key))
        key = NULL;
    secret_free(secret);
    return key;
}

static void make_all(void)
{
    for (size_t i = 0; i < SPECS; i++) {
        static struct pair pair;

        specs[i].spec = load(str_of(specs[i].text));
        if (!specs[i].spec)
            abort();
        if (specs[i].pair)
            pair_new(specs[i].pair, &pair);
        specs[i].key = make_key(specs[i].spec, specs[i].pair ? str_of(pair.private_pem) : STR("c2VjcmV0IGJ5dGVz"));
        pair_free(&pair);
        pair.key = NULL;
    }
}

static enum err verify(struct verifier *v, const struct verify_spec *spec, const struct verify_key *key,
                       const struct verify_request *request, struct str body)
{
    enum err err = verifier_begin(v, spec, &key, key ? 1 : 0, request);
    struct verdict verdict;

    if (verifier_feed(v, str_upto(body, body.len / 2)) != err || verifier_feed(v, str_from(body, body.len / 2)) != err)
        abort();
    return verifier_end(v, body, &verdict);
}

static const struct verify_request base = {
    .method = {"POST", 4}, .config = {.get = config_of}, .now_us = INT64_C(1700000000) * US_PER_S};

/* A request of foreign header values, one a line, then a query, then the body. */
static void foreign_request(struct verifier *v, const struct verify_spec *spec, const struct verify_key *key, struct str rest)
{
    static const char *const names[] = {"s", "t", "i", "h", "w-signature", "w-timestamp", "w-id", "Content-Type"};
    struct field fields[sizeof(names) / sizeof(names[0])];
    struct verify_request request = base;
    struct str value = STR_NONE;
    size_t n = 0;

    for (; n < sizeof(names) / sizeof(names[0]) && str_split(&rest, '\n', &value); n++)
        fields[n] = (struct field){.name = str_of(names[n]), .value = value};
    request.url = value;
    request.headers = (struct fields){fields, n};
    if (str_split(&rest, '\n', &value))
        request.query = value;
    verify_spec_applies(spec, &request);
    if (verify(v, spec, key, &request, rest) == OK)
        abort(); /* nobody guesses a signature */
}

/* What may be said of a request that was signed: its body may carry a time or be meant for another. */
static bool is_fair(enum err err)
{
    return err == OK || err == ERR_TIMESTAMP_STALE || err == ERR_TIMESTAMP_MALFORMED || err == ERR_RECIPIENT ||
           err == ERR_SIGNATURE_REPEATED;
}

static void signed_request(struct verifier *v, const struct verify_spec *spec, const struct verify_key *key, struct str body)
{
    struct field fields[SIGN_FIELDS_MAX + 1];
    const struct field header = {STR("h"), STR("https://a.x/a/b")};
    struct buf values = BUF_INIT(8192), query = BUF_INIT(8192), new_body = BUF_INIT(1 << 20);
    struct sign_request sign = {.method = base.method,
                                .url = str_upto(body, 40),
                                .query = STR("a=1&b=2"),
                                .id = STR("m1"),
                                .body = body,
                                .headers = {&header, 1},
                                .now_us = base.now_us,
                                .signed_query = &query,
                                .signed_body = &new_body};
    size_t n = 0;

    if (buf_append(&query, sign.query) == OK && verify_sign(spec, key, &sign, &values, fields, &n) == OK) {
        struct verify_request request = base;

        fields[n++] = header;
        request.url = sign.url;
        request.query = buf_str(&query);
        request.headers = (struct fields){fields, n};
        if (!is_fair(verify(v, spec, key, &request, new_body.len ? buf_str(&new_body) : body)))
            abort();
    }
    buf_release(&values);
    buf_release(&query);
    buf_release(&new_body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct verifier *v;
    struct str input = str_n(data, size);
    size_t i;

    if (size == 0)
        return 0;
    if (data[0] == '{') {
        verify_spec_free(load(input));
        return 0;
    }
    if (!v) {
        make_all();
        if (verifier_new(&v))
            abort();
    }
    i = data[0] % SPECS;
    input = str_from(input, 1);
    verify_key_free(make_key(specs[i].spec, input)); /* a foreign secret */
    foreign_request(v, specs[i].spec, specs[i].key, input);
    /* a body's hash in the query, or a token in the body, is foreign here: nothing is added that could make it pass */
    if (specs[i].key && !strstr(specs[i].text, "body_hash") && !strstr(specs[i].text, "\"at\":\"/t\"}"))
        signed_request(v, specs[i].spec, specs[i].key, input);
    return 0;
}
