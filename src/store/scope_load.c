/* scope_load.c -- owns the way of one event's facts out of the database. */
#include "store/scope.h"

#include "store/scope_read.h"

#define CUSTOMER_COLUMNS                                                                                                        \
    "c.source_id, c.subject, c.external_id, c.contact_id, c.email, c.email_shown, c.email_class, c.email_at_us, c.email_rank, " \
    "c.email_receipt, c.seen_at_us, c.seen_rank, c.seen_receipt, c.deleted_at_us, c.deleted_rank, c.deleted_receipt, "          \
    "c.merged_into, c.first_us, c.last_us"

#define CLAIM_COLUMNS "address, source_id, subject, class, first_us, said_at_us, said_rank, said_receipt, shown, apart"

enum err scope_read(struct scope *s, struct db_stmt *st, scope_row *read)
{
    enum err err = OK;
    bool row = false;

    while (!(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = s->arena, .column = 0, .err = OK};

        err = read(s, &r);
        if (!err)
            err = r.err ? r.err : s->err;
        if (err)
            break;
    }
    db_done(st);
    return err;
}

static enum err read_customer(struct scope *s, struct row *r)
{
    int64_t source_id = row_int(r);
    struct str subject = row_str(r);
    struct customer *c;

    if (scope_customer(s, source_id, subject))
        return OK;
    c = scope_add(s, &s->customers, sizeof(*c));
    if (!c)
        return ERR_MEMORY;
    c->source_id = source_id;
    c->subject = subject;
    c->external_id = row_str(r);
    c->contact_id = c->loaded_contact_id = row_str(r);
    c->email = row_str(r);
    c->email_shown = row_str(r);
    c->email_class = (enum claim_class)row_int(r);
    c->email_v = row_version(r);
    c->seen_v = row_version(r);
    c->deleted_v = row_version(r);
    c->merged_into = row_str(r);
    c->first_us = row_int(r);
    c->last_us = row_int(r);
    return OK;
}

static enum err read_address(struct scope *s, struct row *r)
{
    struct str key = row_str(r);
    struct address *a;

    if (scope_address(s, key))
        return OK;
    a = scope_add(s, &s->addresses, sizeof(*a));
    if (!a)
        return ERR_MEMORY;
    a->key = key;
    a->contact_id = row_str(r);
    return OK;
}

static enum err read_claim(struct scope *s, struct row *r)
{
    struct claim c = {0}, *claim;

    c.address = row_str(r);
    c.source_id = row_int(r);
    c.subject = row_str(r);
    c.class = (enum claim_class)row_int(r);
    c.first_us = row_int(r);
    c.said_v = row_version(r);
    c.shown = row_str(r);
    c.apart = (enum claim_apart)row_int(r);
    for (claim = s->claims; claim; claim = claim->next)
        if (claim->source_id == c.source_id && str_eq(claim->subject, c.subject) && str_eq(claim->address, c.address))
            return OK;
    claim = scope_add(s, &s->claims, sizeof(*claim));
    if (!claim)
        return ERR_MEMORY;
    c.next = claim->next;
    *claim = c;
    return OK;
}

static enum err load_customer(struct store *store, struct scope *s, int64_t source_id, struct str subject)
{
    struct db_stmt *st = NULL;
    enum err err;

    if (subject.len == 0 || scope_customer(s, source_id, subject))
        return OK;
    err = db_query(store->db, &st,
                   "SELECT " CUSTOMER_COLUMNS " FROM customer c WHERE c.account_id = $1 AND c.source_id = $2 AND c.subject = $3",
                   "iis", s->account_id, source_id, subject);
    return err ? err : scope_read(s, st, read_customer);
}

static enum err load_address(struct store *store, struct scope *s, struct str key)
{
    struct db_stmt *st = NULL;
    enum err err;

    if (key.len == 0 || scope_address(s, key))
        return OK;
    err = db_query(store->db, &st, "SELECT address, contact_id FROM address WHERE account_id = $1 AND address = $2", "is",
                   s->account_id, key);
    return err ? err : scope_read(s, st, read_address);
}

static enum err load_claims_of(struct store *store, struct scope *s, const struct customer *c)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st,
                            "SELECT " CLAIM_COLUMNS " FROM claim"
                            " WHERE account_id = $1 AND source_id = $2 AND subject = $3",
                            "iis", s->account_id, c->source_id, c->subject);

    return err ? err : scope_read(s, st, read_claim);
}

