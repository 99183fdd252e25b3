/* config_ref.h -- owns what a route file says about the source's config: which member is meant, and its text at one source. */
#ifndef ROUTE_CONFIG_REF_H
#define ROUTE_CONFIG_REF_H

#include "route/read.h"
#include "verify/verify.h"

/* A text member that a value or a condition reads. */
struct config_ref {
    struct str name, fallback; /* fallback: its default, or STR_NONE */
};

/* True when `name` is declared in the file's config, as a secret or as a text; else a problem with the nearest name. */
bool config_is_declared(struct reader *r, const struct place *p, struct str name, bool secret);
/* Reads the name of a text member. */
bool config_ref_read(struct reader *r, const struct place *p, struct config_ref *out);
/* What the source has for it, else its default, else STR_NONE. `config`: name -> text, NULL: nothing is set. Borrows. */
struct str config_ref_text(const struct config_ref *ref, const json_t *config);
/* The defaults of the file's config, for loading ways to sign. Borrows the reader. */
struct verify_config config_defaults(const struct reader *r);

#endif
