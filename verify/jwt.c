/* jwt.c -- owns the scheme "jwt": the body, or a header, is a JSON web token signed with RS256 and nothing else. */

/* Source: RFC 7515, 7519; RFC 8725 (the algorithm is ours to say, not the token's). */
#include "verify/paired.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/jdoc.h"
#include "verify/digest.h"

enum { SIGNATURE_MAX_BYTES = 1024, HEADER_MAX_BYTES = 4096, ARENA_BYTES = 64 << 20 };

/* The three parts, encoded. Borrowed from the token. */
struct token {
    struct str signed_part, header, payload, signature;
};

static enum err complete_jwt(struct verify_spec *spec, struct str pointer, struct problems *problems)
{
    if (spec->header.len == 0 && (spec->prefix.len || spec->body_claim.len))
        problems_add(problems, pointer, "prefix and body_claim need header");
    return OK;
}

static bool applies_jwt(const struct verify_spec *spec, const struct verify_request *request)
{
    return spec->header.len == 0 || fields_get(request->headers, spec->header, NULL);
}

static enum err read_jwt(struct verifier *v)
{
    struct str value;
    enum err err;

    if (v->spec->header.len == 0)
        return OK;
    err = claim_text(v, &value);
    if (!err && !str_starts(value, v->spec->prefix))
        err = ERR_SIGNATURE_MALFORMED;
    return err ? err : claim_text_signature(str_from(value, v->spec->prefix.len), STR_NONE, &v->claim);
}

/* Exactly three parts, none empty. */
static enum err split(struct str text, struct token *out)
{
    size_t first = str_find(text, '.'), second = first + 1 + str_find(str_from(text, first + 1), '.');

    if (text.len > JWT_MAX_BYTES || second >= text.len)
        return ERR_SIGNATURE_MALFORMED;
    *out = (struct token){.signed_part = str_upto(text, second),
                          .header = str_upto(text, first),
                          .payload = str_n(text.p + first + 1, second - first - 1),
                          .signature = str_from(text, second + 1)};
    if (out->header.len == 0 || out->payload.len == 0 || out->signature.len == 0 || out->header.len > HEADER_MAX_BYTES)
        return ERR_SIGNATURE_MALFORMED;
    return str_find(out->signature, '.') == out->signature.len ? OK : ERR_SIGNATURE_MALFORMED;
}

/* Decodes one part and parses it, which must be an object. */
static enum err parse_part(struct arena *arena, struct str part, const struct jnode **out)
{
    char *bytes = arena_alloc(arena, part.len);
    size_t n = 0;
    enum err err = bytes ? base64url_decode(part, bytes, part.len, &n) : ERR_MEMORY;

    if (!err)
        err = jdoc_parse(arena, str_n(bytes, n), &jdoc_limits_default, out, NULL);
    if (!err && (*out)->type != J_OBJECT)
        err = ERR_SYNTAX;
    return err && err != ERR_MEMORY ? ERR_SIGNATURE_MALFORMED : err;
}

/* The algorithm is RS256; extensions that must be understood are not. */
static enum err check_header(struct arena *arena, struct str part)
{
    const struct jnode *root = NULL, *alg;
    enum err err = parse_part(arena, part, &root);

    if (err)
        return err;
    alg = jnode_member(root, STR("alg"));
    if (!alg || alg->type != J_STRING || !str_eq(alg->text, STR("RS256")))
        return ERR_SIGNATURE;
    return jnode_member(root, STR("crit")) ? ERR_SIGNATURE : OK;
}

/* Reads a NumericDate; *found is false when the claim is absent. */
static enum err claimed_time(const struct jnode *claims, struct str name, bool *found, int64_t *us)
{
    const struct jnode *node = jnode_member(claims, name);

    *found = node != NULL;
    if (!node)
        return OK;
    if (node->type != J_NUMBER || time_parse(node->text, TIME_UNIX, us))
        return ERR_TIMESTAMP_MALFORMED;
    return OK;
}

/*
 * Past "exp" it is over, without tolerance: the issuer chose it. "nbf" and "iat" may be ahead by the tolerance; without "exp",
 * "iat" must be there and near.
 */
static enum err check_times(struct verifier *v, const struct jnode *claims)
{
    bool has_exp, has_nbf, has_iat;
    int64_t exp = 0, nbf = 0, iat = 0, now = v->request.now_us;
    enum err err = claimed_time(claims, STR("exp"), &has_exp, &exp);

