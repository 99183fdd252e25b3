/* setting.h -- owns the form of a setting: its row, its spellings, how its text becomes a number, what it may be. */
#ifndef BASE_SETTING_H
#define BASE_SETTING_H

#include "base/config.h"

enum { SETTING_NAME_BYTES = 128 };

/* One row of SETTING_LIST. */
struct setting_row {
    const char *key; /* "section.key" */
    enum setting_type type;
    const char *fallback; /* the default, as one writes it */
    int64_t least, most;  /* of the number; of a text `least` alone, its bytes */
    unsigned flags;
    const char *help;
};

const struct setting_row *setting_row(enum setting s);
/* False when no setting has that key. */
bool setting_find(struct str key, enum setting *out);
/* Returns the key that was probably meant: a few letters off, or right but in another section; NULL when nothing is near. */
const char *setting_near(struct str key);
/* Writes STOREHOOK_SECTION_KEY for "section.key". */
void setting_environment_name(const char *key, char out[SETTING_NAME_BYTES]);
extern const char setting_environment_prefix[];

/* Checks a value; *number is its value for types with a number, else 0. ERR_CONFIG with the reason appended to `why` (may be
 * NULL); the reason of a secret does not repeat it. */
enum err setting_check(enum setting s, struct str text, int64_t *number, struct buf *why) MUST_CHECK;
/* Reads a time with its unit, as settings are written ("250ms", "10s", "1h"), in milliseconds. ERR_SYNTAX, ERR_RANGE. */
enum err setting_parse_ms(struct str text, int64_t *out) MUST_CHECK;
/* Appends to a reason; one that does not fit is left out, as the error code stops the start anyway. `why` may be NULL. */
void setting_explain(struct buf *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
