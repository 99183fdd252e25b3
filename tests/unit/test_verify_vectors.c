/* test_verify_vectors.c -- proves the route files of all platforms against the published and computed vectors of $SHARED/facts/vectors.json. */
#include "base/encode.h"
#include "base/clock.h"
#include "route/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { SPECS_MAX = 8, FIELDS_MAX = 32 };

/*
 * How many vectors the file holds for each scheme. They are judged by the platform's route file; `spec` is for what is signed in a
 * handshake and not in push.verify, as the route file says it there ('...' for "..."). WooCommerce decodes the entities it stored
 * itself: the key is what was typed, and that is what a source is given.
 */
static const struct row {
    const char *platform, *scheme;
    size_t count;
    const char *spec;
} rows[] = {
    {"shopify", "shopify-hmac", 43, NULL},
    {"shopify", "shopify-events-hmac", 3, NULL},
    {"woocommerce", "woocommerce-hmac", 15, NULL},
    {"generic", "generic-sha1-hex", 7, NULL},
    {"generic", "generic-sha256-hex", 7, NULL},
    {"generic", "generic-sha512-hex-convoy", 3, NULL},
    {"standard-webhooks", "standard-webhooks", 29, NULL},
    {"svix", "svix", 5, NULL},
    {"plugin-push", "standard-webhooks", 7, NULL},
    {"plugin-push", "svix", 1, NULL},
    {"gitlab", "standard-webhooks", 1, NULL},
    {"bigcommerce", "standard-webhooks-raw-key", 4, NULL},
    {"stripe", "stripe", 26, NULL},
    {"paddle", "paddle-billing", 18, NULL},
    {"calendly", "calendly", 3, NULL},
    {"recharge", "recharge-v1", 3, NULL},
    {"recharge", "recharge-legacy-sha256", 3, NULL},
    {"github", "hub-signature-256", 15, NULL},
    {"meta", "hub-signature-256", 7, NULL},
    {"intercom", "intercom-sha1", 5, NULL},
    {"slack", "slack", 6, NULL},
    {"zendesk", "zendesk", 5, NULL},
    {"klaviyo", "klaviyo", 4, NULL},
    {"hubspot", "hubspot-v1", 6, NULL},
    {"hubspot", "hubspot-v2", 4, NULL},
    {"hubspot", "hubspot-v3", 8, NULL},
    {"square", "square-hmac", 6, NULL},
    {"squarespace", "squarespace-hexkey", 7, NULL},
    {"shopware", "shopware-post", 10, NULL},
    {"tiendanube", "tiendanube-hmac", 9, NULL},
    {"salla", "salla-signature", 5, NULL},
    {"shopline", "shopline-hmac-base64", 3, NULL},
    {"shopline", "shopline-hmac-hex", 1, NULL},
    {"typeform", "typeform", 5, NULL},
    {"lemonsqueezy", "lemonsqueezy", 5, NULL},
    {"paddle-classic", "paddle-classic", 6, NULL},
    {"shopware", "shopware-register", 3,
     "{'scheme':'hmac','header':'shopware-app-signature','encoding':'hex','timestamp_query':'timestamp','signed':'shop-id={query."
     "shop-id}&shop-url={query.shop-url}&timestamp={timestamp}'}"},
    {"shopware", "shopware-proof", 1,
     "{'scheme':'hmac','header':'proof','encoding':'hex','signed':'{config.shop_id}{config.shop_url}{config.app_name}'}"},
    {"twilio", "twilio", 13, NULL},
    {"sendgrid", "sendgrid-ecdsa", 6, NULL},
    {"ecwid", "ecwid-id", 6, NULL},
    {"shopline", "shopline-sorted", 2, NULL},
    {"salla", "salla-token", 3, NULL},
    {"gitlab", "gitlab-token", 3, NULL},
    {"mailchimp-transactional", "mandrill", 3, NULL},
    {"discord", "discord-ed25519", 5, NULL},
    {"wix", "wix-jwt", 7, NULL},
    {"adobe-commerce", "adobe-commerce-webhook-rsa", 4, NULL},
    {"adobe-io", "adobe-io-rsa", 8, NULL},
    {"paypal", "paypal-rsa-crc32", 8, NULL},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* What the config of a source says, where the vector does not. */
static const struct {
    const char *scheme, *name, *value;
} configs[] = {
    {"generic-sha1-hex", "hash", "sha1"},
    {"generic-sha1-hex", "prefix", "sha1="},
    {"generic-sha256-hex", "hash", "sha256"},
    {"generic-sha256-hex", "prefix", "sha256="},
    {"generic-sha512-hex-convoy", "hash", "sha512"},
    {"generic-sha512-hex-convoy", "header", "X-Convoy-Signature"},
    {"generic-", "header", "X-Signature"},
    {"generic-", "encoding", "hex"},
};

/* Vectors that do not ask the signature scheme, and what we do with them instead. */
static const struct {
    const char *name;
    enum err expect;
    const char *why;
} exceptions[] = {
    {"woo-core-empty-secret", ERR_RANGE, "arithmetic only: an empty secret is refused"},
};

static json_t *vectors;

static struct routes *routes;

static int load_all(void **state)
{
    const char *shared = getenv("SHARED");
    struct problems problems;
    char path[512];
    json_error_t why;
    enum err err;

    (void)state;
    snprintf(path, sizeof(path), "%s/facts/vectors.json", shared ? shared : "../shared");
    vectors = json_load_file(path, 0, &why);
    if (!vectors)
        print_message("skipped: %s: %s\n", path, why.text);
    problems_init(&problems, STR("routes"));
    err = routes_load(NULL, &routes, &problems);
    if (err)
        print_error("%s", buf_text(&problems.text));
    problems_release(&problems);
    return err ? -1 : 0;
}

static int free_all(void **state)
{
    (void)state;
    routes_free(routes);
    json_decref(vectors);
    return 0;
}

struct setup {
    const struct row *row;
    const json_t *vector;
    struct verify_spec *specs[SPECS_MAX];
    size_t n_specs;
    struct verify_key *keys[VERIFY_KEYS_MAX];
    size_t n_keys;
    struct field fields[FIELDS_MAX];
    size_t n_fields;
    char body[65536], key[8192];
    struct str body_text;
};

static const char *config_of(void *arg, struct str name)
{
    const struct setup *s = arg;
    const json_t *params = json_object_get(s->vector, "params");
    const char *name_z, *value = NULL;
    json_t *param;

    json_object_foreach((json_t *)(uintptr_t)params, name_z, param) if (str_eq(name, str_of(name_z))) value =
        json_string_value(param);
    for (size_t i = 0; !value && i < sizeof(configs) / sizeof(configs[0]); i++)
        if (str_starts(str_of(s->row->scheme), str_of(configs[i].scheme)) && str_eq(name, str_of(configs[i].name)))
            value = configs[i].value;
    return value;
}

static void add_spec(struct setup *s, const char *text)
{
    const struct verify_config config = {.get = config_of, .arg = s};
    struct problems problems;
    json_t *json = NULL;
    char *copy = str_dup(str_of(text));

    assert_non_null(copy);
    for (char *at = copy; *at; at++)
        *at = *at == '\'' ? '"' : *at;
    problems_init(&problems, STR("test"));
    assert_int_equal(json_parse(str_of(copy), &json, NULL), OK);
    if (verify_spec_load_with(json, STR(""), &config, &problems, &s->specs[s->n_specs++]))
        fail_msg("%s: %s", s->row->scheme, buf_text(&problems.text));
    json_decref(json);
    problems_release(&problems);
    free(copy);
}

static const struct route *route_of(const struct row *row)
{
    const struct route *route = routes_find(routes, str_of(row->platform));

    if (!route)
        fail_msg("%s: no route file", row->platform);
    return route;
}

static const struct verify_spec *choose(struct setup *s, const struct verify_request *request)
{
    const struct route *route = route_of(s->row);
    const struct verify_spec *spec;

    if (s->row->spec) {
        add_spec(s, s->row->spec);
        return verify_spec_applies(s->specs[0], request) ? s->specs[0] : NULL;
    }
    for (size_t i = 0; (spec = route_verify_at(route, i)); i++) {
        struct verify_spec *own = NULL;
        struct problems problems;

        problems_init(&problems, STR("route"));
        if (verify_spec_for_source(spec, &request->config, &problems, &own))
            fail_msg("%s: %s", s->row->platform, buf_text(&problems.text));
        problems_release(&problems);
        if (own)
            s->specs[s->n_specs++] = own;
        if (verify_spec_applies(own ? own : spec, request))
            return own ? own : spec;
    }
    return NULL;
}

static void add_field(struct setup *s, const char *name, const json_t *value)
{
    assert_true(s->n_fields < FIELDS_MAX);
    s->fields[s->n_fields++] = (struct field){.name = str_of(name), .value = str_trim(json_text(value))};
}

static void load_request(struct setup *s)
{
    struct str encoded = json_member_text(s->vector, "body_base64");
    json_t *proof = json_object_get(json_object_get(s->vector, "params"), "proof");
    const char *name;
    json_t *value, *headers = json_object_get(s->vector, "headers");
    size_t i, n = 0;

    json_object_foreach(headers, name, value) add_field(s, name, value);
    json_array_foreach(json_object_get(s->vector, "headers_list"), i, value)
        add_field(s, json_string_value(json_array_get(value, 0)), json_array_get(value, 1));
    if (proof)
        add_field(s, "proof", proof);
    s->body_text = json_member_text(s->vector, "body");
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

/* Several keys by their path, as an operator would write them into one file. */
static struct str keys_by_path(struct setup *s, const json_t *keys)
{
    const char *path;
    json_t *pem;
    size_t n = 0;

    json_object_foreach((json_t *)(uintptr_t)keys, path, pem) n +=
        (size_t)snprintf(s->key + n, sizeof(s->key) - n, "%s\n%s\n", path, json_string_value(pem));
    assert_true(n < sizeof(s->key));
    return str_n(s->key, n);
}

static enum err load_keys(const struct verify_spec *spec, struct setup *s)
{
    static const char *const members[] = {"secret", "public_key"};
    const json_t *by_path = json_object_get(s->vector, "public_keys");
    json_t *value;
    size_t i;
    enum err err = by_path ? add_key(spec, keys_by_path(s, by_path), s) : OK;

    for (i = 0; i < 2 && !err; i++)
        if (json_object_get(s->vector, members[i]))
            err = add_key(spec, json_member_text(s->vector, members[i]), s);
    json_array_foreach(json_object_get(s->vector, "secrets"), i, value) if (!err) err = add_key(spec, json_text(value), s);
    return err;
}

/* Feeds the body in two pieces cut at `cut`. */
static enum err run(const struct verify_request *request, const struct verify_spec *spec, struct setup *s, struct verifier *v,
                    size_t cut)
{
    enum err err = verifier_begin(v, spec, (const struct verify_key *const *)s->keys, s->n_keys, request);

    assert_int_equal(verifier_feed(v, str_upto(s->body_text, cut)), err);
    assert_int_equal(verifier_feed(v, str_from(s->body_text, cut)), err);
    return verifier_end(v, s->body_text, NULL);
}

/* A vector without a clock says nothing about time: any is near. */
static struct verify_request request_of(struct setup *s)
{
    const json_t *now = json_object_get(s->vector, "now");
    struct str url = json_member_text(s->vector, "url");
    size_t query = str_find(url, '?');

    return (struct verify_request){
        .method = json_member_text(s->vector, "method"),
        .url = str_upto(url, query),
        .query = str_from(url, query + 1),
        .headers = {.at = s->fields, .n = s->n_fields},
        .config = {.get = config_of, .arg = s},
        .now_us = json_integer_value(now) * US_PER_S,
        .tolerance_us = now ? json_integer_value(json_object_get(s->vector, "tolerance")) * US_PER_S : INT64_MAX,
    };
}

static enum err verdict_of(struct setup *s, struct verifier *v)
{
    struct verify_request request;
    const struct verify_spec *spec;
    enum err err;

    load_request(s);
    request = request_of(s);
    spec = choose(s, &request);
    if (!spec)
        return ERR_SIGNATURE_MISSING;
    err = load_keys(spec, s);
    if (!err) {
        err = run(&request, spec, s, v, s->body_text.len);
        assert_int_equal(run(&request, spec, s, v, 0), err);
        assert_int_equal(run(&request, spec, s, v, s->body_text.len / 3), err);
    }
    return err;
}

static void judge(const json_t *vector, enum err err)
{
    const char *name = json_string_value(json_object_get(vector, "name"));
    bool valid = json_is_true(json_object_get(vector, "valid"));

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

static void check(const struct row *row, const json_t *vector, struct verifier *v)
{
    static struct setup s;

    s = (struct setup){.row = row, .vector = vector};
    judge(vector, verdict_of(&s, v));
    for (size_t i = 0; i < s.n_keys; i++)
        verify_key_free(s.keys[i]);
    for (size_t i = 0; i < s.n_specs; i++)
        verify_spec_free(s.specs[i]);
}

static size_t run_row(const struct row *row, struct verifier *v)
{
    json_t *vector;
    size_t i, n = 0;

    json_array_foreach(vectors, i, vector)
    {
        if (!str_eq(json_member_text(vector, "platform"), str_of(row->platform)) ||
            !str_eq(json_member_text(vector, "scheme"), str_of(row->scheme)))
            continue;
        check(row, vector, v);
        n++;
    }
    return n;
}

static size_t count_handshakes(void)
{
    json_t *vector;
    size_t i, n = 0;

    json_array_foreach(vectors, i, vector) n += str_eq(json_member_text(vector, "kind"), STR("handshake"));
    return n;
}

/* Handshakes have no signature: the route answers them. All others run. */
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
    print_message("%zu of %zu vectors ran; %zu are handshakes\n", total, json_array_size(vectors), count_handshakes());
    assert_int_equal(total + count_handshakes(), json_array_size(vectors));
    assert_int_equal(total, 367);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(I1_every_vector_gives_its_verdict),
    };

    return cmocka_run_group_tests(tests, load_all, free_all);
}
