/* agent_url.c -- owns the check of a URL that somebody else gave, before a request goes there. */
#include "net/agent.h"

#include <curl/curl.h>

#include <stdlib.h>

/* The parts that are looked at; owned by libcurl. */
struct parts {
    char *scheme, *host, *port, *user, *password;
};

static void release_parts(struct parts *p)
{
    curl_free(p->scheme);
    curl_free(p->host);
    curl_free(p->port);
    curl_free(p->user);
    curl_free(p->password);
}

/* A part that is not there stays NULL. */
static enum err read_parts(CURLU *url, struct parts *p)
{
    const struct {
        CURLUPart part;
        char **out;
        unsigned flags;
    } rows[] = {
        {CURLUPART_SCHEME, &p->scheme, 0}, {CURLUPART_HOST, &p->host, 0},         {CURLUPART_PORT, &p->port, CURLU_DEFAULT_PORT},
        {CURLUPART_USER, &p->user, 0},     {CURLUPART_PASSWORD, &p->password, 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (curl_url_get(url, rows[i].part, rows[i].out, rows[i].flags) == CURLUE_OUT_OF_MEMORY)
            return ERR_MEMORY;
    return p->scheme && p->host && p->port ? OK : ERR_USAGE;
}

static enum err say(struct buf *why, enum err err, const char *text)
{
    enum err failed = buf_append(why, str_of(text));

    return failed ? failed : err;
}

/* The host as a URL has it: an IPv6 address in brackets. */
static struct str bare_host(const char *host)
{
    struct str s = str_of(host);

    return str_starts(s, STR("[")) && str_ends(s, STR("]")) ? (struct str){.p = s.p + 1, .len = s.len - 2} : s;
}

static enum err judge_parts(const struct http_agent_options *options, const struct parts *p, struct buf *why)
{
    const char *refused = options->guard ? address_guard_refuses_text(options->guard, bare_host(p->host)) : NULL;
    uint64_t port = 0;
    enum err err;

    if (strcmp(p->scheme, "https") != 0 && strcmp(p->scheme, "http") != 0)
        return say(why, ERR_USAGE, "the URL must begin with https://");
    if (strcmp(p->scheme, "http") == 0 && !options->plain)
        return say(why, ERR_FORBIDDEN, "plain http is not allowed; use https");
    if (p->user || p->password)
        return say(why, ERR_USAGE, "the URL holds a name or a password");
    if (str_to_u64(str_of(p->port), &port) || port == 0 || port > 65535)
        return say(why, ERR_USAGE, "the URL has no port that there can be");
    if (options->guard && !address_guard_takes_port(options->guard, (uint16_t)port))
        return say(why, ERR_FORBIDDEN, "this port is not allowed");
    if (!refused)
        return OK;
    err = buf_printf(why, "%s is %s, which is not allowed", p->host, refused);
    return err ? err : ERR_FORBIDDEN;
}

enum err http_agent_check_url(const struct http_agent_options *options, struct str url, struct buf *why)
{
    char text[HTTP_AGENT_URL_MAX + 1];
    struct parts parts = {.scheme = NULL};
    CURLU *parsed;
    enum err err;

    if (url.len > HTTP_AGENT_URL_MAX || memchr(url.p ? url.p : "", '\0', url.len))
        return say(why, ERR_USAGE, "the URL is too long, or no text");
    snprintf(text, sizeof(text), "%.*s", STR_ARG(url));
    parsed = curl_url();
    if (!parsed)
        return ERR_MEMORY;
    if (curl_url_set(parsed, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME))
        err = say(why, ERR_USAGE, "this is no URL");
    else
        err = read_parts(parsed, &parts);
    if (!err)
        err = judge_parts(options, &parts, why);
    else if (err == ERR_USAGE && why->len == 0)
        err = say(why, ERR_USAGE, "the URL lacks a host");
    release_parts(&parts);
    curl_url_cleanup(parsed);
    return err;
}
