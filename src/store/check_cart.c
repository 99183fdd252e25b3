/* check_cart.c -- owns the check of carts' timers: none sleeps through the moment when it is to be looked at (CA3, CA8). */
#include "store/check_steps.h"

#include "store/cart.h"
#include "store/contact.h"

static const char to_do[] = "any further event of the cart or of its customer wakes it; or set look_us = 1 of that row of cart";

/* Carts that may sleep too long: those that nobody will look at, and those that are looked at later than their quiet time ends. */
static const char doubtful[] =
    "SELECT c.source_id, c.id, c.look_us FROM cart c JOIN source s ON s.account_id = c.account_id AND s.id = c.source_id"
    " WHERE c.account_id = $1 AND (c.source_id, c.id) > ($2, $3) AND ((c.look_us = 0 AND (c.n_items > 0 OR c.completed_us > 0))"
    " OR (c.look_us > $4 AND (c.abandoned_us >= c.active_us"
    " OR c.look_us > c.active_us + CASE WHEN s.cart_delay_ms > 0 THEN s.cart_delay_ms * 1000 ELSE $5 END)))"
    " ORDER BY c.source_id, c.id LIMIT $6";

struct carts {
    struct check *check;
    int64_t now_us;
    struct arena fixed;
    struct view_source *sources;
    size_t n_sources;
};

static const struct view_source *source_of(const struct carts *w, int64_t id)
{
    for (size_t i = 0; i < w->n_sources; i++)
        if (w->sources[i].id == id)
            return &w->sources[i];
    return NULL;
}

/* The last moment at which the cart must be looked at; 0 = it may sleep. */
static int64_t latest_look(const struct carts *w, const struct view_cart *v)
{
    const struct view_source *source = source_of(w, v->cart->source_id);

    if (!source || !source->enabled)
        return 0;
    return v->of ? w->now_us : v->fire_us;
}

static enum err judge(struct carts *w, const struct cart_due *due, const struct contact_view *view)
{
    enum err err = OK;

    for (size_t i = 0; i < view->n_carts && !err; i++) {
        const struct view_cart *v = &view->carts[i];
        int64_t latest = latest_look(w, v);

        if (v->cart->source_id != due->source_id || !str_eq(v->cart->id, due->id) || latest == 0)
            continue;
        if (due->look_us && due->look_us <= latest)
            continue;
        err = check_where_int(w->check, "source", due->source_id);
        if (!err)
            err = check_where(w->check, "cart", due->id);
        if (!err)
            err = check_tell(w->check, "the cart sleeps through the moment when it is abandoned or recovered", to_do);
    }
    return err;
}

static enum err check_cart(struct carts *w, const struct cart_due *due)
{
    struct arena *arena = &w->check->one;
    struct str subject, contact_id;
    struct contact_view view;
    struct scope facts;
    enum err err;

    arena_reset(arena);
    err = cart_contact(w->check->store, due, arena, &subject, &contact_id);
    if (err || contact_id.len == 0)
        return err;
    err = contact_load_facts(w->check->store, contact_id, w->sources, w->n_sources, arena, &facts, &view);
    if (err)
        return err == ERR_NOT_FOUND ? OK : err;
    w->check->sums->carts++;
    return judge(w, due, &view);
}

static enum err read_page(struct carts *w, const struct cart_due *after, struct cart_due *out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(w->check->store->db, &st, doubtful, "iisiii", w->check->store->account_id, after->source_id,
                            not_null(after->id), w->now_us, w->check->cart_delay_us, (int64_t)CHECK_PAGE);

    *n = 0;
    while (!err && *n < CHECK_PAGE && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = &w->check->page, .column = 0, .err = OK};

        out[*n].source_id = row_int(&r);
        out[*n].id = row_str(&r);
        out[(*n)++].look_us = row_int(&r);
        err = r.err;
    }
    db_done(st);
    return err;
}

static enum err check_all(struct carts *w, struct cart_due *due)
{
    struct cart_due last = {.source_id = INT64_MIN};
    size_t n = CHECK_PAGE;
    enum err err = OK;

    while (n == CHECK_PAGE && !err) {
        arena_reset(&w->check->page);
        err = read_page(w, &last, due, &n);
        for (size_t i = 0; i < n && !err; i++)
            err = check_cart(w, &due[i]);
        check_read(w->check, n);
        if (err || n == 0)
            break;
        buf_clear(&w->check->after);
        err = buf_append(&w->check->after, due[n - 1].id);
        last = (struct cart_due){.source_id = due[n - 1].source_id, .id = buf_str(&w->check->after)};
    }
    return err;
}

enum err check_carts(struct check *c)
{
    struct carts w = {.check = c, .now_us = clock_wall_us(c->store->clock)};
    struct cart_due *due = calloc(CHECK_PAGE, sizeof(*due));
    enum err err = due ? OK : ERR_MEMORY;

    arena_init(&w.fixed, CHECK_ARENA_BYTES);
    if (!err)
        err = contact_sources(c->store, c->cart_delay_us, &w.fixed, &w.sources, &w.n_sources);
    if (!err)
        err = check_all(&w, due);
    arena_release(&w.fixed);
    free(due);
    return err;
}
