/* scope_load.c -- owns the way of one event's facts out of the database. */
#include "store/facts.h"

#include "model/phone.h"
#include "store/scope_read.h"

static void **list_of(struct scope *s, enum fact_kind kind)
{
    return (void **)((char *)s + fact_types[kind].list);
}

/* Every listed struct starts with its `next` pointer. */
static bool is_listed(struct scope *s, enum fact_kind kind, const void *row)
{
    for (void *const *at = *list_of(s, kind); at; at = *at)
        if (fact_types[kind].compare(at, row) == 0)
            return true;
    return false;
}

static enum err add(struct scope *s, enum fact_kind kind, const void *row)
{
    void **copy = scope_add(s, list_of(s, kind), fact_types[kind].size), *next;

    if (!copy)
        return ERR_MEMORY;
    next = *copy;
    memcpy(copy, row, fact_types[kind].size);
    *copy = next;
    return OK;
}

enum err scope_read_row(struct scope *s, struct row *r, enum fact_kind kind)
{
    const struct fact_type *type = &fact_types[kind];
    void *row = arena_alloc(s->arena, type->size);

    if (!row)
        return ERR_MEMORY;
    type->read(r, row);
    if (type->settle)
        type->settle(row);
    if (r->err)
        return r->err;
    return type->once && is_listed(s, kind, row) ? OK : add(s, kind, row);
}

enum err scope_read(struct scope *s, struct db_stmt *st, enum fact_kind kind)
{
    enum err err = OK;
    bool more = false;

    while (!(err = db_step(st, &more)) && more) {
        struct row r = {.st = st, .arena = s->arena, .column = 0, .err = OK};

        err = scope_read_row(s, &r, kind);
        if (err)
            break;
    }
    db_done(st);
    return err;
}

void fact_read_customer(struct row *r, void *row)
{
    struct customer *c = row;

    c->source_id = row_int(r);
    c->subject = row_str(r);
    c->external_id = row_str(r);
    c->contact_id = row_str(r);
    c->email = row_str(r);
    c->email_shown = row_str(r);
    c->email_class = (enum claim_class)row_int(r);
    c->email_v = row_version(r);
    c->seen_v = row_version(r);
    c->deleted_v = row_version(r);
    c->merged_into = row_str(r);
    c->first_us = row_int(r);
    c->last_us = row_int(r);
}

void fact_read_address(struct row *r, void *row)
{
    struct address *a = row;

    a->key = row_str(r);
    a->contact_id = row_str(r);
}

void fact_read_claim(struct row *r, void *row)
{
    struct claim *c = row;

    c->address = row_str(r);
    c->source_id = row_int(r);
    c->subject = row_str(r);
    c->class = (enum claim_class)row_int(r);
    c->first_us = row_int(r);
    c->said_v = row_version(r);
    c->shown = row_str(r);
    c->apart = (enum claim_apart)row_int(r);
}

/* -- one event's scope, out of the facts that are known or are loaded for it ----------------------------------------------------- */

/* One scope at work. */
struct loading {
    struct facts *facts;
    struct scope *scope;
    size_t n_people; /* customers and addresses in the scope */
};

/* Adds what is known under the key, each row once. */
static enum err take(struct loading *l, enum fact_index index, int64_t source_id, struct str text)
{
    const struct fact_list *list = facts_list(l->facts, index, source_id, text);
    enum fact_kind kind = fact_indexes[index].kind;
    enum err err = OK;

    for (size_t i = 0; list && i < list->n && !err; i++) {
        if (!facts_take(l->facts, list, i))
            continue;
        err = add(l->scope, kind, list->at[i]->row);
        l->n_people += kind == FACT_CUSTOMER || kind == FACT_ADDRESS;
    }
    return err;
}

/* What newer rows stand before: lists grow at their heads. */
struct known {
    const struct customer *customers;
    const struct address *addresses;
    const struct claim *claims;
};

