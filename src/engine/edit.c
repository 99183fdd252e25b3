/* edit.c -- owns the edits of operator and triggers: one change to one contact, in the caller's transaction (F2, F5). */
#include "engine/edit.h"

#include "engine/consent_act.h"
#include "store/row.h"
#include "store/scope.h"

enum { TRIES_MAX = 8 };

/* Edits make no contacts: the address is known, so a group that has it has an id already. */
static struct id fresh_id(void *arg)
{
    const struct store *store = arg;

    return id_new(clock_wall_us(store->clock));
}

static enum err check(const struct edit *edit)
{
    bool tag = edit->kind == EDIT_TAG_ADD || edit->kind == EDIT_TAG_REMOVE;

    if (tag ? !tag_is_valid(edit->name) : !field_name_is_valid(edit->name))
        return ERR_RANGE;
    if (edit->value.len > FIELD_VALUE_BYTES_MAX)
        return ERR_TOO_LARGE;
    return str_is_utf8(edit->value) && str_find(edit->value, '\0') == edit->value.len ? OK : ERR_UTF8;
}

/* Grows with time, so that of two edits in one millisecond the later counts. */
static enum err receipt_of(struct store *store, struct arena *arena, struct str *out)
{
    struct id id = id_new(clock_wall_us(store->clock));

    *out = arena_str(arena, id_str(&id));
    return out->p ? OK : ERR_MEMORY;
}

/* What was said of the contact's other addresses. */
static enum err load_other_edits(struct store *store, struct scope *s, struct str own)
{
    enum err err = OK;

    for (struct customer *c = s->customers; c && !err; c = c->next)
        if (c->source_id == SOURCE_OPERATOR && !str_eq(c->subject, own))
            err = scope_load_fields(store, s, c->source_id, c->subject);
    return err;
}

static enum err apply(struct store *store, const struct event *event, struct event_context *ctx, struct str delivery_id,
                      struct arena *arena, struct edit_result *out)
{
    struct event_refs refs;
    struct outcome outcome;
    struct scope scope;
    struct address *address;
    enum err err = event_refs(event, arena, &refs);

    if (!err && refs.email_err)
        err = ERR_SYNTAX;
    if (!err)
        err = scope_load(store, event, &refs, SOURCE_OPERATOR, arena, &scope);
    if (!err && scope.too_large)
        err = ERR_TOO_LARGE;
    if (!err)
        err = load_other_edits(store, &scope, refs.subject);
    if (err)
        return err;
    address = scope_address(&scope, refs.email);
    if (!address || address->contact_id.len == 0)
        return ERR_NOT_FOUND;
    err = contact_apply(&scope, &refs, ctx, &policy_default, &outcome);
    if (!err)
        err = scope_save(store, &scope, ctx, delivery_id);
    out->changed = outcome.effect == EFFECT_APPLIED;
    out->contact_id = outcome.contact_id;
    return err;
}

/* A list is not the operator's to give: what he or a trigger says of it is consent. */
static enum err apply_to_list(struct store *store, const struct edit *edit, struct str delivery_id, struct arena *arena,
                              struct edit_result *out)
{
    struct consent_act act = {.kind = edit->kind == EDIT_LIST_SUBSCRIBE ? ACT_SUBSCRIBE : ACT_UNSUBSCRIBE,
                              .email = edit->email,
                              .list = edit->name,
                              .at_us = edit->at_us,
                              .by = edit->by};
    struct consent_act_result result;
    enum err err = act.kind == ACT_SUBSCRIBE && act.list.len == 0
                       ? ERR_RANGE
                       : consent_act_apply(store, NULL, &act, delivery_id, arena, &result);

    if (!err)
        *out = (struct edit_result){.changed = result.changed, .contact_id = result.contact_id, .asks_list = result.asks_list};
    return err;
}

enum err edit_apply(struct store *store, const struct edit *edit, struct str delivery_id, struct arena *arena,
                    struct edit_result *out)
{
    struct event *event = arena_alloc(arena, sizeof(*event));
    struct event_context ctx = {.event = event,
                                .source_id = SOURCE_OPERATOR,
                                .received_at_us = clock_wall_us(store->clock),
                                .provider_at_us = edit->at_us,
                                .new_id = fresh_id,
                                .arg = store};
    enum err err;

    *out = (struct edit_result){.changed = false};
    if (edit->kind == EDIT_LIST_SUBSCRIBE || edit->kind == EDIT_LIST_UNSUBSCRIBE)
        return apply_to_list(store, edit, delivery_id, arena, out);
    err = event ? check(edit) : ERR_MEMORY;
    if (err)
        return err;
    event->type = EVENT_EDITED;
    event->m[M_CONTACT_EMAIL] = (struct value){.is = PRESENT, .text = edit->email};
    event->edit = edit;
    err = receipt_of(store, arena, &ctx.receipt);
    return err ? err : apply(store, event, &ctx, not_null(delivery_id), arena, out);
}

enum err edit_commit(struct store *store, const struct edit *edit, struct arena *arena, struct edit_result *out)
{
    enum err err = ERR_DB_BUSY;

    for (int i = 0; i < TRIES_MAX && err == ERR_DB_BUSY; i++) {
        err = db_begin(store->db);
        if (!err)
            err = store_end(store, edit_apply(store, edit, STR_NONE, arena, out));
    }
    return err;
}
