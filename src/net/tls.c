/* tls.c -- owns TLS for the server: the context with its certificate, key and policy, and the sessions made from it. */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

struct tls_context {
    SSL_CTX *ctx;
};

/* ECDHE and AEAD only; the first that both know is taken (facts: reliability 3.4). */
static const char tls12_ciphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char groups[] = "X25519:P-256";
static const unsigned char session_context[] = "storehook";

/* Answers http/1.1 when it is offered, else the fatal no_application_protocol alert. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *offered,
                           unsigned int offered_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen = NULL;

    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, offered, offered_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static enum err set_policy(SSL_CTX *ctx)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets only: no memory of ours per client */
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(ctx, tls12_ciphers) != 1 ||
        SSL_CTX_set1_groups_list(ctx, groups) != 1 || SSL_CTX_set_max_early_data(ctx, 0) != 1 ||
        SSL_CTX_set_session_id_context(ctx, session_context, sizeof(session_context) - 1) != 1)
        return ERR_TLS;
    return OK;
}

/* Tells what OpenSSL last complained about. */
static enum err refuse(struct buf *why, const char *path, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    if (buf_printf(why, "%s: %s%s%s%s", path, what, reason ? " (" : "", reason ? reason : "", reason ? ")" : ""))
        buf_clear(why);
    return ERR_TLS;
}

static enum err load_pair(SSL_CTX *ctx, const char *cert_path, const char *key_path, struct buf *why)
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ctx, cert_path) != 1)
        return refuse(why, cert_path, "no usable certificate chain");
    if (SSL_CTX_use_PrivateKey_file(ctx, key_path, SSL_FILETYPE_PEM) != 1)
        return refuse(why, key_path, "no usable private key of this certificate");
    if (SSL_CTX_check_private_key(ctx) != 1)
        return refuse(why, key_path, "key does not belong to the certificate");
    return OK;
}

enum err tls_context_new(const char *cert_path, const char *key_path, struct tls_context **out, struct buf *why)
{
    struct tls_context *tls = calloc(1, sizeof(*tls));
    enum err err = ERR_MEMORY;

    if (!tls)
        return ERR_MEMORY;
    tls->ctx = SSL_CTX_new(TLS_server_method());
    if (!tls->ctx)
        goto done;
    err = set_policy(tls->ctx);
    if (err)
        goto done;
    err = load_pair(tls->ctx, cert_path, key_path, why);
    if (err)
        goto done;
    *out = tls;
    tls = NULL;
done:
    tls_context_free(tls);
    return err;
}

void tls_context_free(struct tls_context *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->ctx);
    free(tls);
}

enum err tls_session_new(struct tls_context *tls, int fd, struct ssl_st **out)
{
    SSL *ssl = SSL_new(tls->ctx);

    if (!ssl)
        return ERR_MEMORY;
    if (SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return ERR_TLS;
    }
    SSL_set_accept_state(ssl);
    *out = ssl;
    return OK;
}
