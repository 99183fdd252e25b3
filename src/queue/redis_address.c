/* redis_address.c -- owns the place of a Redis server: redis.url, read and resolved. */
#include "queue/redis_address.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>

enum { DB_MAX = 1023, HOST_CHARS = 255 };

static enum err refuse(struct buf *why, enum err err, const char *text)
{
    /* a full `why` loses words, not the error */
    if (buf_append(why, str_of(text)))
        buf_clear(why);
    return err;
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Returns owned: `s` with %XX decoded; NULL for a bad escape, a NUL, or no memory. */
static char *percent_decode(struct str s)
{
    char *out = malloc(s.len + 1);
    size_t n = 0;

    for (size_t i = 0; out && i < s.len; i++) {
        int c = (unsigned char)s.p[i];

        if (c == '%') {
            int high = i + 2 < s.len ? hex_value(s.p[i + 1]) : -1;
            int low = i + 2 < s.len ? hex_value(s.p[i + 2]) : -1;

            c = high < 0 || low < 0 ? 0 : high * 16 + low;
            i += 2;
        }
        if (c == 0) {
            free(out);
            return NULL;
        }
        out[n++] = (char)c;
    }
    if (out)
        out[n] = '\0';
    return out;
}

static enum err parse_unix(struct str path, const char *dir, struct redis_address *out, struct buf *why)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&out->socket;
    struct buf full = BUF_INIT(sizeof(un->sun_path) - 1);
    enum err err = OK;

    if (path.len == 0)
        return refuse(why, ERR_CONFIG, "redis.url: unix: needs a path");
    if (path.p[0] != '/')
        err = buf_printf(&full, "%s/", dir);
    if (!err)
        err = buf_append(&full, path);
    if (err) {
        buf_release(&full);
        return refuse(why, ERR_CONFIG, "redis.url: the path of the unix socket is too long (107 bytes at most)");
    }
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, full.p, full.len + 1);
    out->socket_len = (socklen_t)sizeof(*un);
    buf_release(&full);
    return OK;
}

static enum err parse_user(struct str user, struct redis_address *out, struct buf *why)
{
    struct str name = STR_NONE;
    size_t colon = str_find(user, ':');

    if (colon == user.len)
        return refuse(why, ERR_CONFIG, "redis.url: write user:password@ or :password@");
    name = str_upto(user, colon);
    out->user = name.len ? percent_decode(name) : NULL;
    out->password = percent_decode(str_from(user, colon + 1));
    if ((name.len && !out->user) || !out->password)
        return refuse(why, ERR_CONFIG, "redis.url: bad percent escape in user or password");
    return OK;
}

static enum err resolve(struct str host, struct str port, struct redis_address *out, struct buf *why)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char *host_text = str_dup(host), *port_text = str_dup(port);
    enum err err = OK;

    if (!host_text || !port_text)
        err = ERR_MEMORY;
    else if (host.len == 0 || host.len > HOST_CHARS || getaddrinfo(host_text, port_text, &hints, &found))
        err = refuse(why, ERR_QUEUE_DOWN, "redis.url: host not found");
    if (!err) {
        memcpy(&out->socket, found->ai_addr, found->ai_addrlen);
        out->socket_len = found->ai_addrlen;
        freeaddrinfo(found);
    }
    free(host_text);
    free(port_text);
    return err;
}

static enum err parse_host(struct str s, struct redis_address *out, struct buf *why)
{
    struct str host, port = STR("6379"), rest;
    uint64_t number;

    if (str_starts(s, STR("["))) {
        size_t end = str_find(s, ']');

        host = str_from(str_upto(s, end), 1);
        rest = str_from(s, end + 1);
    } else {
        host = str_upto(s, str_find(s, ':'));
        rest = str_from(s, host.len);
    }
    if (rest.len)
        port = str_from(rest, 1);
    if ((rest.len && rest.p[0] != ':') || str_to_u64(port, &number) || number == 0 || number > 65535)
        return refuse(why, ERR_CONFIG, "redis.url: bad port");
    return resolve(host, port, out, why);
}

static enum err parse_tcp(struct str rest, struct redis_address *out, struct buf *why)
{
    struct str db;
    uint64_t number = 0;
    size_t at = rest.len;
    enum err err = OK;

    while (at > 0 && rest.p[at - 1] != '@')
        at--;
    if (at > 0)
        err = parse_user(str_upto(rest, at - 1), out, why);
    rest = str_from(rest, at);
    db = str_from(rest, str_find(rest, '/') + 1);
    if (!err && db.len && (str_to_u64(db, &number) || number > DB_MAX))
        err = refuse(why, ERR_CONFIG, "redis.url: bad database number");
    out->db = (int)number;
    snprintf(out->db_text, sizeof(out->db_text), "%d", out->db);
    return err ? err : parse_host(str_upto(rest, str_find(rest, '/')), out, why);
}

enum err redis_address_parse(struct str url, const char *dir, struct redis_address *out, struct buf *why)
{
    static const struct str unix_prefix = {"unix:", 5}, tcp_prefix = {"redis://", 8};
    enum err err;

    memset(out, 0, sizeof(*out));
    if (str_starts(url, unix_prefix))
        err = parse_unix(str_from(url, unix_prefix.len), dir, out, why);
    else if (str_starts(url, tcp_prefix))
        err = parse_tcp(str_from(url, tcp_prefix.len), out, why);
    else
        err = refuse(why, ERR_CONFIG, "redis.url: write unix:path or redis://[user:password@]host:port[/db]");
    if (err)
        redis_address_release(out);
    return err;
}

size_t redis_address_greeting(const struct redis_address *a, struct str words[2][3], size_t n[2])
{
    size_t commands = 0;

    if (a->password) {
        n[commands] = 0;
        words[commands][n[commands]++] = STR("AUTH");
        if (a->user)
            words[commands][n[commands]++] = str_of(a->user);
        words[commands][n[commands]++] = str_of(a->password);
        commands++;
    }
    if (a->db) {
        words[commands][0] = STR("SELECT");
        words[commands][1] = str_of(a->db_text);
        n[commands++] = 2;
    }
    return commands;
}

void redis_address_release(struct redis_address *a)
{
    if (!a)
        return;
    if (a->password)
        explicit_bzero(a->password, strlen(a->password));
    free(a->password);
    free(a->user);
    memset(a, 0, sizeof(*a));
}
