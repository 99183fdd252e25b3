/* test_sender.c -- proves that what `storehook send` makes is what the platform's route accepts and understands. */
#include "base/clock.h"
#include "cli/sender.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const int64_t now_us = INT64_C(1760000000) * US_PER_S;

static struct routes *routes;

static int load_routes(void **state)
{
    struct problems problems;
    enum err err;

    (void)state;
    problems_init(&problems, STR("routes"));
    err = routes_load(NULL, &routes, &problems);
    if (err)
        print_error("%s", buf_text(&problems.text));
    problems_release(&problems);
    return err ? -1 : 0;
}

static int free_routes(void **state)
{
    (void)state;
    routes_free(routes);
    return 0;
}

/* One sender with its secret, and what the receiver would have. */
struct scene {
    const struct route *route;
    struct secret *secret;
    struct verify_config config;
    struct sender *sender;
    struct draft draft;
    struct buf why;
};

/* What a source must be given besides its secrets. */
static const char *config_of(void *arg, struct str name)
{
    const struct route *route = arg;
    const struct route_config *c;

    for (size_t i = 0; (c = route_config_at(route, i)); i++)
        if (str_eq(name, str_of(c->name)))
            return c->required && !c->secret && !c->fallback ? "given" : c->fallback;
    return NULL;
}

static struct scene scene_named(const struct route *route, struct str secret_name, struct str secret)
{
    struct scene s = {.route = route, .config = {.get = config_of, .arg = (void *)(uintptr_t)route}, .why = BUF_INIT(1000)};
    struct problems problems;

    problems_init(&problems, STR("config"));
    draft_init(&s.draft);
    assert_non_null(route);
    assert_int_equal(secret_new(secret, &s.secret), OK);
    assert_int_equal(sender_new(route, s.secret, secret_name, STR("https://h.example/in/k"), &s.config, &problems, &s.sender), OK);
    problems_release(&problems);
    return s;
}

static struct scene scene_new(const struct route *route, struct str secret)
{
    return scene_named(route, STR_NONE, secret);
}

static void scene_free(struct scene *s)
{
    sender_free(s->sender);
    secret_free(s->secret);
    draft_release(&s->draft);
    buf_release(&s->why);
}

static enum err make(struct scene *s, struct str topic, struct str id, struct str body, int64_t signed_at_us)
{
    struct route_send what = {.topic = topic, .id = id, .email = STR("ann@example.com"), .n = 7, .now_us = now_us};

    return sender_make(s->sender, &what, body, signed_at_us, &s->draft, &s->why);
}

/* The verdict that the receiver comes to. */
static enum err received(const struct scene *s)
{
    struct verify_request request = {.method = STR("POST"),
                                     .url = STR("https://h.example/in/k"),
                                     .query = buf_str(&s->draft.query),
                                     .headers = {s->draft.fields, s->draft.n},
                                     .config = s->config,
                                     .now_us = now_us};
    const struct verify_spec *spec = route_verify_for(s->route, &request, &(size_t){0});
    struct verify_key *key = NULL;
    struct verifier *v = NULL;
    enum err err;

    assert_non_null(spec);
    assert_int_equal(verify_key_new_signer(spec, s->secret, &key), OK);
    assert_int_equal(verifier_new(&v), OK);
    err = verifier_begin(v, spec, (const struct verify_key *const[]){key}, 1, &request);
    assert_int_equal(verifier_feed(v, buf_str(&s->draft.body)), err);
    err = verifier_end(v, buf_str(&s->draft.body), NULL);
    verifier_free(v);
    verify_key_free(key);
    return err;
}

