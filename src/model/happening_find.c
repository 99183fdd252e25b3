/* happening_find.c -- owns reading off the facts what one event did (T4, T5). */
#include "model/happening.h"

#include "model/apply.h"
#include "model/money.h"
#include "model/view_parts.h"

#include <inttypes.h>
#include <stdio.h>

enum { KEY_BYTES = 1600 };

struct facts_before {
    const char *purchase_states;
    struct str *contacts; /* ids of all contacts in the scope */
    size_t n_contacts;
    struct consent *consents; /* copies, for mails */
    size_t n_consents;
    struct contact_field *fields; /* copies, of the event's customer */
    size_t n_fields;
    struct str email;
    bool living;
    bool order_known;
    struct view_order order;
    size_t n_refunds;
    struct str *refunds; /* ids that were known */
};

/* One search in progress. */
struct find {
    const struct facts_before *before;
    const struct scope *scope;
    const struct event_refs *refs;
    const struct event_context *ctx;
    const struct customer *customer; /* the event's; NULL when it names none */
    struct str contact_id;
    struct str effect; /* what names the event, whenever it is told */
    unsigned wanted;
    struct happenings *out;
    enum err err;
};

/* --- before ------------------------------------------------------------------------------------------------------------ */

static enum err copy_contacts(const struct scope *s, struct facts_before *b)
{
    size_t n = 0;

    for (const struct customer *c = s->customers; c; c = c->next)
        n++;
    for (const struct address *a = s->addresses; a; a = a->next)
        n++;
    b->contacts = arena_array(s->arena, n, sizeof(*b->contacts));
    if (n && !b->contacts)
        return ERR_MEMORY;
    for (const struct customer *c = s->customers; c; c = c->next)
        b->contacts[b->n_contacts++] = c->contact_id;
    for (const struct address *a = s->addresses; a; a = a->next)
        b->contacts[b->n_contacts++] = a->contact_id;
    return OK;
}

static enum err copy_consents(const struct scope *s, struct facts_before *b)
{
    size_t n = 0;

    for (const struct consent *c = s->consents; c; c = c->next)
        n++;
    b->consents = arena_array(s->arena, n, sizeof(*b->consents));
    if (n && !b->consents)
        return ERR_MEMORY;
    for (const struct consent *c = s->consents; c; c = c->next)
        b->consents[b->n_consents++] = *c;
    return OK;
}

static bool is_of(const struct contact_field *f, const struct event_refs *refs, int64_t source_id)
{
    return f->source_id == source_id && str_eq(f->subject, refs->subject);
}

static enum err copy_fields(const struct scope *s, const struct event_refs *refs, int64_t source_id, struct facts_before *b)
{
    size_t n = 0;

    for (const struct contact_field *f = s->fields; f; f = f->next)
        n++;
    b->fields = arena_array(s->arena, n, sizeof(*b->fields));
    if (n && !b->fields)
        return ERR_MEMORY;
    for (const struct contact_field *f = s->fields; f; f = f->next)
        if (is_of(f, refs, source_id))
            b->fields[b->n_fields++] = *f;
    return OK;
}

static const struct order *order_of(const struct scope *s, const struct event_refs *refs, int64_t source_id)
{
    for (const struct order *o = s->orders; o; o = o->next)
        if (refs->order_id.len && o->source_id == source_id && str_eq(o->id, refs->order_id))
            return o;
    return NULL;
}

static enum err copy_order(const struct scope *s, const struct event_refs *refs, int64_t source_id, struct facts_before *b)
{
    const struct order *o = order_of(s, refs, source_id);
    size_t n = 0;

    for (const struct refund *r = s->refunds; r; r = r->next)
        n++;
    b->refunds = arena_array(s->arena, n, sizeof(*b->refunds));
    if (n && !b->refunds)
        return ERR_MEMORY;
    for (const struct refund *r = s->refunds; r; r = r->next)
        b->refunds[b->n_refunds++] = r->id;
    b->order_known = o && version_is_set(o->v);
    if (b->order_known)
        view_order(s, b->purchase_states, o, &b->order);
    return OK;
}

enum err happenings_before(const struct scope *s, const struct event_refs *refs, const struct event_context *ctx,
                           const char *purchase_states, struct facts_before **out)
{
    const struct customer *c = scope_customer(s, ctx->source_id, refs->subject);
    struct facts_before *b = *out = arena_alloc(s->arena, sizeof(*b));
    enum err err = b ? copy_contacts(s, b) : ERR_MEMORY;

    if (b)
        b->purchase_states = purchase_states;
    if (!err)
        err = copy_consents(s, b);
    if (!err)
        err = copy_fields(s, refs, ctx->source_id, b);
    if (!err)
        err = copy_order(s, refs, ctx->source_id, b);
    if (!err && c) {
        b->email = c->email;
        b->living = customer_is_living(c);
    }
    return err;
}