static enum err want_around(struct loading *l, const struct known *known)
{
    const struct scope *s = l->scope;
    enum err err = OK;

    for (const struct customer *c = s->customers; c != known->customers && !err; c = c->next)
        err = facts_want_around(l->facts, FACT_CUSTOMER, c);
    for (const struct address *a = s->addresses; a != known->addresses && !err; a = a->next)
        err = facts_want_around(l->facts, FACT_ADDRESS, a);
    return err ? err : facts_load(l->facts);
}

/* The customer's claims, and those that the store merged with it. */
static enum err expand_customer(struct loading *l, const struct customer *c)
{
    enum err err = take(l, BY_CLAIM_CUSTOMER, c->source_id, c->subject);

    if (!err)
        err = take(l, BY_CUSTOMER, c->source_id, c->merged_into);
    return err ? err : take(l, BY_MERGED_INTO, c->source_id, c->subject);
}

/* Takes the claims of the newer customers and addresses. */
static enum err take_claims(struct loading *l, struct known *known)
{
    struct scope *s = l->scope;
    struct known now = {.customers = s->customers, .addresses = s->addresses, .claims = known->claims};
    enum err err = want_around(l, known);

    for (const struct customer *c = now.customers; c != known->customers && !err; c = c->next)
        err = expand_customer(l, c);
    for (const struct address *a = now.addresses; a != known->addresses && !err; a = a->next)
        err = take(l, BY_CLAIM_ADDRESS, 0, a->key);
    *known = now;
    return err;
}

/* Takes the customers and addresses of the newer claims. */
static enum err take_claimed(struct loading *l, struct known *known)
{
    const struct claim *now = l->scope->claims;
    enum err err = OK;

    for (const struct claim *c = now; c != known->claims && !err; c = c->next)
        err = facts_want_around(l->facts, FACT_CLAIM, c);
    if (!err)
        err = facts_load(l->facts);
    for (const struct claim *c = now; c != known->claims && !err; c = c->next) {
        err = take(l, BY_ADDRESS, 0, c->address);
        if (!err)
            err = take(l, BY_CUSTOMER, c->source_id, c->subject);
    }
    known->claims = now;
    return err;
}

/* Follows claims from customers to addresses and back until nothing new comes, or more than N9's maximum are there. */
static enum err load_group(struct loading *l)
{
    const struct scope *s = l->scope;
    struct known known = {NULL, NULL, NULL};
    enum err err = OK;

    while (!err && l->n_people <= GROUP_NODES_MAX && (s->customers != known.customers || s->addresses != known.addresses)) {
        err = take_claims(l, &known);
        if (!err)
            err = take_claimed(l, &known);
    }
    l->scope->too_large = l->n_people > GROUP_NODES_MAX;
    return err;
}

/* What an event touches, as look-ups; `source_id` 0 for those of no source. */
struct look_up {
    enum fact_index index;
    int64_t source_id;
    struct str text;
};
enum { LOOK_UPS_MAX = 20 };

static void note(struct look_up *list, size_t *n, enum fact_index index, int64_t source_id, struct str text)
{
    if (text.len)
        list[(*n)++] = (struct look_up){index, source_id, text};
}

static void note_statements(struct look_up *list, size_t *n, struct str address)
{
    note(list, n, BY_CONSENT_ADDRESS, 0, address);
    note(list, n, BY_SUPPRESSION_ADDRESS, 0, address);
}

/* The phone number as consent knows it; empty when it is none. */
static enum err phone_of(const struct event *event, struct arena *arena, struct str *out)
{
    const struct value *phone = &event->m[M_CONTACT_PHONE];
    char normal[PHONE_CHARS + 1];

    *out = STR_NONE;
    if (phone->is != PRESENT || phone_normalise(phone->text, normal))
        return OK;
    *out = arena_str(arena, str_of(normal));
    return out->p ? OK : ERR_MEMORY;
}

