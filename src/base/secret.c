/* secret.c -- owns secret bytes: wiped on free, compared in constant time, sealed at rest under the master key (N10). */
#include "base/secret.h"

#include "base/encode.h"
#include "base/id.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_MAX_BYTES = 4096, MASTER_KEY_BYTES = 32 };

struct secret {
    size_t len;
    char bytes[];
};

enum err secret_new(struct str bytes, struct secret **out)
{
    struct secret *s;

    if (bytes.len == 0 || bytes.len > SECRET_MAX_BYTES)
        return ERR_RANGE;
    s = malloc(sizeof(*s) + bytes.len);
    if (!s)
        return ERR_MEMORY;
    s->len = bytes.len;
    memcpy(s->bytes, bytes.p, bytes.len);
    *out = s;
    return OK;
}

void secret_free(struct secret *s)
{
    if (!s)
        return;
    OPENSSL_cleanse(s->bytes, s->len);
    free(s);
}

struct str secret_bytes(const struct secret *s)
{
    return str_n(s->bytes, s->len);
}

bool ct_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.p, b.p, a.len) == 0);
}

/* Reads up to `cap` bytes of fd; *len may be `cap` when there are more. */
static enum err read_all(int fd, char *into, size_t cap, size_t *len)
{
    size_t have = 0;

    while (have < cap) {
        ssize_t n = read(fd, into + have, cap - have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        if (n == 0)
            break;
        have += (size_t)n;
    }
    *len = have;
    return OK;
}

static enum err open_to_read(const char *path, int *fd)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd >= 0)
        return OK;
    return errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
}

/* Drops one newline at the end (LF or CR LF): editors and `echo` add it, nobody means it. */
static struct str without_newline(struct str s)
{
    if (str_ends(s, STR("\n")))
        s.len -= str_ends(s, STR("\r\n")) ? 2 : 1;
    return s;
}

enum err secret_new_line(struct str bytes, struct secret **out)
{
    return secret_new(without_newline(bytes), out);
}

enum err secret_read_fd(int fd, struct secret **out)
{
    char bytes[SECRET_MAX_BYTES + 3]; /* the newline, and one more to see that it is too long */
    size_t len = 0;
    enum err err = read_all(fd, bytes, sizeof(bytes), &len);

    if (!err)
        err = secret_new_line(str_n(bytes, len), out);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return err;
}

enum err secret_read_file(const char *path, struct secret **out)
{
    int fd = -1;
    enum err err = open_to_read(path, &fd);

    if (err)
        return err;
    err = secret_read_fd(fd, out);
    close(fd);
    return err;
}

/* ---- the master key and what is sealed under it ---- */

enum { SEAL_VERSION = 1, NONCE_BYTES = 12, TAG_BYTES = 16, SEAL_OVERHEAD = 1 + NONCE_BYTES + TAG_BYTES };

struct seal {
    unsigned char key[MASTER_KEY_BYTES];
    unsigned char tombstone_key[MASTER_KEY_BYTES]; /* derived, so that tombstones tell nothing about the sealing key */
};

static enum err hmac_sha256(const unsigned char key[MASTER_KEY_BYTES], struct str text, unsigned char out[32])
{
    unsigned int n = 0;

    if (!HMAC(EVP_sha256(), key, MASTER_KEY_BYTES, (const unsigned char *)(text.p ? text.p : ""), text.len, out, &n) || n != 32)
        return ERR_INTERNAL;
    return OK;
}

static enum err seal_from_text(struct str text, struct seal **out)
{
    struct seal *seal = calloc(1, sizeof(*seal));
    enum err err;

    if (!seal)
        return ERR_MEMORY;
    err = hex_decode(text, seal->key, sizeof(seal->key));
    if (!err)
        err = hmac_sha256(seal->key, STR("storehook tombstone v1"), seal->tombstone_key);
    if (err) {
        seal_free(seal);
        return err;
    }
    *out = seal;
    return OK;
}

