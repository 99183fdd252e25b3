/* facts.h -- owns the facts that a batch works on: loaded once, changed in memory, written together. */
#ifndef STORE_FACTS_H
#define STORE_FACTS_H

#include "store/cart.h"
#include "store/fact.h"

/*
 * Between facts_begin and facts_end scope_load, scope_save, seen_take, seen_set_reason and erase_when work on memory: what they load
 * stays known, what they save is seen by the next of them and written by facts_flush. Any other statement that runs on the
 * connection meanwhile sees the database as if all had been written, because it is written before; after one that changes
 * something all that is known is forgotten. Outside of the two each works on the database at once.
 * Everything lives in the arena; a poison row fails the flush, and the caller then repeats entry by entry.
 */
struct fact {
    void *row;
    int64_t account_id;
    enum fact_kind kind;
    bool changed;
    uint64_t scope;  /* number of the last scope that took it */
    int64_t look_us; /* of a cart */
};

/* All facts of one look-up, once it is loaded; else those of them that were saved. */
struct fact_list {
    struct fact_list *next; /* with the same hash */
    enum fact_index index;
    struct fact_key key;
    bool loaded, wanted;
    struct fact **at;
    size_t n, room;
};

struct facts {
    struct store *store;
    struct arena *arena;
    struct fact_list **hash;
    size_t n_hash, n_lists;
    struct fact_list **wanted;
    size_t n_wanted, wanted_room;
    struct fact **changed;
    size_t n_changed, changed_room;
    struct fact **people; /* customers, addresses and claims; the first n_around of them were looked around */
    size_t n_people, people_room, n_around;
    uint64_t scope;
    struct db_rows contacts, dropped, visits, activities, ledger; /* rows that are only added */
    struct cart_wakes wakes;
    int64_t erased_account; /* of which any_erased says whether it has tombstones at all; 0: of none yet */
    bool any_erased;
};

/* Inside a transaction. ERR_MEMORY. */
enum err facts_begin(struct store *store, struct arena *arena) MUST_CHECK;
/* Writes everything that was saved. Errors: those of db_run_many; then roll back and facts_forget. */
enum err facts_flush(struct store *store) MUST_CHECK;
/* Forgets everything, also what was not written; the arena may be reset after it. */
void facts_forget(struct store *store);
/* Works on the database again. What was not written is lost. */
void facts_end(struct store *store);
/* Loads what is wanted, and what claims connect with it, in as few statements as can be. */
enum err facts_load_wanted(struct store *store) MUST_CHECK;

/* -- for src/store --------------------------------------------------------------------------------------------------------------- */

/* The batch's facts, or `own` as empty ones. */
struct facts *facts_of(struct store *store, struct facts *own, struct arena *arena);
/* Adds a look-up to those of the next facts_load. An empty text finds nothing. ERR_MEMORY. */
enum err facts_want(struct facts *f, enum fact_index index, int64_t source_id, struct str text) MUST_CHECK;
/* What is connected with a customer, address or claim. */
enum err facts_want_around(struct facts *f, enum fact_kind kind, const void *row) MUST_CHECK;
enum err facts_load(struct facts *f) MUST_CHECK;
/* Borrows; NULL for an empty text and for what was neither loaded nor saved. */
const struct fact_list *facts_list(struct facts *f, enum fact_index index, int64_t source_id, struct str text);
/* A scope has each fact once: these number it, and tell whether the fact is new to it and still belongs to the list. */
void facts_next_scope(struct facts *f);
bool facts_take(struct facts *f, const struct fact_list *list, size_t i);
/* Saves a row: copied, its texts borrowed. *out, unless NULL, is its fact. ERR_MEMORY. */
enum err facts_put(struct facts *f, enum fact_kind kind, const void *row, struct fact **out) MUST_CHECK;
/* facts_flush for facts that are `own`. */
enum err facts_write(struct facts *f) MUST_CHECK;

#endif
