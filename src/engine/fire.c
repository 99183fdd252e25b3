/* fire.c -- owns the question which triggers fire for a happening, and that each fires once (T4). */
#include "engine/fire.h"

#include "base/counters.h"
#include "base/log.h"
#include "engine/fire_parts.h"
#include "store/contact.h"
#include "store/visit_each.h"

/* The contact as it is now, with what the event changed; read once. */
enum err fire_load_contact(struct fire *f, struct str contact_id)
{
    struct contact_view *view;
    struct scope *facts;
    struct view_source *sources = NULL;
    enum err err = OK;

    if (f->contact && str_eq(f->contact->id, contact_id))
        return OK;
    view = arena_alloc(f->arena, sizeof(*view));
    facts = arena_alloc(f->arena, sizeof(*facts));
    if (!view || !facts)
        return ERR_MEMORY;
    if (!f->sources) {
        err = contact_sources(f->store, f->cart_delay_us, f->arena, &sources, &f->n_sources);
        f->sources = sources;
    }
    if (!err)
        err = contact_load_facts(f->store, contact_id, f->sources, f->n_sources, f->arena, facts, view);
    if (!err) {
        f->contact = view;
        f->facts = facts;
    }
    return err;
}

/* One trigger that wants a first visit, and what was found. */
struct first_visit {
    const struct trigger *t;
    struct str own_id;
    bool other;
};

static bool look_at_visit(void *arg, struct str id, struct str url, struct str product_id)
{
    struct first_visit *look = arg;

    look->other = !str_eq(id, look->own_id) && trigger_fits_visit(look->t, url, product_id);
    return !look->other;
}

static enum err fits_visits(struct fire *f, const struct trigger *t, const struct happening *h, bool *fits)
{
    struct first_visit look = {.t = t, .own_id = h->visit_id};
    enum err err = fire_load_contact(f, h->contact_id);

    if (!err)
        err = visit_each(f->store, f->facts, look_at_visit, &look);
    *fits = !look.other;
    return err;
}

static enum err fits(struct fire *f, const struct trigger *t, const struct happening *h, bool *out)
{
    enum err err = OK;

    *out = trigger_fits(t, h);
    if (*out && trigger_asks_contact(t)) {
        err = fire_load_contact(f, h->contact_id);
        *out = !err && trigger_fits_contact(t, h, f->contact);
    }
    if (*out && trigger_asks_visits(t))
        err = fits_visits(f, t, h, out);
    if (err == ERR_NOT_FOUND) { /* no such contact any more */
        *out = false;
        err = OK;
    }
    return err;
}

static enum err fire_one(struct fire *f, const struct trigger *t, const struct happening *h)
{
    bool first = false;
    enum err err = trigger_fire(f->store, t, h, f->delivery_id, &first);

    if (err || !first)
        return err;
    f->fired++;
    counter_add(COUNTER_TRIGGERS_FIRED, 1);
    LOG(LOG_DEBUG, "trigger fired", KV_STR("trigger", t->name), KV_TEXT("on", happening_name(h->kind)),
        KV_STR("contact", h->contact_id), KV_STR("id", f->delivery_id));
    return fire_actions(f, t, h);
}

enum err fire_happening(struct fire *f, const struct happening *h)
{
    enum err err = OK;

    for (size_t i = 0; i < f->triggers->n && !err; i++) {
        const struct trigger *t = &f->triggers->at[i];
        bool fire = false;

        if (t->on == h->kind)
            err = fits(f, t, h, &fire);
        if (!err && fire && f->tell)
            f->tell(f->arg, h, t);
        else if (!err && fire)
            err = fire_one(f, t, h);
    }
    return err;
}
