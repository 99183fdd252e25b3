/* test_verify_vectors.c -- proves the schemes against the published and computed vectors of $SHARED/facts/vectors.json. */
#include "base/encode.h"
#include "base/clock.h"
#include "verify/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { SPECS_MAX = 2, FIELDS_MAX = 32 };

#define STANDARD_BOTH                                                                        \
    {                                                                                        \
        "{\"scheme\":\"standard\"}", "{\"scheme\":\"standard\",\"header_prefix\":\"svix-\"}" \
    }
#define STANDARD_ONE                \
    {                               \
        "{\"scheme\":\"standard\"}" \
    }

/* How a platform signs, as a route file would say it, and how many vectors the file holds for it. WooCommerce decodes the
 * entities it stored itself: the key is what was typed, and that is what a source is given. */
static const struct row {
    const char *platform, *scheme;
    size_t count;
    const char *specs[SPECS_MAX];
} rows[] = {
    {"shopify", "shopify-hmac", 43, {"{\"scheme\":\"hmac\",\"header\":\"X-Shopify-Hmac-Sha256\",\"encoding\":\"base64\"}"}},
    {"shopify",
     "shopify-events-hmac",
     3,
     {"{\"scheme\":\"hmac\",\"header\":\"shopify-hmac-sha256\",\"encoding\":\"base64\",\"require\":[\"shopify-event-id\"]}",
      "{\"scheme\":\"hmac\",\"header\":\"X-Shopify-Hmac-Sha256\",\"encoding\":\"base64\"}"}},
    {"woocommerce",
     "woocommerce-hmac",
     15,
     {"{\"scheme\":\"hmac\",\"header\":\"X-WC-Webhook-Signature\",\"encoding\":\"base64\"}"}},
    {"generic",
     "generic-sha1-hex",
     7,
     {"{\"scheme\":\"hmac\",\"header\":\"X-Signature\",\"hash\":\"sha1\",\"encoding\":\"hex\",\"prefix\":\"sha1=\","
      "\"prefix_optional\":true,\"separator\":\",\"}"}},
    {"generic",
     "generic-sha256-hex",
     7,
     {"{\"scheme\":\"hmac\",\"header\":\"X-Signature\",\"encoding\":\"hex\",\"prefix\":\"sha256=\",\"prefix_optional\":true,"
      "\"separator\":\",\"}"}},
    {"generic",
     "generic-sha512-hex-convoy",
     3,
     {"{\"scheme\":\"hmac\",\"header\":\"X-Convoy-Signature\",\"hash\":\"sha512\",\"encoding\":\"hex\"}"}},
    {"standard-webhooks", "standard-webhooks", 29, STANDARD_BOTH},
    {"svix", "svix", 5, STANDARD_BOTH},
    {"plugin-push", "standard-webhooks", 7, STANDARD_BOTH},
    {"plugin-push", "svix", 1, STANDARD_BOTH},
    {"gitlab", "standard-webhooks", 1, STANDARD_ONE},
    {"bigcommerce", "standard-webhooks-raw-key", 4, {"{\"scheme\":\"standard\",\"secret_form\":\"text\"}"}},
    {"stripe", "stripe", 26, {"{\"scheme\":\"timed\",\"header\":\"Stripe-Signature\"}"}},
    {"paddle",
     "paddle-billing",
     18,
     {"{\"scheme\":\"timed\",\"header\":\"Paddle-Signature\",\"separator\":\";\",\"timestamp_name\":\"ts\","
      "\"signature_name\":\"h1\",\"signed\":\"{timestamp}:{body}\"}"}},
    {"calendly", "calendly", 3, {"{\"scheme\":\"timed\",\"header\":\"Calendly-Webhook-Signature\",\"tolerance_s\":180}"}},
    {"recharge", "recharge-v1", 3, {"{\"scheme\":\"timed\",\"header\":\"X-Recharge-Webhook-Signature\",\"tolerance_s\":172800}"}},
    {"recharge",
     "recharge-legacy-sha256",
     3,
     {"{\"scheme\":\"hmac\",\"header\":\"X-Recharge-Hmac-Sha256\",\"encoding\":\"hex\",\"mac\":\"secret_prefix\"}"}},
    {"github",
     "hub-signature-256",
     15,
     {"{\"scheme\":\"hmac\",\"header\":\"X-Hub-Signature-256\",\"encoding\":\"hex\",\"prefix\":\"sha256=\"}"}},
    {"meta",
     "hub-signature-256",
     7,
     {"{\"scheme\":\"hmac\",\"header\":\"X-Hub-Signature-256\",\"encoding\":\"hex\",\"prefix\":\"sha256=\"}"}},
    {"intercom",
     "intercom-sha1",
     5,
     {"{\"scheme\":\"hmac\",\"header\":\"X-Hub-Signature\",\"hash\":\"sha1\",\"encoding\":\"hex\",\"prefix\":\"sha1=\"}"}},
    {"slack",
     "slack",
     6,
     {"{\"scheme\":\"hmac\",\"header\":\"X-Slack-Signature\",\"encoding\":\"hex\",\"prefix\":\"v0=\","
      "\"timestamp_header\":\"X-Slack-Request-Timestamp\",\"signed\":\"v0:{timestamp}:{body}\"}"}},
    {"zendesk",
     "zendesk",
     5,
     {"{\"scheme\":\"hmac\",\"header\":\"X-Zendesk-Webhook-Signature\",\"encoding\":\"base64\",\"timestamp_format\":\"iso\","
      "\"timestamp_header\":\"X-Zendesk-Webhook-Signature-Timestamp\",\"signed\":\"{timestamp}{body}\"}"}},
    {"klaviyo",
     "klaviyo",
     4,
     {"{\"scheme\":\"hmac\",\"header\":\"Klaviyo-Signature\",\"encoding\":\"hex\",\"timestamp_format\":\"http_date\","
      "\"timestamp_header\":\"Klaviyo-Timestamp\",\"signed\":\"{body}{timestamp}\"}"}},
    {"hubspot",
     "hubspot-v1",
     6,
     {"{\"scheme\":\"hmac\",\"header\":\"X-HubSpot-Signature\",\"encoding\":\"hex\",\"mac\":\"secret_prefix\","
      "\"when_header\":\"X-HubSpot-Signature-Version\",\"when_value\":\"v1\"}"}},
    {"hubspot",
     "hubspot-v2",
     4,
     {"{\"scheme\":\"hmac\",\"header\":\"X-HubSpot-Signature\",\"encoding\":\"hex\",\"mac\":\"secret_prefix\","
      "\"signed\":\"{method}{url}{body}\",\"when_header\":\"X-HubSpot-Signature-Version\",\"when_value\":\"v2\"}"}},
    {"hubspot",
     "hubspot-v3",
     8,
     {"{\"scheme\":\"hmac\",\"header\":\"X-HubSpot-Signature-v3\",\"encoding\":\"base64\",\"timestamp_format\":\"unix_ms\","
      "\"timestamp_header\":\"X-HubSpot-Request-Timestamp\",\"signed\":\"{method}{url_unescaped}{body}{timestamp}\"}"}},
    {"square",
     "square-hmac",
     6,
     {"{\"scheme\":\"hmac\",\"header\":\"x-square-hmacsha256-signature\",\"encoding\":\"base64\",\"signed\":\"{url}{body}\"}"}},
    {"squarespace",
     "squarespace-hexkey",
     7,
     {"{\"scheme\":\"hmac\",\"header\":\"Squarespace-Signature\",\"encoding\":\"hex\",\"secret_form\":\"hex\"}"}},
    {"shopware", "shopware-post", 10, {"{\"scheme\":\"hmac\",\"header\":\"shopware-shop-signature\",\"encoding\":\"hex\"}"}},
    {"tiendanube", "tiendanube-hmac", 9, {"{\"scheme\":\"hmac\",\"header\":\"x-linkedstore-hmac-sha256\",\"encoding\":\"hex\"}"}},
    {"salla",
     "salla-signature",
     5,
     {"{\"scheme\":\"hmac\",\"header\":\"X-Salla-Signature\",\"encoding\":\"hex\","
      "\"when_header\":\"X-Salla-Security-Strategy\",\"when_value\":\"Signature\"}"}},
    {"shopline",
     "shopline-hmac-base64",
     3,
     {"{\"scheme\":\"hmac\",\"header\":\"X-Shopline-Hmac-Sha256\",\"encoding\":\"either\"}"}},
    {"shopline", "shopline-hmac-hex", 1, {"{\"scheme\":\"hmac\",\"header\":\"X-Shopline-Hmac-Sha256\",\"encoding\":\"either\"}"}},
    {"typeform",
     "typeform",
     5,
     {"{\"scheme\":\"hmac\",\"header\":\"Typeform-Signature\",\"encoding\":\"base64\",\"prefix\":\"sha256=\"}"}},
    {"lemonsqueezy", "lemonsqueezy", 5, {"{\"scheme\":\"hmac\",\"header\":\"X-Signature\",\"encoding\":\"hex\"}"}},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* Vectors that do not ask the signature scheme, and what we do with them instead. */
static const struct {
    const char *name;
    enum err expect;
    const char *why;
} exceptions[] = {
    {"woo-core-empty-secret", ERR_RANGE, "arithmetic only: an empty secret is refused"},
    {"shopware-customer-written/stale", OK, "the time stands in the body, which only the route may read"},
};

static json_t *vectors;

static int load_vectors(void **state)
{
    const char *shared = getenv("SHARED");
    char path[512];
    json_error_t why;

    (void)state;
    snprintf(path, sizeof(path), "%s/facts/vectors.json", shared ? shared : "../shared");
    vectors = json_load_file(path, 0, &why);
    if (!vectors)
        print_message("skipped: %s: %s\n", path, why.text);
    return 0;
}

static int free_vectors(void **state)
{
    (void)state;
    json_decref(vectors);
    return 0;
}

struct setup {
    struct verify_spec *specs[SPECS_MAX];
    size_t n_specs;
    struct verify_key *keys[VERIFY_KEYS_MAX];
    size_t n_keys;
    struct field fields[FIELDS_MAX];
    size_t n_fields;
    char body[65536];
    struct str body_text;
};

static void load_specs(const struct row *row, struct setup *s)
{
    struct problems problems;

    problems_init(&problems, STR("test"));
    for (; s->n_specs < SPECS_MAX && row->specs[s->n_specs]; s->n_specs++) {
        json_t *json = NULL;

        assert_int_equal(json_parse(str_of(row->specs[s->n_specs]), &json, NULL), OK);
        if (verify_spec_load(json, STR(""), &problems, &s->specs[s->n_specs]))
            fail_msg("%s: %s", row->scheme, buf_text(&problems.text));
        json_decref(json);
    }
    problems_release(&problems);
}

static void add_field(struct setup *s, const char *name, const json_t *value)
{
    assert_true(s->n_fields < FIELDS_MAX);
    s->fields[s->n_fields++] = (struct field){.name = str_of(name), .value = str_trim(json_text(value))};
}

static void load_request(const json_t *vector, struct setup *s)
{
    struct str encoded = json_member_text(vector, "body_base64");
    const char *name;
    json_t *value, *headers = json_object_get(vector, "headers");
    size_t i, n = 0;

    s->n_fields = 0;
    json_object_foreach(headers, name, value) add_field(s, name, value);
    json_array_foreach(json_object_get(vector, "headers_list"), i, value)
        add_field(s, json_string_value(json_array_get(value, 0)), json_array_get(value, 1));
    s->body_text = json_member_text(vector, "body");
    if (encoded.p) {
        assert_int_equal(base64_decode(encoded, s->body, sizeof(s->body), &n), OK);
        s->body_text = str_n(s->body, n);
    }
}

static enum err add_key(const struct verify_spec *spec, struct str text, struct setup *s)
{
    struct secret *secret = NULL;
    enum err err = secret_new(text, &secret);

    if (!err)
        err = verify_key_new(spec, secret, &s->keys[s->n_keys]);
    s->n_keys += !err;
    secret_free(secret);
    return err;
}

static enum err load_keys(const json_t *vector, const struct verify_spec *spec, struct setup *s)
{
    static const char *const members[] = {"secret", "public_key"};
    json_t *value;
    size_t i;
    enum err err = OK;

    for (i = 0; i < 2 && !err; i++)
        if (json_object_get(vector, members[i]))
            err = add_key(spec, json_member_text(vector, members[i]), s);
    json_array_foreach(json_object_get(vector, "secrets"), i, value) if (!err) err = add_key(spec, json_text(value), s);
    return err;
}

/* Feeds the body in two pieces cut at `cut`. */
static enum err run(const json_t *vector, const struct verify_spec *spec, struct setup *s, struct verifier *v, size_t cut)
{
    struct verify_request request = {
        .method = json_member_text(vector, "method"),
        .url = json_member_text(vector, "url"),
        .headers = {.at = s->fields, .n = s->n_fields},
        .now_us = json_integer_value(json_object_get(vector, "now")) * US_PER_S,
        .tolerance_us = json_integer_value(json_object_get(vector, "tolerance")) * US_PER_S,
    };
    enum err err = verifier_begin(v, spec, (const struct verify_key *const *)s->keys, s->n_keys, &request);

    assert_int_equal(verifier_feed(v, str_upto(s->body_text, cut)), err);
    assert_int_equal(verifier_feed(v, str_from(s->body_text, cut)), err);
    return verifier_end(v, s->body_text, NULL);
}

static enum err verdict_of(const json_t *vector, struct setup *s, struct verifier *v)
{
    const struct verify_spec *spec = NULL;
    enum err err;

    load_request(vector, s);
    for (size_t i = 0; i < s->n_specs && !spec; i++)
        if (verify_spec_applies(s->specs[i], (struct fields){.at = s->fields, .n = s->n_fields}))
            spec = s->specs[i];
    if (!spec)
        return ERR_SIGNATURE_MISSING;
    s->n_keys = 0;
    err = load_keys(vector, spec, s);
    if (!err) {
        err = run(vector, spec, s, v, s->body_text.len);
        assert_int_equal(run(vector, spec, s, v, 0), err);
        assert_int_equal(run(vector, spec, s, v, s->body_text.len / 3), err);
    }
    for (size_t i = 0; i < s->n_keys; i++)
        verify_key_free(s->keys[i]);
    return err;
}

static void check(const json_t *vector, struct setup *s, struct verifier *v)
{
    const char *name = json_string_value(json_object_get(vector, "name"));
    bool valid = json_is_true(json_object_get(vector, "valid"));
    enum err err = verdict_of(vector, s, v);

    for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
        if (strcmp(name, exceptions[i].name) == 0) {
            print_message("  %s: %s\n", name, exceptions[i].why);
            assert_int_equal(err, exceptions[i].expect);
            return;
        }
    if (valid != (err == OK))
        fail_msg("%s: %s, but the vector says %s", name, err_text(err), valid ? "valid" : "invalid");
    if (err && err != ERR_RANGE) /* a bad request is told by status 401, an empty secret when it is entered */
        assert_int_equal(err_http_status(err), 401);
}

static size_t run_row(const struct row *row, struct verifier *v)
{
    struct setup s = {.n_specs = 0};
    json_t *vector;
    size_t i, n = 0;

    load_specs(row, &s);
    json_array_foreach(vectors, i, vector)
    {
        if (!str_eq(json_member_text(vector, "platform"), str_of(row->platform)) ||
            !str_eq(json_member_text(vector, "scheme"), str_of(row->scheme)))
            continue;
        check(vector, &s, v);
        n++;
    }
    for (i = 0; i < s.n_specs; i++)
        verify_spec_free(s.specs[i]);
    return n;
}

static void I1_every_vector_gives_its_verdict(void **state)
{
    struct verifier *v = NULL;
    size_t total = 0;

    (void)state;
    if (!vectors)
        skip();
    assert_int_equal(verifier_new(&v), OK);
    for (size_t i = 0; i < ROWS; i++) {
        size_t n = run_row(&rows[i], v);

        if (n != rows[i].count)
            fail_msg("%s %s: %zu vectors, expected %zu", rows[i].platform, rows[i].scheme, n, rows[i].count);
        total += n;
    }
    verifier_free(v);
    print_message("%zu of %zu vectors ran\n", total, json_array_size(vectors));
    assert_int_equal(total, 289);
}

/* Handshakes have no signature: the route answers them. All other vectors of these platforms are in the table. */
static void nothing_of_the_first_platforms_is_left_out(void **state)
{
    static const char *const first[] = {"shopify", "woocommerce", "generic", "standard-webhooks", "svix", "plugin-push"};
    size_t in_file = 0, in_table = 0, handshakes = 0, i;
    json_t *vector;

    (void)state;
    if (!vectors)
        skip();
    for (size_t p = 0; p < sizeof(first) / sizeof(first[0]); p++) {
        json_array_foreach(vectors, i, vector)
        {
            bool ours = str_eq(json_member_text(vector, "platform"), str_of(first[p]));
            bool handshake = str_eq(json_member_text(vector, "kind"), STR("handshake"));

            in_file += ours && !handshake;
            handshakes += ours && handshake;
        }
        for (i = 0; i < ROWS; i++)
            in_table += strcmp(rows[i].platform, first[p]) == 0 ? rows[i].count : 0;
    }
    assert_int_equal(in_file, in_table);
    assert_int_equal(in_file, 120);
    assert_int_equal(handshakes, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(I1_every_vector_gives_its_verdict),
        cmocka_unit_test(nothing_of_the_first_platforms_is_left_out),
    };

    return cmocka_run_group_tests(tests, load_vectors, free_vectors);
}
