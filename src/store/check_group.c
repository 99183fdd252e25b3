/* check_group.c -- owns the check of who is one contact: the groups are derived anew from all claims (model/group.c). */
#include "store/check_steps.h"

#include "base/id.h"
#include "store/scope.h"

static const char to_do[] = "the next event of that customer groups it anew; else send one of its deliveries again";

/*
 * A contact that has one address, which all its customers claim, none of them claiming another contact's, is right as it is when no
 * two of its customers are of one source: no rule could part or join anything. All others are derived anew, in the order of their ids.
 */
/* The class is any; it keeps SQLite from reading all claims out of the primary key's index, which holds every other column. */
#define CLAIM_OF_CUSTOMER \
    "(SELECT 1 FROM claim l WHERE l.account_id = $1 AND l.source_id = k.source_id AND l.subject = k.subject AND l.class >= 0 AND "
#define TO_ITS_CONTACT \
    "EXISTS (SELECT 1 FROM address a WHERE a.account_id = $1 AND a.address = l.address AND a.contact_id = k.contact_id))"
static const char not_plain[] =
    "SELECT contact_id FROM (SELECT a.contact_id FROM address a WHERE a.account_id = $1 AND a.contact_id > $2"
    " GROUP BY a.contact_id HAVING count(*) > 1 ORDER BY a.contact_id LIMIT $3) several"
    " UNION SELECT contact_id FROM (SELECT k.contact_id FROM customer k WHERE k.account_id = $1 AND k.contact_id > $2"
    " AND (k.merged_into <> '' OR EXISTS " CLAIM_OF_CUSTOMER "l.apart > 0) OR EXISTS " CLAIM_OF_CUSTOMER "NOT " TO_ITS_CONTACT
    " OR NOT EXISTS " CLAIM_OF_CUSTOMER TO_ITS_CONTACT ")"
    " GROUP BY k.contact_id ORDER BY k.contact_id LIMIT $3) apart"
    " UNION SELECT contact_id FROM (SELECT a.contact_id FROM address a WHERE a.account_id = $1 AND a.contact_id > $2"
    " AND EXISTS (SELECT 1 FROM claim l JOIN customer k ON k.account_id = l.account_id AND k.source_id = l.source_id"
    " AND k.subject = l.subject WHERE l.account_id = $1 AND l.address = a.address AND k.contact_id <> a.contact_id)"
    " GROUP BY a.contact_id ORDER BY a.contact_id LIMIT $3) elsewhere"
    " UNION SELECT contact_id FROM (SELECT k.contact_id FROM customer k WHERE k.account_id = $1 AND k.contact_id > $2"
    " AND k.external_id <> '' GROUP BY k.contact_id HAVING count(*) > count(DISTINCT k.source_id)"
    " ORDER BY k.contact_id LIMIT $3) alike ORDER BY contact_id LIMIT $3";

static struct id new_contact(void *arg)
{
    (void)arg;
    return id_new(0);
}

/* Everything that the claims connect with one customer and one address of the contact. */
static enum err load_all(struct check *c, const struct scope *own, struct scope *all)
{
    static const struct event nothing;
    struct event_refs refs = {.email_err = ERR_NOT_FOUND};
    int64_t source_id = own->customers ? own->customers->source_id : 0;

    if (own->customers)
        refs.subject = own->customers->subject;
    else if (own->addresses)
        refs.email = own->addresses->key;
    return scope_load(c->store, &nothing, &refs, source_id, &c->one, all);
}

static enum err tell_customer(struct check *c, const struct customer *k, const char *what)
{
    enum err err = check_where_int(c, "source", k->source_id);

    if (!err)
        err = check_where(c, "customer", k->subject);
    if (!err)
        err = check_where(c, "contact", k->loaded_contact_id);
    return err ? err : check_tell(c, what, to_do);
}

static enum err tell_address(struct check *c, const struct address *a, struct str contact_id, const char *what)
{
    enum err err = check_where(c, "address", a->key);

    if (!err)
        err = check_where(c, "contact", contact_id);
    return err ? err : check_tell(c, what, to_do);
}

/* What the rules give to another contact; it is told with the contact that has it. */
static enum err tell_moved(struct check *c, const struct scope *own, const struct scope *all, struct str contact_id)
{
    enum err err = OK;

    for (const struct customer *k = all->customers; k && !err; k = k->next)
        if (k->changed && str_eq(k->loaded_contact_id, contact_id))
            err = tell_customer(c, k, "the customer is of another contact than its claims say");
    for (const struct address *a = own->addresses; a && !err; a = a->next) {
        const struct address *derived = scope_address(all, a->key);

        if (derived && derived->changed)
            err = tell_address(c, a, contact_id, "the address is of another contact than its claims say");
    }
    return err;
}

/* H2, M3: which claims are kept apart is noted with them, for the list of conflicts. */
static enum err tell_apart(struct check *c, const struct scope *all, struct str contact_id)
{
    enum err err = OK;

    for (const struct claim *l = all->claims; l && !err; l = l->next) {
        const struct customer *k = l->changed ? scope_customer(all, l->source_id, l->subject) : NULL;

        if (k && str_eq(k->loaded_contact_id, contact_id))
            err = tell_customer(c, k, "a claim of it is noted as kept apart and is not, or the other way round");
    }
    return err;
}

/* What is of the contact although no claim, nor anything else, connects the two. */
static enum err tell_strangers(struct check *c, const struct scope *own, const struct scope *all, struct str contact_id)
{
    static const char stranger[] = "nothing connects it with the others of its contact";
    enum err err = OK;

    for (const struct customer *k = own->customers; k && !err; k = k->next)
        if (!scope_customer(all, k->source_id, k->subject))
            err = tell_customer(c, k, stranger);
    for (const struct address *a = own->addresses; a && !err; a = a->next)
        if (!scope_address(all, a->key))
            err = tell_address(c, a, contact_id, stranger);
    return err;
}

/* N9: the drainer does not look at it either. */
static enum err tell_too_large(struct check *c, struct str contact_id)
{
    enum err err = check_where(c, "contact", contact_id);

    return err ? err
               : check_tell(
                     c,
                     "claims connect it with more customers and addresses than one event may load: events of it are dead letters",
                     "see the dead letters with reason group_too_large; erase or undo the merge of what does not belong to it");
}

static enum err derive(struct check *c, struct str contact_id)
{
    static const struct event nothing;
    struct event_context ctx = {.event = &nothing, .new_id = new_contact};
    struct scope own, all;
    enum err err;

    arena_reset(&c->one);
    err = scope_load_contact(c->store, contact_id, &c->one, &own);
    if (!err)
        err = load_all(c, &own, &all);
    if (err)
        return err;
    if (all.too_large)
        return tell_too_large(c, contact_id);
    scope_group(&all, &ctx);
    c->sums->groups++;
    err = all.err ? all.err : tell_moved(c, &own, &all, contact_id);
    if (!err)
        err = tell_apart(c, &all, contact_id);
    return err ? err : tell_strangers(c, &own, &all, contact_id);
}

enum err check_groups(struct check *c)
{
    struct str *ids;
    size_t n = CHECK_PAGE;
    enum err err = OK;

    buf_clear(&c->after);
    while (n == CHECK_PAGE && !err) {
        arena_reset(&c->page);
        ids = arena_array(&c->page, CHECK_PAGE, sizeof(*ids));
        err = ids ? check_page(c, not_plain, ids, &n) : ERR_MEMORY;
        for (size_t i = 0; i < n && !err; i++)
            err = derive(c, ids[i]);
        check_read(c, n);
    }
    return err;
}
