/* visit_token.c -- owns the short signed text in links of our own mailings that says which contact follows them. */
#include "model/visit_token.h"

#include "base/clock.h"
#include "base/encode.h"

#include <stdio.h>

enum { SIGNED_CHARS = ID_CHARS + VISIT_TOKEN_END_CHARS };

static enum err sign(const struct seal *seal, struct str text, char out[VISIT_TOKEN_MAC_CHARS + 1])
{
    unsigned char mac[SEAL_MAC_BYTES];
    enum err err = seal_mac(seal, STR("visit token v1"), text, mac);

    if (!err)
        hex_encode(str_n(mac, VISIT_TOKEN_MAC_CHARS / 2), out);
    return err;
}

enum err visit_token_make(const struct seal *seal, struct str contact_id, int64_t ends_at_us, char out[VISIT_TOKEN_CHARS + 1])
{
    unsigned char id[ID_CHARS / 2];
    int64_t end_s = ends_at_us / US_PER_S;

    if (hex_decode(contact_id, id, sizeof(id)))
        return ERR_SYNTAX;
    if (end_s <= 0 || end_s > UINT32_MAX)
        return ERR_RANGE;
    snprintf(out, SIGNED_CHARS + 1, "%.*s%08lx", STR_ARG(contact_id), (unsigned long)end_s);
    return sign(seal, str_n(out, SIGNED_CHARS), out + SIGNED_CHARS);
}

enum err visit_token_check(const struct seal *seal, struct str token, int64_t now_us, struct str *contact_id)
{
    char mac[VISIT_TOKEN_MAC_CHARS + 1];
    unsigned char bytes[SIGNED_CHARS / 2];
    uint64_t end_s = 0;
    enum err err;

    *contact_id = STR_NONE;
    if (token.len != VISIT_TOKEN_CHARS || hex_decode(str_upto(token, SIGNED_CHARS), bytes, sizeof(bytes)))
        return ERR_SYNTAX;
    err = sign(seal, str_upto(token, SIGNED_CHARS), mac);
    if (err)
        return err;
    if (!ct_equal(str_n(mac, VISIT_TOKEN_MAC_CHARS), str_from(token, SIGNED_CHARS)))
        return ERR_SIGNATURE;
    for (size_t i = ID_CHARS / 2; i < sizeof(bytes); i++)
        end_s = end_s << 8 | bytes[i];
    if (now_us / US_PER_S >= (int64_t)end_s)
        return ERR_TIMESTAMP_STALE;
    *contact_id = str_upto(token, ID_CHARS);
    return OK;
}
