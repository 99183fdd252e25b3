/* fuzz_jwt.c -- feeds foreign tokens to the scheme jwt, and foreign headers and payloads that are signed, so that they are read. */
#include "base/clock.h"
#include "base/encode.h"
#include "tests/unit/key_pairs.h"
#include "verify/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pair pair;
static struct verify_spec *spec;
static struct verify_key *key;
static struct verifier *verifier;

static const char element[] =
    "{\"scheme\":\"jwt\",\"timestamp_at\":\"/at\",\"expect\":[{\"at\":[\"/aud\",\"/a/0\"],\"config\":\"c\"}]}";

static const char *config_of(void *arg, struct str name)
{
    (void)arg;
    (void)name;
    return "c-1";
}

static void make_all(void)
{
    struct problems problems;
    struct secret *secret = NULL;
    json_t *json = NULL;

    pair_new("RSA", &pair);
    problems_init(&problems, STR("fuzz"));
    if (json_parse(str_of(element), &json, NULL) || verify_spec_load(json, STR(""), &problems, &spec))
        abort();
    if (secret_new(str_of(pair.public_pem), &secret) || verify_key_new(spec, secret, &key) || verifier_new(&verifier))
        abort();
    secret_free(secret);
    json_decref(json);
    problems_release(&problems);
}

static enum err verify(struct str body)
{
    const struct verify_key *keys[] = {key};
    struct verify_request request = {.method = STR("POST"), .config = {.get = config_of}, .now_us = INT64_C(1700000000) * US_PER_S};

    if (verifier_begin(verifier, spec, keys, 1, &request) || verifier_feed(verifier, body))
        abort();
    return verifier_end(verifier, body, NULL);
}

static void append(struct buf *out, struct str bytes)
{
    if (buf_reserve(out, BASE64_LEN(bytes.len) + 1))
        abort();
    out->len += base64url_encode(bytes, out->p + out->len);
}

static void append_dot(struct buf *out)
{
    if (buf_append_c(out, '.'))
        abort();
}

/* A token whose header and payload are foreign and whose signature is good. */
static void make_token(struct str header, struct str payload, struct buf *out)
{
    unsigned char signature[512];
    size_t n = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    append(out, header);
    append_dot(out);
    append(out, payload);
    if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pair.key) <= 0 ||
        EVP_DigestSign(ctx, signature, &n, (const unsigned char *)out->p, out->len) <= 0)
        abort();
    append_dot(out);
    append(out, str_n(signature, n));
    EVP_MD_CTX_free(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str input = str_n(data, size), header = STR("{\"alg\":\"RS256\"}"), rest;
    struct buf token = BUF_INIT(1 << 20);

    if (!spec)
        make_all();
    if (size == 0 || size > 4096)
        return 0;
    rest = str_from(input, 1);
    if (data[0] % 3 == 0) {
        if (verify(rest) == OK)
            abort(); /* nobody guesses a signature */
        return 0;
    }
    if (data[0] % 3 == 1) {
        header = str_upto(rest, str_find(rest, '\n'));
        rest = str_from(rest, header.len + 1);
    }
    make_token(header, rest, &token);
    if (verify(buf_str(&token)) == OK && str_find_str(header, STR("RS256")) == header.len)
        abort();
    buf_release(&token);
    return 0;
}
