/* shop_payloads.h -- owns what the tests of the shops' routes share: a payload or a fixture as a delivery, or as a fetched document. */
#ifndef TESTS_SHOP_PAYLOADS_H
#define TESTS_SHOP_PAYLOADS_H

#include "built_in_routes.h"

#include "base/encode.h"
#include "route/topic.h"

/* Replaces the body by its base64 text; for tokens in their alphabet, without padding. */
static inline void body_to_base64(struct route_case *c, bool url)
{
    char *text = malloc(BASE64_LEN(c->body.len) + 1);

    assert_non_null(text);
    if (url)
        base64url_encode(buf_str(&c->body), text);
    else
        base64_encode(buf_str(&c->body), text);
    case_text(c, text);
    free(text);
}

/* Makes the body the token that carries it. Its signature is not looked at by a mapping: it was verified when the delivery came. */
static inline void body_to_token(struct route_case *c)
{
    char token[8192];

    body_to_base64(c, true);
    snprintf(token, sizeof(token), "eyJhbGciOiJSUzI1NiJ9.%.*s.c2lnbmF0dXJl", STR_ARG(buf_str(&c->body)));
    case_text(c, token);
}

/* Opens a case with one shared payload as its body; skips the test when the payloads are not there. */
static inline void open_payload(struct route_case *c, const char *path)
{
    case_init(c);
    if (!case_file(c, path)) {
        print_message("skipped: no payload %s (set SHARED)\n", path);
        skip();
    }
}

/* The same with a fixture of our own. */
static inline void open_fixture(struct route_case *c, const char *path)
{
    char full[200];

    case_init(c);
    snprintf(full, sizeof(full), "tests/fixtures/%s", path);
    if (!case_read(c, full))
        fail_msg("no fixture %s", full);
}

/* Maps what was opened; it means one event of that type. */
static inline const struct event *maps_to(struct route_case *c, const char *platform, enum event_type type)
{
    const struct event *e;

    case_map(c, route_of(platform));
    e = only_event(c);
    if (e->type != type)
        fail_msg("%s, not %s", event_type_name(e->type), event_type_name(type));
    assert_int_equal(c->mapped.n_fetches, 0);
    assert_int_equal(c->mapped.n_rejects, 0);
    return e;
}

/* Maps what was opened; it asks for one object, and is no event. */
static inline void maps_to_fetch(struct route_case *c, const char *platform, const char *object, const char *id)
{
    case_map(c, route_of(platform));
    if (c->err)
        fail_msg("%s: %.*s", c->failure.reason, STR_ARG(c->failure.detail));
    assert_int_equal(c->mapped.n, 0);
    assert_int_equal(c->mapped.n_rejects, 0);
    assert_int_equal(c->mapped.n_fetches, 1);
    assert_string_equal(c->mapped.fetches[0].object, object);
    assert_str(c->mapped.fetches[0].id, id);
}

/* Maps what was opened as the document of an object that was fetched. */
static inline const struct event *fetched(struct route_case *c, const char *platform, const char *object, enum event_type type)
{
    char topic[80];
    struct entry entry = {.id = STR("00000000000000000000000000000001"), .source_id = STR("1"), .body = buf_str(&c->body)};
    const struct event *e;

    snprintf(topic, sizeof(topic), ROUTE_TOPIC_FETCH "%s", object);
    entry.topic = str_of(topic);
    c->err = route_map(route_of(platform), &entry, c->config, &c->arena, &c->mapped, &c->failure);
    e = only_event(c);
    assert_int_equal(e->type, type);
    return e;
}

/* It is not applied: a dead letter with that reason. */
static inline void maps_to_nothing_but(struct route_case *c, const char *platform, const char *reason)
{
    case_map(c, route_of(platform));
    assert_int_equal(c->mapped.n, 0);
    if (c->err)
        assert_string_equal(c->failure.reason, reason);
    else {
        assert_int_equal(c->mapped.n_rejects, 1);
        assert_string_equal(c->mapped.rejects[0].reason, reason);
    }
}

#endif
