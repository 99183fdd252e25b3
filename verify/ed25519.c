/* ed25519.c -- owns the scheme "ed25519": an Ed25519 signature (RFC 8032) in a header or member. */
#include "verify/paired.h"

static enum err complete_ed25519(struct verify_spec *spec, struct str pointer, struct problems *problems)
{
    check_places(spec, pointer, problems);
    return OK;
}

const struct scheme scheme_ed25519 = {
    .name = "ed25519",
    .complete = complete_ed25519,
    .applies = claim_is_there,
    .key = paired_key,
    .read = paired_read,
    .end = paired_end,
    .sign = paired_sign,
};
