/* doctor_secret.c -- owns the questions of the doctor about secrets: which one was used, and how it was spoilt. */
#include "engine/doctor_impl.h"

bool doctor_expects(const struct doctor *d, const struct doctor_secret *s)
{
    return s->own && s->valid && str_eq(str_of(s->name), verify_spec_secret_name(d->spec));
}

static bool explain_secret(struct doctor *d, const struct doctor_secret *s)
{
    if (s->own && s->from_us > d->c->sample->at_us)
        return doctor_found(
            d, "later_secret",
            "It is signed with the secret %s, which was entered here only after this delivery came: nothing is left to do.", s->id);
    if (s->own && !s->valid)
        return doctor_found(
            d, "previous_secret",
            "It is signed with the secret %s of this source, which is no longer valid: the sender was not changed over. "
            "Enter the present secret there, or that one here with `storehook source rotate`.",
            s->id);
    if (s->own)
        return doctor_found(
            d, "other_member",
            "It is signed with what was given here as \"%s\", and %s signs with \"%.*s\": the two were exchanged. Enter "
            "them again.",
            s->name, doctor_title(d), STR_ARG(verify_spec_secret_name(d->spec)));
    return doctor_found(
        d, "other_source",
        "It is signed with the secret of the source \"%s\": the URL of this source is entered where that of \"%s\" belongs, "
        "or one secret is used for both. Correct the URL there, or give this source that secret.",
        s->source, s->source);
}

bool explain_other_secret(struct doctor *d)
{
    for (size_t i = 0; i < d->c->n_secrets; i++) {
        const struct doctor_secret *s = &d->c->secrets[i];
        struct assumption a = trial_as_it_is(d, secret_bytes(s->secret));

        if (!doctor_expects(d, s) && trial_signed(d, &a))
            return explain_secret(d, s);
    }
    return false;
}

/* A way in which a secret is spoilt between two pages. Appends what the other side may have. */
struct spoil {
    enum err (*spoil)(struct str secret, struct buf *out);
    const char *code, *text;
};

static enum err spoil_trim(struct str secret, struct buf *out)
{
    return buf_append(out, str_trim(secret));
}

static enum err spoil_newline(struct str secret, struct buf *out)
{
    enum err err = buf_append(out, secret);

    return err ? err : buf_append_c(out, '\n');
}

static enum err spoil_blank(struct str secret, struct buf *out)
{
    enum err err = buf_append(out, secret);

    return err ? err : buf_append_c(out, ' ');
}

static enum err spoil_html(struct str secret, struct buf *out)
{
    static const char *const entities[] = {"&&amp;", "<&lt;", ">&gt;", "\"&quot;", "'&#039;"};
    enum err err = OK;

    for (size_t i = 0; i < secret.len && !err; i++) {
        const char *entity = NULL;

        for (size_t k = 0; k < sizeof(entities) / sizeof(*entities); k++)
            if (entities[k][0] == secret.p[i])
                entity = entities[k] + 1;
        err = entity ? buf_append(out, str_of(entity)) : buf_append_c(out, secret.p[i]);
    }
    return err;
}

static const struct spoil spoils[] = {
    {spoil_trim, "secret_blank",
     "The secret here has a blank or a line's end at an end, which the sender's has not: give it again without"},
    {spoil_newline, "secret_blank", "The sender's secret has a line's end after it: enter it there again without"},
    {spoil_blank, "secret_blank", "The sender's secret has a blank after it: enter it there again without"},
    {spoil_html, "secret_html",
     "The sender signs with the secret as HTML writes it (&amp; for &): choose a secret of letters and digits, and enter it on "
     "both sides"},
};

static bool passes_spoilt(struct doctor *d, struct assumption a, void *arg)
{
    const struct spoil *spoil = arg;
    struct buf secret = BUF_INIT(8192);
    bool passes = buf_reserve(&secret, 6 * a.secret.len + 1) == OK && spoil->spoil(a.secret, &secret) == OK &&
                  !str_eq(buf_str(&secret), a.secret);

    a.secret = buf_str(&secret);
    passes = passes && trial(d, &a) == OK;
    buf_wipe(&secret);
    return passes;
}

