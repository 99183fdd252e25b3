/* email.c -- owns the e-mail address: which text is one, how it is shown, and the key it is matched by. */
#include "model/email.h"

#include <idn2.h>

/* Ranges of code points that no address shows: controls, blanks, format and bidi characters, ignorables, private use,
 * specials. libidn2 would drop some of them in silence, and two different texts would look alike.
 * Source: Unicode 15 general categories Cc, Cf, Zs, Zl, Zp, Co and the property Default_Ignorable_Code_Point. */
static const struct {
    uint32_t first, last;
} unseen[] = {{0x00, 0x20},       {0x7f, 0xa0},       {0xad, 0xad},       {0x34f, 0x34f},     {0x600, 0x605},
              {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},     {0x8e2, 0x8e2},
              {0x115f, 0x1160},   {0x1680, 0x1680},   {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x2000, 0x200f},
              {0x2028, 0x202f},   {0x205f, 0x206f},   {0x3000, 0x3000},   {0x3164, 0x3164},   {0xe000, 0xf8ff},
              {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xffff},
              {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
              {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff}};

static bool is_unseen(uint32_t c)
{
    for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
        if (c >= unseen[i].first && c <= unseen[i].last)
            return true;
    return (c & 0xfffe) == 0xfffe; /* noncharacters at the end of each plane */
}

/* Takes the first code point off `*rest`, which is not empty and is valid UTF-8. */
static uint32_t take_code_point(struct str *rest)
{
    unsigned char lead = (unsigned char)rest->p[0];
    size_t n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? lead : lead & (0xffu >> (n + 1));

    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((unsigned char)rest->p[i] & 0x3f);
    *rest = str_from(*rest, n);
    return c;
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

/* Letters, digits, hyphen: what a host name's label is made of. */
static bool is_ldh(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-';
}

/* RFC 5322 section 3.2.3, `atext`. */
static bool is_atext(uint32_t c)
{
    return c != 0 && (is_ldh(c) || (c < 0x80 && strchr("!#$%&'*+/=?^_`{|}~", (int)c) != NULL));
}

/* True when `s` is valid UTF-8 of dots, seen characters past ASCII, and those of ASCII that `allowed` lets through. */
static bool consists_of(struct str s, bool (*allowed)(uint32_t c))
{
    while (s.len) {
        uint32_t c = take_code_point(&s);

        if (c < 0x80 ? c != '.' && !allowed(c) : is_unseen(c))
            return false;
    }
    return true;
}

/* RFC 5322 section 3.2.3, `dot-atom-text`, with UTF-8 as RFC 6531 section 3.3 adds it. */
static bool local_is_valid(struct str local)
{
    return local.len > 0 && local.len <= EMAIL_LOCAL_MAX_BYTES && !str_starts(local, STR(".")) && !str_ends(local, STR(".")) &&
           str_find_str(local, STR("..")) == local.len && consists_of(local, is_atext);
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static void copy_lower(char *out, struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        out[i] = lower(s.p[i]);
    out[s.len] = '\0';
}

/* True when libidn2 has to look at the domain: it is not all ASCII, or a label claims to be an A-label. */
static bool needs_idna(struct str domain)
{
    struct str label;

    for (size_t i = 0; i < domain.len; i++)
        if ((unsigned char)domain.p[i] >= 0x80)
            return true;
    while (str_split(&domain, '.', &label))
        if (label.len >= 4 && str_eq_nocase(str_upto(label, 4), STR("xn--")))
            return true;
    return false;
}

/* RFC 1035 section 2.3.1 and RFC 3696 section 2 on a mapped domain. */
static bool domain_is_valid(struct str domain)
{
    struct str label = STR_NONE;
    size_t labels = 0, numeric = 0;

    for (; str_split(&domain, '.', &label); labels++) {
        if (label.len == 0 || label.len > IDN2_LABEL_MAX_LENGTH || label.p[0] == '-' || label.p[label.len - 1] == '-')
            return false;
        numeric = 0;
        for (size_t i = 0; i < label.len; i++) {
            if (!is_ldh((unsigned char)label.p[i]))
                return false; /* mapping made it, such as a full-width underscore */
            numeric += is_digit((unsigned char)label.p[i]);
        }
    }
    return labels >= 2 && numeric < label.len; /* a numeric last label is an IPv4 address or a mistake */
}

/* Writes the domain as lower-case A-labels and a NUL. ERR_SYNTAX, ERR_MEMORY. */
static enum err domain_to_ascii(struct str domain, char out[EMAIL_DOMAIN_MAX_BYTES + 1])
{
    char *mapped = NULL;
    enum err err = ERR_SYNTAX;
    int rc;

    if (domain.len > EMAIL_DOMAIN_MAX_BYTES || !consists_of(domain, is_ldh))
        return ERR_SYNTAX;
    copy_lower(out, domain);
    if (!needs_idna(domain))
        return domain_is_valid(str_of(out)) ? OK : ERR_SYNTAX;
    /* Without IDN2_USE_STD3_ASCII_RULES: that flag drops an underscore in silence, domain_is_valid refuses it. */
    rc = idn2_to_ascii_8z(out, &mapped, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc != IDN2_OK) {
        err = rc == IDN2_MALLOC ? ERR_MEMORY : ERR_SYNTAX;
        goto done;
    }
    if (strlen(mapped) > EMAIL_DOMAIN_MAX_BYTES || !domain_is_valid(str_of(mapped)))
        goto done;
    copy_lower(out, str_of(mapped));
    err = OK;
done:
    idn2_free(mapped);
    return err;
}

static enum err make_key(struct str local, struct str domain, struct arena *arena, struct str *out)
{
    size_t len = local.len + 1 + domain.len;
    char *key;

    if (len > EMAIL_MAX_BYTES)
        return ERR_SYNTAX;
    key = arena_alloc(arena, len + 1);
    if (!key)
        return ERR_MEMORY;
    copy_lower(key, local);
    key[local.len] = '@';
    copy_lower(key + local.len + 1, domain);
    *out = str_n(key, len);
    return OK;
}

enum err email_normalise(struct str raw, struct arena *arena, struct email *out)
{
    struct str text = str_trim(raw), local;
    char domain[EMAIL_DOMAIN_MAX_BYTES + 1];
    size_t at;
    enum err err;

    if (text.len == 0)
        return ERR_NOT_FOUND;
    if (text.len > EMAIL_MAX_BYTES || !str_is_utf8(text))
        return ERR_SYNTAX;
    at = str_find(text, '@');
    local = str_upto(text, at);
    if (!local_is_valid(local))
        return ERR_SYNTAX;
    err = domain_to_ascii(str_from(text, at + 1), domain);
    if (err)
        return err;
    err = make_key(local, str_of(domain), arena, &out->key);
    if (err)
        return err;
    out->shown = arena_str(arena, text);
    return out->shown.p ? OK : ERR_MEMORY;
}

const char *email_reason(enum err err)
{
    return err == ERR_NOT_FOUND ? "no_email" : err == ERR_SYNTAX ? "invalid_email" : NULL;
}
