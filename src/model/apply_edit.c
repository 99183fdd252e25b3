/* apply_edit.c -- owns the operator's word: tags and fields that he or a trigger set, as facts of the account's own source (F2, F5). */
#include "model/apply.h"

#include "model/edit.h"

bool tag_is_valid(struct str tag)
{
    if (tag.len == 0 || tag.len > TAG_BYTES_MAX || !str_is_utf8(tag) || str_trim(tag).len != tag.len)
        return false;
    for (size_t i = 0; i < tag.len; i++)
        if ((unsigned char)tag.p[i] < ' ' || tag.p[i] == 0x7f)
            return false;
    return true;
}

static const struct {
    const char *what, *rule;
} kinds[EDIT_KIND__COUNT] = {
#define X(suffix, text, id) [EDIT_##suffix] = {.what = text, .rule = id},
    EDIT_KINDS(X)
#undef X
};

/* "tag added by trigger welcome" */
static const char *ledger_text(struct apply *a, const struct edit *edit)
{
    struct str by = scope_join(a->scope, STR(" by "), edit->by);

    return scope_join(a->scope, str_of(kinds[edit->kind].what), by).p;
}

/* What the edit makes of its fact. ABSENT takes the operator's word back, so that sources speak again. */
static enum presence said_by(const struct edit *edit)
{
    switch (edit->kind) {
    case EDIT_TAG_ADD:
        return PRESENT;
    case EDIT_FIELD_SET:
        return edit->value.len ? PRESENT : CLEARED;
    default:
        return ABSENT;
    }
}

/* The edit's fact: a tag is one of its own, so that each has its version. */
static struct contact_field *fact_of(struct apply *a, const struct edit *edit)
{
    bool tag = edit->kind == EDIT_TAG_ADD || edit->kind == EDIT_TAG_REMOVE;

    return field_ensure(a, tag ? scope_join(a->scope, STR(FIELD_TAG), edit->name) : edit->name);
}

/* What the operator said of it last: facts about one contact may hang on several of its addresses. */
static const struct contact_field *said_before(const struct apply *a, struct str name)
{
    const struct contact_field *last = NULL;

    for (const struct contact_field *f = a->scope->fields; f; f = f->next) {
        const struct customer *c = scope_customer(a->scope, f->source_id, f->subject);

        if (f->source_id == SOURCE_OPERATOR && str_eq(f->name, name) && c && str_eq(c->contact_id, a->customer->contact_id) &&
            (!last || version_cmp(f->v, last->v) > 0))
            last = f;
    }
    return last;
}

static void take(struct apply *a, struct contact_field *f, const struct edit *edit)
{
    const struct contact_field before = *said_before(a, f->name);
    enum presence is = said_by(edit);
    struct str value = is == PRESENT ? text_limit(edit->value) : STR_NONE;
    const char *what = ledger_text(a, edit);

    if (version_replaces(a->v, f->v)) {
        f->is = is;
        f->value = value;
        f->v = a->v;
        f->changed = true;
    }
    if (!version_replaces(a->v, before.v))
        apply_stale(a, kinds[edit->kind].what, edit->name);
    else if (what && (before.is != is || !str_eq(before.value, value)))
        scope_note(a->scope, a->ctx, a->customer->contact_id, kinds[edit->kind].rule, what, edit->name, before.value, value);
    else
        a->out->effect = EFFECT_NONE;
}

/*
 * The account's own guest has no e-mail of its own, so that no mail ever goes to an address only because of an edit; its claim ties
 * it to the contact that has the address.
 */
void apply_edit(struct apply *a)
{
    const struct edit *edit = a->event->edit;
    struct address *address = scope_address(a->scope, a->refs->email);
    struct contact_field *f;

    if (!edit || !address || address->contact_id.len == 0) {
        a->out->effect = EFFECT_NONE;
        return;
    }
    a->customer = customer_ensure(a, a->refs->subject);
    if (!a->customer)
        return;
    customer_claim(a, a->customer, CLAIM_WEAK);
    scope_group(a->scope, a->ctx);
    f = fact_of(a, edit);
    if (!f)
        return;
    take(a, f, edit);
    if (a->v.at_us > a->customer->last_us) {
        a->customer->last_us = a->v.at_us;
        a->customer->changed = true;
    }
}