    if (!err)
        err = claimed_time(claims, STR("nbf"), &has_nbf, &nbf);
    if (!err)
        err = claimed_time(claims, STR("iat"), &has_iat, &iat);
    if (err)
        return err;
    if (!has_exp && !has_iat)
        return ERR_TIMESTAMP_MALFORMED;
    if (has_exp && now >= exp)
        return ERR_TIMESTAMP_STALE;
    if ((has_nbf && nbf > now && !verifier_is_near(v, nbf)) || (has_iat && (iat > now || !has_exp) && !verifier_is_near(v, iat)))
        return ERR_TIMESTAMP_STALE;
    v->claim.signed_at_us = has_iat ? iat : 0;
    return OK;
}

static enum err check_body_claim(const struct verify_spec *spec, const struct jnode *claims, struct str body)
{
    const struct jnode *claimed = spec->body_claim.len ? jnode_member(claims, spec->body_claim) : NULL;
    char digest[SHA256_HEX_CHARS + 1];
    enum err err;

    if (spec->body_claim.len == 0)
        return OK;
    err = sha256_hex(body, digest);
    if (err)
        return err;
    return claimed && claimed->type == J_STRING && ct_equal(claimed->text, str_of(digest)) ? OK : ERR_SIGNATURE;
}

/* What the token says, once its signature has passed. */
static enum err check_content(struct verifier *v, const struct token *token, struct str body)
{
    const struct jnode *claims = NULL;
    struct arena arena;
    enum err err;

    arena_init(&arena, ARENA_BYTES);
    err = check_header(&arena, token->header);
    if (!err)
        err = parse_part(&arena, token->payload, &claims);
    if (!err)
        err = check_times(v, claims);
    if (!err)
        err = check_body_claim(v->spec, claims, body);
    arena_release(&arena);
    return err;
}

static enum err find_key(struct verifier *v, const struct token *token, size_t *key)
{
    unsigned char bytes[SIGNATURE_MAX_BYTES];
    size_t n = 0;

    if (base64url_decode(token->signature, bytes, sizeof(bytes), &n))
        return ERR_SIGNATURE_MALFORMED;
    for (size_t i = 0; i < v->n_keys; i++) {
        const struct public_key *public = public_keys_find(&v->keys[i]->public, STR_NONE, v->request.now_us);

        if (public && paired_verify(v->spec, public->key, str_n(bytes, n), token->signed_part)) {
            *key = i;
            return OK;
        }
    }
    return ERR_SIGNATURE;
}

/* The signature first (N2): nothing of the token is decoded before. */
static enum err end_jwt(struct verifier *v, struct str body, size_t *key)
{
    struct token token;
    enum err err = split(v->spec->header.len ? v->claim.at[0].text : str_trim(body), &token);

    if (!err)
        err = find_key(v, &token, key);
    return err ? err : check_content(v, &token, body);
}

static enum err payload_jwt(const struct verify_spec *spec, struct str body, struct buf *out)
{
    struct token token;
    size_t n = 0;
    enum err err;

    if (spec->header.len) /* the token speaks of the body */
        return buf_append(out, body);
    err = split(str_trim(body), &token);
    if (!err)
        err = buf_reserve(out, token.payload.len);
    if (!err)
        err = base64url_decode(token.payload, out->p, token.payload.len, &n);
    out->len = err ? 0 : n;
    return err;
}

static enum err append_url(struct buf *out, struct str bytes)
{
    enum err err = buf_reserve(out, BASE64_LEN(bytes.len) + 1);

    if (!err)
        out->len += base64url_encode(bytes, out->p + out->len);
    return err;
}

/* Signs `text` as the payload. */
static enum err sign_jwt(const struct verify_spec *spec, const struct verify_key *key, struct str text, struct buf *out)
{
    struct buf signature = BUF_INIT(SIGNATURE_MAX_BYTES);
    size_t start = out->len;
    enum err err = append_url(out, STR("{\"alg\":\"RS256\",\"typ\":\"JWT\"}"));

    if (!err)
        err = buf_append_c(out, '.');
    if (!err)
        err = append_url(out, text);
    if (!err)
        err = paired_make(spec, key, str_from(buf_str(out), start), &signature);
    if (!err)
        err = buf_append_c(out, '.');
    if (!err)
        err = append_url(out, buf_str(&signature));
    buf_release(&signature);
    return err;
}

const struct scheme scheme_jwt = {
    .name = "jwt",
    .complete = complete_jwt,
    .applies = applies_jwt,
    .key = paired_key,
    .read = read_jwt,
    .end = end_jwt,
    .payload = payload_jwt,
    .sign = sign_jwt,
};
