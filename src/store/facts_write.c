/* facts_write.c -- owns how the facts of a batch are written: each table in one statement, rows in the order of their keys. */
#include "store/facts.h"

#include "store/cart.h"
#include "store/scope_write.h"

#include <stdlib.h>

/* Every statement of a flush, in the order in which they run. */
enum { WRITES_MAX = FACT_KIND__COUNT + 8 };

struct writing {
    struct facts *facts;
    struct db_rows rows[FACT_KIND__COUNT];
    struct db_many many[WRITES_MAX];
    size_t n;
};

static int compare_facts(const void *left, const void *right)
{
    const struct fact *a = *(struct fact *const *)left, *b = *(struct fact *const *)right;

    if (a->kind != b->kind)
        return (int)a->kind - (int)b->kind;
    if (a->account_id != b->account_id)
        return a->account_id < b->account_id ? -1 : 1;
    return fact_types[a->kind].compare(a->row, b->row);
}

static void add_statement(struct writing *w, const char *sql, const struct db_rows *rows)
{
    if (rows->n)
        w->many[w->n++] = (struct db_many){.sql = sql, .rows = rows};
}

/* Drainers that write the same rows do it in the same order. */
static enum err add_facts(struct writing *w)
{
    struct facts *f = w->facts;
    enum err err = OK;

    qsort(f->changed, f->n_changed, sizeof(*f->changed), compare_facts);
    for (int kind = 0; kind < FACT_KIND__COUNT; kind++)
        w->rows[kind] = DB_ROWS(fact_types[kind].types ? fact_types[kind].types : "", f->arena);
    for (size_t i = 0; i < f->n_changed && !err; i++) {
        const struct fact *fact = f->changed[i];

        err = fact_types[fact->kind].bind(&w->rows[fact->kind], fact->account_id, fact->row, fact->look_us);
    }
    for (int kind = 0; kind < FACT_KIND__COUNT && !err; kind++)
        add_statement(w, fact_types[kind].insert, &w->rows[kind]);
    return err;
}

static void forget_written(struct facts *f)
{
    for (size_t i = 0; i < f->n_changed; i++)
        f->changed[i]->changed = false;
    f->n_changed = 0;
    f->contacts.n = f->dropped.n = f->visits.n = f->activities.n = f->ledger.n = 0;
}

enum err facts_write(struct facts *f)
{
    struct writing w = {.facts = f};
    enum err err;

    add_statement(&w, scope_insert_contact, &f->contacts);
    err = f->n_changed ? add_facts(&w) : OK;
    add_statement(&w, scope_insert_visit, &f->visits);
    add_statement(&w, scope_insert_activity, &f->activities);
    add_statement(&w, scope_insert_ledger, &f->ledger);
    add_statement(&w, scope_drop_contact, &f->dropped);
    if (!err && w.n)
        err = db_run_many(f->store->db, w.many, w.n);
    if (err)
        return err;
    forget_written(f);
    return cart_wake(f->store, &f->wakes, f->arena);
}
