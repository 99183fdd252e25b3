/* view_cart.c -- owns the state of a contact's carts, derived (M9, CA2, CA3, CA6, CA7, CA10-CA12). */
#include "model/view_parts.h"

#include "base/clock.h"

#include <stdlib.h>

static const int64_t pending_us = INT64_C(24) * 3600 * US_PER_S; /* CA10 */
static const int64_t delay_default_us = INT64_C(3600) * US_PER_S;

static const char *const cart_state_names[] = {
    [CART_ACTIVE] = "active",       [CART_ABANDONED] = "abandoned", [CART_RECOVERED] = "recovered",
    [CART_COMPLETED] = "completed", [CART_CLOSED] = "closed",
};

const char *cart_state_name(enum cart_state state)
{
    return cart_state_names[state];
}

int64_t cart_episode(const struct cart *c)
{
    return c->active_us ? c->active_us : c->abandoned_us;
}

/* What the orders say of one cart. */
struct purchase {
    int64_t at_us; /* of the latest that completes it; 0 = none */
    const struct order *by;
    int64_t wait_us;   /* the cart is not abandoned before, as a payment is pending */
    int64_t resume_us; /* a payment failed then */
};

static bool names_cart(const struct order *o, const struct cart *c)
{
    struct str tokens[2] = {c->id, c->cart_id};

    if (o->source_id != c->source_id)
        return false;
    for (size_t i = 0; i < 2; i++)
        if (tokens[i].len && (str_eq(o->checkout_id, tokens[i]) || str_eq(o->cart_id, tokens[i])))
            return true;
    return false;
}

static void raise_to(int64_t *slot, int64_t at_us)
{
    if (at_us > *slot)
        *slot = at_us;
}

/* CA6, CA10: a payment that is pending suspends, one that failed starts the wait anew, everything else that was placed completes. */
static void weigh_order(const struct order *o, struct purchase *p)
{
    struct str status = order_status(o);
    int64_t created = o->created_us ? o->created_us : 1;

    if (!version_is_set(o->v) || is_one_of(status, "draft"))
        return;
    if (is_one_of(status, "pending")) {
        raise_to(&p->wait_us, (o->created_us ? o->created_us : o->v.at_us) + pending_us);
    } else if (is_one_of(status, "failed")) {
        raise_to(&p->resume_us, version_replaces(o->late_v, o->v) ? o->late_v.at_us : o->v.at_us);
    } else if (created > p->at_us || (created == p->at_us && p->by && str_cmp(o->id, p->by->id) > 0)) {
        p->at_us = created;
        p->by = o;
    }
}

/* CA6, CA7: the orders with the same token, whenever they arrived, and those of the same contact since the first activity. */
static struct purchase purchase_of(const struct view_input *in, const struct cart *c)
{
    struct purchase p = {.at_us = c->completed_us};

    for (const struct order *o = in->cart_orders; o; o = o->next)
        if (names_cart(o, c))
            weigh_order(o, &p);
    for (const struct order *o = in->facts->orders; o; o = o->next)
        if (names_cart(o, c) || o->created_us >= c->first_us)
            weigh_order(o, &p);
    return p;
}

static int64_t delay_of(const struct view_input *in, int64_t source_id)
{
    for (size_t i = 0; i < in->n_sources; i++)
        if (in->sources[i].id == source_id)
            return in->sources[i].cart_delay_us;
    return delay_default_us;
}

static bool is_of(const struct cart_firing *f, const struct cart *c)
{
    return f->source_id == c->source_id && str_eq(f->cart_id, c->id);
}

/* A cart that came too late to be abandoned while we watched stays as its platform says it is (CA5, CA14). */
static bool counts(const struct cart_firing *f)
{
    return f->kind == FIRING_ABANDONED && (f->quiet == NOT_QUIET || f->quiet == QUIET_COOL_DOWN);
}

static bool is_answered(const struct cart_firing *all, const struct cart_firing *abandoned)
{
    for (const struct cart_firing *f = all; f; f = f->next)
        if (f->kind == FIRING_RECOVERED && f->source_id == abandoned->source_id && str_eq(f->cart_id, abandoned->cart_id) &&
            f->episode_us >= abandoned->episode_us)
            return true;
    return false;
}

/* What was recorded of the cart. */
struct record {
    bool of_episode;                /* of the cart as it is now */
    bool abandoned;                 /* and it shows */
    int64_t first_us;               /* when the cart was abandoned first; 0 = never */
    const struct cart_firing *last; /* the last abandonment that shows */
};

static struct record record_of(const struct view_input *in, const struct cart *c)
{
    struct record r = {.first_us = c->abandoned_us};

