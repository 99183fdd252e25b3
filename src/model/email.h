/* email.h -- owns the e-mail address: which text is one, how it is shown, and the key it is matched by. */
#ifndef MODEL_EMAIL_H
#define MODEL_EMAIL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
    EMAIL_MAX_BYTES = 254,       /* whole address; RFC 5321 section 4.5.3.1.3 (a path of 256 with its brackets) */
    EMAIL_LOCAL_MAX_BYTES = 64,  /* RFC 5321 section 4.5.3.1.1 */
    EMAIL_DOMAIN_MAX_BYTES = 252 /* what the whole leaves beside "x@" */
};

/* Both texts live in the arena, are UTF-8 without control characters, and end with a NUL that len does not count. */
struct email {
    struct str shown; /* trimmed, otherwise as written: for people and for sending */
    struct str key;   /* for matching only (M2): domain as lower-case A-labels, local part with ASCII letters in lower case */
};

/*
 * Reads exactly one address (M2, AC-30, AC-31). No dots or plus tags are folded; `key` normalises to itself.
 * The local part is a dot-atom of RFC 5322 or its UTF-8 form of RFC 6531; the domain is a name of at least two labels,
 * mapped by IDNA2008 with UTS 46, non-transitional (ß stays ß). Refused although the RFCs allow them, because stores send
 * them only by mistake or with bad intent: quoted local parts, comments, display names, domain literals, a trailing dot,
 * one-label domains, numeric top-level domains, and characters that do not show (format, bidi, private use,
 * noncharacters). A name with a joiner inside is accepted in its xn-- form. Letters beyond ASCII in the local part are
 * compared as they are: whether they have cases is up to the mailbox's own system.
 * Errors: ERR_NOT_FOUND when nothing but blanks is there, ERR_SYNTAX when it is no such address, ERR_MEMORY.
 */
enum err email_normalise(struct str raw, struct arena *arena, struct email *out) MUST_CHECK;

/* The dead letter's reason for an error of email_normalise: "no_email", "invalid_email"; NULL for the others. Static. */
const char *email_reason(enum err err);

#endif
