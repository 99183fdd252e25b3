/* timeline.c -- owns what happened with one contact, in order: orders, carts, visits, consent, activities, what was sent. */
#include "store/timeline.h"

#include "store/contact.h"
#include "store/sent.h"
#include "store/visit.h"

#include <stdlib.h>

static const char *const kind_names[MOMENT__COUNT] = {
    [MOMENT_CREATED] = "created",
    [MOMENT_ORDER] = "order",
    [MOMENT_REFUND] = "refund",
    [MOMENT_CART] = "cart",
    [MOMENT_CART_ABANDONED] = "cart_abandoned",
    [MOMENT_CART_RECOVERED] = "cart_recovered",
    [MOMENT_PAGE_VISIT] = "page_visit",
    [MOMENT_PRODUCT_VIEWED] = "product_viewed",
    [MOMENT_CONSENT] = "consent",
    [MOMENT_ACTIVITY] = "activity",
    [MOMENT_TRIGGER] = "trigger",
    [MOMENT_CYCLE] = "cycle",
    [MOMENT_NOTICE] = "notice",
    [MOMENT_CHANGE] = "change",
};

const char *timeline_kind_name(enum timeline_kind kind)
{
    return kind_names[kind];
}

enum err timeline_kind_parse(struct str name, enum timeline_kind *out)
{
    for (size_t i = 0; i < MOMENT__COUNT; i++)
        if (str_eq(name, str_of(kind_names[i]))) {
            *out = (enum timeline_kind)i;
            return OK;
        }
    return ERR_NOT_FOUND;
}

/* The latest `max` of all that is added: twice as many are kept, and cut to the half when they are full. */
struct collection {
    const struct timeline_filter *filter;
    struct arena *arena;
    struct moment *at;
    size_t n;
    enum err err;
};

static int compare_moments(const void *left, const void *right)
{
    const struct moment *a = left, *b = right;

    if (a->at_us != b->at_us)
        return a->at_us > b->at_us ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind > b->kind ? -1 : 1;
    return str_cmp(a->ref, b->ref);
}

static void cut(struct collection *c)
{
    qsort(c->at, c->n, sizeof(*c->at), compare_moments);
    if (c->n > c->filter->max)
        c->n = c->filter->max;
}

/* Texts are copied only when the moment is kept. */
static void add(struct collection *c, const struct moment *m)
{
    struct moment *kept;

    if (c->err || m->at_us <= 0 || (c->filter->kind != MOMENT__COUNT && c->filter->kind != m->kind) ||
        (c->filter->before_us && m->at_us >= c->filter->before_us))
        return;
    if (c->n == 2 * c->filter->max)
        cut(c);
    kept = &c->at[c->n++];
    *kept = *m;
    kept->ref = arena_str(c->arena, m->ref);
    kept->text = arena_str(c->arena, m->text);
    kept->url = arena_str(c->arena, m->url);
    if ((m->ref.len && !kept->ref.p) || (m->text.len && !kept->text.p) || (m->url.len && !kept->url.p))
        c->err = ERR_MEMORY;
}

static void add_order(struct collection *c, const struct view_order *v)
{
    struct buf text = BUF_INIT(512);
    struct money total = {.minor = v->order->total};
    char amount[MONEY_TEXT_CHARS + 1];
    bool priced = currency_parse(v->order->currency, &total.currency) == OK;
    struct moment m = {.kind = MOMENT_ORDER, .at_us = v->order->created_us, .source_id = v->order->source_id, .ref = v->order->id};

    if (m.at_us <= 0)
        m.at_us = v->order->v.at_us;
    c->err = c->err ? c->err
                    : buf_printf(&text, "%.*s%s%s%s%s%s", STR_ARG(str_upto(v->status, 64)), priced ? ", " : "",
                                 priced ? money_text(&total, amount) : "", priced ? " " : "", priced ? total.currency.code : "",
                                 v->order->test ? ", test" : "");
    m.text = buf_str(&text);
    m.url = v->order->url;
    add(c, &m);
    buf_release(&text);
}

static void add_refunds(struct collection *c, const struct scope *facts)
{
    for (const struct refund *r = facts->refunds; r; r = r->next)
        add(c, &(struct moment){
                   .kind = MOMENT_REFUND, .at_us = r->v.at_us, .source_id = r->source_id, .ref = r->order_id, .text = r->amount});
}