static void means_something(const struct scene *s, struct str topic)
{
    struct entry entry = {.id = STR("0123456789abcdef0123456789abcdef"),
                          .source_id = STR("1"),
                          .received_at_us = now_us,
                          .content_type = route_send_content_type(s->route),
                          .headers = {s->draft.fields, s->draft.n},
                          .body = buf_str(&s->draft.body)};
    struct map_failure failure = {.reason = NULL};
    struct mapped mapped = {.n = 0};
    struct arena arena;

    entry.topic = route_header_topic(s->route, entry.headers);
    arena_init(&arena, 8 << 20);
    if (route_map(s->route, &entry, NULL, &arena, &mapped, &failure))
        fail_msg("%s: %s %.*s", topic.p, failure.reason, STR_ARG(failure.detail));
    assert_int_equal(mapped.n_rejects, 0);
    assert_true(mapped.n + mapped.n_fetches > 0);
    assert_true(mapped.dedupe_key.len > 0);
    arena_release(&arena);
}

/* A private key of our own, PEM, behind `path` where keys are chosen by one; the OpenSSL way to say which kind. */
static void private_key(struct buf *out, const char *path, const char *kind)
{
    EVP_PKEY *key = strcmp(kind, "RSA") == 0  ? EVP_RSA_gen(2048)
                    : strcmp(kind, "EC") == 0 ? EVP_EC_gen("P-256")
                                              : EVP_PKEY_Q_keygen(NULL, NULL, kind);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long n;

    assert_non_null(key);
    assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    n = BIO_get_mem_data(bio, &text);
    assert_int_equal(buf_printf(out, "%s%.*s", path, (int)n, text), OK);
    BIO_free(bio);
    EVP_PKEY_free(key);
}

/* A sender with a secret of the kind with which the platform's first example can be signed. */
static struct scene scene_that_signs(const struct route *route)
{
    static const char *const kinds[][2] = {
        {"", NULL}, {"", "RSA"}, {"/prod/keys/pub-key-1.pem\n", "RSA"}, {"", "ED25519"}, {"", "EC"}};
    struct scene s;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct buf secret = BUF_INIT(8192);

        if (kinds[i][1])
            private_key(&secret, kinds[i][0], kinds[i][1]);
        s = scene_new(route, kinds[i][1] ? buf_str(&secret) : STR("4d664b5139723847"));
        buf_release(&secret);
        if (make(&s, route_send_topic(route, 0), STR("0af1"), STR_NONE, now_us) == OK)
            return s;
        scene_free(&s);
    }
    fail_msg("%s: its example cannot be signed", route_platform(route));
    return s;
}

static void every_example_is_accepted_and_understood_by_its_route(void **state)
{
    const struct route *route;
    size_t examples = 0;

    (void)state;
    for (size_t i = 0; (route = routes_at(routes, i)) != NULL; i++) {
        struct scene s;
        struct str topic;

        if (!route_verify_at(route, 0)) /* it is not pushed */
            continue;
        s = scene_that_signs(route);
        for (size_t t = 0; (topic = route_send_topic(route, t)).p; t++, examples++) {
            if (make(&s, topic, STR("0af1"), STR_NONE, now_us))
                fail_msg("%s %s: %s", route_platform(route), topic.p, buf_text(&s.why));
            assert_int_equal(received(&s), OK);
            means_something(&s, topic);
        }
        scene_free(&s);
    }
    assert_true(examples >= 10);
}

static void a_body_of_its_own_goes_out_as_it_is(void **state)
{
    struct scene s = scene_new(routes_find(routes, STR("storehook")), STR("AAAA"));

    (void)state;
    assert_int_equal(make(&s, STR("no such topic"), STR("0af1"), STR("{ \"{{id}}\" : 1 }\n"), now_us), OK);
    assert_string_equal(buf_text(&s.draft.body), "{ \"{{id}}\" : 1 }\n");
    assert_int_equal(received(&s), OK);
    assert_int_equal(make(&s, STR("signup"), STR("0af1"), STR(""), now_us), OK);
    assert_int_equal(s.draft.body.len, 0);
    assert_int_equal(received(&s), OK);
    scene_free(&s);
}

