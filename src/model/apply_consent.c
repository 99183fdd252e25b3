/* apply_consent.c -- owns what an event states about consent (C1-C4, C6, C7, C10, C13, G1, G3). */
#include "model/apply.h"

#include "model/phone.h"

/* C4, N6: what speaks of something else than consent never relaxes it, whatever it says. */
static bool is_weak(enum event_type type)
{
    switch (type) {
    case EVENT_ORDER_CREATED:
    case EVENT_ORDER_UPDATED:
    case EVENT_CART_UPDATED:
    case EVENT_CART_ABANDONED:
    case EVENT_IMPORTED:
        return true;
    default:
        return false;
    }
}

static struct consent *consent_ensure(struct apply *a, struct str channel, struct str address, struct str list)
{
    struct scope *s = a->scope;
    struct consent *c;

    for (c = s->consents; c; c = c->next)
        if (str_eq(c->channel, channel) && str_eq(c->address, address) && str_eq(c->list, list))
            return c;
    c = scope_add(s, &s->consents, sizeof(*c));
    if (c) {
        c->channel = channel;
        c->address = address;
        c->list = list;
    }
    return c;
}

/* The list that the event's contact joins: an import says it for its rows, else the source does. */
static struct str joined_list(const struct apply *a)
{
    return a->event->type == EVENT_IMPORTED ? member_text(a, M_LIST) : a->ctx->list;
}

/* The list that a statement is about; what an import says of consent is global, as what a source with a list says (C10). */
static struct str stated_list(const struct apply *a)
{
    return a->event->type == EVENT_IMPORTED ? STR_NONE : member_text(a, M_LIST);
}

static void join_list(struct apply *a, struct consent *c)
{
    if (c->since_us && c->since_us <= a->v.at_us)
        return;
    if (c->since_us == 0 && c->list.len && a->event->type == EVENT_IMPORTED)
        scope_note(a->scope, a->ctx, a->customer ? a->customer->contact_id : STR_NONE, "GR-04", "list", c->list, STR_NONE,
                   STR("joined"));
    c->since_us = a->v.at_us;
    c->changed = true;
}

/* C12: every change, and every refusal, with the rule that made it. */
static void note_change(struct apply *a, const struct consent *c, enum consent_kind kind, enum consent_state old,
                        enum consent_state said)
{
    enum consent_state now = consent_resolve(c->is).state;
    const char *rule = kind == CONSENT_RESTRICT ? "C2" : kind == CONSENT_WEAK ? "C4" : "C3";
    bool email = str_eq(c->channel, STR("email"));

    scope_note(a->scope, a->ctx, a->customer ? a->customer->contact_id : STR_NONE, rule,
               now == said ? (email ? "consent email" : "consent sms") : (email ? "consent email refused" : "consent sms refused"),
               c->list, str_of(consent_state_name(old)), str_of(consent_state_name(now)));
}

/* The same said again, by a later event (C12: no change, no line). */
static bool is_repeated(const struct consent_register *before, const struct consent_register *said)
{
    return before->set && before->state == said->state && before->at_us == said->at_us && before->source_id == said->source_id &&
           before->confirmed == said->confirmed && str_eq(before->basis, said->basis);
}

static void state_for_list(struct apply *a, struct str channel, struct str address, struct str list, enum consent_kind kind,
                           const struct consent_register *said)
{
    struct consent *c = consent_ensure(a, channel, address, list);
    struct consent_register before;
    enum consent_state old;

    if (!c)
        return;
    old = consent_resolve(c->is).state;
    before = c->is[kind];
    if (consent_take(&c->is[kind], said)) {
        c->changed = true;
        if (!is_repeated(&before, said))
            note_change(a, c, kind, old, said->state);
    }
    join_list(a, c);
}

