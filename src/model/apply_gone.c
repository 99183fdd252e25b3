/* apply_gone.c -- owns the customers that their store deleted or merged. */
#include "model/apply.h"

void apply_deleted(struct apply *a)
{
    struct customer *c = a->refs->subject.len ? customer_ensure(a, a->refs->subject) : NULL;

    if (!c) {
        apply_refuse(a, "mapping", STR("customer_deleted without contact.external_id"));
        return;
    }
    if (!version_replaces(a->v, c->deleted_v)) {
        apply_stale(a, "customer deleted", c->external_id);
        return;
    }
    c->deleted_v = a->v;
    c->changed = true;
    scope_note(a->scope, a->ctx, c->contact_id, "O5", "customer deleted", c->external_id, STR_NONE, STR_NONE);
}

void apply_merged(struct apply *a)
{
    struct customer *kept, *gone;

    if (a->refs->subject.len == 0 || a->refs->merged.len == 0) {
        apply_refuse(a, "mapping", STR("customer_merged needs contact.external_id and contact.merged_id"));
        return;
    }
    kept = customer_ensure(a, a->refs->subject);
    gone = customer_ensure(a, a->refs->merged);
    if (!kept || !gone || kept == gone)
        return;
    if (gone->merged_into.len &&
        str_cmp(gone->merged_into, kept->subject) <= 0) /* of two merges the one choice that no order changes */
        return;
    gone->merged_into = kept->subject;
    gone->changed = true;
    scope_note(a->scope, a->ctx, kept->contact_id, "M5", "customer merged", gone->external_id, STR_NONE, kept->external_id);
}
