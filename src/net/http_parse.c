/* http_parse.c -- owns the strict reading of an HTTP/1.x request head: bytes in, offsets out; no lenient mode, no allocation.
 * Any doubt about where a message ends is an error (N9; RFC 9112 where it leaves a choice, the stricter one). */
#include "net/http_parse.h"

#include "net/http_chars.h"

void http_head_init(struct http_head *h)
{
    memset(h, 0, offsetof(struct http_head, fields));
}

bool http_head_has_body(const struct http_head *h)
{
    return h->chunked || h->content_length > 0;
}

/* The span of a part of the line that starts at h->line_at. */
static struct http_span span_of(const struct http_head *h, struct str line, struct str part)
{
    return (struct http_span){.at = (uint32_t)(h->line_at + (size_t)(part.p - line.p)), .len = (uint32_t)part.len};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* HTTP/1.0 and HTTP/1.1; other well-formed versions are 505, all else 400. */
static enum err read_version(struct http_head *h, struct str text)
{
    if (text.len != 8 || !str_starts(text, STR("HTTP/")) || !is_digit(text.p[5]) || text.p[6] != '.' || !is_digit(text.p[7]))
        return ERR_SYNTAX;
    if (text.p[5] != '1' || text.p[7] > '1')
        return ERR_HTTP_VERSION;
    h->minor = text.p[7] - '0';
    return OK;
}

/* Percent signs start two hexadecimal digits that are not 00, so that no path ends early for whoever decodes it. */
static bool path_is_valid(struct str path)
{
    if (!http_all(path, HTTP_PATH))
        return false;
    for (size_t i = 0; i < path.len; i++) {
        if (path.p[i] != '%')
            continue;
        if (path.len - i < 3 || !http_is(path.p[i + 1], HTTP_HEX) || !http_is(path.p[i + 2], HTTP_HEX))
            return false;
        if (path.p[i + 1] == '0' && path.p[i + 2] == '0')
            return false;
    }
    return true;
}

static bool port_is_valid(struct str port)
{
    uint64_t n = 0;

    return port.len == 0 || (port.len <= 5 && !str_to_u64(port, &n) && n <= 65535);
}

static bool is_ip_literal(struct str s)
{
    if (s.len < 4 || s.p[0] != '[' || s.p[s.len - 1] != ']')
        return false;
    for (size_t i = 1; i < s.len - 1; i++)
        if (!http_is(s.p[i], HTTP_HEX) && s.p[i] != ':' && s.p[i] != '.')
            return false;
    return true;
}

/* A name or address, then at most one port. */
static bool host_is_valid(struct str s)
{
    size_t bracket = str_find(s, ']'), end;

    if (s.len && s.p[0] == '[') {
        end = bracket < s.len ? bracket + 1 : s.len;
        if (!is_ip_literal(str_upto(s, end)))
            return false;
    } else {
        end = str_find(s, ':');
        if (end == 0 || !http_all(str_upto(s, end), HTTP_HOST))
            return false;
    }
    return end == s.len || (s.p[end] == ':' && port_is_valid(str_from(s, end + 1)));
}

/* Cuts "http://authority" off an absolute target; ERR_SYNTAX for another scheme or a bad authority. */
static enum err read_authority(struct http_head *h, struct str line, struct str *target)
{
    size_t scheme = str_find_str(*target, STR("://")), end;
    struct str rest = str_from(*target, scheme + 3);

    if (scheme == target->len)
        return ERR_SYNTAX;
    if (!str_eq_nocase(str_upto(*target, scheme), STR("http")) && !str_eq_nocase(str_upto(*target, scheme), STR("https")))
        return ERR_SYNTAX;
    for (end = 0; end < rest.len && rest.p[end] != '/' && rest.p[end] != '?'; end++)
        ;
    if (!host_is_valid(str_upto(rest, end)))
        return ERR_SYNTAX;
    h->absolute = true;
    h->host = span_of(h, line, str_upto(rest, end));
    *target = str_n(rest.p + end, rest.len - end);
    return OK;
}

static enum err read_target(struct http_head *h, struct str line, struct str target)
{
    const char *slash = target.p + str_find(target, '/');
    size_t mark;
    enum err err;

