/* url.c -- owns the endpoint's URL as a platform signs it: with the request's query, with and without port. */
#include "verify/url.h"

enum err url_with_query(struct str url, struct str query, struct buf *out)
{
    enum err err = OK;

    buf_clear(out);
    if (url.len == 0)
        return OK;
    err = buf_append(out, url);
    if (!err && query.len)
        err = buf_append_c(out, '?');
    return err ? err : buf_append(out, query);
}

/* Returns where the authority ends: at "/", "?" or the end. */
static size_t authority_end(struct str url, size_t from)
{
    size_t at = from;

    while (at < url.len && url.p[at] != '/' && url.p[at] != '?')
        at++;
    return at;
}

/* Returns where the port's colon stands, or `end`; the colons of an address in brackets are none. */
static size_t port_at(struct str url, size_t from, size_t end)
{
    size_t at = end;

    while (at > from && url.p[at - 1] >= '0' && url.p[at - 1] <= '9')
        at--;
    return at > from && url.p[at - 1] == ':' ? at - 1 : end;
}

enum err url_other_port(struct str url, struct buf *out)
{
    bool https = str_starts(url, STR("https://"));
    size_t from = https                             ? 8
                  : str_starts(url, STR("http://")) ? 7
                                                    : 0,
           end = authority_end(url, from), port = port_at(url, from, end);
    enum err err;

    buf_clear(out);
    err = buf_append(out, str_upto(url, port));
    if (!err && port == end && from)
        err = buf_append(out, https ? STR(":443") : STR(":80"));
    return err ? err : buf_append(out, str_from(url, end));
}

enum err url_query_rest(struct str query, struct str name, struct buf *out)
{
    struct str pair;
    bool first = true;
    enum err err = OK;

    buf_clear(out);
    while (!err && str_split(&query, '&', &pair)) {
        if (str_eq(str_upto(pair, str_find(pair, '=')), name))
            continue;
        if (!first)
            err = buf_append_c(out, '&');
        if (!err)
            err = buf_append(out, pair);
        first = false;
    }
    return err;
}