/* --- after ------------------------------------------------------------------------------------------------------------- */

static bool wants(const struct find *f, enum happening_kind kind)
{
    return (f->wanted & HAPPENING_BIT(kind)) != 0;
}

/* NULL when there is no room. The key is what makes it happen once. */
__attribute__((format(printf, 3, 4))) static struct happening *tell(struct find *f, enum happening_kind kind, const char *key, ...)
{
    struct happening *h = &f->out->at[f->out->n];
    char text[KEY_BYTES];
    va_list args;
    int n;

    if (f->out->n == HAPPENINGS_MAX) {
        f->out->left_out++;
        return NULL;
    }
    va_start(args, key);
    n = vsnprintf(text, sizeof(text), key, args);
    va_end(args);
    *h = (struct happening){.kind = kind, .source_id = f->ctx->source_id, .contact_id = f->contact_id, .at_us = event_time(f->ctx)};
    h->key = arena_str(f->scope->arena, str_upto(str_of(text), n < 0 ? 0 : (size_t)n));
    if (!h->key.p) {
        f->err = ERR_MEMORY;
        return NULL;
    }
    f->out->n++;
    return h;
}

static void add_list(struct happening *h, struct str list)
{
    for (size_t i = 0; i < h->n_lists; i++)
        if (str_eq(h->lists[i], list))
            return;
    if (list.len && h->n_lists < HAPPENING_LISTS_MAX)
        h->lists[h->n_lists++] = list;
}

static struct str text_of(const struct find *f, enum member m)
{
    const struct value *v = &f->ctx->event->m[m];

    return v->is == PRESENT ? v->text : STR_NONE;
}

/* The lists that its contact joins by the event. */
static void add_joined(const struct find *f, struct happening *h)
{
    add_list(h, f->ctx->list);
    add_list(h, text_of(f, M_LIST));
}

static bool was_there(const struct find *f)
{
    for (size_t i = 0; i < f->before->n_contacts; i++)
        if (str_eq(f->before->contacts[i], f->contact_id))
            return true;
    return false;
}

static const struct contact_field *field_before(const struct find *f, struct str name)
{
    for (size_t i = 0; i < f->before->n_fields; i++)
        if (str_eq(f->before->fields[i].name, name))
            return &f->before->fields[i];
    return NULL;
}

static bool is_changed(const struct find *f)
{
    if (!f->customer)
        return false;
    if (f->before->email.len && !str_eq(f->customer->email, f->before->email))
        return true;
    for (const struct contact_field *now = f->scope->fields; now; now = now->next) {
        const struct contact_field *old = field_before(f, now->name);

        if (!is_of(now, f->refs, f->ctx->source_id) || str_eq(now->name, STR(FIELD_TAGS)))
            continue;
        if (!old ? now->is == PRESENT : old->is != now->is || !str_eq(old->value, now->value))
            return true;
    }
    return false;
}

static void find_people(struct find *f)
{
    enum event_type type = f->ctx->event->type;
    bool living = f->customer && customer_is_living(f->customer), added = !was_there(f);
    struct happening *h = NULL;

    if (type == EVENT_SIGNUP && living && wants(f, HAPPENING_SIGNUP))
        h = tell(f, HAPPENING_SIGNUP, "signup:%" PRId64 ":%.*s", f->ctx->source_id, STR_ARG(f->refs->subject));
    if (type == EVENT_FORM_SIGNUP && living && wants(f, HAPPENING_FORM_SIGNUP))
        h = tell(f, HAPPENING_FORM_SIGNUP, "form:%" PRId64 ":%.*s", f->ctx->source_id, STR_ARG(f->effect));
    if (h)
        add_joined(f, h);
    h = NULL;
    if (added && wants(f, HAPPENING_CONTACT_ADDED))
        h = tell(f, HAPPENING_CONTACT_ADDED, "contact:%.*s:added", STR_ARG(f->contact_id));
    else if (!added && wants(f, HAPPENING_CONTACT_UPDATED) && is_changed(f))
        h = tell(f, HAPPENING_CONTACT_UPDATED, "contact:%" PRId64 ":%.*s:updated", f->ctx->source_id, STR_ARG(f->effect));
    if (h)
        add_joined(f, h);
    if (type == EVENT_CUSTOMER_DELETED && f->before->living && !living && wants(f, HAPPENING_DELETED))
        tell(f, HAPPENING_DELETED, "customer:%" PRId64 ":%.*s:deleted", f->ctx->source_id, STR_ARG(f->effect));
}

