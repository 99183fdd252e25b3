/* page_url.c -- owns what is kept of the address of a page that a browser names: the shop's own sites, few query members. */
#include "model/page_url.h"

static size_t scheme_len(struct str url)
{
    return str_starts(url, STR("https://")) ? 8 : str_starts(url, STR("http://")) ? 7 : 0;
}

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

bool page_url_is_origin(struct str text)
{
    struct str rest = str_from(text, scheme_len(text)), host = str_upto(rest, str_find(rest, ':'));
    uint64_t port = 1;

    if (scheme_len(text) == 0 || host.len == 0 || text.len > 260)
        return false;
    for (size_t i = 0; i < host.len; i++)
        if (!is_host_byte(host.p[i]))
            return false;
    if (host.len < rest.len && str_to_u64(str_from(rest, host.len + 1), &port))
        return false;
    return port >= 1 && port <= 65535;
}

bool page_url_has_origin(struct str origins, struct str origin)
{
    struct str one;

    while (origin.len && origins.len && str_split(&origins, ' ', &one))
        if (str_eq(one, origin))
            return true;
    return false;
}

struct str page_url_origin(struct str url)
{
    size_t n = scheme_len(url);

    while (n < url.len && !strchr("/?#", url.p[n]))
        n++;
    return str_upto(url, n);
}

static bool is_url_byte(unsigned char c)
{
    return c > ' ' && c < 0x7f && !strchr("\"<>\\^`{|}", (char)c);
}

static bool keeps_member(struct str kept, struct str name)
{
    struct str one;

    while (kept.len && str_split(&kept, ' ', &one)) {
        bool prefix = str_ends(one, STR("*"));

        if (one.len && (prefix ? str_starts(name, str_upto(one, one.len - 1)) : str_eq(name, one)))
            return true;
    }
    return false;
}

/* Appends the allowed members of a query, as they were written. `out` has room for all of it. */
static size_t put_query(struct str query, struct str kept, char *out)
{
    struct str pair;
    size_t n = 0;

    while (query.len && str_split(&query, '&', &pair))
        if (pair.len && keeps_member(kept, str_upto(pair, str_find(pair, '=')))) {
            out[n] = n ? '&' : '?';
            n++;
            memcpy(out + n, pair.p, pair.len);
            n += pair.len;
        }
    return n;
}

/* The address without its fragment, with the allowed part of its query. Empty when it is none. */
static enum err clean(struct str url, struct str kept, struct arena *arena, struct str *out)
{
    struct str bare = str_upto(url, str_find(url, '#')), path = str_upto(bare, str_find(bare, '?'));
    char *text;

    *out = STR_NONE;
    for (size_t i = 0; i < url.len; i++)
        if (!is_url_byte((unsigned char)url.p[i]))
            return OK;
    text = arena_alloc(arena, bare.len + 2);
    if (!text)
        return ERR_MEMORY;
    memcpy(text, path.p, path.len);
    *out = str_n(text, path.len + put_query(str_from(bare, path.len + 1), kept, text + path.len));
    return OK;
}

enum err page_url_clean(struct str url, const struct page_rules *rules, struct arena *arena, struct str *out)
{
    *out = STR_NONE;
    if (!page_url_has_origin(rules->origins, page_url_origin(url)))
        return OK;
    return clean(url, rules->query_members, arena, out);
}

enum err page_url_referrer(struct str url, struct arena *arena, struct str *out)
{
    struct str origin = page_url_origin(url);

    *out = STR_NONE;
    if (scheme_len(url) == 0 || origin.len == scheme_len(url) || str_find(origin, '@') < origin.len)
        return OK;
    return clean(url, STR_NONE, arena, out);
}
