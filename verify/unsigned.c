/* unsigned.c -- owns the scheme "unsigned": nothing to verify; the unguessable URL is the secret. */
#include "verify/scheme.h"

static bool applies_always(const struct verify_spec *spec, const struct verify_request *request)
{
    (void)spec;
    (void)request;
    return true;
}

static enum err end_unsigned(struct verifier *v, struct str body, size_t *key)
{
    (void)v;
    (void)body;
    *key = VERIFY_NO_KEY;
    return OK;
}

const struct scheme scheme_unsigned = {
    .name = "unsigned",
    .applies = applies_always,
    .end = end_unsigned,
};
