/* tls.h -- owns TLS for the server: the context, its certificate and key, session tickets, a self-made certificate. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct tls_context; /* shared by the workers of a process; reference counted inside */
struct ssl_st;      /* OpenSSL's SSL */

/* TLS 1.2 and 1.3, AEAD only, ALPN http/1.1, no 0-RTT, no renegotiation. `why` names the file and what is wrong with it. */
enum err tls_context_new(const char *cert_path, const char *key_path, struct tls_context **out, struct buf *why) MUST_CHECK;
/* Sessions that were made from it live on. NULL is fine. */
void tls_context_free(struct tls_context *tls);

/* A server session on a connected socket, which stays the caller's. Returns owned: SSL_free. For src/net only. */
enum err tls_session_new(struct tls_context *tls, int fd, struct ssl_st **out) MUST_CHECK;

/* Makes a CA (ca.pem, ca.key) and a server certificate signed by it (server.pem: leaf then CA; server.key) in `dir`, ECDSA
 * P-256, keys with mode 0600, for localhost, 127.0.0.1, ::1 and `host` (a name or an address; may be empty). A CA that is
 * already there signs again, so that whoever trusts it need not be told. ERR_EXISTS when server.pem is there. */
enum err tls_self_made(const char *dir, struct str host, struct buf *why) MUST_CHECK;

#endif
