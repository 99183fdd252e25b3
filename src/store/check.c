/* check.c -- owns the run of the check: which steps, over which accounts, and how findings are told. */
#include "store/check_steps.h"

#include <inttypes.h>

enum { WHERE_BYTES = 8192, AFTER_BYTES = 1 << 20, ACCOUNTS_MAX = 100000 };

static const struct {
    const char *name, *about;
    enum err (*run)(struct check *c); /* NULL: statements of check_rows.c */
} steps[] = {
    {"contacts", "each id leads to a living contact, and each contact has somebody", NULL},
    {"people", "customers, addresses and claims fit together", NULL},
    {"references", "what belongs to a customer, a contact or a source finds it", NULL},
    {"consent", "the registers of consent are such as statements can make", NULL},
    {"groups", "who is one contact, derived anew from all claims", check_groups},
    {"orders", "sums of orders and refunds, added up in a second way", check_orders},
    {"carts", "no cart sleeps through its time, and what fired was due", check_carts},
    {"ledger", "each line of the ledger is about a contact that there is", NULL},
    {"accounts", "the contacts that an account with a limit counts are there", check_accounts},
    {"erased", "no address of an erased person is left", check_erased},
};
enum { STEPS_N = sizeof(steps) / sizeof(*steps) };

enum err check_where(struct check *c, const char *name, struct str value)
{
    return buf_printf(&c->where, "%s%s=%.*s", c->where.len ? ", " : "", name, STR_ARG(str_upto(value, 500)));
}

enum err check_where_int(struct check *c, const char *name, int64_t value)
{
    return buf_printf(&c->where, "%s%s=%" PRId64, c->where.len ? ", " : "", name, value);
}

enum err check_tell(struct check *c, const char *what, const char *to_do)
{
    struct check_finding finding = {
        .step = c->step, .account_id = c->store->account_id, .what = what, .where = buf_str(&c->where), .to_do = to_do};

    c->sums->findings++;
    c->watch->found(c->watch->arg, &finding);
    buf_clear(&c->where);
    return OK;
}

void check_read(struct check *c, uint64_t rows)
{
    c->rows += rows;
    c->watch->progress(c->watch->arg, c->rows);
}

enum err check_page(struct check *c, const char *sql, struct str *out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(c->store->db, &st, sql, "isi", c->store->account_id, not_null(buf_str(&c->after)), (int64_t)CHECK_PAGE);

    *n = 0;
    if (err)
        return err;
    while (*n < CHECK_PAGE && !(err = db_step(st, &row)) && row) {
        out[*n] = arena_str(&c->page, db_column_str(st, 0));
        if (!out[(*n)++].p) {
            err = ERR_MEMORY;
            break;
        }
    }
    db_done(st);
    if (err || *n == 0)
        return err;
    buf_clear(&c->after);
    return buf_append(&c->after, out[*n - 1]);
}

static enum err read_accounts(struct check *c, int64_t *out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_prepare(c->store->db, "SELECT account_id FROM account ORDER BY account_id", &st);

    *n = 0;
    while (!err && *n < ACCOUNTS_MAX && !(err = db_step(st, &row)) && row)
        out[(*n)++] = db_column_int(st, 0);
    db_done(st);
    return err;
}

static enum err each_account(struct check *c, enum err (*run)(struct check *c), const int64_t *accounts, size_t n)
{
    int64_t own = c->store->account_id;
    enum err err = OK;

    for (size_t i = 0; i < n && !err; i++) {
        c->store->account_id = accounts[i];
        err = run(c);
    }
    c->store->account_id = own;
    return err;
}

static enum err run_steps(struct check *c, const int64_t *accounts, size_t n)
{
    enum err err = OK;

    for (size_t i = 0; i < STEPS_N && !err; i++) {
        c->step = steps[i].name;
        c->rows = 0;
        c->watch->step(c->watch->arg, steps[i].name, steps[i].about, i + 1, STEPS_N);
        err = steps[i].run ? each_account(c, steps[i].run, accounts, n) : check_rows(c, steps[i].name);
        c->sums->steps += !err;
    }
    return err;
}

enum err check_run(struct store *store, const struct seal *seal, int64_t cart_delay_us, const struct check_watch *watch,
                   struct check_sums *sums)
{
    struct check c = {.store = store,
                      .seal = seal,
                      .cart_delay_us = cart_delay_us,
                      .watch = watch,
                      .sums = sums,
                      .where = BUF_INIT(WHERE_BYTES),
                      .after = BUF_INIT(AFTER_BYTES)};
    int64_t *accounts = calloc(ACCOUNTS_MAX, sizeof(*accounts));
    size_t n = 0;
    enum err err = accounts ? db_begin_reading(store->db) : ERR_MEMORY;

    *sums = (struct check_sums){.steps = 0};
    arena_init(&c.page, CHECK_ARENA_BYTES);
    arena_init(&c.one, CHECK_ARENA_BYTES);
    if (!err)
        err = read_accounts(&c, accounts, &n);
    if (!err)
        err = run_steps(&c, accounts, n);
    db_rollback(store->db);
    arena_release(&c.one);
    arena_release(&c.page);
    buf_release(&c.where);
    buf_release(&c.after);
    free(accounts);
    return err;
}