    for (const struct cart_firing *f = in->facts->firings; f; f = f->next) {
        if (!is_of(f, c) || f->kind != FIRING_ABANDONED)
            continue;
        r.of_episode |= f->episode_us == cart_episode(c);
        if (!counts(f))
            continue;
        r.abandoned |= f->episode_us == cart_episode(c);
        if (r.first_us == 0 || f->due_us < r.first_us)
            r.first_us = f->due_us;
        if (!r.last || f->episode_us > r.last->episode_us)
            r.last = f;
    }
    return r;
}

static int64_t due_of(const struct view_input *in, const struct cart *c, const struct purchase *p, bool told)
{
    int64_t delay = delay_of(in, c->source_id), due = told ? c->abandoned_us : c->active_us + delay;

    raise_to(&due, p->wait_us);
    if (p->resume_us)
        raise_to(&due, p->resume_us + delay);
    return due;
}

static void view_cart(const struct view_input *in, bool has_address, const struct cart *c, struct view_cart *v)
{
    struct purchase bought = purchase_of(in, c);
    struct record record = record_of(in, c);
    bool told = c->abandoned_us && c->abandoned_us >= c->active_us; /* CA12: activity makes it active again */
    bool abandoned = told || record.abandoned;

    v->cart = c;
    v->order = bought.by;
    if (bought.at_us)
        v->state = record.first_us && bought.at_us > record.first_us ? CART_RECOVERED : CART_COMPLETED;
    else if (c->n_items == 0 && !abandoned)
        v->state = CART_CLOSED; /* CA11 */
    else
        v->state = abandoned ? CART_ABANDONED : CART_ACTIVE;
    if (record.last && v->state == CART_RECOVERED && !is_answered(in->facts->firings, record.last))
        v->of = record.last;
    if (bought.at_us || v->state == CART_CLOSED || !has_address || cart_episode(c) == 0) /* CA2 */
        return;
    if (v->state == CART_ACTIVE)
        v->due_us = due_of(in, c, &bought, told); /* CA3 */
    if (!record.of_episode && c->n_items)
        v->fire_us = due_of(in, c, &bought, told);
}

static bool is_open(const struct view_cart *v)
{
    return v->state == CART_ACTIVE || v->state == CART_ABANDONED;
}

static int compare_carts(const void *left, const void *right)
{
    const struct cart *a = ((const struct view_cart *)left)->cart, *b = ((const struct view_cart *)right)->cart;

    if (a->active_us != b->active_us)
        return a->active_us > b->active_us ? -1 : 1;
    if (a->source_id != b->source_id)
        return a->source_id < b->source_id ? -1 : 1;
    return str_cmp(a->id, b->id);
}

/* True when a merge brought the two carts together: the store's of two of its customers (M5), or the operator's (M10). */
static bool are_merged(const struct view_persons *persons, const struct cart *a, const struct cart *b)
{
    size_t one = view_person_place(persons, a->source_id, a->subject), other = view_person_place(persons, b->source_id, b->subject);

    if (one == persons->n || other == persons->n || one == other)
        return false;
    if (persons->joined_us && persons->person[one] != persons->person[other])
        return true;
    return persons->merged[one] == persons->merged[other];
}

/* M9: of the open carts that a merge brought together the newest stays. `carts` are sorted, the newest first. */
static void close_merged(const struct view_persons *persons, struct view_cart *carts, size_t n)
{
    for (size_t i = n; i-- > 1;)
        for (size_t newer = 0; newer < i && is_open(&carts[i]); newer++) {
            if (!is_open(&carts[newer]) || !are_merged(persons, carts[i].cart, carts[newer].cart))
                continue;
            carts[i].state = CART_CLOSED;
            carts[i].due_us = carts[i].fire_us = 0;
        }
}

enum err view_carts(const struct view_input *in, struct contact_view *out)
{
    struct view_persons persons;
    enum err err = view_persons_of(in->facts, in->arena, &persons);
    size_t n = 0;

    if (err)
        return err;

    for (const struct cart *c = in->facts->carts; c; c = c->next)
        n++;
    out->carts = arena_array(in->arena, n, sizeof(*out->carts));
    if (!out->carts)
        return ERR_MEMORY;
    for (const struct cart *c = in->facts->carts; c; c = c->next)
        view_cart(in, out->email.len > 0, c, &out->carts[out->n_carts++]);
    if (out->n_carts)
        qsort(out->carts, out->n_carts, sizeof(*out->carts), compare_carts);
    close_merged(&persons, out->carts, out->n_carts);
    return OK;
}
