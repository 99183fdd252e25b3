/* tls_self_made.c -- owns the making of a CA and of a server certificate signed by it, for a first start without any. */
#include "net/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CA_DAYS = 3650,
    LEAF_DAYS = 825, /* what clients accept at most */
    SKEW_S = 3600,   /* clocks of clients may be behind */
    SERIAL_BYTES = 16,
    PATH_BYTES = 4096,
    NAMES_BYTES = 512,
};

/* A key and the certificate of it. */
struct pair {
    EVP_PKEY *key;
    X509 *cert;
};

static void pair_release(struct pair *p)
{
    EVP_PKEY_free(p->key);
    X509_free(p->cert);
}

static enum err refuse(struct buf *why, const char *path, const char *what, enum err err)
{
    if (buf_printf(why, "%s: %s", path, what))
        buf_clear(why);
    return err;
}

static enum err path_in(const char *dir, const char *name, char out[PATH_BYTES])
{
    int n = snprintf(out, PATH_BYTES, "%s/%s", dir, name);

    return n < 0 || n >= PATH_BYTES ? ERR_RANGE : OK;
}

static enum err add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;
    int added;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    if (!extension)
        return ERR_TLS;
    added = X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    return added == 1 ? OK : ERR_TLS;
}

struct extension {
    int nid;
    const char *value;
};

static enum err add_extensions(X509 *cert, X509 *issuer, const struct extension *list)
{
    enum err err = OK;

    for (; list->value && !err; list++)
        err = add_extension(cert, issuer, list->nid, list->value);
    return err;
}

/* A random serial number: two CAs made by chance under one name never give the same. */
static enum err set_serial(X509 *cert)
{
    unsigned char bytes[SERIAL_BYTES];
    BIGNUM *n = NULL;
    enum err err = ERR_TLS;

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return ERR_TLS;
    bytes[0] &= 0x7f; /* positive */
    n = BN_bin2bn(bytes, sizeof(bytes), NULL);
    if (n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)))
        err = OK;
    BN_free(n);
    return err;
}

static enum err set_name(X509 *cert, const char *common_name)
{
    X509_NAME *name = X509_get_subject_name(cert);

    if (X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"storehook", -1, -1, 0) != 1 ||
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0) != 1)
        return ERR_TLS;
    return OK;
}

/* Makes a key and its certificate; `issuer` NULL = signed by itself. On failure the caller releases what is there. */
static enum err make_pair(struct pair *p, const struct pair *issuer, const char *common_name, int days,
                          const struct extension *extensions)
{
    const struct pair *by = issuer ? issuer : p;
    enum err err;

    p->key = EVP_EC_gen("P-256");
    p->cert = X509_new();
    if (!p->key || !p->cert)
        return ERR_TLS;
    err = set_serial(p->cert);
    if (err)
        return err;
    err = set_name(p->cert, common_name);
    if (err)
        return err;
    if (X509_set_version(p->cert, X509_VERSION_3) != 1 || X509_set_pubkey(p->cert, p->key) != 1 ||
        X509_set_issuer_name(p->cert, X509_get_subject_name(by->cert)) != 1 ||
        !X509_gmtime_adj(X509_getm_notBefore(p->cert), -SKEW_S) || !X509_time_adj_ex(X509_getm_notAfter(p->cert), days, 0, NULL))
        return ERR_TLS;
    err = add_extensions(p->cert, by->cert, extensions);
    if (err)
        return err;
    return X509_sign(p->cert, by->key, EVP_sha256()) > 0 ? OK : ERR_TLS;
}

/* Creates a file that must not exist yet; the mode holds from the first moment. */
static enum err create(const char *path, mode_t mode, FILE **out, struct buf *why)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (fd < 0)
        return refuse(why, path, strerror(errno), errno == EEXIST ? ERR_EXISTS : ERR_IO);
    *out = fdopen(fd, "w");
    if (*out)
        return OK;
    close(fd);
    return ERR_MEMORY;
}

/* Closes it so that the bytes are on disk, or removes it. */
static enum err finish(FILE *file, const char *path, bool written, struct buf *why)
{
    bool good = written && fflush(file) == 0 && fsync(fileno(file)) == 0;

    good = fclose(file) == 0 && good;
    if (good)
        return OK;
    unlink(path);
    return refuse(why, path, "not written", ERR_IO);
}

static enum err write_key(const char *path, const EVP_PKEY *key, struct buf *why)
{
    FILE *file = NULL;
    enum err err = create(path, 0600, &file, why);

    if (err)
        return err;
    return finish(file, path, PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1, why);
}

/* Writes one or two certificates; `second` may be NULL. */
static enum err write_certs(const char *path, X509 *first, X509 *second, struct buf *why)
{
    FILE *file = NULL;
    enum err err = create(path, 0644, &file, why);

    if (err)
        return err;
    return finish(file, path, PEM_write_X509(file, first) == 1 && (!second || PEM_write_X509(file, second) == 1), why);
}

