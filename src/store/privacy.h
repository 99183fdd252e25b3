/* privacy.h -- owns what persons asked for under the law: their data, or to be erased; and what was done about it (X2, X5). */
#ifndef STORE_PRIVACY_H
#define STORE_PRIVACY_H

#include "base/arena.h"
#include "base/id.h"
#include "base/json.h"
#include "store/store.h"

enum privacy_kind { PRIVACY_DATA, PRIVACY_ERASE, PRIVACY_SOURCE_ERASE, PRIVACY__COUNT };
const char *privacy_kind_name(enum privacy_kind kind);

/* Who asks: a source by a delivery, or the operator. Texts are borrowed. */
struct privacy_ask {
    int64_t source_id;      /* 0 = the operator */
    struct str delivery_id; /* empty for the operator */
    struct str by;          /* the operator's name; empty for a source */
    int64_t asked_us;       /* by the sender's clock, when it says so */
};

/* One request. An erased person is known by tombstones only: keyed hashes of what named them. */
struct privacy_request {
    struct str id;
    enum privacy_kind kind;
    int64_t source_id, asked_us;
    struct str delivery_id, asked_by;
    int64_t done_us;                 /* data: when it was handed out; 0 = open. Erasures are done at once */
    struct str contact_id;           /* data: whose; empty when nobody is known, and for erasures */
    struct str tombstones;           /* JSON array of texts */
    struct str removed;              /* erasures: JSON object, what kind of rows -> how many */
    int64_t samples, letters;        /* erasures: rejected deliveries and dead letters removed from the queue */
    int64_t searched_us, cleaned_us; /* erasures: the queue was searched, the files were written anew; 0 = not yet */
};

/* Notes a request for data. In the caller's transaction. */
enum err privacy_data_asked(struct store *store, const struct privacy_ask *ask, struct str contact_id,
                            struct str tombstone) MUST_CHECK;
/* Notes an erasure that was done, under `id`; `tombstones` and `removed` are JSON. In the caller's transaction. */
enum err privacy_erased(struct store *store, const struct privacy_ask *ask, enum privacy_kind kind, const struct id *id,
                        const json_t *tombstones, const json_t *removed) MUST_CHECK;
/* The contact's data was handed out: closes what is open for it. *closed: how many. */
enum err privacy_data_given(struct store *store, struct str contact_id, size_t *closed) MUST_CHECK;
/* Closes one request by hand: nothing was known, or it was answered elsewhere. ERR_NOT_FOUND, ERR_EXISTS when it is closed. */
enum err privacy_close(struct store *store, struct str id) MUST_CHECK;
/* Adds what the search of the queue removed for the erasure. In the caller's transaction. An empty id is fine. */
enum err privacy_searched(struct store *store, int64_t account_id, struct str id, size_t samples, size_t letters) MUST_CHECK;
/* The files, which are those of all accounts, were written anew after the search. */
enum err privacy_cleaned(struct store *store) MUST_CHECK;

/* The latest `max`, the newest first, made before the id `before` (empty: all); only open ones with `open`. In the arena. */
enum err privacy_list(struct store *store, bool open, struct str before, size_t max, struct arena *arena,
                      struct privacy_request **out, size_t *n) MUST_CHECK;
/* ERR_NOT_FOUND. */
enum err privacy_get(struct store *store, struct str id, struct arena *arena, struct privacy_request *out) MUST_CHECK;

#endif
