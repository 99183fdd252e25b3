/* check_steps.h -- owns what the steps of the check share; not for use outside src/store. */
#ifndef STORE_CHECK_STEPS_H
#define STORE_CHECK_STEPS_H

#include "store/check.h"

#include "base/arena.h"
#include "store/row.h"

enum { CHECK_PAGE = 500, CHECK_ARENA_BYTES = 256 << 20 };

/* The check at work. */
struct check {
    struct store *store;
    const struct seal *seal;
    int64_t cart_delay_us;
    const struct check_watch *watch;
    struct check_sums *sums;
    const char *step;
    uint64_t rows;
    struct arena page, one;  /* a page of rows; one contact */
    struct buf where, after; /* of a finding; the last text of a page */
};

/* Tells a finding; `where` is what check_where wrote since. */
enum err check_tell(struct check *c, const char *what, const char *to_do) MUST_CHECK;
/* Writes where the next finding is: "name=value", after a comma when it is not the first. */
enum err check_where(struct check *c, const char *name, struct str value) MUST_CHECK;
enum err check_where_int(struct check *c, const char *name, int64_t value) MUST_CHECK;
/* So many more rows were read. */
void check_read(struct check *c, uint64_t rows);

/* Reads the next page of up to CHECK_PAGE texts into `out`, in the arena `page`. Parameters of `sql` are the account, `after`, which
 * moves to the last text, and CHECK_PAGE. */
enum err check_page(struct check *c, const char *sql, struct str *out, size_t *n) MUST_CHECK;

/* One step, of all accounts (rows) or of the store's account (the others). */
enum err check_rows(struct check *c, const char *step) MUST_CHECK;
enum err check_groups(struct check *c) MUST_CHECK;
enum err check_orders(struct check *c) MUST_CHECK;
enum err check_carts(struct check *c) MUST_CHECK;
enum err check_accounts(struct check *c) MUST_CHECK;
enum err check_erased(struct check *c) MUST_CHECK;

#endif
