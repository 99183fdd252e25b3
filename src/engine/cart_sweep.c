/* cart_sweep.c -- owns the round in which carts whose time has come are looked at, and recorded as abandoned or recovered. */
#include "engine/cart_sweep.h"

#include "base/counters.h"
#include "base/log.h"
#include "engine/fire.h"
#include "store/cart.h"
#include "store/contact.h"

enum { ROUND_ARENA_BYTES = 64 << 20, CART_ARENA_BYTES = 64 << 20 };

/* One round. */
struct round {
    struct store *store;
    int64_t now_us;
    struct arena fixed, work; /* the round's, one cart's */
    struct view_source *sources;
    size_t n_sources;
    struct trigger_set triggers; /* read when the first cart fires */
    int64_t first_past_us;       /* the earliest time that a look found to be past; nothing later has its turn before */
    struct cart_swept *swept;
};

/* One cart in hand. */
struct look {
    const struct cart_due *due;
    struct str contact_id, subject;
    struct scope facts;
    struct contact_view view;
    const struct view_cart *cart; /* NULL: nobody's */
};

static const struct view_source *source_of(const struct round *r, int64_t id)
{
    for (size_t i = 0; i < r->n_sources; i++)
        if (r->sources[i].id == id)
            return &r->sources[i];
    return NULL;
}

/* CA8: everything is read again. */
static enum err load(struct round *r, struct look *look)
{
    enum err err = cart_contact(r->store, look->due, &r->work, &look->subject, &look->contact_id);

    if (err || look->contact_id.len == 0)
        return err;
    err = contact_load_facts(r->store, look->contact_id, r->sources, r->n_sources, &r->work, &look->facts, &look->view);
    for (size_t i = 0; !err && i < look->view.n_carts; i++) {
        const struct cart *c = look->view.carts[i].cart;

        if (c->source_id == look->due->source_id && str_eq(c->id, look->due->id))
            look->cart = &look->view.carts[i];
    }
    return err == ERR_NOT_FOUND ? OK : err;
}

/* CA9, T4: what is recorded for the first time, and is not quiet, sets off triggers in the same transaction. */
static enum err set_off(struct round *r, const struct look *look, const struct cart_firing *firing)
{
    struct fire f = {.store = r->store,
                     .arena = &r->work,
                     .triggers = &r->triggers,
                     .sources = r->sources,
                     .n_sources = r->n_sources,
                     .contact = &look->view,
                     .facts = &look->facts};
    struct happening h;
    enum err err = OK;

    if (!happening_of_cart(firing, look->cart->cart, &r->work, &h))
        return OK;
    if (r->triggers.account_id == 0)
        err = trigger_load_set(r->store, &r->fixed, &r->triggers);
    if (!err && !h.key.p)
        err = ERR_MEMORY;
    return err || r->triggers.n == 0 ? err : fire_happening(&f, &h);
}

static enum err record_abandoned(struct round *r, const struct look *look, enum firing_quiet quiet)
{
    bool first = false;
    struct cart_firing f = {.source_id = look->due->source_id,
                            .cart_id = look->due->id,
                            .kind = FIRING_ABANDONED,
                            .episode_us = cart_episode(look->cart->cart),
                            .subject = look->subject,
                            .contact_id = look->contact_id,
                            .due_us = look->cart->fire_us,
                            .fired_us = r->now_us,
                            .quiet = quiet,
                            .mailable = look->view.mailable};
    enum err err = cart_fire(r->store, &f, &first);

    r->swept->abandoned += first;
    r->swept->quiet += first && quiet != NOT_QUIET;
    return first ? set_off(r, look, &f) : err;
}

static enum err record_recovered(struct round *r, const struct look *look)
{
    const struct view_cart *v = look->cart;
    bool first = false;
    struct cart_firing f = {.source_id = look->due->source_id,
                            .cart_id = look->due->id,
                            .kind = FIRING_RECOVERED,
                            .episode_us = v->of->episode_us,
                            .subject = look->subject,
                            .contact_id = look->contact_id,
                            .due_us = v->order ? v->order->created_us : v->cart->completed_us,
                            .fired_us = r->now_us,
                            .quiet = v->of->quiet,
                            .mailable = look->view.mailable,
                            .order_id = v->order ? v->order->id : STR_NONE};
    enum err err = cart_fire(r->store, &f, &first);

