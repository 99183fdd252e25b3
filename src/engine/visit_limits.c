/* visit_limits.c -- owns how many visits are taken a second: of one public key, one address, one visitor; over all workers. */
#include "engine/visit_limits.h"

#include "engine/rate.h"
#include "net/server.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

enum limit { LIMIT_KEY, LIMIT_ADDRESS, LIMIT_VISITOR, LIMIT__COUNT };

struct visit_limits {
    const struct seal *seal;
    struct rate *rate[LIMIT__COUNT]; /* NULL = no limit */
};

enum err visit_limits_new(const struct config *cfg, const struct seal *seal, struct visit_limits **out)
{
    static const enum setting settings[LIMIT__COUNT] = {
        [LIMIT_KEY] = SET_VISITS_KEY_RATE, [LIMIT_ADDRESS] = SET_VISITS_ADDRESS_RATE, [LIMIT_VISITOR] = SET_VISITS_VISITOR_RATE};
    struct visit_limits *l = calloc(1, sizeof(*l));
    enum err err = l ? OK : ERR_MEMORY;

    for (size_t i = 0; i < LIMIT__COUNT && !err; i++)
        if (config_int(cfg, settings[i]) > 0)
            err = rate_new(config_int(cfg, settings[i]), &l->rate[i]);
    if (err) {
        visit_limits_free(l);
        return err;
    }
    l->seal = seal;
    *out = l;
    return OK;
}

void visit_limits_free(struct visit_limits *l)
{
    for (size_t i = 0; l && i < LIMIT__COUNT; i++)
        if (l->rate[i])
            rate_free(l->rate[i]);
    free(l);
}

/* The bucket of a text: a keyed hash, so that nobody can choose texts that meet in one bucket. */
static enum err bucket_of(const struct visit_limits *l, struct str text, int64_t *out)
{
    unsigned char mac[SEAL_MAC_BYTES];
    uint64_t n = 0;
    enum err err = seal_mac(l->seal, STR("visit limits v1"), text, mac);

    for (size_t i = 0; i < 8; i++)
        n = n << 8 | mac[i];
    *out = (int64_t)(n >> 1) | 1;
    return err;
}

static bool take_text(struct visit_limits *l, enum limit limit, struct str text, int64_t now_us)
{
    int64_t bucket = 0;

    if (!l->rate[limit])
        return true;
    return !bucket_of(l, text, &bucket) && rate_take(l->rate[limit], bucket, now_us);
}

/* The first eight bytes of an IPv6 address: a household has all of them. */
static struct str network_of(const unsigned char bytes[16], char out[VISIT_ADDRESS_CHARS])
{
    int n = snprintf(out, VISIT_ADDRESS_CHARS, "%02x%02x:%02x%02x:%02x%02x:%02x%02x::/64", bytes[0], bytes[1], bytes[2], bytes[3],
                     bytes[4], bytes[5], bytes[6], bytes[7]);

    return str_n(out, (size_t)n);
}

static struct str last_forwarded(struct fields headers)
{
    struct str list = STR_NONE, one = STR_NONE;

    if (fields_get(headers, STR("x-forwarded-for"), &list) != 1)
        return STR_NONE;
    while (list.len && str_split(&list, ',', &one))
        ;
    return str_trim(one);
}

/* "203.0.113.9:51234", "[2001:db8::1]:51234" and "unix" without what is no address. */
static struct str without_port(struct str peer)
{
    struct str inside = str_from(peer, 1);

    if (str_starts(peer, STR("[")))
        return str_upto(inside, str_find(inside, ']'));
    return str_upto(peer, str_find(peer, ':'));
}

static bool is_local(struct str peer)
{
    return str_eq(peer, STR("unix")) || net_is_loopback(peer);
}

struct str visit_address(struct str peer, struct fields headers, char out[VISIT_ADDRESS_CHARS])
{
    struct str forwarded = is_local(peer) ? last_forwarded(headers) : STR_NONE,
               text = forwarded.len ? forwarded : without_port(peer);
    unsigned char bytes[16];
    int n = snprintf(out, VISIT_ADDRESS_CHARS, "%.*s", STR_ARG(str_upto(text, VISIT_ADDRESS_CHARS - 1)));

    if (inet_pton(AF_INET6, out, bytes) == 1)
        return network_of(bytes, out);
    return str_n(out, (size_t)n);
}

bool visit_limits_take_address(struct visit_limits *l, struct str peer, struct fields headers, int64_t now_us)
{
    char text[VISIT_ADDRESS_CHARS];

    return take_text(l, LIMIT_ADDRESS, visit_address(peer, headers, text), now_us);
}

bool visit_limits_take_key(struct visit_limits *l, int64_t source_id, int64_t now_us)
{
    return !l->rate[LIMIT_KEY] || rate_take(l->rate[LIMIT_KEY], source_id, now_us);
}

bool visit_limits_take_visitor(struct visit_limits *l, int64_t source_id, struct str visitor_id, int64_t now_us)
{
    char text[160];
    int n = snprintf(text, sizeof(text), "%lld|%.*s", (long long)source_id, STR_ARG(str_upto(visitor_id, 100)));

    return take_text(l, LIMIT_VISITOR, str_n(text, (size_t)n), now_us);
}
