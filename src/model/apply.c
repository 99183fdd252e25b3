/* apply.c -- owns the application of one event to the facts: who it is about, what it says of the customer (N5). */
#include "model/apply.h"

#include "base/clock.h"

struct str member_text(const struct apply *a, enum member m)
{
    return a->event->m[m].is == PRESENT ? text_limit(a->event->m[m].text) : STR_NONE;
}

struct str text_limit(struct str s)
{
    if (s.len <= TEXT_MAX)
        return s;
    s.len = TEXT_MAX;
    while (s.len && ((unsigned char)s.p[s.len] & 0xc0) == 0x80)
        s.len--;
    return s;
}

void apply_refuse(struct apply *a, const char *reason, struct str detail)
{
    if (a->out->effect == EFFECT_DEAD)
        return;
    a->out->effect = EFFECT_DEAD;
    a->out->reason = reason;
    a->out->detail = detail;
}

void apply_stale(struct apply *a, const char *what, struct str name)
{
    a->out->effect = EFFECT_STALE;
    scope_note(a->scope, a->ctx, a->customer ? a->customer->contact_id : STR_NONE, "O1", what, name, STR_NONE, STR("stale"));
}

/* What an event of each type does. */
enum {
    DOES_CUSTOMER = 1, /* speaks for the customer record: its address claim is strong */
    DOES_CONTACT = 2,  /* makes or updates a contact, so it needs an address (AC-30) */
    DOES_CONSENT = 4,
    DOES_ORDER = 8,
    DOES_REFUND = 16,
    DOES_CART = 32,
    DOES_VISIT = 64,
    DOES_IDENTIFY = 128,
};
static const unsigned does[EVENT__COUNT] = {
    [EVENT_SIGNUP] = DOES_CUSTOMER | DOES_CONTACT | DOES_CONSENT | DOES_IDENTIFY,
    [EVENT_FORM_SIGNUP] = DOES_CUSTOMER | DOES_CONTACT | DOES_CONSENT | DOES_IDENTIFY,
    [EVENT_CUSTOMER_UPDATED] = DOES_CUSTOMER | DOES_CONTACT | DOES_CONSENT | DOES_IDENTIFY,
    [EVENT_ORDER_CREATED] = DOES_CONTACT | DOES_CONSENT | DOES_ORDER | DOES_REFUND | DOES_IDENTIFY,
    [EVENT_ORDER_UPDATED] = DOES_CONTACT | DOES_CONSENT | DOES_ORDER | DOES_REFUND | DOES_IDENTIFY,
    [EVENT_ORDER_REFUNDED] = DOES_REFUND,
    [EVENT_CART_UPDATED] = DOES_CONSENT | DOES_CART | DOES_IDENTIFY,
    [EVENT_CART_ABANDONED] = DOES_CONSENT | DOES_CART | DOES_IDENTIFY,
    [EVENT_PAGE_VISIT] = DOES_VISIT,
    [EVENT_PRODUCT_VIEWED] = DOES_VISIT,
    [EVENT_IMPORTED] = DOES_CUSTOMER | DOES_CONTACT | DOES_CONSENT | DOES_IDENTIFY,
    [EVENT_IDENTIFY] = DOES_CUSTOMER | DOES_CONTACT | DOES_CONSENT | DOES_IDENTIFY,
    [EVENT_SUBSCRIBE] = DOES_CONTACT | DOES_CONSENT,
    [EVENT_UNSUBSCRIBE] = DOES_CONTACT | DOES_CONSENT,
    [EVENT_CONSENT_UPDATED] = DOES_CONSENT,
};

static bool event_does(const struct apply *a, unsigned what)
{
    return (does[a->event->type] & what) != 0;
}

static void lower_to(int64_t *slot, int64_t at)
{
    if (at && (*slot == 0 || at < *slot))
        *slot = at;
}

static void raise_to(int64_t *slot, int64_t at)
{
    if (at > *slot)
        *slot = at;
}

struct customer *customer_ensure(struct apply *a, struct str subject)
{
    struct customer *c = scope_customer(a->scope, a->ctx->source_id, subject);

    if (c)
        return c;
    c = scope_add(a->scope, &a->scope->customers, sizeof(*c));
    if (!c)
        return NULL;
    c->source_id = a->ctx->source_id;
    c->subject = subject;
    if (str_starts(subject, STR("c:")))
        c->external_id = str_from(subject, 2);
    c->changed = true;
    return c;
}