static void find_visits(struct find *f)
{
    for (const struct visit *v = f->scope->visits; v; v = v->next) {
        enum happening_kind kind = v->type == EVENT_PRODUCT_VIEWED ? HAPPENING_PRODUCT_VIEWED : HAPPENING_PAGE_VISIT;
        struct money price = {0};
        struct happening *h;

        if (!wants(f, kind))
            continue;
        h = tell(f, kind, "visit:%" PRId64 ":%.*s", v->source_id, STR_ARG(v->id));
        if (!h)
            return;
        h->at_us = v->at_us;
        h->visit_id = v->id;
        h->url = v->url;
        h->product_id = v->product_id;
        h->variant_id = text_of(f, M_PRODUCT_VARIANT_ID);
        if (!money_parse(text_of(f, M_PRODUCT_PRICE), text_of(f, M_PRODUCT_CURRENCY), &price)) {
            h->amount = price.minor;
            h->currency = text_of(f, M_PRODUCT_CURRENCY);
        }
    }
}

static void describe_order(const struct find *f, const struct order *o, int64_t amount, struct happening *h)
{
    h->order_id = o->id;
    h->url = o->url;
    h->items = o->items;
    h->amount = amount;
    h->currency = o->currency;
    add_joined(f, h);
}

static bool was_refunded(const struct find *f, struct str id)
{
    for (size_t i = 0; i < f->before->n_refunds; i++)
        if (str_eq(f->before->refunds[i], id))
            return true;
    return false;
}

/* K5: what is given back is derived; it rose by refunds of their own ids, or by a total that was told. */
static void find_refunds(struct find *f, const struct order *o, const struct view_order *now)
{
    int64_t rose = now->refunded - (f->before->order_known ? f->before->order.refunded : 0);
    size_t by_id = 0;
    struct happening *h;

    if (rose <= 0)
        return;
    for (const struct refund *r = f->scope->refunds; r; r = r->next) {
        struct money amount = {0};

        if (r->id.len == 0 || was_refunded(f, r->id) || money_parse(r->amount, o->currency, &amount))
            continue;
        by_id++;
        h = tell(f, HAPPENING_ORDER_REFUNDED, "refund:%" PRId64 ":%.*s:%.*s", o->source_id, STR_ARG(o->id), STR_ARG(r->id));
        if (h)
            describe_order(f, o, amount.minor < 0 ? -amount.minor : amount.minor, h);
    }
    if (by_id)
        return;
    h = tell(f, HAPPENING_ORDER_REFUNDED, "order:%" PRId64 ":%.*s:refunded:%" PRId64, o->source_id, STR_ARG(o->id), now->refunded);
    if (h)
        describe_order(f, o, rose, h);
}

static void find_orders(struct find *f)
{
    const struct order *o = order_of(f->scope, f->refs, f->ctx->source_id);
    const struct facts_before *b = f->before;
    struct view_order now = {0};
    struct happening *h = NULL;

    if (!o || !version_is_set(o->v) || o->test) /* K7 */
        return;
    view_order(f->scope, b->purchase_states, o, &now);
    if (now.counted && !(b->order_known && b->order.counted) && wants(f, HAPPENING_PURCHASE))
        h = tell(f, HAPPENING_PURCHASE, "order:%" PRId64 ":%.*s:counted", o->source_id, STR_ARG(o->id));
    if (h) {
        describe_order(f, o, o->total, h);
        if (!b->order_known && o->created_us && o->created_us < h->at_us) /* K9: an old order that is heard of only now */
            h->at_us = o->created_us;
    }
    if (wants(f, HAPPENING_ORDER_REFUNDED))
        find_refunds(f, o, &now);
    h = NULL;
    if (str_eq(now.status, STR("cancelled")) && !(b->order_known && str_eq(b->order.status, now.status)) &&
        wants(f, HAPPENING_ORDER_CANCELLED))
        h = tell(f, HAPPENING_ORDER_CANCELLED, "order:%" PRId64 ":%.*s:cancelled", o->source_id, STR_ARG(o->id));
    if (h)
        describe_order(f, o, o->total, h);
}

/* --- consent ----------------------------------------------------------------------------------------------------------- */

static void join_if(const struct consent *c, struct str list, struct consent_register into[CONSENT_KIND__COUNT])
{
    if (!str_eq(c->channel, STR("email")))
        return;
    if (str_eq(c->list, list))
        consent_join(into, c->is);
    else if (c->list.len == 0) /* C10 */
        consent_take(&into[CONSENT_RESTRICT], &c->is[CONSENT_RESTRICT]);
}

static enum consent_state state_before(const struct find *f, struct str list)
{
    struct consent_register is[CONSENT_KIND__COUNT] = {0};

