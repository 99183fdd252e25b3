/* tag.h -- owns the tags of all contacts, read for lists of them: which there are, who has them, who says so. */
#ifndef STORE_TAG_H
#define STORE_TAG_H

#include "model/view.h"
#include "store/store.h"

/* The tags of one contact: `view` has tags and their owners, and the id; nothing else. Valid during the call. */
typedef enum err tag_visit(void *arg, const struct contact_view *view);

/*
 * Calls `visit` for each contact that has a tag, in the order of ids, in bounded memory. Reads every stored field once: for reports, not
 * for the drainer. Stops at the first error. Errors: those of the database and of `visit`, ERR_MEMORY.
 */
enum err tag_each(struct store *store, tag_visit *visit, void *arg) MUST_CHECK;

/* How many contacts have a tag by the word of one source, or, with TAG_ANY_SOURCE, at all. */
enum { TAG_ANY_SOURCE = -1, TAG_COUNTS_MAX = 200000 };
struct tag_count {
    struct str tag;
    int64_t source_id;
    uint64_t contacts;
};
/* Sorted by tag, of one tag TAG_ANY_SOURCE first. In the arena. As tag_each; ERR_TOO_MANY above TAG_COUNTS_MAX rows. */
enum err tag_counts(struct store *store, struct arena *arena, struct tag_count **out, size_t *n) MUST_CHECK;

#endif
