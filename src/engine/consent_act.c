/* consent_act.c -- owns the operator's and triggers' acts of consent: what they say of a person and a list, or of an address. */
#include "engine/consent_act.h"

#include "store/erase.h"
#include "store/list.h"
#include "store/row.h"
#include "store/scope.h"

enum { TRIES_MAX = 8 };

/* One act at work. */
struct work {
    struct store *store;
    const struct consent_act *act;
    struct arena *arena;
    struct event *event;
    struct event_refs refs;
    struct event_context ctx;
    struct policy policy;
    struct scope scope;
    struct consent_act_result *out;
};

static struct id fresh_id(void *arg)
{
    const struct store *store = arg;

    return id_new(clock_wall_us(store->clock));
}

static void set_text(struct event *event, enum member m, struct str text)
{
    if (text.len)
        event->m[m] = (struct value){.is = PRESENT, .text = text};
}

static struct str join(struct arena *arena, struct str a, struct str b)
{
    struct buf text = BUF_INIT(64 << 10);
    struct str out = STR_NONE;

    if (!buf_printf(&text, "%.*s%.*s", STR_ARG(a), STR_ARG(b)))
        out = arena_str(arena, buf_str(&text));
    buf_release(&text);
    return out;
}

/* "by ada: signed the form of 2 May", which the statement keeps as its basis. */
static struct str basis_of(const struct consent_act *act, struct arena *arena)
{
    struct str who = join(arena, STR("by "), act->by);

    return act->proof.len && who.p ? join(arena, who, join(arena, STR(": "), act->proof)) : who;
}

static enum err make_event(struct work *w)
{
    const struct consent_act *act = w->act;
    struct event *event = w->event = arena_alloc(w->arena, sizeof(*event));
    struct str basis = basis_of(act, w->arena);

    if (!event || !basis.p)
        return ERR_MEMORY;
    event->type = act->kind == ACT_SUPPRESS || act->kind == ACT_UNSUPPRESS ? EVENT_CONSENT_UPDATED
                  : act->kind == ACT_UNSUBSCRIBE                           ? EVENT_UNSUBSCRIBE
                                                                           : EVENT_SUBSCRIBE;
    set_text(event, M_CONTACT_EMAIL, act->email);
    set_text(event, M_LIST, act->list);
    set_text(event, M_SOURCE, basis);
    event->m[M_AT] = (struct value){.is = PRESENT, .number = act->at_us ? act->at_us : w->ctx.received_at_us};
    event->m[M_CONSENT_EMAIL_CONFIRMED] = (struct value){.is = PRESENT, .number = act->confirmed || act->kind == ACT_CONFIRM};
    return event_refs(event, w->arena, &w->refs);
}

static enum err check(const struct work *w)
{
    if (w->refs.email_err)
        return ERR_SYNTAX;
    if (w->act->list.len && !list_name_is_valid(w->act->list))
        return ERR_RANGE;
    return str_is_utf8(w->act->proof) && str_is_utf8(w->act->by) ? OK : ERR_SYNTAX;
}

/* The state of the address on the list, as the scope has it; what was said for all lists restricts it, too (C10). */
static enum consent_state state_of(const struct work *w)
{
    struct consent_register is[CONSENT_KIND__COUNT] = {0};

    for (const struct consent *c = w->scope.consents; c; c = c->next) {
        if (!str_eq(c->channel, STR("email")) || !str_eq(c->address, w->refs.email))
            continue;
        if (str_eq(c->list, w->act->list))
            consent_join(is, c->is);
        else if (c->list.len == 0)
            consent_take(&is[CONSENT_RESTRICT], &c->is[CONSENT_RESTRICT]);
    }
    return consent_resolve(is).state;
}

/* The ledger says who, and with which words. */
static void note_who(struct work *w)
{
    static const char *const what[] = {[ACT_SUBSCRIBE] = "subscribed ",
                                       [ACT_UNSUBSCRIBE] = "unsubscribed ",
                                       [ACT_CONFIRM] = "confirmed ",
                                       [ACT_SUPPRESS] = "suppressed ",
                                       [ACT_UNSUPPRESS] = "suppression lifted "};
    struct str text = join(w->arena, str_of(what[w->act->kind]), basis_of(w->act, w->arena));

    if (text.p)
        scope_note(&w->scope, &w->ctx, w->out->contact_id, "C12", text.p, w->act->list, STR_NONE, STR_NONE);
    else
        w->scope.err = ERR_MEMORY;
}

