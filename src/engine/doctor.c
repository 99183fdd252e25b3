/* doctor.c -- owns the reasoning about a rejected delivery: a sample, the secrets there are and the routes in, findings out. Pure. */
#include "engine/doctor.h"

#include "base/clock.h"
#include "engine/doctor_impl.h"

#include <stdarg.h>

enum { TEXT_BYTES_MAX = 2048, NAMES_MAX = 16, NAMES_BYTES = 512, PLATFORMS_MAX = 3, TOLERANCE_S_DEFAULT = 300 };

bool doctor_found(struct doctor *d, const char *code, const char *format, ...)
{
    struct buf text = BUF_INIT(TEXT_BYTES_MAX);
    va_list args;

    va_start(args, format);
    if (buf_vprintf(&text, format, args) ||
        json_array_append_new(d->findings, json_pack("{ss so}", "code", code, "text", json_str(buf_str(&text)))))
        d->failed = true;
    va_end(args);
    buf_release(&text);
    return true;
}

const char *doctor_title(const struct doctor *d)
{
    return route_title(d->c->route);
}

/* --- headers ---------------------------------------------------------------------------------------------------------- */

struct names {
    char text[NAMES_MAX][64];
    size_t n;
};

static void add_name(struct names *names, const char *prefix, struct str name)
{
    if (name.len && names->n < NAMES_MAX)
        snprintf(names->text[names->n++], sizeof(names->text[0]), "%s%.*s", prefix, STR_ARG(name));
}

static void add_names(struct names *names, const json_t *value)
{
    const json_t *one;
    size_t i;

    add_name(names, "", json_text(value));
    json_array_foreach(value, i, one) add_name(names, "", json_text(one));
}

/* The headers that a request under the element carries. */
static void names_of(const json_t *element, struct names *out)
{
    static const char *const members[] = {"header", "timestamp_header", "id_header", "require", "key_header"};
    static const char *const of_standard[] = {"id", "timestamp", "signature"};
    struct str prefix = json_member_text(element, "header_prefix");
    bool standard = str_eq(json_member_text(element, "scheme"), STR("standard"));
    char text[48];

    out->n = 0;
    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
        add_names(out, json_object_get(element, members[i]));
    snprintf(text, sizeof(text), "%.*s", STR_ARG(prefix.len ? prefix : STR("webhook-")));
    for (size_t i = 0; standard && i < 3; i++)
        add_name(out, text, str_of(of_standard[i]));
}

/* Joins those names that stand in the request `times` times: 0, or 2 for more than once. */
static const char *join_names(const struct doctor *d, const struct names *names, size_t times, char out[NAMES_BYTES])
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < names->n; i++) {
        size_t n = fields_get(d->c->sample->headers, str_of(names->text[i]), NULL);

        if ((times == 0 && n == 0) || (times > 1 && n > 1))
            len += (size_t)snprintf(out + len, NAMES_BYTES - len, "%s%s", len ? ", " : "", names->text[i]);
        if (len >= NAMES_BYTES)
            break;
    }
    return out;
}

/* The element of the first way to sign; the caller releases it. */
static json_t *first_element(const struct route *route)
{
    const struct verify_spec *spec = route_verify_at(route, 0);
    json_t *element = NULL;

    if (spec && json_parse(verify_spec_element(spec), &element, NULL))
        return NULL;
    return element;
}

static bool explain_missing(struct doctor *d)
{
    char text[NAMES_BYTES];
    struct names names = {.n = 0};
    json_t *element = d->element ? json_incref(d->element) : first_element(d->c->route);

    names_of(element, &names);
    json_decref(element);
    join_names(d, &names, 0, text);
    return doctor_found(
        d, "missing_header",
        "The request lacks what %s signs with%s%s: it did not come from there, or something on the way drops headers. Look at "
        "where the URL is entered, and at proxies.",
        doctor_title(d), *text ? ": header " : "", text);
}