/* N6: what is on file must be known before anything is said over it, also of a customer without naming an address. */
static enum err list_look_ups(const struct event *event, const struct event_refs *refs, int64_t source_id, struct arena *arena,
                              struct look_up list[LOOK_UPS_MAX], size_t *n)
{
    struct str phone, unnamed = refs->subject.len ? consent_subject_address(arena, source_id, refs->subject) : STR_NONE;
    enum err err = phone_of(event, arena, &phone);

    if (err || (refs->subject.len && !unnamed.p))
        return ERR_MEMORY;
    *n = 0;
    note(list, n, BY_CUSTOMER, source_id, refs->subject);
    note(list, n, BY_CUSTOMER, source_id, refs->merged);
    note(list, n, BY_ADDRESS, 0, refs->email);
    note(list, n, BY_FIELD_CUSTOMER, source_id, refs->subject);
    note_statements(list, n, refs->email);
    note_statements(list, n, phone);
    note_statements(list, n, unnamed);
    note(list, n, BY_ORDER, source_id, refs->order_id);
    note(list, n, BY_REFUND_ORDER, source_id, refs->order_id);
    note(list, n, BY_CART, source_id, refs->cart_id);
    note(list, n, BY_VISITOR, source_id, refs->visitor_id);
    return OK;
}

enum err scope_want(struct store *store, const struct event *event, const struct event_refs *refs, int64_t source_id,
                    struct arena *arena)
{
    struct look_up list[LOOK_UPS_MAX];
    size_t n = 0;
    enum err err = list_look_ups(event, refs, source_id, arena, list, &n);

    for (size_t i = 0; i < n && !err; i++)
        err = facts_want(store->facts, list[i].index, list[i].source_id, list[i].text);
    return err;
}

static enum err load(struct loading *l, const struct event *event, const struct event_refs *refs, int64_t source_id)
{
    struct look_up list[LOOK_UPS_MAX];
    size_t n = 0;
    enum err err = list_look_ups(event, refs, source_id, l->scope->arena, list, &n);

    for (size_t i = 0; i < n && !err; i++)
        err = facts_want(l->facts, list[i].index, list[i].source_id, list[i].text);
    if (!err)
        err = facts_load(l->facts);
    for (size_t i = 0; i < n && !err; i++)
        err = take(l, list[i].index, list[i].source_id, list[i].text);
    return err ? err : load_group(l);
}

enum err scope_load(struct store *store, const struct event *event, const struct event_refs *refs, int64_t source_id,
                    struct arena *arena, struct scope *out)
{
    struct facts own, *facts = facts_of(store, &own, arena);
    struct loading l = {.facts = facts, .scope = out};

    *out = (struct scope){.arena = arena, .account_id = store->account_id};
    facts_next_scope(facts);
    return load(&l, event, refs, source_id);
}

/* -- a whole contact, for reading ------------------------------------------------------------------------------------------------ */

static enum err load_claims_of(struct store *store, struct scope *s, const struct customer *c)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, fact_indexes[BY_CLAIM_CUSTOMER].select, "iis", s->account_id, c->source_id, c->subject);

    return err ? err : scope_read(s, st, FACT_CLAIM);
}

enum err scope_load_contact(struct store *store, struct str contact_id, struct arena *arena, struct scope *out)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, "SELECT address, contact_id FROM address WHERE account_id = $1 AND contact_id = $2",
                            "is", store->account_id, contact_id);

    *out = (struct scope){.arena = arena, .account_id = store->account_id};
    if (!err)
        err = scope_read(out, st, FACT_ADDRESS);
    if (!err)
        err = db_query(store->db, &st, "SELECT " CUSTOMER_COLUMNS " FROM customer c WHERE c.account_id = $1 AND c.contact_id = $2",
                       "is", store->account_id, contact_id);
    if (!err)
        err = scope_read(out, st, FACT_CUSTOMER);
    for (struct customer *c = out->customers; c && !err; c = c->next)
        err = load_claims_of(store, out, c);
    return err;
}