/* The span of provider times in which the customer was spoken of; an older statement only lowers the start (O4). */
static void touch(struct apply *a, struct customer *c)
{
    int64_t first = c->first_us, last = c->last_us, created = 0;

    if (event_does(a, DOES_CUSTOMER))
        created = member_time(a, M_CONTACT_CREATED_AT);
    else if (event_does(a, DOES_ORDER))
        created = member_time(a, M_ORDER_CREATED_AT);
    lower_to(&c->first_us, a->v.at_us);
    lower_to(&c->first_us, created);
    raise_to(&c->last_us, a->v.at_us);
    if (event_does(a, DOES_CUSTOMER) && version_replaces(a->v, c->seen_v)) {
        c->seen_v = a->v;
        c->changed = true;
    } else if (event_does(a, DOES_CUSTOMER)) {
        apply_stale(a, "customer", c->external_id);
    }
    c->changed |= first != c->first_us || last != c->last_us;
}

static struct claim *claim_of(const struct scope *s, const struct customer *c, struct str address)
{
    struct claim *claim = s->claims;

    while (claim && !(claim->source_id == c->source_id && str_eq(claim->subject, c->subject) && str_eq(claim->address, address)))
        claim = claim->next;
    return claim;
}

void customer_claim(struct apply *a, struct customer *c, enum claim_class class)
{
    struct scope *s = a->scope;
    struct claim *claim = claim_of(s, c, a->refs->email);

    if (!claim) {
        claim = scope_add(s, &s->claims, sizeof(*claim));
        if (!claim)
            return;
        *claim = (struct claim){.next = claim->next,
                                .source_id = c->source_id,
                                .subject = c->subject,
                                .address = a->refs->email,
                                .class = class,
                                .first_us = a->v.at_us,
                                .changed = true};
    } else if (class > claim->class || (class == claim->class && a->v.at_us < claim->first_us)) {
        if (class > claim->class)
            claim->said_v = (struct version){.at_us = 0};
        claim->class = class;
        claim->first_us = a->v.at_us;
        claim->changed = true;
    }
}

/* Keeps when an address was said last that is not the one said last of all: who may not have the latter falls back to it (H2). */
static void claim_said(struct claim *claim, enum claim_class class, struct version v, struct str shown)
{
    if (!claim || class < claim->class || !version_replaces(v, claim->said_v))
        return;
    claim->said_v = v;
    claim->shown = shown;
    claim->changed = true;
}

/* The customer's current address: what a customer event says goes before what an order mentions, then the newer (H1). */
static void set_address(struct apply *a, struct customer *c, enum claim_class class)
{
    struct scope *s = a->scope;
    bool newer = class > c->email_class || (class == c->email_class && version_replaces(a->v, c->email_v));

    if (!scope_address(s, a->refs->email)) {
        struct address *address = scope_add(s, &s->addresses, sizeof(*address));

        if (!address)
            return;
        address->key = a->refs->email;
        address->changed = true;
    }
    if (version_is_set(c->email_v) && !newer) {
        if (!str_eq(c->email, a->refs->email))
            claim_said(claim_of(s, c, a->refs->email), class, a->v, a->refs->email_shown);
        return;
    }
    if (c->email.len && !str_eq(c->email, a->refs->email)) {
        scope_note(s, a->ctx, c->contact_id, "H1", "email", STR_NONE, c->email, a->refs->email);
        claim_said(claim_of(s, c, c->email), c->email_class, c->email_v, c->email_shown);
    }
    c->email = a->refs->email;
    c->email_shown = a->refs->email_shown;
    c->email_class = class;
    c->email_v = a->v;
    c->changed = true;
}

/* Finds or makes the event's customer or guest, with its address. */
static void apply_customer(struct apply *a)
{
    enum claim_class class = event_does(a, DOES_CUSTOMER) || a->event->type == EVENT_CONSENT_UPDATED ? CLAIM_STRONG : CLAIM_WEAK;
    struct customer *c;

    if (a->refs->subject.len == 0)
        return;
    c = customer_ensure(a, a->refs->subject);
    a->customer = c;
    if (!c)
        return;
    touch(a, c);
    if (a->refs->email.len == 0)
        return;
    customer_claim(a, c, class);
    set_address(a, c, class);
}

/* AC-30, AC-31: a contact needs a valid address. What was said is kept with the customer all the same, so that the contact is
 * whole when an address comes; the dead letter tells the operator. */