static bool explain_repeated(struct doctor *d)
{
    char text[NAMES_BYTES];
    struct names names = {.n = 0};

    names_of(d->element, &names);
    return doctor_found(
        d, "repeated_header",
        "The header %s came more than once, so nobody can say which one counts. A proxy that adds headers instead of "
        "passing them on does that: correct it.",
        join_names(d, &names, 2, text));
}

/* --- other platforms -------------------------------------------------------------------------------------------------- */

/* A way to sign whose mark is so general that it says nothing about the platform. */
static bool is_general(const struct verify_spec *spec)
{
    json_t *element = NULL;
    struct str scheme, header;
    bool general = true;

    if (json_parse(verify_spec_element(spec), &element, NULL))
        return true;
    scheme = json_member_text(element, "scheme");
    header = json_member_text(element, "header");
    general = str_eq(scheme, STR("unsigned")) || (header.len == 0 && !str_eq(scheme, STR("standard"))) ||
              str_eq_nocase(header, STR("authorization"));
    json_decref(element);
    return general;
}

/* Finds the source of that platform whose secret signed it. */
static const struct doctor_secret *signer(struct doctor *d, const struct route *route, const struct verify_spec *spec)
{
    for (size_t i = 0; i < d->c->n_secrets; i++) {
        const struct doctor_secret *s = &d->c->secrets[i];
        struct assumption a = trial_as_it_is(d, secret_bytes(s->secret));

        a.spec = spec;
        if (strcmp(s->platform, route_platform(route)) == 0 && trial_signed(d, &a))
            return s;
    }
    return NULL;
}

static bool explain_other_platform(struct doctor *d)
{
    const char *titles[PLATFORMS_MAX] = {NULL};
    const struct route *route;
    size_t n = 0;

    for (size_t i = 0; (route = routes_at(d->c->routes, i)); i++) {
        size_t index = 0;
        const struct verify_request request = trial_request(d);
        const struct verify_spec *spec = route == d->c->route ? NULL : route_verify_for(route, &request, &index);
        const struct doctor_secret *by = spec && !is_general(spec) ? signer(d, route, spec) : NULL;

        if (by)
            return doctor_found(
                d, "other_platform",
                "The request is signed as %s signs, with the secret of the source \"%s\": it was sent to the wrong URL. "
                "Enter the URL of \"%s\" there.",
                route_title(route), by->source, by->source);
        if (spec && !is_general(spec) && n < PLATFORMS_MAX)
            titles[n++] = route_title(route);
    }
    if (n == 0)
        return false;
    return doctor_found(
        d, "other_platform",
        "The request carries the headers of %s%s%s%s%s, and this source is one of %s: add a source of that platform, or "
        "correct the URL there.",
        titles[0], n > 1 ? " or " : "", n > 1 ? titles[1] : "", n > 2 ? " or " : "", n > 2 ? titles[2] : "", doctor_title(d));
}

/* --- the order of questions ------------------------------------------------------------------------------------------- */

static bool passes(struct doctor *d, struct assumption a, void *last)
{
    enum err err = trial(d, &a);

    if (err != ERR_SIGNATURE) /* what is said without looking at the key is the same for every key */
        *(enum err *)last = err;
    return err == OK;
}

/* How far the signed time is off, when that is the trouble. True when it is. */
static bool explain_clock(struct doctor *d)
{
    int64_t off_us = d->c->sample->at_us - d->signed_at_us, off_s = (off_us < 0 ? -off_us : off_us) / US_PER_S;
    int64_t tolerance_s = json_integer_value(json_object_get(d->element, "tolerance_s"));

    if (tolerance_s == 0)
        tolerance_s = TOLERANCE_S_DEFAULT;
    if (d->signed_at_us == 0 || off_s < tolerance_s || !verify_spec_is_timed(d->spec))
        return false;
    return doctor_found(
        d, "clock",
        "The time that is signed is %lld s %s ours, and %lld s are allowed: the sender's clock or ours is wrong, or the "
        "delivery was held up or sent again. Check both clocks against a time server.",
        (long long)off_s, off_us < 0 ? "ahead of" : "behind", (long long)tolerance_s);
}

