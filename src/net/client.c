/* client.c -- owns the blocking HTTP client of the commands: one request at a time on a reused connection (libcurl easy). */
#include "net/client.h"

#include "net/curl_parts.h"

struct http_client {
    CURL *curl;
    char error[CURL_ERROR_SIZE];
};

static enum err set_up(struct http_client *c, const struct http_client_options *options)
{
    CURLcode code = curl_set_common(c->curl, options->ca_file, c->error);

    if (!code)
        code = curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYPEER, options->insecure ? 0L : 1L);
    if (!code)
        code = curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYHOST, options->insecure ? 0L : 2L);
    if (!code)
        code = curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
    if (!code)
        code = curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
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

/* Keeps the first 64 KiB, reads and drops the rest; the total timeout bounds how much that is. */
static size_t keep_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct buf *body = arg;
    size_t room = body->max - body->len, kept = size * n < room ? size * n : room;

    return buf_append(body, str_n(bytes, kept)) ? 0 : size * n;
}

static CURLcode set_request(struct http_client *c, const struct http_client_request *r, struct curl_slist *lines, struct buf *body)
{
    CURLcode code = curl_set_request(c->curl, r->method, r->url, lines, r->body);

    if (!code)
        code = curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, keep_body);
    if (!code)
        code = curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, body);
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
    enum err err;

    c->error[0] = '\0';
    buf_clear(body);
    err = curl_make_lines(request->method, request->fields, &lines);
    if (err) {
        tell(c, request->url, err == ERR_USAGE ? "method or field has bytes that HTTP does not allow" : err_text(err), why);
        return err;
    }
    code = set_request(c, request, lines, &kept);
    if (!code)
        code = curl_easy_perform(c->curl);
    err = curl_to_err(code);
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
