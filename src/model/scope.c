/* scope.c -- owns the scope's lists: finding, adding, noting. */
#include "model/apply.h"

const struct policy policy_default = {.sources_may_relax = true};

bool customer_is_living(const struct customer *c)
{
    return !version_is_set(c->deleted_v) || version_replaces(c->seen_v, c->deleted_v);
}

struct customer *scope_customer(const struct scope *s, int64_t source_id, struct str subject)
{
    for (struct customer *c = s->customers; c; c = c->next)
        if (c->source_id == source_id && str_eq(c->subject, subject))
            return c;
    return NULL;
}

struct address *scope_address(const struct scope *s, struct str key)
{
    for (struct address *a = s->addresses; a; a = a->next)
        if (str_eq(a->key, key))
            return a;
    return NULL;
}

/* Every listed struct starts with its `next` pointer, so one function links them all. */
void *scope_add(struct scope *s, void *list_head, size_t size)
{
    void **head = list_head, **item = arena_alloc(s->arena, size);

    if (!item) {
        s->err = ERR_MEMORY;
        return NULL;
    }
    *item = *head;
    *head = item;
    return item;
}

struct str scope_join(struct scope *s, struct str a, struct str b)
{
    char *p = arena_alloc(s->arena, a.len + b.len + 1);

    if (!p) {
        s->err = ERR_MEMORY;
        return STR_NONE;
    }
    if (a.len)
        memcpy(p, a.p, a.len);
    if (b.len)
        memcpy(p + a.len, b.p, b.len);
    return str_n(p, a.len + b.len);
}

struct ledger_row *scope_note(struct scope *s, const struct event_context *ctx, struct str contact_id, const char *rule,
                              const char *what, struct str name, struct str old, struct str new)
{
    struct ledger_row *row = arena_alloc(s->arena, sizeof(*row));

    if (!row) {
        s->err = ERR_MEMORY;
        return NULL;
    }
    *row = (struct ledger_row){.next = NULL,
                               .contact_id = contact_id,
                               .rule = rule,
                               .what = what,
                               .name = name,
                               .old = old,
                               .new = new,
                               .at_us = event_time(ctx)};
    if (s->ledger_last)
        s->ledger_last->next = row;
    else
        s->ledger = row;
    s->ledger_last = row;
    return row;
}