static void add_carts(struct collection *c, const struct scope *facts, const struct contact_view *view)
{
    for (size_t i = 0; i < view->n_carts; i++)
        add(c, &(struct moment){.kind = MOMENT_CART,
                                .at_us = view->carts[i].cart->first_us,
                                .source_id = view->carts[i].cart->source_id,
                                .ref = view->carts[i].cart->id,
                                .text = str_of(cart_state_name(view->carts[i].state)),
                                .url = view->carts[i].cart->url});
    for (const struct cart_firing *f = facts->firings; f; f = f->next)
        add(c, &(struct moment){.kind = f->kind == FIRING_ABANDONED ? MOMENT_CART_ABANDONED : MOMENT_CART_RECOVERED,
                                .at_us = f->fired_us,
                                .source_id = f->source_id,
                                .ref = f->cart_id,
                                .text = f->order_id});
}

static enum err add_visit(void *arg, const struct visit *v, struct arena *arena)
{
    struct collection *c = arg;
    bool product = v->type == EVENT_PRODUCT_VIEWED;

    (void)arena;
    add(c, &(struct moment){.kind = product ? MOMENT_PRODUCT_VIEWED : MOMENT_PAGE_VISIT,
                            .at_us = v->at_us,
                            .source_id = v->source_id,
                            .ref = v->product_id,
                            .text = product ? v->product_name : v->title,
                            .url = v->url});
    return c->err;
}

static struct str or_nothing(struct str s)
{
    return s.len ? s : STR("nothing");
}

/* "pending -> subscribed" */
static struct str change_text(const struct ledger_line *line, struct buf *text)
{
    buf_clear(text);
    if (line->old.len || line->new.len)
        if (buf_printf(text, "%.*s: %.*s -> %.*s", STR_ARG(line->what), STR_ARG(or_nothing(line->old)),
                       STR_ARG(or_nothing(line->new))))
            return line->what;
    return text->len ? buf_str(text) : line->what;
}

/* Orders and carts are told by their facts; refusals of older statements changed nothing. */
static bool is_told_elsewhere(const struct ledger_line *line)
{
    return str_starts(line->what, STR("order")) || str_eq(line->what, STR("refund")) || str_eq(line->what, STR("cart")) ||
           str_eq(line->new, STR("stale"));
}

static void add_line(struct collection *c, const struct ledger_line *line)
{
    struct buf text = BUF_INIT(64 << 10);
    struct moment m = {.at_us = line->event_at_us, .source_id = line->source_id, .ref = line->name, .url = line->url};

    if (line->rule.len == 0) {
        m.kind = MOMENT_ACTIVITY;
        m.text = line->new;
    } else {
        m.kind = ledger_is_of_consent(line) ? MOMENT_CONSENT : MOMENT_CHANGE;
        m.text = change_text(line, &text);
    }
    if (line->rule.len == 0 || !is_told_elsewhere(line))
        add(c, &m);
    buf_release(&text);
}

static enum err add_ledger(struct collection *c, struct store *store, struct str id)
{
    struct ledger_line *lines = NULL;
    size_t n = 0;
    enum err err = contact_ledger(store, id, TIMELINE_MAX, c->arena, &lines, &n);

    for (size_t i = 0; i < n && !err; i++)
        add_line(c, &lines[i]);
    return err;
}

static enum err add_sent(struct collection *c, struct store *store, struct str id)
{
    static const enum timeline_kind as[SENT__COUNT] = {
        [SENT_TRIGGER] = MOMENT_TRIGGER, [SENT_CYCLE] = MOMENT_CYCLE, [SENT_NOTICE] = MOMENT_NOTICE};
    struct sent *sent = NULL;
    size_t n = 0;
    enum err err = sent_of_contact(store, id, c->filter->max, c->arena, &sent, &n);

    for (size_t i = 0; i < n && !err; i++)
        add(c, &(struct moment){.kind = as[sent[i].kind],
                                .at_us = sent[i].at_us,
                                .ref = sent[i].name,
                                .text = sent[i].kind == SENT_NOTICE ? STR_NONE : sent[i].text});
    return err;
}

enum err timeline_load(struct store *store, const struct scope *facts, const struct contact_view *view,
                       const struct timeline_filter *filter, struct arena *arena, struct moment **out, size_t *n)
{
    struct collection c = {.filter = filter, .arena = arena, .at = arena_array(arena, 2 * filter->max, sizeof(*c.at))};
    enum err err = c.at ? OK : ERR_MEMORY;

    *n = 0;
    if (err)
        return err;
    add(&c, &(struct moment){.kind = MOMENT_CREATED, .at_us = view->created_us});
    for (size_t i = 0; i < view->n_orders; i++)
        add_order(&c, &view->orders[i]);
    add_refunds(&c, facts);
    add_carts(&c, facts, view);
    err = visits_of_contact(store, facts, arena, add_visit, &c);
    if (!err)
        err = add_ledger(&c, store, view->id);
    if (!err)
        err = add_sent(&c, store, view->id);
    if (err || c.err)
        return err ? err : c.err;
    cut(&c);
    *out = c.at;
    *n = c.n;
    return OK;
}