/* ERR_CONFIG when others than the owner may read or change the file. */
static enum err check_key_mode(int fd)
{
    struct stat st;

    if (fstat(fd, &st))
        return ERR_IO;
    return !S_ISREG(st.st_mode) || st.st_mode & (S_IRWXG | S_IRWXO) ? ERR_CONFIG : OK;
}

enum err seal_load(struct str text, const char *path, struct seal **out)
{
    char bytes[2 * MASTER_KEY_BYTES + 3];
    size_t len = 0;
    int fd = -1;
    enum err err;

    if (text.len)
        return seal_from_text(text, out);
    err = open_to_read(path, &fd);
    if (err)
        return err;
    err = check_key_mode(fd);
    if (!err)
        err = read_all(fd, bytes, sizeof(bytes), &len);
    if (!err)
        err = seal_from_text(without_newline(str_n(bytes, len)), out);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    close(fd);
    return err;
}

static enum err write_all(int fd, struct str bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.p, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_IO;
        bytes = str_from(bytes, (size_t)n);
    }
    return OK;
}

enum err seal_create(const char *path)
{
    unsigned char key[MASTER_KEY_BYTES];
    char text[2 * MASTER_KEY_BYTES + 2];
    enum err err;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno == EEXIST ? ERR_EXISTS : ERR_IO;
    random_bytes(key, sizeof(key));
    hex_encode(str_n(key, sizeof(key)), text);
    text[2 * MASTER_KEY_BYTES] = '\n';
    err = write_all(fd, str_n(text, 2 * MASTER_KEY_BYTES + 1));
    if (!err && fsync(fd))
        err = ERR_IO;
    if (close(fd) && !err)
        err = ERR_IO;
    if (err) /* half a key is worse than none */
        unlink(path);
    OPENSSL_cleanse(key, sizeof(key));
    OPENSSL_cleanse(text, sizeof(text));
    return err;
}

void seal_free(struct seal *seal)
{
    if (!seal)
        return;
    OPENSSL_cleanse(seal, sizeof(*seal));
    free(seal);
}

/* raw = version, nonce, ciphertext, tag; the version byte and `context` are authenticated with it. */
static bool encrypt(EVP_CIPHER_CTX *ctx, const struct seal *seal, struct str context, struct str plain, unsigned char *raw)
{
    unsigned char *nonce = raw + 1, *body = nonce + NONCE_BYTES;
    int n = 0;

    return EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, seal->key, nonce) && EVP_EncryptUpdate(ctx, NULL, &n, raw, 1) &&
           (context.len == 0 || EVP_EncryptUpdate(ctx, NULL, &n, (const unsigned char *)context.p, (int)context.len)) &&
           EVP_EncryptUpdate(ctx, body, &n, (const unsigned char *)plain.p, (int)plain.len) &&
           EVP_EncryptFinal_ex(ctx, body + plain.len, &n) &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, body + plain.len);
}

enum err seal_close(const struct seal *seal, struct str context, struct str plain, struct buf *out)
{
    size_t raw_len = plain.len + SEAL_OVERHEAD;
    unsigned char *raw = NULL;
    EVP_CIPHER_CTX *ctx = NULL;
    enum err err;

    if (plain.len == 0 || plain.len > SEAL_PLAIN_BYTES_MAX || context.len > SECRET_MAX_BYTES)
        return ERR_RANGE;
    raw = malloc(raw_len);
    ctx = EVP_CIPHER_CTX_new();
    err = raw && ctx ? buf_reserve(out, BASE64_LEN(raw_len)) : ERR_MEMORY;
    if (!err) {
        raw[0] = SEAL_VERSION;
        random_bytes(raw + 1, NONCE_BYTES);
        err = encrypt(ctx, seal, context, plain, raw) ? OK : ERR_INTERNAL;
    }
    if (!err) {
        base64_encode(str_n(raw, raw_len), out->p + out->len);
        out->len += BASE64_LEN(raw_len);
    }
    EVP_CIPHER_CTX_free(ctx);
    free(raw);
    return err;
}

