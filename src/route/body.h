/* body.h -- owns the way from the raw body to a document: JSON, form, base64 or token, and texts in it that hold JSON again. */
#ifndef ROUTE_BODY_H
#define ROUTE_BODY_H

#include "route/pointer.h"
#include "route/route.h"

enum body_kind { BODY_JSON, BODY_FORM, BODY_JSON_OR_FORM, BODY_JSON_OR_BASE64, BODY_JWT };
enum { BODY_DECODE_MAX = 6 };

struct body_form {
    enum body_kind kind;
    struct pointer decode[BODY_DECODE_MAX]; /* texts that hold JSON, in order; a later one may lead into an earlier */
    size_t n_decode;
};

/* Each reads one member of the section "push". */
bool body_read_kind(struct reader *r, const struct place *p, struct body_form *out);
bool body_read_decode(struct reader *r, const struct place *p, struct body_form *out);

/* Reads the body as the form says; nodes are in the arena. ERR_SYNTAX with `failure` filled, ERR_MEMORY. */
enum err body_parse(const struct body_form *form, const struct entry *entry, struct arena *arena, const struct jnode **out,
                    struct map_failure *failure) MUST_CHECK;
/* Fills the failure; returns ERR_SYNTAX. */
enum err map_fail(struct map_failure *failure, struct arena *arena, const char *reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
