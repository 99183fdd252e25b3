/* account.h -- owns the accounts (tenants) of an installation: added, found, listed, walked. */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "store/store.h"

enum { ACCOUNT_NAME_MAX = 64, ACCOUNTS_MAX = 10000 };

/* An account owns its sources, contacts and lists; nothing of one is ever seen or changed from another. */
struct account {
    int64_t id;
    char name[ACCOUNT_NAME_MAX + 1];
    int64_t created_at_us; /* 0: it came with the database */
    bool removed;
};

/* True for 1 to 64 letters, digits, '.', '_' and '-'. */
bool account_name_is_valid(struct str name);
/* Adds one. ERR_SYNTAX for a name that is none, ERR_EXISTS, ERR_TOO_MANY; those of the database. */
enum err account_add(struct store *store, struct str name, struct account *out) MUST_CHECK;
/* Finds one that is not removed. ERR_NOT_FOUND. */
enum err account_find(struct store *store, struct str name, struct account *out) MUST_CHECK;
/* Finds one by its id, also a removed one. ERR_NOT_FOUND. */
enum err account_get(struct store *store, int64_t id, struct account *out) MUST_CHECK;

struct account_list {
    struct account *at;
    size_t n;
};
/* Those that are not removed, by id. The caller releases `out`, also after an error. */
enum err account_list_load(struct store *store, struct account_list *out) MUST_CHECK;
void account_list_release(struct account_list *list);

/* Removes an account without sources; its name is free again. ERR_NOT_FOUND; ERR_EXISTS while it has a source or a contact;
 * ERR_RANGE for the one that every database has. */
enum err account_remove(struct store *store, int64_t id) MUST_CHECK;

/* From now on the store works in that account. Whether it has a limit of contacts is not known then. */
void store_enter(struct store *store, int64_t account_id);

typedef enum err account_fn(struct store *store, void *arg);
/* Calls `work` with the store in each account in turn, removed ones included (they may have left something to be cleaned up), at most
 * `max` of them after the id *after, which becomes the last one's, or 0 when there are no more. Then the store is where it was. */
enum err account_walk(struct store *store, size_t max, int64_t *after, account_fn *work, void *arg) MUST_CHECK;
/* The same, with all of them. */
enum err account_each(struct store *store, account_fn *work, void *arg) MUST_CHECK;

#endif
