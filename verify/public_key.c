/* public_key.c -- owns public keys as an operator gives them: PEM, certificate, base64, hex, or several by path. */
#include "verify/public_key.h"

#include "base/clock.h"
#include "base/encode.h"
#include "verify/pin.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { ED25519_KEY_BYTES = 32, SPKI_MAX_BYTES = 2048, RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192 };

static bool is_p256(const EVP_PKEY *key)
{
    char name[32] = "";

    return EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) && strcmp(name, "prime256v1") == 0;
}

static bool is_wanted(const struct public_wanted *wanted, const EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key);

    if (EVP_PKEY_get_base_id(key) != wanted->type)
        return false;
    if (wanted->type == EVP_PKEY_RSA)
        return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
    return wanted->type != EVP_PKEY_EC || is_p256(key);
}

/* No password is ever asked for. */
static int no_password(char *buf, int size, int rwflag, void *arg)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)arg;
    return -1;
}

/* --- certificates ----------------------------------------------------------------------------------------------------- */

static bool name_fits(struct str pattern, const ASN1_STRING *name)
{
    return pin_host_fits(pattern, str_n(ASN1_STRING_get0_data(name), (size_t)ASN1_STRING_length(name)));
}

/* The subject's common name, for a certificate without alternative names (RFC 6125, 6.4.4). */
static bool common_name_fits(struct str pattern, X509 *certificate)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

    return at >= 0 && name_fits(pattern, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

static bool certificate_fits(struct str pattern, X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool fits = false;

    if (!names)
        return common_name_fits(pattern, certificate);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        fits |= name->type == GEN_DNS && name_fits(pattern, name->d.dNSName);
    }
    GENERAL_NAMES_free(names);
    return fits;
}

static enum err time_of(const ASN1_TIME *time, int64_t *us)
{
    struct tm t;

    if (!ASN1_TIME_to_tm(time, &t))
        return ERR_SYNTAX;
    *us = (int64_t)timegm(&t) * US_PER_S;
    return OK;
}

static enum err read_certificate(const struct public_wanted *wanted, BIO *in, struct public_key *out)
{
    X509 *certificate = PEM_read_bio_X509(in, NULL, no_password, NULL);
    enum err err = certificate ? OK : ERR_SYNTAX;

    if (!err && wanted->certificate_name.len && !certificate_fits(wanted->certificate_name, certificate))
        err = ERR_SYNTAX;
    if (!err)
        err = time_of(X509_get0_notBefore(certificate), &out->from_us);
    if (!err)
        err = time_of(X509_get0_notAfter(certificate), &out->until_us);
    if (!err)
        out->key = X509_get_pubkey(certificate);
    X509_free(certificate);
    return err;
}

/* --- one key ---------------------------------------------------------------------------------------------------------- */

static enum err read_pem(const struct public_wanted *wanted, struct str text, struct public_key *out)
{
    BIO *in = BIO_new_mem_buf(text.p, (int)text.len);
    enum err err = OK;

    if (!in)
        return ERR_MEMORY;
    if (str_starts(text, STR("-----BEGIN CERTIFICATE-----"))) {
        err = read_certificate(wanted, in, out);
    } else if (str_starts(text, STR("-----BEGIN PUBLIC KEY-----"))) {
        out->key = PEM_read_bio_PUBKEY(in, NULL, no_password, NULL);
    } else if (wanted->can_sign) {
        out->key = PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);
        out->can_sign = true;
    }
    BIO_free(in);
    return err;
}

static enum err read_hex(const struct public_wanted *wanted, struct str text, struct public_key *out)
{
    unsigned char bytes[ED25519_KEY_BYTES];

    if (wanted->type != EVP_PKEY_ED25519 || hex_decode(text, bytes, sizeof(bytes)))
        return ERR_SYNTAX;
    out->key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, sizeof(bytes));
    return OK;
}

static enum err read_base64(struct str text, struct public_key *out)
{
    unsigned char bytes[SPKI_MAX_BYTES];
    const unsigned char *at = bytes;
    size_t n = 0;

    if (base64_decode(text, bytes, sizeof(bytes), &n))
        return ERR_SYNTAX;
    out->key = d2i_PUBKEY(NULL, &at, (long)n);
    return at == bytes + n ? OK : ERR_SYNTAX;
}

/* Adds one key under a name. */
static enum err add_key(const struct public_wanted *wanted, struct str name, struct str text, struct public_keys *keys)
{
    struct public_key *out = &keys->at[keys->n];
    enum err err;

    if (keys->n == PUBLIC_KEYS_MAX)
        return ERR_TOO_MANY;
    out->name = str_dup(name);
    keys->n++;
    if (!out->name)
        return ERR_MEMORY;
    if (str_starts(text, STR("-----BEGIN ")))
        err = read_pem(wanted, text, out);
    else if (wanted->form == PUBLIC_HEX)
        err = read_hex(wanted, text, out);
    else
        err = wanted->form == PUBLIC_BASE64 ? read_base64(text, out) : ERR_SYNTAX;
    if (!err && (!out->key || !is_wanted(wanted, out->key)))
        err = ERR_SYNTAX;
    ERR_clear_error();
    return err;
}

/* --- several ---------------------------------------------------------------------------------------------------------- */

/* A path that starts with "/" and has no blanks. */
static bool is_key_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.p[i] <= ' ' || name.p[i] > '~')
            return false;
    return name.len > 1 && name.len <= PUBLIC_KEY_NAME_MAX && name.p[0] == '/';
}

/* Cuts the next PEM block off `rest`, up to and including its END line. */
static enum err next_block(struct str *rest, struct str *block)
{
    struct str end = STR("-----END ");
    size_t at = str_find_str(*rest, end), line;

    if (at == rest->len)
        return ERR_SYNTAX;
    line = str_find(str_from(*rest, at), '\n');
    *block = str_upto(*rest, at + line);
    *rest = str_from(*rest, at + line + 1);
    return OK;
}

static enum err read_by_path(const struct public_wanted *wanted, struct str text, struct public_keys *keys)
{
    enum err err = OK;

    for (text = str_trim(text); text.len && !err; text = str_trim(text)) {
        size_t line = str_find(text, '\n');
        struct str name = str_trim(str_upto(text, line)), block;

        text = str_from(text, line + 1);
        err = is_key_name(name) ? next_block(&text, &block) : ERR_SYNTAX;
        if (!err)
            err = add_key(wanted, name, block, keys);
    }
    return err || keys->n ? err : ERR_SYNTAX;
}

enum err public_keys_read(const struct public_wanted *wanted, struct str text, struct public_keys *out)
{
    enum err err;

    *out = (struct public_keys){.n = 0};
    if (wanted->form == PUBLIC_BY_PATH)
        err = read_by_path(wanted, text, out);
    else
        err = add_key(wanted, STR(""), str_trim(text), out);
    if (err)
        public_keys_release(out);
    return err;
}

void public_keys_release(struct public_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->n; i++) {
        free(keys->at[i].name);
        EVP_PKEY_free(keys->at[i].key);
    }
    *keys = (struct public_keys){.n = 0};
}

const struct public_key *public_keys_find(const struct public_keys *keys, struct str name, int64_t now_us)
{
    for (size_t i = 0; i < keys->n; i++) {
        const struct public_key *key = &keys->at[i];
        bool dated = key->until_us != 0;

        if (str_eq(str_of(key->name), name) && (!dated || (now_us >= key->from_us && now_us <= key->until_us)))
            return key;
    }
    return NULL;
}
