/* curl_parts.c -- owns what the HTTP clients share of libcurl: options, header lines, the meaning of its codes. */
#include "net/curl_parts.h"

#include "base/buf.h"
#include "net/http_chars.h"

CURLcode curl_set_common(CURL *curl, const char *ca_file, char *error)
{
    static const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_TCP_NODELAY, 1},
    };
    CURLcode code = CURLE_OK;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers) && !code; i++)
        code = curl_easy_setopt(curl, numbers[i].option, numbers[i].value);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* also overrides the environment */
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    if (!code && ca_file) {
        code = curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
        if (!code)
            code = curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); /* only this CA */
    }
    return code;
}

CURLcode curl_set_request(CURL *curl, const char *method, const char *url, struct curl_slist *lines, struct str body)
{
    CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, url);

    /* the method's own option last: POST and NOBODY each set one of their own */
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    if (!code && body.p)
        code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    if (!code && body.p)
        code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.p);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_NOBODY, strcmp(method, "HEAD") == 0 ? 1L : 0L);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
    return code;
}

/* One "name: value" line at the end of the list; the list is unchanged on failure. */
static enum err add_line(struct curl_slist **list, struct str name, struct str value)
{
    struct buf line = BUF_INIT(65536);
    struct curl_slist *longer;
    enum err err = ERR_USAGE;

    if (name.len == 0 || !http_all(name, HTTP_TOKEN) || !http_all(value, HTTP_VALUE))
        return ERR_USAGE;
    /* libcurl drops "name:" and sends "name;" as a field with an empty value */
    err = buf_printf(&line, value.len ? "%.*s: %.*s" : "%.*s;%.*s", STR_ARG(name), STR_ARG(value));
    longer = err ? NULL : curl_slist_append(*list, buf_text(&line));
    buf_release(&line);
    if (err)
        return err;
    if (!longer)
        return ERR_MEMORY;
    *list = longer;
    return OK;
}

enum err curl_make_lines(const char *method, struct fields fields, struct curl_slist **out)
{
    static const char *const not_ours[] = {"Accept:", "Expect:", "Content-Type:"};
    struct curl_slist *list = NULL, *longer;
    enum err err = method[0] && http_all(str_of(method), HTTP_TOKEN) ? OK : ERR_USAGE;

    for (size_t i = 0; i < sizeof(not_ours) / sizeof(*not_ours) && !err; i++) {
        if (fields_get(fields, str_upto(str_of(not_ours[i]), strlen(not_ours[i]) - 1), NULL))
            continue;
        longer = curl_slist_append(list, not_ours[i]);
        if (longer)
            list = longer;
        else
            err = ERR_MEMORY;
    }
    for (size_t i = 0; i < fields.n && !err; i++)
        err = add_line(&list, fields.at[i].name, fields.at[i].value);
    if (err) {
        curl_slist_free_all(list);
        return err;
    }
    *out = list;
    return OK;
}

enum err curl_to_err(CURLcode code)
{
    static const struct {
        CURLcode code;
        enum err err;
    } rows[] = {
        {CURLE_OK, OK},
        {CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT},
        {CURLE_URL_MALFORMAT, ERR_USAGE},
        {CURLE_UNSUPPORTED_PROTOCOL, ERR_USAGE},
        {CURLE_OUT_OF_MEMORY, ERR_MEMORY},
        {CURLE_SSL_CONNECT_ERROR, ERR_TLS},
        {CURLE_PEER_FAILED_VERIFICATION, ERR_TLS},
        {CURLE_SSL_CACERT_BADFILE, ERR_TLS},
        {CURLE_SSL_CIPHER, ERR_TLS},
        {CURLE_SSL_CERTPROBLEM, ERR_TLS},
        {CURLE_USE_SSL_FAILED, ERR_TLS},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (rows[i].code == code)
            return rows[i].err;
    return ERR_IO;
}
