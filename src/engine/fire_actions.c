/* fire_actions.c -- owns what a trigger does: tags, lists, cycles and notices, in the transaction of what set it off (N4). */
#include "engine/fire_parts.h"

#include "engine/edit.h"
#include "store/notice.h"

enum { DID_BYTES = 2000, EFFECT_BYTES = 4096 };

/* One firing at work. */
struct deed {
    struct fire *f;
    const struct trigger *t;
    const struct happening *h;
    struct str because; /* "trigger welcome" */
    size_t place;       /* of the action in hand */
};

static enum err edit(struct deed *d, enum edit_kind kind, struct str name, const char **told)
{
    struct edit edit = {
        .kind = kind, .email = d->f->contact->email, .name = name, .at_us = clock_wall_us(d->f->store->clock), .by = d->because};
    struct edit_result result = {.changed = false};
    enum err err = edit_apply(d->f->store, &edit, d->f->delivery_id, d->f->arena, &result);

    if (err == ERR_RANGE || err == ERR_SYNTAX || err == ERR_NOT_FOUND || err == ERR_UTF8) {
        *told = err == ERR_RANGE ? "this cannot be kept" : "the contact has no address";
        return OK;
    }
    if (!err && !result.changed)
        *told = "it was so before, or something stronger is known";
    return err;
}

static enum err add_tag(struct deed *d, const struct trigger_action *a, const char **told)
{
    return edit(d, EDIT_TAG_ADD, a->name, told);
}

static enum err remove_tag(struct deed *d, const struct trigger_action *a, const char **told)
{
    return edit(d, EDIT_TAG_REMOVE, a->name, told);
}

/* N6, C4: it never relaxes; on a double opt-in list it waits for the confirmation (C8). */
static enum err subscribe(struct deed *d, const struct trigger_action *a, const char **told)
{
    return edit(d, EDIT_LIST_SUBSCRIBE, a->name, told);
}

static enum err unsubscribe(struct deed *d, const struct trigger_action *a, const char **told)
{
    return edit(d, EDIT_LIST_UNSUBSCRIBE, a->name, told);
}

/* The effect is what the notice is made for: the same is made once. */
static enum err put_notice(struct fire *f, const struct happening *h, struct str because, const struct trigger_action *cycle,
                           struct notice notice, size_t *n)
{
    struct buf data = BUF_INIT(NOTICE_BODY_MAX), effect = BUF_INIT(EFFECT_BYTES);
    enum err err = fire_data(f, because, h, cycle, &data);

    if (!err)
        err = buf_printf(&effect, "%.*s:%.*s:%.*s:%.*s", STR_ARG(because), STR_ARG(notice.effect), STR_ARG(h->contact_id),
                         STR_ARG(h->key));
    notice.effect = buf_str(&effect);
    notice.contact_id = h->contact_id;
    notice.address = f->contact->email;
    notice.data = buf_str(&data);
    notice.at_us = h->at_us;
    if (!err)
        err = notice_put(f->store, &notice, n);
    buf_release(&data);
    buf_release(&effect);
    return err;
}

static enum err send_notice(struct deed *d, const struct trigger_action *a, const char **told)
{
    struct notice notice = {.type = str_of(happening_name(d->h->kind)), .effect = a->text, .target = a->name};
    size_t n = 0;
    enum err err = put_notice(d->f, d->h, d->because, NULL, notice, &n);

    if (err == ERR_TOO_LARGE) {
        *told = "what happened is too long for a notice";
        return OK;
    }
    if (!err && n == 0)
        *told = "there is no such target";
    return err;
}

enum err fire_cycle(struct fire *f, const struct happening *h, const struct trigger_action *a, struct str because,
                    const char **told)
{
    struct cycle_start start = {
        .contact_id = h->contact_id, .cycle = a->name, .day = a->day, .because = because, .source_id = h->source_id};
    struct notice notice = {.type = STR("cycle.start"), .effect = a->text};
    enum err err = fire_load_contact(f, h->contact_id);

    if (err)
        return err;
    if (!happening_may_mail(h, f->contact)) {
        *told = "the contact may not be mailed";
        return OK;
    }
    start.address = f->contact->email;
    err = cycle_start_put(f->store, &start);
    if (!err)
        err = put_notice(f, h, because, a, notice, NULL);
    return err;
}

static enum err start_cycle(struct deed *d, const struct trigger_action *a, const char **told)
{
    return fire_cycle(d->f, d->h, a, d->because, told);
}

static enum err (*const acts[DO__COUNT])(struct deed *d, const struct trigger_action *a, const char **told) = {
    [DO_TAG] = add_tag,        [DO_UNTAG] = remove_tag,  [DO_LIST] = subscribe,
    [DO_UNLIST] = unsubscribe, [DO_CYCLE] = start_cycle, [DO_NOTICE] = send_notice};

static enum err note_deed(struct buf *did, const struct trigger_action *a, const char *told)
{
    enum err err = buf_printf(did, "%s%.*s", did->len ? "; " : "", STR_ARG(a->text));

    return !err && told ? buf_printf(did, " not done: %s", told) : err;
}

enum err fire_actions(struct fire *f, const struct trigger *t, const struct happening *h)
{
    struct deed d = {.f = f, .t = t, .h = h};
    struct buf did = BUF_INIT(DID_BYTES), because = BUF_INIT(TRIGGER_NAME_MAX + 20);
    enum err err = fire_load_contact(f, h->contact_id);

    if (!err)
        err = buf_printf(&because, "trigger %.*s", STR_ARG(t->name));
    d.because = buf_str(&because);
    for (size_t i = 0; i < t->n_actions && !err; i++) {
        const char *told = NULL;

        err = acts[t->actions[i].act](&d, &t->actions[i], &told);
        if (!err)
            err = note_deed(&did, &t->actions[i], told);
    }
    if (!err)
        err = trigger_did(f->store, t->id, h->key, buf_str(&did));
    buf_release(&did);
    buf_release(&because);
    return err;
}
