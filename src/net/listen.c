/* listen.c -- owns listening sockets and socket addresses as text. */
#include "net/listen.h"

#include "net/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024, UNIX_MODE = 0660 };

static const struct str unix_prefix = {.p = "unix:", .len = 5};

/* Tells the address, what was tried, and the system's reason. */
static enum err fail(struct buf *why, struct str address, const char *what, int error)
{
    if (buf_printf(why, "%.*s: %s%s%s", STR_ARG(address), what, error ? ": " : "", error ? strerror(error) : ""))
        buf_clear(why);
    return error == EADDRINUSE ? ERR_EXISTS : error ? ERR_IO : ERR_SYNTAX;
}

/* Room for either kind of address. */
union inet_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage storage;
};

/* Parses "1.2.3.4:80" or "[::1]:80". Names are refused: what they stand for may change while we listen. */
static enum err parse_inet(struct str text, union inet_address *out, socklen_t *out_len)
{
    bool bracketed = text.len && text.p[0] == '[';
    size_t end = str_find(text, bracketed ? ']' : ':');
    struct str host = bracketed ? str_from(str_upto(text, end), 1) : str_upto(text, end);
    struct str port_text = str_from(text, bracketed ? end + 2 : end + 1);
    char host_z[INET6_ADDRSTRLEN];
    uint64_t port = 0;

    if (end >= text.len || host.len >= sizeof(host_z) || (bracketed && (end + 1 >= text.len || text.p[end + 1] != ':')))
        return ERR_SYNTAX;
    if (str_to_u64(port_text, &port) || port > 65535)
        return ERR_SYNTAX;
    memcpy(host_z, host.p, host.len);
    host_z[host.len] = '\0';
    memset(out, 0, sizeof(*out));
    if (bracketed) {
        out->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
        *out_len = sizeof(out->v6);
        return inet_pton(AF_INET6, host_z, &out->v6.sin6_addr) == 1 ? OK : ERR_SYNTAX;
    }
    out->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    *out_len = sizeof(out->v4);
    return inet_pton(AF_INET, host_z, &out->v4.sin_addr) == 1 ? OK : ERR_SYNTAX;
}

void net_peer_text(const struct sockaddr_storage *address, char *out, size_t cap)
{
    const union inet_address *a = (const union inet_address *)address;
    char host[INET6_ADDRSTRLEN] = "";

    if (a->any.sa_family == AF_INET && inet_ntop(AF_INET, &a->v4.sin_addr, host, sizeof(host)))
        snprintf(out, cap, "%s:%u", host, ntohs(a->v4.sin_port));
    else if (a->any.sa_family == AF_INET6 && inet_ntop(AF_INET6, &a->v6.sin6_addr, host, sizeof(host)))
        snprintf(out, cap, "[%s]:%u", host, ntohs(a->v6.sin6_port));
    else
        snprintf(out, cap, "unix");
}

/* Accepted sockets inherit TCP_NODELAY: an answer is one write and must not wait for an earlier one's acknowledgement. */
static enum err set_options(int fd, bool v6)
{
    const int on = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
        return ERR_IO;
    return v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) ? ERR_IO : OK;
}

static enum err listen_inet(struct str address, int *fd, struct buf *bound, struct buf *why)
{
    union inet_address a;
    socklen_t len;
    char text[NET_ADDRESS_CHARS];
    int s;

    if (parse_inet(address, &a, &len))
        return fail(why, address, "write address:port, such as 127.0.0.1:8443 or [::1]:8443, or unix:/path", 0);
    s = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0)
        return fail(why, address, "no socket", errno);
    if (set_options(s, a.any.sa_family == AF_INET6) || bind(s, &a.any, len) || listen(s, BACKLOG) || getsockname(s, &a.any, &len)) {
        enum err err = fail(why, address, "cannot listen", errno);

        close(s);
        return err;
    }
    net_peer_text(&a.storage, text, sizeof(text));
    buf_clear(bound);
    if (buf_append(bound, str_of(text))) {
        close(s);
        return ERR_MEMORY;
    }
    *fd = s;
    return OK;
}

/* Removes a socket file that nobody listens on any more. ERR_EXISTS when somebody does, or the file is no socket. */
static enum err remove_stale(const struct sockaddr_un *a)
{
    struct stat st;
    int s, refused;

    if (lstat(a->sun_path, &st))
        return errno == ENOENT ? OK : ERR_IO;
    if (!S_ISSOCK(st.st_mode))
        return ERR_EXISTS;
    s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0)
        return ERR_IO;
    refused = connect(s, (const struct sockaddr *)a, sizeof(*a)) && errno == ECONNREFUSED;
    close(s);
    if (!refused)
        return ERR_EXISTS;
    return unlink(a->sun_path) ? ERR_IO : OK;
}

static enum err listen_unix(struct str address, int *fd, struct buf *bound, struct buf *why)
{
    struct str path = str_from(address, unix_prefix.len);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    enum err err;
    int s;

    if (path.len == 0 || path.len >= sizeof(a.sun_path))
        return fail(why, address, "a path of 1 to 107 bytes is needed", 0);
    memcpy(a.sun_path, path.p, path.len);
    err = remove_stale(&a);
    if (err)
        return fail(why, address, "cannot take this path", err == ERR_EXISTS ? EADDRINUSE : errno);
    s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0)
        return fail(why, address, "no socket", errno);
    /* the mode is narrow from the first moment, then exactly ours whatever the umask */
    if (fchmod(s, UNIX_MODE) || bind(s, (struct sockaddr *)&a, sizeof(a)) || chmod(a.sun_path, UNIX_MODE) || listen(s, BACKLOG)) {
        err = fail(why, address, "cannot listen", errno);
        goto done;
    }
    buf_clear(bound);
    err = buf_append(bound, address);
    if (err)
        goto done;
    *fd = s;
    s = -1;
done:
    if (s >= 0)
        close(s);
    return err;
}

enum err net_listen(struct str address, int *fd, struct buf *bound, struct buf *why)
{
    return str_starts(address, unix_prefix) ? listen_unix(address, fd, bound, why) : listen_inet(address, fd, bound, why);
}

/* Binds without SO_REUSEPORT, for a moment: refused while anybody listens there. */
static enum err check_alone(struct str address, struct buf *why)
{
    const int on = 1;
    union inet_address a;
    socklen_t len;
    enum err err = OK;
    int s;

    if (parse_inet(address, &a, &len)) /* net_listen says what is wrong */
        return OK;
    s = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return fail(why, address, "no socket", errno);
    if (setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) || bind(s, &a.any, len) || listen(s, 1))
        err = fail(why, address, "cannot listen", errno);
    close(s);
    return err;
}

enum err net_listen_alone(struct str address, int *fd, struct buf *bound, struct buf *why)
{
    enum err err = str_starts(address, unix_prefix) ? OK : check_alone(address, why);

    return err ? err : net_listen(address, fd, bound, why);
}

bool net_is_loopback(struct str address)
{
    union inet_address a;
    socklen_t len;

    if (str_starts(address, unix_prefix))
        return true;
    if (parse_inet(address, &a, &len))
        return false;
    if (a.any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&a.v6.sin6_addr);
    return ntohl(a.v4.sin_addr.s_addr) >> 24 == 127;
}
