/* sign.c -- owns the mirror of verify: what a platform's signature puts into a request. */
#include "base/clock.h"
#include "base/form.h"
#include "verify/scheme.h"
#include "verify/url.h"

/* Appends `us` in the format of the spec. */
static enum err write_time(enum time_format format, int64_t us, struct buf *out)
{
    char text[64];
    time_t seconds = (time_t)(us / US_PER_S);
    struct tm t;

    if (format == TIME_UNIX)
        return buf_printf(out, "%lld", (long long)seconds);
    if (format == TIME_UNIX_MS)
        return buf_printf(out, "%lld", (long long)(us / US_PER_MS));
    if (format == TIME_ISO)
        return buf_append(out, str_of(time_iso(us, text)));
    gmtime_r(&seconds, &t);
    strftime(text, sizeof(text), format == TIME_HTTP_DATE ? "%a, %d %b %Y %H:%M:%S GMT" : "%a, %d %b %Y %H:%M:%S +0000", &t);
    return buf_append(out, str_of(text));
}

/* What one signing needs. */
struct signing {
    const struct verify_spec *spec;
    const struct sign_request *request;
    struct buf stamp, url, rest, text;
    struct form query, form;
};

static void signing_init(struct signing *s, const struct verify_spec *spec, const struct sign_request *request)
{
    *s = (struct signing){.spec = spec,
                          .request = request,
                          .stamp = BUF_INIT(64),
                          .url = BUF_INIT(URL_MAX_BYTES),
                          .rest = BUF_INIT(URL_MAX_BYTES),
                          .text = BUF_INIT(SIGNED_TEXT_MAX_BYTES)};
}

static void signing_release(struct signing *s)
{
    buf_release(&s->stamp);
    buf_release(&s->url);
    buf_release(&s->rest);
    buf_release(&s->text);
    form_release(&s->query);
    form_release(&s->form);
}

static enum err take_apart(struct signing *s)
{
    const struct sign_request *request = s->request;
    enum err err = write_time((enum time_format)s->spec->timestamp_format, request->now_us, &s->stamp);

    if (!err)
        err = url_with_query(request->url, request->query, &s->url);
    if (!err)
        err = url_query_rest(request->query, s->spec->query, &s->rest);
    if (!err && signed_text_has(&s->spec->text, PART_QUERY))
        err = form_parse(request->query, &form_limits_default, &s->query);
    if (!err && signed_text_has_form(&s->spec->text))
        err = form_parse(request->body, &form_limits_default, &s->form);
    return err;
}

/* Writes the signed text; of the schemes that have none, the body. */
static enum err write_text(struct signing *s)
{
    const struct sign_request *request = s->request;
    struct signed_values values = {.method = request->method,
                                   .url = buf_str(&s->url),
                                   .timestamp = buf_str(&s->stamp),
                                   .id = request->id,
                                   .query_rest = buf_str(&s->rest),
                                   .headers = request->headers,
                                   .query = &s->query,
                                   .form = &s->form,
                                   .skip = s->spec->form,
                                   .config = request->config.get,
                                   .config_arg = request->config.arg};

    if (s->spec->text.n == 0)
        return buf_append(&s->text, request->body);
    return signed_text_whole(&s->spec->text, &values, request->body, &s->text);
}

/* Writes the signature to the place where the scheme has it; `signature` and the stamp are in `values`. */
static enum err place(const struct signing *s, const struct verify_key *key, struct str signature, struct str stamp,
                      struct field out[SIGN_FIELDS_MAX], size_t *n)
{
    const struct verify_spec *spec = s->spec;
    const struct sign_request *request = s->request;
    enum err err;

    *n = 0;
    if (spec->key_headers.n && key->public.n)
        out[(*n)++] = (struct field){.name = spec->key_headers.at[0], .value = str_of(key->public.at[0].name)};
    if (spec->header.len)
        out[(*n)++] = (struct field){.name = spec->header, .value = signature};
    if (spec->timestamp_header.len)
        out[(*n)++] = (struct field){.name = spec->timestamp_header, .value = stamp};
    if (spec->id_header.len)
        out[(*n)++] = (struct field){.name = spec->id_header, .value = request->id};
    if (spec->header.len || spec->at.len || !spec->scheme->sign)
        return OK;
    if (spec->query.len)
        return request->signed_query ? form_append(request->signed_query, spec->query, signature) : ERR_NOT_IMPLEMENTED;
    if (!request->signed_body)
        return ERR_NOT_IMPLEMENTED;
    buf_clear(request->signed_body);
    if (spec->form.len == 0)
        return buf_append(request->signed_body, signature);
    err = buf_append(request->signed_body, request->body);
    return err ? err : form_append(request->signed_body, spec->form, signature);
}

static enum err sign(struct signing *s, const struct verify_key *key, struct buf *values)
{
    const struct verify_spec *spec = s->spec;
    struct buf encoded = BUF_INIT(JWT_MAX_BYTES);
    enum err err = spec->scheme->sign(spec, key, buf_str(&s->text), &encoded);

    if (!err && spec->scheme->write)
        err = spec->scheme->write(spec, buf_str(&encoded), buf_str(&s->stamp), values);
    else if (!err)
        err = buf_append(values, spec->prefix);
    if (!err && !spec->scheme->write)
        err = buf_append(values, buf_str(&encoded));
    buf_wipe(&encoded);
    return err;
}

/* Appends the signature's value, then the timestamp where it has a header of its own. */
static enum err write_values(struct signing *s, const struct verify_key *key, struct buf *values, size_t *len)
{
    size_t start = values->len;
    enum err err = s->spec->scheme->sign ? sign(s, key, values) : OK;

    *len = values->len - start;
    return err || s->spec->timestamp_header.len == 0 ? err : buf_append(values, buf_str(&s->stamp));
}

enum err verify_sign(const struct verify_spec *spec, const struct verify_key *key, const struct sign_request *request,
                     struct buf *values, struct field out[SIGN_FIELDS_MAX], size_t *n)
{
    struct signing s;
    size_t start = values->len, len = 0;
    enum err err;

    signing_init(&s, spec, request);
    err = take_apart(&s);
    if (!err)
        err = write_text(&s);
    if (!err)
        err = write_values(&s, key, values, &len);
    if (!err) {
        struct str all = str_from(buf_str(values), start);

        err = place(&s, key, str_upto(all, len), str_from(all, len), out, n);
    }
    signing_release(&s);
    return err;
}