bool explain_spoilt_secret(struct doctor *d)
{
    for (size_t i = 0; i < sizeof(spoils) / sizeof(*spoils); i++)
        if (trial_own(d, passes_spoilt, (void *)(uintptr_t)&spoils[i]))
            return doctor_found(d, spoils[i].code, "%s.", spoils[i].text);
    if (strcmp(verify_spec_secret_form(d->spec), "text") == 0 && trial_element(d, "secret_form", "html"))
        return doctor_found(
            d, "secret_html",
            "The secret here has HTML entities in it (&amp; for &), which the sender's has not: copy it from where it is shown, "
            "not from a page's source.");
    return false;
}

bool explain_secret_form(struct doctor *d)
{
    static const char *const forms[] = {"text", "hex", "base64", "whsec"};
    struct str form = str_of(verify_spec_secret_form(d->spec));

    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
        if (!str_eq(form, str_of(forms[i])) && trial_element(d, "secret_form", forms[i]))
            return str_eq(str_of(forms[i]), STR("text"))
                       ? doctor_found(
                             d, "secret_not_decoded",
                             "The sender uses the secret as text, and %s takes the bytes that it stands for (%.*s): decode it "
                             "there before signing.",
                             doctor_title(d), STR_ARG(form))
                       : doctor_found(
                             d, "secret_decoded",
                             "The sender decodes the secret (%s) before signing, and %s takes it as %.*s: use it there as it is.",
                             forms[i], doctor_title(d), STR_ARG(form));
    return false;
}

/* --- masked values ---------------------------------------------------------------------------------------------------- */

/* Knows a secret again that stood in a header itself. */
static bool is_masked(const struct doctor *d, struct str masked, const char *prefix, struct str secret)
{
    struct buf text = BUF_INIT(8192);
    char mask[REJECTED_MASK_CHARS + 1];
    bool same = !buf_reserve(&text, strlen(prefix) + secret.len) && !buf_append(&text, str_of(prefix)) &&
                !buf_append(&text, secret) && !rejected_mask(d->c->seal, buf_str(&text), mask) && str_eq(masked, str_of(mask));

    buf_wipe(&text);
    return same;
}

bool explain_masked(struct doctor *d)
{
    const char *prefix = json_string_value(json_object_get(d->element, "prefix"));
    struct str value = STR_NONE, header = STR_NONE;

    if (!verify_spec_sends_secret(d->spec, &header))
        return false;
    if (header.len == 0)
        return doctor_found(d, "unknown_token",
                            "The token in the body is not the one that is valid here: enter it again, at the sender or here "
                            "(`storehook source rotate`). Such bodies are not kept.");
    if (!d->c->seal || !fields_get(d->c->sample->headers, header, &value) || !str_starts(value, STR("masked:")))
        return false;
    for (size_t i = 0; i < d->c->n_secrets; i++) {
        const struct doctor_secret *s = &d->c->secrets[i];
        struct str secret = secret_bytes(s->secret);

        if (!doctor_expects(d, s) && is_masked(d, value, prefix ? prefix : "", secret))
            return explain_secret(d, s);
        if (!doctor_expects(d, s))
            continue;
        if (is_masked(d, value, prefix ? prefix : "", secret))
            return doctor_found(d, "accepted_now", "The token is one that is valid here now: what was wrong then is corrected.");
        if (is_masked(d, value, prefix ? "" : "Bearer ", secret))
            return doctor_found(d, "prefix", "The token is right, but %s: change it at the sender.",
                                prefix ? "what should stand before it is missing" : "stands after \"Bearer\"");
        if (is_masked(d, value, prefix ? prefix : "", str_trim(secret)))
            return doctor_found(d, spoils[0].code, "%s.", spoils[0].text);
    }
    return doctor_found(d, "unknown_token",
                        "The token is none that is known here: enter it again, at the sender or here (`storehook source rotate`).");
}