/* The customer's claims and the customers that the store merged with it. */
static enum err expand_customer(struct store *store, struct scope *s, struct customer *c)
{
    struct db_stmt *st = NULL;
    enum err err = load_claims_of(store, s, c);

    c->expanded = true;
    if (!err)
        err = load_customer(store, s, c->source_id, c->merged_into);
    if (!err)
        err = db_query(store->db, &st,
                       "SELECT " CUSTOMER_COLUMNS
                       " FROM customer c WHERE c.account_id = $1 AND c.source_id = $2 AND c.merged_into = $3",
                       "iis", s->account_id, c->source_id, c->subject);
    return err ? err : scope_read(s, st, read_customer);
}

/* Everybody who ever had the address. */
static enum err expand_address(struct store *store, struct scope *s, struct address *a)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, "SELECT " CLAIM_COLUMNS " FROM claim WHERE account_id = $1 AND address = $2", "is",
                            s->account_id, a->key);

    a->expanded = true;
    if (!err)
        err = scope_read(s, st, read_claim);
    if (!err)
        err = db_query(store->db, &st,
                       "SELECT " CUSTOMER_COLUMNS " FROM claim k JOIN customer c ON c.account_id = k.account_id"
                       " AND c.source_id = k.source_id AND c.subject = k.subject WHERE k.account_id = $1 AND k.address = $2",
                       "is", s->account_id, a->key);
    return err ? err : scope_read(s, st, read_customer);
}

static size_t count_nodes(const struct scope *s)
{
    size_t n = 0;

    for (struct customer *c = s->customers; c; c = c->next)
        n++;
    for (struct address *a = s->addresses; a; a = a->next)
        n++;
    return n;
}

static enum err load_claimed_addresses(struct store *store, struct scope *s)
{
    enum err err = OK;

    for (struct claim *c = s->claims; c && !err; c = c->next)
        err = load_address(store, s, c->address);
    return err;
}

/* Follows claims from customers to addresses and back until nothing new comes (or N9's maximum is reached). */
static enum err load_group(struct store *store, struct scope *s)
{
    bool more = true;
    enum err err = OK;

    while (more && !err && count_nodes(s) < SCOPE_NODES_MAX) {
        more = false;
        for (struct customer *c = s->customers; c && !err; c = c->next)
            if (!c->expanded) {
                err = expand_customer(store, s, c);
                more = true;
            }
        if (!err)
            err = load_claimed_addresses(store, s);
        for (struct address *a = s->addresses; a && !err; a = a->next)
            if (!a->expanded) {
                err = expand_address(store, s, a);
                more = true;
            }
    }
    return err;
}

enum err scope_load(struct store *store, const struct event *event, const struct event_refs *refs, int64_t source_id,
                    struct arena *arena, struct scope *out)
{
    enum err err;

    *out = (struct scope){.arena = arena, .account_id = store->account_id};
    err = load_customer(store, out, source_id, refs->subject);
    if (!err)
        err = load_customer(store, out, source_id, refs->merged);
    if (!err)
        err = load_address(store, out, refs->email);
    if (!err)
        err = load_group(store, out);
    if (!err && refs->subject.len)
        err = scope_load_fields(store, out, source_id, refs->subject);
    if (!err)
        err = scope_load_statements(store, out, event, refs, source_id);
    if (!err)
        err = scope_load_objects(store, out, refs, source_id);
    return err;
}

enum err scope_load_contact(struct store *store, struct str contact_id, struct arena *arena, struct scope *out)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, "SELECT address, contact_id FROM address WHERE account_id = $1 AND contact_id = $2",
                            "is", store->account_id, contact_id);

    *out = (struct scope){.arena = arena, .account_id = store->account_id};
    if (!err)
        err = scope_read(out, st, read_address);
    if (!err)
        err = db_query(store->db, &st, "SELECT " CUSTOMER_COLUMNS " FROM customer c WHERE c.account_id = $1 AND c.contact_id = $2",
                       "is", store->account_id, contact_id);
    if (!err)
        err = scope_read(out, st, read_customer);
    for (struct customer *c = out->customers; c && !err; c = c->next)
        err = load_claims_of(store, out, c);
    return err;
}
