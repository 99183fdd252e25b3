/* edit_many.c -- owns one edit made to many contacts, in transactions of bounded size. */
#include "engine/edit_many.h"

#include <assert.h>

enum { TRIES_MAX = 8, EDIT_BYTES_MAX = 64 << 20 };

/* What became of each address of the transaction in hand. */
struct round {
    enum err why[EDIT_MANY_MAX]; /* OK, ERR_NOT_FOUND, ERR_SYNTAX */
    bool changed[EDIT_MANY_MAX];
};

static enum err one(struct store *store, const struct edit *edit, struct str email, struct arena *work, bool *changed,
                    enum err *why)
{
    struct edit own = *edit;
    struct edit_result result;

    own.email = email;
    *why = edit_apply(store, &own, STR_NONE, work, &result);
    *changed = result.changed;
    arena_reset(work);
    return *why == ERR_NOT_FOUND || *why == ERR_SYNTAX ? OK : *why;
}

static enum err try_all(struct store *store, const struct edit *edit, const struct str *emails, size_t n, struct arena *work,
                        struct round *r)
{
    enum err err = db_begin(store->db);

    if (err)
        return err;
    for (size_t i = 0; i < n && !err; i++)
        err = one(store, edit, emails[i], work, &r->changed[i], &r->why[i]);
    return store_end(store, err);
}

enum err edit_many(struct store *store, const struct edit *edit, const struct str *emails, size_t n, struct edit_sums *sums,
                   edit_refused *refused, void *arg)
{
    struct round r = {.why = {OK}};
    struct arena work;
    enum err err = ERR_DB_BUSY;

    assert(n <= EDIT_MANY_MAX);
    arena_init(&work, EDIT_BYTES_MAX);
    for (int i = 0; i < TRIES_MAX && err == ERR_DB_BUSY; i++)
        err = try_all(store, edit, emails, n, &work, &r);
    arena_release(&work);
    for (size_t i = 0; i < n && !err; i++) {
        sums->asked++;
        sums->refused += r.why[i] != OK;
        sums->changed += !r.why[i] && r.changed[i];
        sums->same += !r.why[i] && !r.changed[i];
        if (r.why[i])
            refused(arg, emails[i], r.why[i]);
    }
    return err;
}