static void a_changed_byte_or_an_old_signature_is_refused(void **state)
{
    struct scene s = scene_new(routes_find(routes, STR("storehook")), STR("AAAA"));

    (void)state;
    assert_int_equal(make(&s, STR("signup"), STR("0af1"), STR_NONE, now_us), OK);
    s.draft.body.p[s.draft.body.len / 2] ^= 1;
    assert_int_equal(received(&s), ERR_SIGNATURE);
    assert_int_equal(make(&s, STR("signup"), STR("0af1"), STR_NONE, now_us - 3600 * US_PER_S), OK);
    assert_true(sender_is_timed(s.sender));
    assert_int_equal(received(&s), ERR_TIMESTAMP_STALE);
    scene_free(&s);
}

static void the_id_goes_into_the_signature_of_each_delivery(void **state)
{
    struct scene s = scene_new(routes_find(routes, STR("storehook")), STR("AAAA"));
    struct str id = STR_NONE;

    (void)state;
    for (int i = 0; i < 3; i++) {
        char text[8] = "0af1-x";

        text[5] = (char)('a' + i);
        assert_int_equal(make(&s, STR("signup"), str_of(text), STR_NONE, now_us), OK);
        assert_int_equal(fields_get((struct fields){s.draft.fields, s.draft.n}, STR("webhook-id"), &id), 1);
        assert_true(str_eq(id, str_of(text)));
        assert_int_equal(received(&s), OK);
    }
    scene_free(&s);
}

static void an_unknown_topic_names_the_near_or_the_known_ones(void **state)
{
    struct scene s = scene_new(routes_find(routes, STR("storehook")), STR("AAAA"));

    (void)state;
    assert_int_equal(make(&s, STR("sign_up"), STR("0af1"), STR_NONE, now_us), ERR_NOT_FOUND);
    assert_non_null(strstr(buf_text(&s.why), "did you mean \"signup\"?"));
    buf_clear(&s.why);
    assert_int_equal(make(&s, STR("something else"), STR("0af1"), STR_NONE, now_us), ERR_NOT_FOUND);
    assert_non_null(strstr(buf_text(&s.why), "--body"));
    assert_non_null(strstr(buf_text(&s.why), "signup,"));
    scene_free(&s);
}

static void a_secret_of_another_form_is_named(void **state)
{
    struct scene s = scene_new(routes_find(routes, STR("storehook")), STR("not base64!"));

    (void)state;
    assert_int_equal(make(&s, STR("signup"), STR("0af1"), STR_NONE, now_us), ERR_SYNTAX);
    assert_non_null(strstr(buf_text(&s.why), "the secret has not the form"));
    scene_free(&s);
}

/* A whsec_ text is a token as well as a key: the name says which one it is. */
static void a_named_secret_chooses_the_way_to_sign(void **state)
{
    static const struct {
        const char *name, *header;
    } cases[] = {{"secret", "X-Gitlab-Token"}, {"signing_token", "webhook-signature"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct scene s =
            scene_named(routes_find(routes, STR("gitlab")), str_of(cases[i].name), STR("whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"));
        struct fields fields;

        assert_int_equal(make(&s, STR("Push Hook"), STR("1"), STR_NONE, now_us), OK);
        fields = (struct fields){s.draft.fields, s.draft.n};
        assert_int_equal(fields_get(fields, str_of(cases[i].header), NULL), 1);
        assert_int_equal(fields_get(fields, str_of(cases[1 - i].header), NULL), 0);
        assert_int_equal(received(&s), OK);
        scene_free(&s);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_is_accepted_and_understood_by_its_route),
        cmocka_unit_test(a_body_of_its_own_goes_out_as_it_is),
        cmocka_unit_test(a_changed_byte_or_an_old_signature_is_refused),
        cmocka_unit_test(the_id_goes_into_the_signature_of_each_delivery),
        cmocka_unit_test(an_unknown_topic_names_the_near_or_the_known_ones),
        cmocka_unit_test(a_named_secret_chooses_the_way_to_sign),
        cmocka_unit_test(a_secret_of_another_form_is_named),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