static bool decrypt(EVP_CIPHER_CTX *ctx, const struct seal *seal, struct str context, unsigned char *raw, size_t plain_len,
                    unsigned char *plain)
{
    unsigned char *nonce = raw + 1, *body = nonce + NONCE_BYTES;
    int n = 0;

    return EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, seal->key, nonce) && EVP_DecryptUpdate(ctx, NULL, &n, raw, 1) &&
           (context.len == 0 || EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)context.p, (int)context.len)) &&
           EVP_DecryptUpdate(ctx, plain, &n, body, (int)plain_len) &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, body + plain_len) &&
           EVP_DecryptFinal_ex(ctx, plain + n, &n) > 0;
}

/* Opens the raw bytes to out's end. */
static enum err open_raw(const struct seal *seal, struct str context, unsigned char *raw, size_t raw_len, struct buf *out)
{
    size_t plain_len = raw_len - SEAL_OVERHEAD;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    enum err err = ctx ? buf_reserve(out, plain_len) : ERR_MEMORY;

    if (!err && decrypt(ctx, seal, context, raw, plain_len, (unsigned char *)out->p + out->len)) {
        out->len += plain_len;
        out->p[out->len] = '\0';
    } else if (!err) {
        OPENSSL_cleanse(out->p + out->len, plain_len); /* nothing of changed bytes is shown */
        err = ERR_SEAL;
    }
    EVP_CIPHER_CTX_free(ctx);
    return err;
}

enum err seal_open_text(const struct seal *seal, struct str context, struct str sealed, struct buf *out)
{
    unsigned char *raw;
    size_t raw_len = 0;
    enum err err;

    if (sealed.len > BASE64_LEN(SEAL_PLAIN_BYTES_MAX + SEAL_OVERHEAD) || context.len > SECRET_MAX_BYTES)
        return ERR_SEAL;
    raw = malloc(sealed.len + 1);
    if (!raw)
        return ERR_MEMORY;
    err = base64_decode(sealed, raw, sealed.len, &raw_len);
    if (err || raw_len <= SEAL_OVERHEAD || raw[0] != SEAL_VERSION)
        err = ERR_SEAL;
    else
        err = open_raw(seal, context, raw, raw_len, out);
    free(raw);
    return err;
}

enum err seal_open(const struct seal *seal, struct str context, struct str sealed, struct secret **out)
{
    struct buf plain = BUF_INIT(SECRET_MAX_BYTES);
    enum err err = seal_open_text(seal, context, sealed, &plain);

    if (!err)
        err = secret_new(buf_str(&plain), out);
    buf_wipe(&plain);
    return err == ERR_TOO_LARGE ? ERR_SEAL : err;
}

enum err seal_tombstone(const struct seal *seal, struct str text, char out[65])
{
    unsigned char digest[32];
    enum err err = hmac_sha256(seal->tombstone_key, text, digest);

    if (!err)
        hex_encode(str_n(digest, sizeof(digest)), out);
    return err;
}

enum err seal_fingerprint(const struct seal *seal, char out[SEAL_FINGERPRINT_CHARS + 1])
{
    unsigned char digest[32];
    enum err err = hmac_sha256(seal->key, STR("storehook fingerprint v1"), digest);

    if (!err)
        hex_encode(str_n(digest, sizeof(digest)), out);
    return err;
}

enum err seal_mac(const struct seal *seal, struct str purpose, struct str text, unsigned char out[SEAL_MAC_BYTES])
{
    unsigned char key[MASTER_KEY_BYTES];
    enum err err = hmac_sha256(seal->key, purpose, key);

    if (!err)
        err = hmac_sha256(key, text, out);
    OPENSSL_cleanse(key, sizeof(key));
    return err;
}
