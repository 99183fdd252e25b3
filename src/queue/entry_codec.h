/* entry_codec.h -- owns the form of an entry in a stream: field and value pairs, with a format version. */
#ifndef QUEUE_ENTRY_CODEC_H
#define QUEUE_ENTRY_CODEC_H

#include "base/arena.h"
#include "base/fields.h"
#include "model/entry.h"

/* Eight fixed fields, the replay mark, the kind, what is to fire, what an import does with whom it adds, the kept headers. */
enum { ENTRY_PAIRS_MAX = 12 + ENTRY_FIELDS_MAX, ENTRY_NAMES_MAX = 2048 };

/* An entry as pairs. Texts are borrowed from the entry, or from this struct: do not copy it. */
struct entry_pairs {
    struct field at[ENTRY_PAIRS_MAX];
    size_t n;
    char numbers[3][24];
    char names[ENTRY_NAMES_MAX]; /* "h:" and the header's name, one after the other */
    size_t names_len;
};

/*
 * Writes an entry as pairs: v, id, source, topic, received, signed, type, body, [replay], [kind], [fire], [on_add], h:<name>... The lane is the stream's.
 * Borrows from `entry` as long as `out` is used.
 * Errors: ERR_RANGE for an id or source id that is not one, ERR_TOO_MANY headers, ERR_TOO_LARGE header names.
 */
enum err entry_encode(const struct entry *entry, struct entry_pairs *out) MUST_CHECK;

/*
 * Reads pairs back, strictly: every fixed field once, no field that format 1 does not know. Borrows from `pairs`; the list of
 * headers is in the arena. The lane is the caller's to set.
 * Errors: ERR_SYNTAX, ERR_TOO_MANY, ERR_MEMORY; `out` is all empty then.
 */
enum err entry_decode(const struct field *pairs, size_t n, struct arena *arena, struct entry *out) MUST_CHECK;

/* Writes the words of XADD key * pairs... into `args` and returns how many. Borrows. */
enum { ENTRY_XADD_MAX = 3 + 2 * ENTRY_PAIRS_MAX };
size_t entry_xadd(struct str key, const struct field *pairs, size_t n, struct str *args);

#endif