static void look_at_ledger(struct work *w)
{
    for (const struct ledger_row *row = w->scope.ledger; row; row = row->next) {
        bool refused = str_eq(str_of(row->what), STR("consent email refused"));

        w->out->refused |= refused;
        w->out->changed |= !refused && str_starts(str_of(row->what), STR("consent email"));
    }
}

/* Without a proof nobody can say that it was the person who said so: it never relaxes (C4, N6). */
static bool may_relax(const struct consent_act *act)
{
    return act->kind == ACT_CONFIRM || act->proof.len;
}

static enum err apply_statement(struct work *w)
{
    struct outcome outcome;
    enum err err;

    if (w->ctx.erased_at_us && w->act->kind == ACT_SUBSCRIBE && !may_relax(w->act) && !scope_address(&w->scope, w->refs.email)) {
        w->out->erased = true;
        return OK;
    }
    if (w->act->kind == ACT_CONFIRM && state_of(w) != CONSENT_PENDING)
        return ERR_NOT_FOUND;
    w->policy.sources_may_relax = may_relax(w->act);
    err = contact_apply(&w->scope, &w->refs, &w->ctx, &w->policy, &outcome);
    if (!err && w->scope.too_large)
        err = ERR_TOO_LARGE;
    if (err)
        return err;
    w->out->erased = outcome.effect == EFFECT_NONE;
    w->out->asks_list = outcome.asks_list;
    w->out->contact_id = outcome.contact_id;
    look_at_ledger(w);
    if (w->out->changed || w->out->refused)
        note_who(w);
    return w->scope.err;
}

static enum err apply_suppression_act(struct work *w)
{
    struct address *address = scope_address(&w->scope, w->refs.email);

    w->out->contact_id = address ? address->contact_id : STR_NONE;
    w->out->erased = w->ctx.erased_at_us && !address; /* X2: nothing that names the person is kept */
    if (w->out->erased)
        return OK;
    w->out->changed = contact_suppress(&w->scope, &w->ctx, w->refs.email, w->act->kind == ACT_UNSUPPRESS, w->act->proof);
    if (w->out->changed)
        note_who(w);
    for (struct ledger_row *row = w->scope.ledger; row; row = row->next)
        row->contact_id = w->out->contact_id;
    return w->scope.err;
}

static bool belongs(const struct work *w)
{
    const struct address *address = scope_address(&w->scope, w->refs.email);

    return address && address->contact_id.len;
}

enum err consent_act_apply(struct store *store, const struct seal *seal, const struct consent_act *act, struct str delivery_id,
                           struct arena *arena, struct consent_act_result *out)
{
    struct work w = {.store = store, .act = act, .arena = arena, .out = out};
    bool suppresses = act->kind == ACT_SUPPRESS || act->kind == ACT_UNSUPPRESS;
    struct id receipt = id_new(clock_wall_us(store->clock));
    enum err err;

    *out = (struct consent_act_result){.changed = false};
    w.ctx = (struct event_context){.source_id = SOURCE_OPERATOR,
                                   .receipt = arena_str(arena, id_str(&receipt)),
                                   .received_at_us = clock_wall_us(store->clock),
                                   .new_id = fresh_id,
                                   .arg = store};
    err = w.ctx.receipt.p ? make_event(&w) : ERR_MEMORY;
    w.ctx.event = w.event;
    if (!err)
        err = check(&w);
    if (!err)
        err = policy_load(store, arena, &w.policy);
    if (!err && seal)
        err = erase_when(store, seal, &w.refs, SOURCE_OPERATOR, &w.ctx.erased_at_us);
    if (!err)
        err = scope_load(store, w.event, &w.refs, SOURCE_OPERATOR, arena, &w.scope);
    if (!err && !seal && !belongs(&w))
        err = ERR_NOT_FOUND;
    if (!err)
        err = suppresses ? apply_suppression_act(&w) : apply_statement(&w);
    return err ? err : scope_save(store, &w.scope, &w.ctx, not_null(delivery_id));
}

enum err consent_act_commit(struct store *store, const struct seal *seal, const struct consent_act *act, struct arena *arena,
                            struct consent_act_result *out)
{
    enum err err = ERR_DB_BUSY;

    for (int i = 0; i < TRIES_MAX && err == ERR_DB_BUSY; i++) {
        err = db_begin(store->db);
        if (!err)
            err = store_end(store, consent_act_apply(store, seal, act, STR_NONE, arena, out));
    }
    return err;
}
