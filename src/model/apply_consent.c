/* apply_consent.c -- owns what an event states about consent (C1-C4, C7, C8, C10, C13, G1, G3). */
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

static const char *const rules[CONSENT_KIND__COUNT] = {
    [CONSENT_RESTRICT] = "C2", [CONSENT_OPT_IN] = "C3", [CONSENT_WEAK] = "C4", [CONSENT_ASKED] = "C8"};

/* C12: every change, and every refusal, with the rule that made it and the time of the consent, where one is known. */
static void note_change(struct apply *a, const struct consent *c, enum consent_kind kind, enum consent_state old,
                        const struct consent_register *said)
{
    enum consent_state now = consent_resolve(c->is).state;
    const char *rule = rules[kind];
    bool email = str_eq(c->channel, STR("email"));
    struct ledger_row *row;

    row = scope_note(a->scope, a->ctx, a->customer ? a->customer->contact_id : STR_NONE, rule,
                     now == said->state ? (email ? "consent email" : "consent sms")
                                        : (email ? "consent email refused" : "consent sms refused"),
                     c->list, str_of(consent_state_name(old)), str_of(consent_state_name(now)));
    if (row && said->at_us != CONSENT_OLDEST)
        row->at_us = said->at_us;
}

/* The same said again, by a later event (C12: no change, no line). */
static bool is_repeated(const struct consent_register *before, const struct consent_register *said)
{
    return before->set && before->state == said->state && before->at_us == said->at_us && before->source_id == said->source_id &&
           before->confirmed == said->confirmed && str_eq(before->basis, said->basis);
}

/* One statement of the event. */
struct said {
    struct str channel, address;
    enum consent_kind kind;
    bool asks; /* the person is to be asked to confirm it (C8) */
    struct consent_register reg;
};

static void state_for_list(struct apply *a, const struct said *said, struct str list)
{
    struct consent *c = consent_ensure(a, said->channel, said->address, list);
    struct consent_register before;
    enum consent_state old;

    if (!c)
        return;
    old = consent_resolve(c->is).state;
    before = c->is[said->kind];
    if (consent_take(&c->is[said->kind], &said->reg)) {
        c->changed = true;
        if (!is_repeated(&before, &said->reg)) {
            note_change(a, c, said->kind, old, &said->reg);
            if (said->asks && list.len && consent_resolve(c->is).by == &c->is[said->kind])
                a->out->asks_list = list;
        }
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

/* C8: on a double opt-in list an opt-in waits for its confirmation, unless an import brings proof of an older one. */
static bool must_confirm(const struct apply *a, const struct said *said, struct str list)
{
    bool has_proof = a->event->type == EVENT_IMPORTED && said->reg.basis.len;

    return said->kind != CONSENT_RESTRICT && str_eq(said->channel, STR("email")) && !said->reg.confirmed && !has_proof &&
           list_is_double(a->policy->lists, a->scope->account_id, list, a->ctx->received_at_us);
}

/* What speaks for itself is kept apart from what waits; a weak statement stays weak (C4). Who says "pending" has asked already. */
static void await_confirmation(struct said *said)
{
    said->asks = said->reg.state == CONSENT_SUBSCRIBED;
    said->reg.state = CONSENT_PENDING;
    if (said->kind == CONSENT_OPT_IN)
        said->kind = CONSENT_ASKED;
}

static enum consent_kind kind_of(const struct apply *a, enum consent_state state)
{
    if (state == CONSENT_UNSUBSCRIBED)
        return CONSENT_RESTRICT;
    return is_weak(a->event->type) || !a->policy->sources_may_relax ? CONSENT_WEAK : CONSENT_OPT_IN;
}

static void state(struct apply *a, struct str channel, enum consent_state state, int64_t at_us, struct str basis, bool confirmed)
{
    struct str list = stated_list(a), joined = joined_list(a);
    struct said said = {.channel = channel,
                        .address = statement_address(a, channel),
                        .kind = kind_of(a, state),
                        .reg = {.set = true,
                                .state = state,
                                .at_us = at_us,
                                .source_id = a->ctx->source_id,
                                .confirmed = confirmed,
                                .basis = basis,
                                .receipt = a->ctx->receipt}};

    if (said.address.len == 0)
        return;
    if (said.kind == CONSENT_OPT_IN && state == CONSENT_SUBSCRIBED && confirmed)
        suppression_take(a->scope, a->ctx->source_id, channel, said.address, STR(SUPPRESSION_CONFIRMED), at_us);
    if (must_confirm(a, &said, list.len ? list : joined))
        await_confirmation(&said);
    state_for_list(a, &said, list); /* C10: without a list it is global */
    if (said.kind != CONSENT_RESTRICT && list.len == 0 && joined.len && str_eq(channel, STR("email")))
        state_for_list(a, &said, joined);
}

static void apply_member(struct apply *a, struct str channel, enum member state_member, enum member at, enum member basis,
                         bool confirmed)
{
    struct str word = member_text(a, state_member);
    enum consent_state said = CONSENT_NONE;

    if (apply_suppression(a, channel, statement_address(a, channel), word, statement_time(a, at, true)))
        return;
    if (word.len == 0 || consent_state_parse(word, &said) || said == CONSENT_NONE) /* C7, C13: no statement */
        return;
    state(a, channel, said, statement_time(a, at, said == CONSENT_UNSUBSCRIBED), member_text(a, basis), confirmed);
}

/* subscribe and unsubscribe name the channel instead of a state. */
static void apply_act(struct apply *a, bool confirmed)
{
    struct str channel = member_text(a, M_CHANNEL);
    enum consent_state said = a->event->type == EVENT_SUBSCRIBE ? CONSENT_SUBSCRIBED : CONSENT_UNSUBSCRIBED;
    bool all = str_eq(channel, STR("all"));

    if (channel.len == 0 || all || str_eq(channel, STR("email")))
        state(a, STR("email"), said, statement_time(a, M_AT, said == CONSENT_UNSUBSCRIBED), member_text(a, M_SOURCE), confirmed);
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
    const struct value *confirms = &a->event->m[M_CONSENT_EMAIL_CONFIRMED];
    bool confirmed = confirms->is == PRESENT && confirms->number;

    if (a->event->type == EVENT_SUBSCRIBE || a->event->type == EVENT_UNSUBSCRIBE)
        apply_act(a, confirmed);
    apply_member(a, STR("email"), M_CONSENT_EMAIL_STATE, M_CONSENT_EMAIL_AT, M_CONSENT_EMAIL_SOURCE, confirmed);
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