    if (str_eq(target, STR("*")) && h->method == HTTP_OPTIONS) {
        h->path = span_of(h, line, target);
        return OK;
    }
    if (target.p[0] != '/') {
        err = read_authority(h, line, &target);
        if (err)
            return err;
    }
    mark = str_find(target, '?');
    if (!path_is_valid(str_upto(target, mark)) || !http_all(str_from(target, mark), HTTP_QUERY))
        return ERR_SYNTAX;
    /* "http://host" means path "/": the first slash of "://" stands in for it */
    h->path = span_of(h, line, mark ? str_upto(target, mark) : str_n(slash, 1));
    if (mark < target.len)
        h->query = span_of(h, line, str_from(target, mark + 1));
    if (h->query.len == 0)
        h->query = (struct http_span){.at = h->path.at, .len = 0};
    return OK;
}

/* method SP target SP version, each blank exactly once. */
static enum err read_request_line(struct http_head *h, struct str line)
{
    size_t blank = str_find(line, ' ');
    struct str method = str_upto(line, blank), rest = str_from(line, blank + 1);
    size_t second = str_find(rest, ' ');
    enum err err;

    if (method.len == 0 || !http_all(method, HTTP_TOKEN) || second == 0 || second >= rest.len)
        return ERR_SYNTAX;
    err = read_version(h, str_from(rest, second + 1));
    if (err)
        return err;
    err = http_method_parse(method, &h->method);
    if (err)
        return err;
    h->has_request_line = true;
    return read_target(h, line, str_upto(rest, second));
}

static enum err note_length(struct http_head *h, struct str value)
{
    if (h->has_length)
        return ERR_SYNTAX;
    h->has_length = true;
    return str_to_u64(value, &h->content_length) ? ERR_SYNTAX : OK;
}

static enum err note_coding(struct http_head *h, struct str value)
{
    h->codings++;
    if (!str_eq_nocase(value, STR("chunked")))
        h->coding_err = ERR_NOT_IMPLEMENTED;
    return OK;
}

static enum err note_host(struct http_head *h, struct str value)
{
    return ++h->hosts > 1 || !host_is_valid(value) ? ERR_SYNTAX : OK;
}

static enum err note_connection(struct http_head *h, struct str value)
{
    struct str option;