    for (size_t i = 0; i < f->before->n_consents; i++)
        join_if(&f->before->consents[i], list, is);
    return consent_resolve(is).state;
}

static enum consent_state state_now(const struct find *f, struct str list)
{
    struct consent_register is[CONSENT_KIND__COUNT] = {0};

    for (const struct consent *c = f->scope->consents; c; c = c->next)
        join_if(c, list, is);
    return consent_resolve(is).state;
}

/* One happening a state, however many lists came to it. */
static void find_state(struct find *f, enum happening_kind kind, enum consent_state state, const char *word)
{
    struct happening *h = NULL;

    for (const struct consent *c = f->scope->consents; c && wants(f, kind); c = c->next) {
        if (!str_eq(c->channel, STR("email")) || state_now(f, c->list) != state || state_before(f, c->list) == state)
            continue;
        if (!h)
            h = tell(f, kind, "consent:%" PRId64 ":%.*s:%s", f->ctx->source_id, STR_ARG(f->effect), word);
        if (!h)
            return;
        add_list(h, c->list);
    }
}

/* --- tags -------------------------------------------------------------------------------------------------------------- */

static bool holds_tag(struct str lines, struct str tag)
{
    struct str one;

    while (lines.len && str_split(&lines, '\n', &one))
        if (str_eq(one, tag))
            return true;
    return false;
}

static void tell_tags(struct find *f, enum happening_kind kind, struct str those, struct str but_not)
{
    struct str tag;

    while (those.len && wants(f, kind) && str_split(&those, '\n', &tag)) {
        struct happening *h;

        if (holds_tag(but_not, tag))
            continue;
        h = tell(f, kind, "tag:%" PRId64 ":%.*s:%.*s:%s", f->ctx->source_id, STR_ARG(f->effect), STR_ARG(tag),
                 kind == HAPPENING_TAG_ADDED ? "added" : "removed");
        if (!h)
            return;
        h->tag = tag;
    }
}

static void find_tags(struct find *f)
{
    const struct contact_field *old = field_before(f, STR(FIELD_TAGS));

    for (const struct contact_field *now = f->scope->fields; now; now = now->next) {
        if (!is_of(now, f->refs, f->ctx->source_id) || !str_eq(now->name, STR(FIELD_TAGS)))
            continue;
        tell_tags(f, HAPPENING_TAG_ADDED, now->value, old ? old->value : STR_NONE);
        tell_tags(f, HAPPENING_TAG_REMOVED, old ? old->value : STR_NONE, now->value);
    }
}

/* Its own id, else the delivery's key and the place in it (D6, D7). */
static struct str effect_of(struct find *f, struct scope *scope)
{
    struct str id = text_of(f, M_ID), effect = id.len ? scope_join(scope, STR("e:"), id) : f->ctx->effect_key;

    if (scope->err)
        f->err = scope->err;
    return str_upto(effect, KEY_BYTES / 2);
}

static struct str contact_of(const struct find *f, const struct outcome *outcome, struct str visitor_contact)
{
    if (outcome->contact_id.len)
        return outcome->contact_id;
    return f->customer && f->customer->contact_id.len ? f->customer->contact_id : visitor_contact;
}

enum err happenings_find(const struct facts_before *before, const struct scope *scope, const struct event_refs *refs,
                         const struct event_context *ctx, const struct outcome *outcome, struct str visitor_contact,
                         unsigned wanted, struct happenings *out)
{
    struct find f = {.before = before, .scope = scope, .refs = refs, .ctx = ctx, .wanted = wanted, .out = out};
    struct scope keys = {.arena = scope->arena};

    *out = (struct happenings){.n = 0};
    f.customer = scope_customer(scope, ctx->source_id, refs->subject);
    f.contact_id = contact_of(&f, outcome, visitor_contact);
    if (f.contact_id.len == 0 || outcome->effect == EFFECT_DEAD || outcome->effect == EFFECT_SKIPPED ||
        outcome->effect == EFFECT_ERASE || outcome->effect == EFFECT_SOURCE_ERASE)
        return OK;
    out->at = arena_array(scope->arena, HAPPENINGS_MAX, sizeof(*out->at));
    if (!out->at)
        return ERR_MEMORY;
    f.effect = effect_of(&f, &keys);
    find_people(&f);
    find_visits(&f);
    find_orders(&f);
    find_state(&f, HAPPENING_SUBSCRIBED, CONSENT_SUBSCRIBED, "subscribed");
    find_state(&f, HAPPENING_OPT_IN_PENDING, CONSENT_PENDING, "pending");
    find_state(&f, HAPPENING_UNSUBSCRIBED, CONSENT_UNSUBSCRIBED, "unsubscribed");
    find_tags(&f);
    return f.err;
}
