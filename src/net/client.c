/* client.c -- owns the blocking HTTP client of the commands: one request at a time on a reused connection (libcurl easy). */
#include "net/client.h"

#include "net/http_chars.h"

#include <curl/curl.h>

struct http_client {
    CURL *curl;
    char error[CURL_ERROR_SIZE];
};

/* Options that are the same for every request. */
static enum err set_up(struct http_client *c, const struct http_client_options *options)
{
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_SSL_VERIFYPEER, options->insecure ? 0 : 1},
        {CURLOPT_SSL_VERIFYHOST, options->insecure ? 0 : 2},
        {CURLOPT_TIMEOUT_MS, (long)options->timeout_ms},
        {CURLOPT_TCP_NODELAY, 1},
    };
    CURLcode code = CURLE_OK;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers) && !code; i++)
        code = curl_easy_setopt(c->curl, numbers[i].option, numbers[i].value);
    if (!code)
        code = curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (!code)
        code = curl_easy_setopt(c->curl, CURLOPT_PROXY, ""); /* also overrides the environment */
    if (!code)
        code = curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->error);
    if (!code && options->ca_file) {
        code = curl_easy_setopt(c->curl, CURLOPT_CAINFO, options->ca_file);
        if (!code)
            code = curl_easy_setopt(c->curl, CURLOPT_CAPATH, NULL); /* only this CA */
    }
    return code ? ERR_MEMORY : OK;
}

enum err http_client_new(const struct http_client_options *options, struct http_client **out)
{
    struct http_client *c = calloc(1, sizeof(*c));
    enum err err = ERR_MEMORY;

    if (!c)
        return ERR_MEMORY;
    c->curl = curl_easy_init();
    if (!c->curl)
        goto done;
    err = set_up(c, options);
    if (err)
        goto done;
    *out = c;
    c = NULL;
done:
    http_client_free(c);
    return err;
}

void http_client_free(struct http_client *c)
{
    if (!c)
        return;
    curl_easy_cleanup(c->curl);
    free(c);
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
    if (err)
        return err;
    longer = curl_slist_append(*list, buf_text(&line));
    buf_release(&line);
    if (!longer)
        return ERR_MEMORY;
    *list = longer;
    return OK;
}

/* The fields of the request; libcurl's own additions are taken out. Returns owned. */
static enum err make_lines(struct fields fields, struct curl_slist **out)
{
    static const char *const not_ours[] = {"Accept:", "Expect:", "Content-Type:"};
    struct curl_slist *list = NULL, *longer;
    enum err err = OK;

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

/* Keeps the first 64 KiB, reads and drops the rest; the total timeout bounds how much that is. */
static size_t keep_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct buf *body = arg;
    size_t room = body->max - body->len, kept = size * n < room ? size * n : room;

    return buf_append(body, str_n(bytes, kept)) ? 0 : size * n;
}

static enum err to_err(CURLcode code)
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
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (rows[i].code == code)
            return rows[i].err;
    return ERR_IO;
}

static CURLcode set_request(struct http_client *c, const struct http_client_request *r, struct curl_slist *lines, struct buf *body)
{
    CURL *curl = c->curl;
    CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, r->url);

    /* the method's own option last: POST and NOBODY each set one of their own */
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    if (!code && r->body.p)
        code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
    if (!code && r->body.p)
        code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->body.p);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_NOBODY, strcmp(r->method, "HEAD") == 0 ? 1L : 0L);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_body);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    return code;
}

/* What went wrong, in libcurl's words or its code's. */
static void tell(const struct http_client *c, const char *url, const char *text, struct buf *why)
{
    buf_clear(why);
    if (buf_printf(why, "%s: %s", url, c->error[0] ? c->error : text))
        buf_clear(why);
}

enum err http_client_send(struct http_client *c, const struct http_client_request *request, int *status, struct buf *body,
                          struct buf *why)
{
    struct curl_slist *lines = NULL;
    struct buf kept = BUF_INIT(HTTP_CLIENT_BODY_MAX);
    CURLcode code;
    long got = 0;
    enum err err = OK;

    c->error[0] = '\0';
    buf_clear(body);
    if (!http_all(str_of(request->method), HTTP_TOKEN) || !request->method[0])
        err = ERR_USAGE;
    if (!err)
        err = make_lines(request->fields, &lines);
    if (err) {
        tell(c, request->url, err == ERR_USAGE ? "method or field has bytes that HTTP does not allow" : err_text(err), why);
        return err;
    }
    code = set_request(c, request, lines, &kept);
    if (!code)
        code = curl_easy_perform(c->curl);
    err = to_err(code);
    if (err) {
        tell(c, request->url, curl_easy_strerror(code), why);
        goto done;
    }
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &got);
    *status = (int)got;
    err = buf_append(body, str_upto(buf_str(&kept), body->max));
done:
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(lines);
    buf_release(&kept);
    return err;
}
