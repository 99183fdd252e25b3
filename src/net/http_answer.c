/* http_answer.c -- owns the text of an answer: status line, fields, body. */
#include "net/http_answer.h"

#include <stdio.h>
#include <time.h>

#define ROW(code, reason)                                      \
    {                                                          \
        code, "HTTP/1.1 " #code " " reason "\r\n", reason "\n" \
    }

static const struct status {
    int code;
    const char *line, *body; /* the status line; what a refusal says */
} statuses[] = {
    ROW(200, "OK"),
    ROW(201, "Created"),
    ROW(202, "Accepted"),
    ROW(204, "No Content"),
    ROW(302, "Found"),
    ROW(303, "See Other"),
    ROW(304, "Not Modified"),
    ROW(400, "Bad Request"),
    ROW(401, "Unauthorized"),
    ROW(403, "Forbidden"),
    ROW(404, "Not Found"),
    ROW(405, "Method Not Allowed"),
    ROW(408, "Request Timeout"),
    ROW(409, "Conflict"),
    ROW(411, "Length Required"),
    ROW(413, "Content Too Large"),
    ROW(414, "URI Too Long"),
    ROW(415, "Unsupported Media Type"),
    ROW(417, "Expectation Failed"),
    ROW(421, "Misdirected Request"),
    ROW(422, "Unprocessable Content"),
    ROW(429, "Too Many Requests"),
    ROW(431, "Request Header Fields Too Large"),
    ROW(500, "Internal Server Error"),
    ROW(501, "Not Implemented"),
    ROW(502, "Bad Gateway"),
    ROW(503, "Service Unavailable"),
    ROW(504, "Gateway Timeout"),
    ROW(505, "HTTP Version Not Supported"),
};

/* A status that is not in the list would be our own mistake: the sender gets 500. */
static const struct status *find_status(int code)
{
    size_t n = sizeof(statuses) / sizeof(*statuses);

    for (size_t i = 0; i < n; i++)
        if (statuses[i].code == code)
            return &statuses[i];
    return code == 500 ? &statuses[0] : find_status(500);
}

struct http_answer http_answer_refusal(enum err err)
{
    const struct status *status = find_status(err_http_status(err));

    return (struct http_answer){
        .status = status->code,
        .content_type = "text/plain",
        .body = str_of(status->body),
        .extra = status->code == 503 || status->code == 429 ? "Retry-After: 2\r\n" : NULL,
    };
}

void http_date(int64_t wall_s, char out[HTTP_DATE_CHARS + 1])
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[64];
    time_t seconds = (time_t)wall_s;
    struct tm t;

    gmtime_r(&seconds, &t);
    snprintf(text, sizeof(text), "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * t.tm_wday, t.tm_mday, months + 3 * t.tm_mon,
             (t.tm_year + 1900) % 10000, t.tm_hour, t.tm_min, t.tm_sec);
    memcpy(out, text, HTTP_DATE_CHARS);
    out[HTTP_DATE_CHARS] = '\0';
}

/* Appends without checks: room for all was made before. */
static void put(struct buf *out, struct str s)
{
    if (s.len)
        memcpy(out->p + out->len, s.p, s.len);
    out->len += s.len;
    out->p[out->len] = '\0';
}

static void put_field(struct buf *out, struct str name, struct str value)
{
    if (!value.p)
        return;
    put(out, name);
    put(out, value);
    put(out, STR("\r\n"));
}

static struct str connection_option(const struct http_answer_frame *frame)
{
    if (frame->close)
        return STR("close");
    return frame->keep_alive_asked ? STR("keep-alive") : STR_NONE;
}

enum { FIXED_BYTES = 256 }; /* status line, field names, date, length, line ends */

enum err http_answer_write(struct buf *out, const struct http_answer *a, const struct http_answer_frame *frame)
{
    const struct status *status = find_status(a->status);
    struct str type = str_of(a->content_type), extra = str_of(a->extra), body = a->content_type ? a->body : STR_NONE;
    struct str allow = str_of(status->code == 405 ? frame->allow : NULL);
    bool no_content = status->code == 204 || status->code == 304;
    char length[24];
    size_t digits = (size_t)snprintf(length, sizeof(length), "%zu", body.len);
    enum err err = buf_reserve(out, FIXED_BYTES + type.len + extra.len + allow.len + body.len);

    if (err)
        return err;
    put(out, str_of(status->line));
    put_field(out, STR("Date: "), frame->date);
    put_field(out, STR("Content-Type: "), type);
    if (!no_content) /* RFC 9110 8.6 forbids it with 204 */
        put_field(out, STR("Content-Length: "), str_n(length, digits));
    put_field(out, STR("Connection: "), connection_option(frame));
    put_field(out, STR("Allow: "), allow);
    put(out, extra);
    put(out, STR("\r\n"));
    if (!frame->head_only && !no_content)
        put(out, body);
    return OK;
}