static bool explain_signature(struct doctor *d)
{
    static bool (*const questions[])(struct doctor * d) = {
        explain_other_secret, explain_encoding, explain_spoilt_secret, explain_secret_form,
        explain_gzip,         explain_newline,  explain_respelt,       explain_url,
    };

    if (explain_masked(d))
        return true;
    if (d->c->sample->body_bytes > d->c->sample->body.len)
        return doctor_found(d, "too_large",
                            "The body has %zu bytes and a sample keeps %zu of them, so its signature cannot be looked into.",
                            d->c->sample->body_bytes, d->c->sample->body.len);
    for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++)
        if (questions[i](d))
            return true;
    return false;
}

static void explain_signed(struct doctor *d)
{
    enum err err = ERR_SIGNATURE;
    bool explained;

    if (trial_own(d, passes, &err)) {
        if (!explain_clock(d))
            doctor_found(d, "accepted_now", "It is signed with a secret that is valid here now: what was wrong then is corrected.");
        return;
    }
    if (err == ERR_SIGNATURE_MISSING) {
        explain_missing(d);
        return;
    }
    if (err == ERR_RECIPIENT) {
        doctor_found(
            d, "recipient",
            "The signature is right, and the delivery is for somebody else: an id in it is not the one that this source was "
            "given. Compare the source's config with what %s shows.",
            doctor_title(d));
        return;
    }
    if (err == ERR_SIGNATURE_REPEATED) {
        explain_repeated(d);
        return;
    }
    explained = explain_signature(d);
    if (explained && d->signed_at_us)
        (void)explain_clock(d);
    if (!explained && err == ERR_TIMESTAMP_MALFORMED)
        explained = doctor_found(d, "time_malformed",
                                 "The time beside the signature cannot be read: the sender writes it in another format.");
    if (!explained && err == ERR_SIGNATURE_MALFORMED)
        explained =
            doctor_found(d, "malformed",
                         "Nothing in the signature's header has the form that %s writes, and no other way to write it explains it: "
                         "the sender, or a proxy, spoils the header.",
                         doctor_title(d));
    if (!explained)
        doctor_found(
            d, "unknown_secret",
            "The signature matches no secret of any source here, nor the ways in which bodies and secrets are usually spoilt: most "
            "likely the secret here is not that of the sender. Copy it again: `storehook source rotate`.");
}

/* The first way to sign that the request names, as the source's config has it. */
static enum err choose_spec(struct doctor *d)
{
    const struct verify_request request = trial_request(d);
    const struct verify_spec *spec;
    struct problems problems;
    enum err err = OK;

    problems_init(&problems, STR("config"));
    for (size_t i = 0; !err && !d->spec && (spec = route_verify_at(d->c->route, i)); i++) {
        verify_spec_free(d->own);
        d->own = NULL;
        err = verify_spec_for_source(spec, &d->c->config, &problems, &d->own);
        if (!err && verify_spec_applies(d->own ? d->own : spec, &request))
            d->spec = d->own ? d->own : spec;
    }
    problems_release(&problems);
    return err;
}

static enum err examine(struct doctor *d)
{
    enum err err;

    if (str_eq(d->c->sample->reason, str_of(err_name(ERR_METHOD)))) {
        doctor_found(d, "method",
                     "It was a %.*s, which is no delivery and no question that %s asks: probably a browser or a monitor.",
                     STR_ARG(d->c->sample->method), doctor_title(d));
        return OK;
    }
    err = choose_spec(d);
    if (err)
        return err;
    if (!d->spec) {
        if (!explain_other_platform(d))
            explain_missing(d);
        return OK;
    }
    if (json_parse(verify_spec_element(d->spec), &d->element, NULL))
        return ERR_MEMORY;
    explain_signed(d);
    return OK;
}

enum err doctor_explain(const struct doctor_case *c, json_t *findings)
{
    struct doctor d = {.c = c, .findings = findings};
    enum err err = verifier_new(&d.verifier);

    if (!err)
        err = examine(&d);
    if (!err && d.failed)
        err = ERR_MEMORY;
    json_decref(d.element);
    verify_spec_free(d.own);
    verifier_free(d.verifier);
    return err;
}
