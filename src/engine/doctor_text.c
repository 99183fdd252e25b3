/* doctor_text.c -- owns the questions of the doctor about what is signed and how the signature is written. */
#include "engine/doctor_impl.h"
#include "engine/respell.h"

/* --- signature and body ----------------------------------------------------------------------------------------------- */

bool explain_encoding(struct doctor *d)
{
    static const char *const encodings[] = {"hex", "base64"}, *const hashes[] = {"sha1", "sha256", "sha512"};
    const char *prefix = json_string_value(json_object_get(d->element, "prefix"));
    struct str encoding = json_member_text(d->element, "encoding");

    for (size_t i = 0; i < 2; i++)
        if (!str_eq(encoding, str_of(encodings[i])) && trial_element(d, "encoding", encodings[i]))
            return doctor_found(d, "encoding",
                                "The signature is right, but written as %s, and %s writes %s: the sender must write it so.",
                                encodings[i], doctor_title(d), encodings[1 - i]);
    if (prefix && trial_element(d, "prefix", NULL))
        return doctor_found(d, "prefix", "The signature is right, but \"%s\" is missing before it: the sender must write it.",
                            prefix);
    if (!prefix && trial_element(d, "prefix", "sha256="))
        return doctor_found(d, "prefix",
                            "The signature is right, but stands after \"sha256=\", which %s does not write: leave it out.",
                            doctor_title(d));
    for (size_t i = 0; i < sizeof(hashes) / sizeof(*hashes); i++)
        if (trial_element(d, "hash", hashes[i]))
            return doctor_found(d, "hash", "The sender hashes with %s, and %s with another algorithm: change it there.", hashes[i],
                                doctor_title(d));
    return false;
}

/* True with another body. */
static bool passes_body(struct doctor *d, struct assumption a, void *body)
{
    a.body = *(struct str *)body;
    return trial(d, &a) == OK;
}

static bool passes_with_ending(struct doctor *d, struct str body, struct str ending)
{
    struct buf text = BUF_INIT(body.len + ending.len);
    bool passes = false;

    if (!buf_append(&text, body) && !buf_append(&text, ending)) {
        struct str whole = buf_str(&text);

        passes = trial_own(d, passes_body, &whole);
    }
    buf_release(&text);
    return passes;
}

static struct str without_line_end(struct str s)
{
    while (s.len && (s.p[s.len - 1] == '\n' || s.p[s.len - 1] == '\r'))
        s.len--;
    return s;
}

bool explain_newline(struct doctor *d)
{
    struct str body = d->c->sample->body, bare = without_line_end(body);

    if (bare.len < body.len && trial_own(d, passes_body, &bare))
        return doctor_found(
            d, "newline_added",
            "A line's end was added to the body after it was signed: the sender must sign and send the same bytes.");
    if (passes_with_ending(d, bare, STR("\n")) || passes_with_ending(d, bare, STR("\r\n")))
        return doctor_found(
            d, "newline_lost",
            "The body was signed with a line's end that was not sent: the sender must sign and send the same bytes.");
    return false;
}

bool explain_respelt(struct doctor *d)
{
    struct str body = d->c->sample->body;
    bool passes = false;

    for (size_t way = 0; way < respell_ways() && !passes; way++) {
        struct buf text = BUF_INIT(8 * REJECTED_BODY_BYTES_MAX);

        if (respell(body, way, &text)) { /* no JSON */
            buf_release(&text);
            return false;
        }
        passes = passes_with_ending(d, buf_str(&text), STR("")) || passes_with_ending(d, buf_str(&text), STR("\n"));
        buf_release(&text);
        if (passes)
            doctor_found(
                d, "reserialised",
                "The JSON was written anew after it was signed; what was signed is the same JSON, %s. The sender, or a proxy that "
                "parses bodies, must pass on the bytes that were signed.",
                respell_name(way));
    }
    return passes;
}

static bool is_gzip(struct str body)
{
    return body.len > 2 && (unsigned char)body.p[0] == 0x1f && (unsigned char)body.p[1] == 0x8b;
}

bool explain_gzip(struct doctor *d)
{
    if (!is_gzip(d->c->sample->body))
        return false;
    return doctor_found(
        d, "gzip",
        "The body came compressed, and what is signed is the text: nothing is unpacked here before its signature is checked. "
        "Turn compression of requests off at the sender or the proxy.");
}

/* --- URL -------------------------------------------------------------------------------------------------------------- */

static bool passes_url(struct doctor *d, struct assumption a, void *other)
{
    const struct assumption *with = other;

    a.url = with->url;
    a.query = with->query;
    return trial(d, &a) == OK;
}

/* Scheme, host, a slash at the end and the query in all combinations; what was signed is left in `url`. */
static bool find_url(struct doctor *d, struct buf *url)
{
    static const char *const schemes[] = {"https://", "http://"}, *const ends[] = {"", "/"};
    struct str rest = str_from(d->c->url, str_find_str(d->c->url, STR("://")) + 3), hosts[2] = {STR_NONE, STR_NONE};
    struct str path = str_from(rest, str_find(rest, '/'));
    struct assumption with = {.spec = NULL};

    hosts[0] = str_upto(rest, str_find(rest, '/'));
    fields_get(d->c->sample->headers, STR("host"), &hosts[1]);
    for (unsigned i = 0; i < 16; i++) {
        buf_clear(url);
        if (i & 1 && hosts[1].len == 0)
            continue;
        if (buf_printf(url, "%s%.*s%.*s%s", schemes[i >> 1 & 1], STR_ARG(hosts[i & 1]), STR_ARG(path), ends[i >> 2 & 1]))
            return false;
        with.url = buf_str(url);
        with.query = i & 8 ? STR_NONE : d->c->sample->query;
        if (trial_own(d, passes_url, &with))
            return true;
    }
    return false;
}

bool explain_url(struct doctor *d)
{
    struct buf url = BUF_INIT(16 << 10);
    bool seen = false;

    if (!verify_spec_needs_url(d->spec))
        return false;
    if (d->c->url.len == 0)
        return doctor_found(d, "url", "The URL is part of the signature of %s, and none is set here: set storehook.public_url.",
                            doctor_title(d));
    if (find_url(d, &url)) {
        struct str text = buf_str(&url);
        size_t host = str_find_str(text, STR("://")) + 3, path = str_find(str_from(text, host), '/');

        seen = doctor_found(d, "url",
                            "The URL is part of the signature, and the sender signed another one than is set here: it begins with "
                            "%.*s and ends %s. Set storehook.public_url to how the sender calls this endpoint, or correct the URL "
                            "there.",
                            (int)(host + path), text.p, str_ends(text, STR("/")) ? "with a slash" : "without a slash");
    }
    buf_release(&url);
    return seen;
}