/* C5: a restricting statement without a time counts from its receipt, a relaxing one from the oldest time possible. */
static int64_t statement_time(const struct apply *a, enum member at, bool restricting)
{
    enum event_type type = a->event->type;
    int64_t us = at == M__COUNT ? 0 : member_time(a, at);

    if (us)
        return us;
    if (type == EVENT_SUBSCRIBE || type == EVENT_UNSUBSCRIBE || type == EVENT_CONSENT_UPDATED || type == EVENT_FORM_SIGNUP)
        return event_time(a->ctx); /* the event is the act of consent itself */
    return restricting ? a->ctx->received_at_us : CONSENT_OLDEST;
}

/* Where a statement is kept: with the address it names, else with the customer it names. */
static struct str statement_address(struct apply *a, struct str channel)
{
    struct str phone = member_text(a, M_CONTACT_PHONE), address;
    char normal[PHONE_CHARS + 1];

    if (str_eq(channel, STR("email")) && a->refs->email.len)
        return a->refs->email;
    if (str_eq(channel, STR("sms")) && phone.len && !phone_normalise(phone, normal))
        return scope_join(a->scope, str_of(normal), STR_NONE);
    if (a->refs->subject.len == 0)
        return STR_NONE;
    address = consent_subject_address(a->scope->arena, a->ctx->source_id, a->refs->subject);
    if (!address.p)
        a->scope->err = ERR_MEMORY;
    return address;
}

static struct suppression *suppression_ensure(struct apply *a, struct str channel, struct str address, struct str reason)
{
    struct suppression *p;

    for (p = a->scope->suppressions; p; p = p->next)
        if (str_eq(p->channel, channel) && str_eq(p->address, address) && str_eq(p->reason, reason))
            return p;
    p = scope_add(a->scope, &a->scope->suppressions, sizeof(*p));
    if (p)
        *p = (struct suppression){.next = p->next, .channel = channel, .address = address, .reason = reason, .at_us = INT64_MIN};
    return p;
}

/* Keeps the latest time of each reason, of equal times one source whatever came first (N5); true when the reason is new. */
static bool suppression_take(struct apply *a, struct str channel, struct str address, struct str reason, int64_t at_us)
{
    struct suppression *p = suppression_ensure(a, channel, address, reason);
    bool is_new = p && p->at_us == INT64_MIN;

    if (!p || at_us < p->at_us || (at_us == p->at_us && a->ctx->source_id >= p->source_id))
        return false;
    p->at_us = at_us;
    p->source_id = a->ctx->source_id;
    p->changed = true;
    return is_new;
}

static void state(struct apply *a, struct str channel, enum consent_state said, int64_t at_us, struct str basis, bool confirmed)
{
    enum consent_kind kind = said == CONSENT_UNSUBSCRIBED ? CONSENT_RESTRICT
                             : is_weak(a->event->type)    ? CONSENT_WEAK
                                                          : CONSENT_OPT_IN;
    struct str address = statement_address(a, channel), list = stated_list(a), joined = joined_list(a);
    struct consent_register reg = {.set = true,
                                   .state = said,
                                   .at_us = at_us,
                                   .source_id = a->ctx->source_id,
                                   .confirmed = confirmed,
                                   .basis = basis,
                                   .receipt = a->ctx->receipt};

    if (address.len == 0)
        return;
    if (kind == CONSENT_OPT_IN && !a->policy->sources_may_relax)
        kind = CONSENT_WEAK;
    if (kind == CONSENT_OPT_IN && said == CONSENT_SUBSCRIBED && confirmed)
        suppression_take(a, channel, address, STR(SUPPRESSION_CONFIRMED), at_us);
    state_for_list(a, channel, address, list, kind, &reg); /* C10: without a list it is global */
    if (kind != CONSENT_RESTRICT && list.len == 0 && joined.len && str_eq(channel, STR("email")))
        state_for_list(a, channel, address, joined, kind, &reg);
}

