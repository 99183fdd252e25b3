/* phone.h -- owns the phone number: which text is one, and its E.164 form. */
#ifndef MODEL_PHONE_H
#define MODEL_PHONE_H

#include "base/err.h"
#include "base/str.h"

enum {
    PHONE_DIGITS_MIN = 8,
    PHONE_DIGITS_MAX = 15,             /* ITU-T E.164 section 6.2.1 */
    PHONE_CHARS = 1 + PHONE_DIGITS_MAX /* of the E.164 form, without NUL */
};

/*
 * Writes the E.164 form ("+447700900123") and a NUL into `out`. Only an international text is read: "+", then digits,
 * spaces, dots, dashes and brackets. A country is never guessed, so a national number ("07700 900123"), a dialling
 * prefix ("0044...") and a bracketed trunk zero ("+44 (0)7700 900123", which some countries dial and others drop) are
 * refused, and so are letters and extensions. A contact is found by its phone only where that is switched on (M1).
 * Errors: ERR_SYNTAX, also for an empty text; `out` is then not to be used.
 */
enum err phone_normalise(struct str raw, char out[PHONE_CHARS + 1]) MUST_CHECK;

#endif
