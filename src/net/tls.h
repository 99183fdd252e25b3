/* tls.h -- owns TLS for the server: the context, its certificate and key, session tickets, a self-made certificate. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct tls_context; /* shared by the workers of a process; reference counted inside */

/* TLS 1.2 and 1.3, AEAD only, ALPN http/1.1, no 0-RTT, no renegotiation. `why` names the file and what is wrong with it. */
enum err tls_context_new(const char *cert_path, const char *key_path, struct tls_context **out, struct buf *why) MUST_CHECK;
void tls_context_free(struct tls_context *tls);

/* Makes a CA (ca.pem, ca.key) and a server certificate signed by it (server.pem: leaf then CA; server.key) in `dir`, ECDSA
 * P-256, keys with mode 0600, for localhost, 127.0.0.1, ::1 and `host` (may be empty). ERR_EXISTS when server.pem is there. */
enum err tls_self_made(const char *dir, struct str host, struct buf *why) MUST_CHECK;

#endif
