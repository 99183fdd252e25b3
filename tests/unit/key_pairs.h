/* key_pairs.h -- owns the key pairs and certificates that the tests of asymmetric schemes make for themselves. */
#ifndef TESTS_KEY_PAIRS_H
#define TESTS_KEY_PAIRS_H

#include <assert.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEM_MAX = 4096 };

/* A pair in the forms that an operator is given them. */
struct pair {
    EVP_PKEY *key;
    char private_pem[PEM_MAX], public_pem[PEM_MAX];
};

static inline void pair_take(BIO *bio, char out[PEM_MAX])
{
    int n = BIO_read(bio, out, PEM_MAX - 1);

    assert(n > 0);
    out[n] = '\0';
    BIO_free(bio);
}

/* `kind` is "RSA", "EC" (P-256) or "ED25519". */
static inline void pair_new(const char *kind, struct pair *out)
{
    BIO *private = BIO_new(BIO_s_mem()), *public = BIO_new(BIO_s_mem());

    if (strcmp(kind, "RSA") == 0)
        out->key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    else
        out->key = strcmp(kind, "EC") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256") : EVP_PKEY_Q_keygen(NULL, NULL, kind);
    assert(out->key && private && public);
    if (!PEM_write_bio_PrivateKey(private, out->key, NULL, NULL, 0, NULL, NULL) || !PEM_write_bio_PUBKEY(public, out->key))
        abort();
    pair_take(private, out->private_pem);
    pair_take(public, out->public_pem);
}

static inline void pair_free(struct pair *p)
{
    EVP_PKEY_free(p->key);
}

static inline void pair_add_alternative(X509 *cert, const char *alternative)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alternative);

    assert(extension);
    if (!X509_add_ext(cert, extension, -1))
        abort();
    X509_EXTENSION_free(extension);
}

/* A certificate of the pair for `name`, valid between two Unix times; `alternative` as in "DNS:a.example", or NULL. */
static inline void pair_certificate(const struct pair *p, const char *name, const char *alternative, time_t from, time_t until,
                                    char out[PEM_MAX])
{
    X509 *cert = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    X509_NAME *subject = X509_get_subject_name(cert);

    assert(cert && bio && subject);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    ASN1_TIME_set(X509_getm_notBefore(cert), from);
    ASN1_TIME_set(X509_getm_notAfter(cert), until);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, subject);
    X509_set_pubkey(cert, p->key);
    if (alternative)
        pair_add_alternative(cert, alternative);
    if (!X509_sign(cert, p->key, EVP_sha256()) || !PEM_write_bio_X509(bio, cert))
        abort();
    pair_take(bio, out);
    X509_free(cert);
}

#endif