/* ERR_NOT_FOUND when one of the two files is not there. */
static enum err read_pair(const char *cert_path, const char *key_path, struct pair *out)
{
    FILE *cert = fopen(cert_path, "re"), *key = fopen(key_path, "re");
    enum err err = ERR_NOT_FOUND;

    if (!cert || !key)
        goto done;
    out->cert = PEM_read_X509(cert, NULL, NULL, NULL);
    out->key = PEM_read_PrivateKey(key, NULL, NULL, NULL);
    err = out->cert && out->key && X509_check_private_key(out->cert, out->key) == 1 ? OK : ERR_TLS;
done:
    if (cert)
        fclose(cert);
    if (key)
        fclose(key);
    return err;
}

/* The CA that is there, or a new one. */
static enum err find_ca(const char *dir, struct pair *ca, struct buf *why)
{
    static const struct extension extensions[] = {
        {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
        {NID_key_usage, "critical,keyCertSign,cRLSign"},
        {NID_subject_key_identifier, "hash"},
        {0, NULL},
    };
    char cert_path[PATH_BYTES], key_path[PATH_BYTES];
    enum err err;

    if (path_in(dir, "ca.pem", cert_path) || path_in(dir, "ca.key", key_path))
        return refuse(why, dir, "path too long", ERR_RANGE);
    err = read_pair(cert_path, key_path, ca);
    if (err == ERR_TLS)
        return refuse(why, cert_path, "not a CA certificate with its key in ca.key", ERR_TLS);
    if (err != ERR_NOT_FOUND)
        return err;
    err = make_pair(ca, NULL, "storehook private CA", CA_DAYS, extensions);
    if (err)
        return refuse(why, cert_path, "no CA could be made", err);
    err = write_key(key_path, ca->key, why);
    return err ? err : write_certs(cert_path, ca->cert, NULL, why);
}

/* "DNS:localhost,IP:127.0.0.1,..." with `host` as what it is; other characters could add names of their own. */
static enum err alternative_names(struct str host, char out[NAMES_BYTES], struct buf *why)
{
    char host_z[256] = "";
    struct in6_addr address;
    const char *kind = "DNS";

    if (host.len >= sizeof(host_z))
        return refuse(why, "host", "name too long", ERR_RANGE);
    for (size_t i = 0; i < host.len; i++) {
        char c = host.p[i], lower = (char)(c | 0x20);

        if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != ':' && c != '*')
            return refuse(why, "host", "no name or address of a host", ERR_SYNTAX);
        host_z[i] = c;
    }
    if (inet_pton(AF_INET, host_z, &address) == 1 || inet_pton(AF_INET6, host_z, &address) == 1)
        kind = "IP";
    else if (memchr(host_z, ':', host.len))
        return refuse(why, "host", "no name or address of a host", ERR_SYNTAX);
    snprintf(out, NAMES_BYTES, "DNS:localhost,IP:127.0.0.1,IP:::1%s%s%s%s", host.len ? "," : "", host.len ? kind : "",
             host.len ? ":" : "", host_z);
    return OK;
}

static enum err make_leaf(const char *dir, struct str host, const struct pair *ca, struct buf *why)
{
    char names[NAMES_BYTES], cert_path[PATH_BYTES], key_path[PATH_BYTES];
    const struct extension extensions[] = {
        {NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage, "serverAuth"},
        {NID_subject_key_identifier, "hash"},
        {NID_authority_key_identifier, "keyid"},
        {NID_subject_alt_name, names},
        {0, NULL},
    };
    struct pair leaf = {NULL, NULL};
    enum err err = alternative_names(host, names, why);

    if (err)
        return err;
    if (path_in(dir, "server.pem", cert_path) || path_in(dir, "server.key", key_path))
        return refuse(why, dir, "path too long", ERR_RANGE);
    err = make_pair(&leaf, ca, "storehook server", LEAF_DAYS, extensions);
    if (err) {
        err = refuse(why, cert_path, "no certificate could be made", err);
        goto done;
    }
    unlink(key_path); /* the key of a certificate that is gone is of no use */
    err = write_key(key_path, leaf.key, why);
    if (err)
        goto done;
    err = write_certs(cert_path, leaf.cert, ca->cert, why);
done:
    pair_release(&leaf);
    return err;
}

enum err tls_self_made(const char *dir, struct str host, struct buf *why)
{
    struct pair ca = {NULL, NULL};
    char path[PATH_BYTES];
    enum err err;

    if (path_in(dir, "server.pem", path))
        return refuse(why, dir, "path too long", ERR_RANGE);
    if (access(path, F_OK) == 0)
        return refuse(why, path, "is there already", ERR_EXISTS);
    err = find_ca(dir, &ca, why);
    if (!err)
        err = make_leaf(dir, host, &ca, why);
    pair_release(&ca);
    return err;
}
