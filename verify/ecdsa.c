/* ecdsa.c -- owns the scheme "ecdsa": ECDSA over P-256 with SHA-256, the signature in DER (RFC 3279, 2.2.3). */
#include "verify/paired.h"

static enum err complete_ecdsa(struct verify_spec *spec, struct str pointer, struct problems *problems)
{
    check_places(spec, pointer, problems);
    return OK;
}

const struct scheme scheme_ecdsa = {
    .name = "ecdsa",
    .complete = complete_ecdsa,
    .applies = claim_is_there,
    .key = paired_key,
    .read = paired_read,
    .end = paired_end,
    .sign = paired_sign,
};