    while (str_split(&value, ',', &option)) {
        option = str_trim(option);
        if (str_eq_nocase(option, STR("close")))
            h->close = true;
        else if (str_eq_nocase(option, STR("keep-alive")))
            h->asked_keep_alive = true;
    }
    return OK;
}

static enum err note_expect(struct http_head *h, struct str value)
{
    if (str_eq_nocase(value, STR("100-continue")))
        h->expect_continue = true;
    else
        h->expect_err = ERR_EXPECTATION;
    return OK;
}

static enum err note_encoding(struct http_head *h, struct str value)
{
    if (value.len && !str_eq_nocase(value, STR("identity")))
        h->encoding_err = ERR_MEDIA_TYPE;
    return OK;
}

/* Fields that decide how the message is read. All others are the handler's. */
static const struct {
    const char *name;
    size_t len;
    enum err (*note)(struct http_head *h, struct str value);
} noted[] = {
    {"host", 4, note_host},
    {"expect", 6, note_expect},
    {"connection", 10, note_connection},
    {"content-length", 14, note_length},
    {"content-encoding", 16, note_encoding},
    {"transfer-encoding", 17, note_coding},
};

static enum err note_field(struct http_head *h, struct str name, struct str value)
{
    for (size_t i = 0; i < sizeof(noted) / sizeof(*noted); i++)
        if (name.len == noted[i].len && str_eq_nocase(name, str_n(noted[i].name, noted[i].len)))
            return noted[i].note(h, value);
    return OK;
}

/* Not str_trim: a bare CR at an end must stay, to be refused. */
static struct str trim_blanks(struct str s)
{
    while (s.len && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.len--;
    }
    while (s.len && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* name ":" value; a folded line begins with a blank and so has no valid name. */
static enum err read_field(struct http_head *h, struct str line)
{
    size_t colon = str_find(line, ':');
    struct str name = str_upto(line, colon), value;
    struct http_field_span *field;
    enum err err;

    if (name.len == 0 || colon == line.len || !http_all(name, HTTP_TOKEN))
        return ERR_SYNTAX;
    value = trim_blanks(str_n(line.p + colon + 1, line.len - colon - 1));
    if (!http_all(value, HTTP_VALUE))
        return ERR_SYNTAX;
    if (h->n_fields == HTTP_FIELDS_MAX)
        return ERR_HEAD_TOO_LARGE;
    err = note_field(h, name, value);
    if (err)
        return err;
    field = &h->fields[h->n_fields++];
    field->name = span_of(h, line, name);
    field->value = span_of(h, line, value);
    if (h->hosts == 1 && !h->absolute && h->host.len == 0)
        h->host = field->value;
    return OK;
}

/* The Host field must be there in HTTP/1.1, and agree with an absolute target. */
static bool hosts_agree(const struct http_head *h, struct str bytes)
{
    if (h->hosts == 0)
        return h->minor == 0;
    for (size_t i = 0; h->absolute && i < h->n_fields; i++)
        if (str_eq_nocase(http_span_str(bytes, h->fields[i].name), STR("host")))
            return str_eq_nocase(http_span_str(bytes, h->fields[i].value), http_span_str(bytes, h->host));
    return true;
}

/* The blank line is there: what the fields say together. Framing comes first. */
static enum err finish(struct http_head *h, struct str bytes)
{
    if (h->codings > 1 || (h->codings && (h->has_length || h->minor == 0)))
        return ERR_SYNTAX;
    if (!hosts_agree(h, bytes))
        return ERR_SYNTAX;
    if (h->coding_err)
        return h->coding_err;
    h->chunked = h->codings == 1;
    if (http_method_has_body(h->method) && !h->chunked && !h->has_length)
        return ERR_LENGTH_REQUIRED;
    if (h->minor == 0)
        h->expect_continue = false; /* RFC 9110 10.1.1: ignored in HTTP/1.0 */
    else if (h->expect_err)
        return h->expect_err;
    if (h->encoding_err)
        return h->encoding_err;
    h->keep_alive = !h->close && (h->minor == 1 || h->asked_keep_alive);
    return OK;
}

static enum err read_line(struct http_head *h, struct str bytes, struct str line, bool *complete)
{
    if (line.len)
        return h->has_request_line ? read_field(h, line) : read_request_line(h, line);
    if (!h->has_request_line)
        return ++h->blank_lines > HTTP_BLANK_LINES_MAX ? ERR_SYNTAX : OK;
    *complete = true;
    return finish(h, bytes);
}

/* The line's end must lie before this offset; lengths are looked at before contents, so that no split changes the error. */
static size_t line_limit(const struct http_head *h, size_t max_bytes)
{
    size_t request_line = h->line_at + HTTP_REQUEST_LINE_MAX + 2;

    return !h->has_request_line && request_line < max_bytes ? request_line : max_bytes;
}

enum err http_head_read(struct http_head *h, struct str bytes, size_t max_bytes, bool *complete)
{
    enum err err = OK;

    *complete = false;
    while (!err && !*complete) {
        size_t limit = line_limit(h, max_bytes), until = bytes.len < limit ? bytes.len : limit;
        const char *lf = until > h->scanned ? memchr(bytes.p + h->scanned, '\n', until - h->scanned) : NULL;
        size_t end = lf ? (size_t)(lf - bytes.p) : until;

        if (!lf) {
            h->scanned = until;
            if (bytes.len < limit)
                return OK;
            return h->has_request_line ? ERR_HEAD_TOO_LARGE : ERR_URI_TOO_LONG;
        }
        if (end == h->line_at || bytes.p[end - 1] != '\r')
            return ERR_SYNTAX;
        err = read_line(h, bytes, str_n(bytes.p + h->line_at, end - 1 - h->line_at), complete);
        h->line_at = h->scanned = end + 1;
    }
    h->bytes = h->line_at;
    return err;
}