/* The words for consent that suppress the address, each with its rule. */
static const struct {
    struct str word;
    const char *rule;
} suppressing[] = {{{"invalid", 7}, "C13"}, {{"complaint", 9}, "C6"}, {{SUPPRESSION_HARD_BOUNCE, 11}, "C6"}};

/* True when the word suppresses. */
static bool suppress(struct apply *a, struct str channel, struct str word, int64_t at_us)
{
    struct str address = statement_address(a, channel);

    for (size_t i = 0; i < sizeof(suppressing) / sizeof(*suppressing); i++) {
        if (!str_eq(word, suppressing[i].word))
            continue;
        if (address.len && suppression_take(a, channel, address, suppressing[i].word, at_us))
            scope_note(a->scope, a->ctx, STR_NONE, suppressing[i].rule, "suppression", suppressing[i].word, STR_NONE, STR_NONE);
        return true;
    }
    return false;
}

static void apply_member(struct apply *a, struct str channel, enum member state_member, enum member at, enum member basis,
                         bool confirmed)
{
    struct str word = member_text(a, state_member);
    enum consent_state said = CONSENT_NONE;

    if (suppress(a, channel, word, statement_time(a, at, true)))
        return;
    if (word.len == 0 || consent_state_parse(word, &said) || said == CONSENT_NONE) /* C7, C13: no statement */
        return;
    state(a, channel, said, statement_time(a, at, said == CONSENT_UNSUBSCRIBED), member_text(a, basis), confirmed);
}

/* subscribe and unsubscribe name the channel instead of a state. */
static void apply_act(struct apply *a)
{
    struct str channel = member_text(a, M_CHANNEL);
    enum consent_state said = a->event->type == EVENT_SUBSCRIBE ? CONSENT_SUBSCRIBED : CONSENT_UNSUBSCRIBED;
    bool all = str_eq(channel, STR("all"));

    if (channel.len == 0 || all || str_eq(channel, STR("email")))
        state(a, STR("email"), said, statement_time(a, M_AT, said == CONSENT_UNSUBSCRIBED), member_text(a, M_SOURCE), false);
    if (all || str_eq(channel, STR("sms")))
        state(a, STR("sms"), said, statement_time(a, M_AT, said == CONSENT_UNSUBSCRIBED), member_text(a, M_SOURCE), false);
}

/* G3: the box on an order is an opt-in with the order's creation time, on the create event only; K7: not on a test order. */
static void apply_order_box(struct apply *a)
{
    const struct value *box = &a->event->m[M_ORDER_MARKETING], *test = &a->event->m[M_ORDER_TEST];
    int64_t at = member_time(a, M_ORDER_CREATED_AT);

    if (a->event->type != EVENT_ORDER_CREATED || box->is != PRESENT || !box->number || (test->is == PRESENT && test->number))
        return;
    state(a, STR("email"), CONSENT_SUBSCRIBED, at ? at : CONSENT_OLDEST, STR("order"), false);
}

void apply_consents(struct apply *a)
{
    const struct value *confirmed = &a->event->m[M_CONSENT_EMAIL_CONFIRMED];

    if (a->event->type == EVENT_SUBSCRIBE || a->event->type == EVENT_UNSUBSCRIBE)
        apply_act(a);
    apply_member(a, STR("email"), M_CONSENT_EMAIL_STATE, M_CONSENT_EMAIL_AT, M_CONSENT_EMAIL_SOURCE,
                 confirmed->is == PRESENT && confirmed->number);
    apply_member(a, STR("sms"), M_CONSENT_SMS_STATE, M_CONSENT_SMS_AT, M_CONSENT_SMS_SOURCE, false);
    apply_order_box(a);
}

void apply_membership(struct apply *a)
{
    struct str list = joined_list(a);
    struct consent *c;

    if (!a->customer || list.len == 0 || a->refs->email.len == 0)
        return;
    c = consent_ensure(a, STR("email"), a->refs->email, list);
    if (c)
        join_list(a, c);
}
