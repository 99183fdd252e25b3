/* pin.c -- owns the patterns of hosts and paths that a URL named by a request, or a certificate, must fit. */
#include "verify/pin.h"

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Letters, digits, "-" and "."; no empty label. */
static bool is_host(struct str host)
{
    if (host.len == 0 || host.p[0] == '.' || host.p[host.len - 1] == '.')
        return false;
    for (size_t i = 0; i < host.len; i++)
        if (!(is_alnum(host.p[i]) || host.p[i] == '-' || (host.p[i] == '.' && host.p[i - 1] != '.')))
            return false;
    return true;
}

bool pin_host_fits(struct str pattern, struct str host)
{
    struct str any = STR("*.");

    if (!is_host(host))
        return false;
    if (!str_starts(pattern, any))
        return str_eq_nocase(pattern, host);
    pattern = str_from(pattern, 1); /* ".example" */
    return host.len > pattern.len && str_eq_nocase(pattern, str_from(host, host.len - pattern.len));
}

static bool is_free(char c)
{
    return is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* "*" stands for one or more free characters; what follows it in the pattern starts with another one, so that one pass decides. */
static bool path_fits(struct str pattern, struct str path)
{
    size_t at = 0;

    if (str_find_str(path, STR("..")) < path.len)
        return false;
    for (size_t i = 0; i < pattern.len; i++) {
        size_t start = at;

        if (pattern.p[i] != '*') {
            if (at == path.len || path.p[at++] != pattern.p[i])
                return false;
            continue;
        }
        while (at < path.len && is_free(path.p[at]))
            at++;
        if (at == start)
            return false;
    }
    return at == path.len;
}

bool pin_url_fits(const struct pin *pin, struct str url)
{
    struct str scheme = STR("https://");
    size_t slash;

    if (!str_starts(url, scheme))
        return false;
    url = str_from(url, scheme.len);
    slash = str_find(url, '/');
    return pin_host_fits(pin->host, str_upto(url, slash)) && path_fits(pin->path, str_from(url, slash));
}
