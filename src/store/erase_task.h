/* erase_task.h -- owns what an erasure leaves to be done outside of the database: in the queue, and in files (X2). */
#ifndef STORE_ERASE_TASK_H
#define STORE_ERASE_TASK_H

#include "base/arena.h"
#include "store/store.h"

/* Put in the erasure's own transaction, so that it is finished also when the process ends between the two. */
struct erase_task {
    int64_t account_id;      /* whose contact it was */
    int64_t source_id;       /* all of this source is erased; 0 = it is about the address */
    struct str address;      /* as in email.h: a key, or as it was shown */
    struct str request;      /* the erasure that it belongs to (privacy.h); may be empty */
    size_t samples, letters; /* what the search found and removed */
};

/* For the store's account, in the caller's transaction. An empty address with source 0 is no task. */
enum err erase_task_put(struct store *store, int64_t source_id, struct str address, struct str request) MUST_CHECK;
/* Up to `max` of them, of any account. The texts are in the arena. */
enum err erase_task_list(struct store *store, size_t max, struct arena *arena, struct erase_task **out, size_t *n) MUST_CHECK;
/* The queue was searched for these; their requests learn what was removed. Files are due from then on. A transaction of its own. */
enum err erase_task_searched(struct store *store, const struct erase_task *tasks, size_t n) MUST_CHECK;

/* True in *due when something was erased since the files were cleaned. */
enum err erase_files_due(struct store *store, bool *due) MUST_CHECK;
enum err erase_files_cleaned(struct store *store) MUST_CHECK;

#endif