    r->swept->recovered += first;
    return first ? set_off(r, look, &f) : err;
}

static enum err act(struct round *r, const struct look *look)
{
    struct cart_finding found = {.action = CART_SLEEP};
    enum err err = OK;

    if (look->cart)
        found = cart_find(look->cart, source_of(r, look->due->source_id), look->facts.firings, look->due->look_us, r->now_us);
    if (found.action == CART_RECORD_ABANDONED)
        err = record_abandoned(r, look, found.quiet);
    else if (found.action == CART_RECORD_RECOVERED)
        err = record_recovered(r, look);
    if (found.action == CART_LOOK_LATER && found.look_us < r->first_past_us)
        r->first_past_us = found.look_us;
    return err ? err : cart_look_at(r->store, look->due, found.action == CART_LOOK_LATER ? found.look_us : 0);
}

/* A cart that cannot be read, because its contact is too large, does not hold up the others: it is looked at again in an hour. */
static enum err look_at(struct round *r, const struct cart_due *due)
{
    struct look look = {.due = due};
    enum err err;

    arena_reset(&r->work);
    err = load(r, &look);
    if (err == ERR_MEMORY || err == ERR_TOO_MANY) {
        LOG(LOG_ERROR, "cart not readable, later again", KV_INT("source", due->source_id), KV_STR("cart", due->id), KV_ERR(err));
        return cart_look_at(r->store, due, r->now_us + INT64_C(3600) * US_PER_S);
    }
    r->swept->looked++;
    return err ? err : act(r, &look);
}

static enum err load_sources(struct round *r, const struct cart_settings *settings)
{
    enum err err = cart_activate_sources(r->store);

    if (!err)
        err = contact_sources(r->store, settings->delay_us, &r->fixed, &r->sources, &r->n_sources);
    for (size_t i = 0; i < r->n_sources; i++)
        if (r->sources[i].cart_cooldown_us < 0)
            r->sources[i].cart_cooldown_us = settings->cooldown_us;
    return err;
}

static enum err go_round(struct round *r, const struct cart_settings *settings, size_t max)
{
    struct cart_due *due = arena_array(&r->fixed, max, sizeof(*due));
    size_t n = 0;
    enum err err = due ? load_sources(r, settings) : ERR_MEMORY;

    if (!err)
        err = cart_due_list(r->store, max, &r->fixed, due, &n);
    for (size_t i = 0; i < n && !err && due[i].look_us < r->first_past_us; i++) /* CA15: the oldest first */
        err = look_at(r, &due[i]);
    r->swept->more = n == max || r->first_past_us <= r->now_us;
    return err;
}

enum err cart_sweep(struct store *store, const struct cart_settings *settings, size_t max, struct cart_swept *out)
{
    struct round r = {.store = store, .now_us = clock_wall_us(store->clock), .first_past_us = INT64_MAX, .swept = out};
    bool any = false;
    enum err err = cart_is_any_due(store, &any);

    *out = (struct cart_swept){.more = false};
    if (err || !any)
        return err;
    err = db_begin(store->db);
    if (err)
        return err;
    arena_init(&r.fixed, ROUND_ARENA_BYTES);
    arena_init(&r.work, CART_ARENA_BYTES);
    err = store_end(store, go_round(&r, settings, max));
    arena_release(&r.work);
    arena_release(&r.fixed);
    if (err) {
        *out = (struct cart_swept){.more = false};
        return err;
    }
    counter_add(COUNTER_CARTS_ABANDONED, out->abandoned);
    counter_add(COUNTER_CARTS_QUIET, out->quiet);
    counter_add(COUNTER_CARTS_RECOVERED, out->recovered);
    return OK;
}
