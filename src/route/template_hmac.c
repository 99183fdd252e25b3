/* template_hmac.c -- owns the piece {{hmac.HASH.ENCODING(SECRET, PIECE, ...)}} of a template. */
#include "route/template_hmac.h"

#include "base/encode.h"
#include "verify/mac.h"

enum { PIECES_MAX = 8, NAME_MAX_BYTES = 128 };

static const char *const hashes[] = {[HASH_SHA1] = "sha1", [HASH_SHA256] = "sha256", [HASH_SHA512] = "sha512", NULL};

static bool refuse(struct reader *r, const struct place *p, struct str inner)
{
    read_problem(r, p,
                 "\"%.*s\" is not of the form hmac.sha256.hex(SECRET, PIECE, ...): sha1, sha256 or sha512; hex or base64;"
                 " a secret of config; 1 to %d names or 'texts'",
                 STR_ARG(str_upto(inner, 80)), PIECES_MAX);
    return false;
}

/* Takes "hmac.HASH.ENCODING(" and ")" off; what is between them is left in *args. */
static bool read_head(struct str inner, struct template_hmac *out, struct str *args)
{
    size_t open = str_find(inner, '('), hash = 0;
    struct str head = str_from(str_upto(inner, open), sizeof("hmac.") - 1), encoding;

    if (open == inner.len || !str_ends(inner, STR(")")))
        return false;
    *args = str_n(inner.p + open + 1, inner.len - open - 2);
    while (hashes[hash] && !str_eq(str_upto(head, str_find(head, '.')), str_of(hashes[hash])))
        hash++;
    encoding = str_from(head, str_find(head, '.') + 1);
    out->hash = (int)hash;
    out->base64 = str_eq(encoding, STR("base64"));
    return hashes[hash] && (out->base64 || str_eq(encoding, STR("hex")));
}

/* Takes the next argument, without the blanks around it; one in quotes may hold a comma. False when none is left. */
static bool next_argument(struct str *rest, struct str *out)
{
    size_t end;

    *rest = str_trim(*rest);
    if (rest->len == 0)
        return false;
    end = rest->p[0] == '\'' ? 1 + str_find(str_from(*rest, 1), '\'') : 0;
    end += str_find(str_from(*rest, end), ',');
    *out = str_trim(str_upto(*rest, end));
    *rest = str_from(*rest, end + 1);
    return true;
}

static bool read_piece(struct reader *r, const struct place *p, struct str text, const char *const *names,
                       struct template_part *out)
{
    if (text.len >= 2 && text.p[0] == '\'' && text.p[text.len - 1] == '\'') {
        out->text = str_n(text.p + 1, text.len - 2);
        return true;
    }
    return !str_starts(text, STR("hmac.")) ? template_read_name(r, p, text, names, out) : refuse(r, p, text);
}

bool template_hmac_read(struct reader *r, const struct place *p, struct str inner, const char *const *names,
                        const struct template_hmac **out)
{
    struct template_hmac *h = read_array(r, 1, sizeof(*h));
    struct template_part *pieces = read_array(r, PIECES_MAX, sizeof(*pieces));
    struct str args, argument;

    if (!h || !pieces)
        return false;
    if (!read_head(inner, h, &args) || !next_argument(&args, &h->secret))
        return refuse(r, p, inner);
    for (; next_argument(&args, &argument); h->n++) {
        if (h->n == PIECES_MAX)
            return refuse(r, p, inner);
        if (!read_piece(r, p, argument, names, &pieces[h->n]))
            return false;
    }
    if (h->n == 0 || h->secret.len > NAME_MAX_BYTES)
        return refuse(r, p, inner);
    h->pieces = pieces;
    *out = h;
    return true;
}

/* Starts with the secret, whose bytes are looked up last so that they are nowhere else. */
static enum err init_key(const struct template_hmac *h, template_lookup *lookup, void *arg, struct mac_key *key)
{
    struct template_value secret = {.text = STR_NONE};
    char name[sizeof("secret.") + NAME_MAX_BYTES];

    snprintf(name, sizeof(name), "secret.%.*s", STR_ARG(h->secret));
    if (!lookup(arg, str_of(name), &secret))
        return ERR_NOT_FOUND;
    return mac_key_init(key, MAC_HMAC, (enum mac_hash)h->hash, secret.text);
}

static enum err update(const struct template_hmac *h, template_lookup *lookup, void *arg, EVP_MD_CTX *work)
{
    enum err err = OK;

    for (size_t i = 0; i < h->n && !err; i++) {
        struct template_value value = {.text = h->pieces[i].text};

        if (h->pieces[i].is_name && !lookup(arg, value.text, &value))
            return ERR_NOT_FOUND;
        err = mac_update(work, value.text);
    }
    return err;
}

static enum err append_digest(const struct template_hmac *h, const unsigned char *digest, struct buf *out)
{
    char text[2 * DIGEST_MAX_BYTES + 1];
    struct str bytes = str_n(digest, mac_digest_len((enum mac_hash)h->hash));

    if (h->base64)
        base64_encode(bytes, text);
    else
        hex_encode(bytes, text);
    return buf_append(out, str_of(text));
}

enum err template_hmac_fill(const struct template_hmac *h, template_lookup *lookup, void *arg, struct buf *out)
{
    unsigned char digest[DIGEST_MAX_BYTES];
    struct mac_key key = {.inner = NULL};
    EVP_MD_CTX *work = EVP_MD_CTX_new();
    enum err err = work ? init_key(h, lookup, arg, &key) : ERR_MEMORY;

    if (!err)
        err = mac_start(&key, work);
    if (!err)
        err = update(h, lookup, arg, work);
    if (!err)
        err = mac_finish(&key, work, digest);
    if (!err)
        err = append_digest(h, digest, out);
    mac_key_release(&key);
    EVP_MD_CTX_free(work);
    return err;
}