static void require_address(struct apply *a)
{
    bool cart_of_nobody = event_does(a, DOES_CART) && a->refs->email_err != ERR_SYNTAX;       /* CA2: it waits, it is never due */
    bool late_status = event_does(a, DOES_ORDER) && a->event->m[M_ORDER_TOTAL].is != PRESENT; /* K6: a deletion names nobody */

    if (!event_does(a, DOES_CONTACT | DOES_CART) || cart_of_nobody || late_status)
        return;
    if (a->customer && a->customer->email.len) {
        if (a->refs->email_err == ERR_SYNTAX) /* H3 */
            scope_note(a->scope, a->ctx, a->customer->contact_id, "H3", "invalid e-mail ignored", STR_NONE, STR_NONE, STR_NONE);
        return;
    }
    a->out->anonymous = event_does(a, DOES_ORDER) && a->refs->email_err != ERR_SYNTAX && a->refs->order_id.len;
    if (a->out->anonymous)
        return;
    if (a->refs->email_err == ERR_SYNTAX)
        apply_refuse(a, "invalid_email", STR("contact.email is not a valid address"));
    else
        apply_refuse(a, "no_email", STR("no contact.email, and none known for this customer"));
}

/* Types that are not about facts of a customer. True when the event is done with. */
static bool apply_special(struct apply *a)
{
    switch (a->event->type) {
    case EVENT_PING:
        a->out->effect = EFFECT_NONE;
        return true;
    case EVENT_SOURCE_ERASE:
        a->out->effect = EFFECT_SOURCE_ERASE;
        return true;
    case EVENT_ACTIVITY:
        apply_activity(a);
        return true;
    case EVENT_EDITED:
        apply_edit(a);
        return true;
    case EVENT_DATA_REQUEST:
        a->customer = scope_customer(a->scope, a->ctx->source_id, a->refs->subject);
        scope_note(a->scope, a->ctx, a->customer ? a->customer->contact_id : STR_NONE, "X5", "data request", STR_NONE, STR_NONE,
                   STR_NONE);
        return true;
    case EVENT_CUSTOMER_DELETED:
        apply_deleted(a);
        break;
    case EVENT_CUSTOMER_MERGED:
        apply_merged(a);
        break;
    default:
        return false;
    }
    scope_group(a->scope, a->ctx);
    return true;
}

static void apply_facts(struct apply *a)
{
    if (event_does(a, DOES_CUSTOMER | DOES_CONTACT | DOES_CONSENT | DOES_CART) && !event_does(a, DOES_VISIT))
        apply_customer(a);
    apply_fields(a);
    if (event_does(a, DOES_ORDER))
        apply_order(a);
    if (event_does(a, DOES_REFUND))
        apply_refund(a);
    if (event_does(a, DOES_CART))
        apply_cart(a);
    if (event_does(a, DOES_CONSENT))
        apply_consents(a);
    if (event_does(a, DOES_VISIT))
        apply_visit(a);
    if (event_does(a, DOES_IDENTIFY))
        apply_identify(a);
    require_address(a);
    apply_membership(a);
    scope_group(a->scope, a->ctx);
    if (event_does(a, DOES_ORDER))
        apply_anonymous_order(a);
}

/* The contact that the event turned out to be about, for the ledger and the log. */
static struct str contact_of(const struct apply *a)
{
    struct address *address = scope_address(a->scope, a->refs->email);

    if (a->customer && a->customer->contact_id.len)
        return a->customer->contact_id;
    return address ? address->contact_id : STR_NONE;
}

enum err contact_apply(struct scope *scope, const struct event_refs *refs, const struct event_context *ctx,
                       const struct policy *policy, struct outcome *out)
{
    struct apply a = {.scope = scope, .refs = refs, .ctx = ctx, .policy = policy, .event = ctx->event, .out = out};
    int64_t at = event_time(ctx);

    *out = (struct outcome){.effect = EFFECT_APPLIED};
    if (!event_erases(ctx->event) && apply_refuses_times(&a)) /* who is to be erased is, whatever the clock says */
        return scope->err;
    a.v = (struct version){.at_us = at - at % US_PER_MS, .rank = ctx->rank, .receipt = ctx->receipt};
    if (apply_is_erased(&a, event_does(&a, DOES_CUSTOMER))) {
        out->effect = EFFECT_NONE;
        scope_note(scope, ctx, STR_NONE, "X3", "dropped: the person was erased", STR_NONE, STR_NONE, STR_NONE);
        return scope->err;
    }
    if (event_erases(ctx->event)) { /* C13 */
        out->effect = EFFECT_ERASE;
        return scope->err;
    }
    out->skipped = apply_skips(&a);
    if (out->skipped != SKIP_NOTHING) {
        out->effect = EFFECT_SKIPPED;
        return scope->err;
    }
    if (scope->too_large) { /* N5: of a part of the group nobody can say who is one contact */
        apply_refuse(&a, "group_too_large",
                     STR("more customers and addresses are connected with the event's than one contact may have"));
        return scope->err;
    }
    if (!apply_special(&a))
        apply_facts(&a);
    out->contact_id = contact_of(&a);
    for (struct ledger_row *row = scope->ledger; row; row = row->next)
        if (row->contact_id.len == 0)
            row->contact_id = out->contact_id;
    return scope->err;
}
