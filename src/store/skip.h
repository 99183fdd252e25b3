/* skip.h -- owns the list of addresses that are skipped (G5): the built-in one, and what the setting adds and takes out. */
#ifndef STORE_SKIP_H
#define STORE_SKIP_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/skip.h"

/* src/store/skip.txt, compiled in; a row without a path ends the table. */
struct builtin_skip {
    const char *path, *text;
    size_t len;
};
extern const struct builtin_skip builtin_skips[];

/*
 * Makes the list: the built-in one, with contacts.skip over it: "staff:ada@shop.example relay:buyers.example" adds, "-site.invalid" takes
 * a built-in pattern out; separated by blanks. In the arena. ERR_CONFIG; `why` says what is wrong. ERR_MEMORY.
 */
enum err skip_load(struct str setting, struct arena *arena, const struct skip_rule **out, struct buf *why) MUST_CHECK;

#endif
