/* check.h -- owns the check of a whole contact database: every derived number and every reference, recomputed. */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include "base/secret.h"
#include "store/store.h"

/* Of one kind of damage so many are told, the rest is counted as "or more". */
enum { CHECK_TOLD_MAX = 100 };

/* One thing that is not as it must be. Everything is borrowed until the callback returns. */
struct check_finding {
    const char *step; /* the name of what was checked */
    int64_t account_id;
    const char *what;  /* what is wrong */
    struct str where;  /* the row: "contact=..., address=..." */
    const char *to_do; /* what mends it */
};

struct check_watch {
    void (*step)(void *arg, const char *step, const char *about, size_t number, size_t of); /* a step begins */
    void (*progress)(void *arg, uint64_t rows);                                             /* rows of the step that were read */
    void (*found)(void *arg, const struct check_finding *finding);
    void *arg;
};

struct check_sums {
    uint64_t steps, findings; /* findings: at most CHECK_TOLD_MAX a kind */
    uint64_t contacts, groups, orders, carts, addresses;
    bool capped; /* of some kind there are more than were counted */
};

/*
 * Reads the database as it is at one moment; drainers go on meanwhile. Memory is bounded whatever its size (N9). `seal` makes the
 * tombstones that erased addresses are known by; `cart_delay_us` is the setting's (CA3).
 * Errors: those of db_step, ERR_MEMORY. Findings are no error.
 */
enum err check_run(struct store *store, const struct seal *seal, int64_t cart_delay_us, const struct check_watch *watch,
                   struct check_sums *sums) MUST_CHECK;

#endif
