/* erase.c -- owns the erasure of a person or of a source's data, and the tombstones that keep it so (X2-X4). */
#include "store/erase.h"

#include "model/phone.h"
#include "store/erase_task.h"
#include "store/notice.h"
#include "store/scope.h"

/* What is hashed for a customer; an address is hashed as it is. */
static struct str customer_text(struct arena *arena, int64_t source_id, struct str subject)
{
    return consent_subject_address(arena, source_id, subject);
}

static enum err tombstone_time(struct store *store, const struct seal *seal, struct str text, int64_t *latest)
{
    struct db_stmt *st = NULL;
    char tombstone[65];
    bool row = false;
    enum err err = seal_tombstone(seal, text, tombstone);

    if (!err)
        err = db_prepare(store->db, "SELECT at_us FROM erased WHERE account_id = $1 AND tombstone = $2", &st);
    if (err)
        return err;
    db_bind_int(st, 1, store->account_id);
    db_bind_str(st, 2, str_of(tombstone));
    err = db_step(st, &row);
    if (!err && row && db_column_int(st, 0) > *latest)
        *latest = db_column_int(st, 0);
    db_done(st);
    return err;
}

enum err erase_when(struct store *store, const struct seal *seal, const struct event_refs *refs, int64_t source_id, int64_t *at_us)
{
    struct arena arena;
    enum err err = OK;

    *at_us = 0;
    arena_init(&arena, 64 << 10);
    if (refs->email.len)
        err = tombstone_time(store, seal, refs->email, at_us);
    if (!err && refs->subject.len)
        err = tombstone_time(store, seal, customer_text(&arena, source_id, refs->subject), at_us);
    arena_release(&arena);
    return err;
}

static enum err bury_text(struct store *store, const struct seal *seal, struct str text, int64_t at_us)
{
    char tombstone[65];
    enum err err = text.len ? seal_tombstone(seal, text, tombstone) : OK;

    if (err || text.len == 0)
        return err;
    return db_run(store->db,
                  "INSERT INTO erased (account_id, tombstone, at_us) VALUES ($1, $2, $3) ON CONFLICT (account_id, tombstone)"
                  " DO UPDATE SET at_us = CASE WHEN excluded.at_us > erased.at_us THEN excluded.at_us ELSE erased.at_us END",
                  "isi", store->account_id, str_of(tombstone), at_us);
}

/* Runs each statement with account, source and subject. */
static enum err forget_customer(struct store *store, int64_t source_id, struct str subject)
{
    static const char *const statements[] = {
        "DELETE FROM refund WHERE account_id = $1 AND source_id = $2 AND order_id IN"
        " (SELECT id FROM shop_order WHERE account_id = $1 AND source_id = $2 AND subject = $3)",
        "DELETE FROM shop_order WHERE account_id = $1 AND source_id = $2 AND subject = $3",
        "DELETE FROM cart_firing WHERE account_id = $1 AND source_id = $2 AND cart_id IN"
        " (SELECT id FROM cart WHERE account_id = $1 AND source_id = $2 AND subject = $3)",
        "DELETE FROM cart_firing WHERE account_id = $1 AND source_id = $2 AND subject = $3",
        "DELETE FROM cart WHERE account_id = $1 AND source_id = $2 AND subject = $3",
        "DELETE FROM cart WHERE account_id = $1 AND source_id = $2 AND visitor_id <> '' AND visitor_id IN"
        " (SELECT id FROM visitor WHERE account_id = $1 AND source_id = $2 AND subject = $3)",
        "DELETE FROM visit WHERE account_id = $1 AND source_id = $2 AND visitor_id <> '' AND visitor_id IN"
        " (SELECT id FROM visitor WHERE account_id = $1 AND source_id = $2 AND subject = $3)",
        "DELETE FROM visit WHERE account_id = $1 AND source_id = $2 AND subject = $3",
        "DELETE FROM visitor WHERE account_id = $1 AND source_id = $2 AND subject = $3",
        "DELETE FROM activity WHERE account_id = $1 AND source_id = $2 AND subject = $3",
        "DELETE FROM customer_field WHERE account_id = $1 AND source_id = $2 AND subject = $3",
        "DELETE FROM claim WHERE account_id = $1 AND source_id = $2 AND subject = $3",
        "DELETE FROM contact_merge WHERE account_id = $1 AND source_id = $2 AND subject = $3",
        "DELETE FROM customer WHERE account_id = $1 AND source_id = $2 AND subject = $3",
    };
    enum err err = OK;

    for (size_t i = 0; i < sizeof(statements) / sizeof(*statements) && !err; i++)
        err = db_run(store->db, statements[i], "iis", store->account_id, source_id, subject);
    return err;
}

static enum err forget_statements(struct store *store, struct str address)
{
    enum err err =
        db_run(store->db, "DELETE FROM consent WHERE account_id = $1 AND address = $2", "is", store->account_id, address);

    if (!err)
        err = db_run(store->db, "DELETE FROM suppression WHERE account_id = $1 AND address = $2", "is", store->account_id, address);
    return err;
}

/* What names the address without being of its contact; the rest of the erasure, outside of the database, is noted down. A detail
 * that is only like it goes as well: "_" and "%" are letters of LIKE. */
static enum err forget_mentions(struct store *store, struct str address)
{
    static const char *const statements[] = {
        "DELETE FROM activity WHERE account_id = $1 AND address = $2",
        "DELETE FROM fetch_task WHERE account_id = $1 AND lower(object_id) = $2",
        "UPDATE seen SET detail = '' WHERE account_id = $1 AND reason <> '' AND lower(detail) LIKE '%' || $2 || '%'",
    };
    enum err err = OK;

    if (address.len == 0)
        return OK;
    for (size_t i = 0; i < sizeof(statements) / sizeof(*statements) && !err; i++)
        err = db_run(store->db, statements[i], "is", store->account_id, address);
    if (!err)
        err = notice_erase_address(store, address);
    return err ? err : erase_task_put(store, 0, address);
}

static enum err forget_contact(struct store *store, struct str contact_id)
{
    enum err err;

    if (contact_id.len == 0)
        return OK;
    err = db_run(store->db,
                 "DELETE FROM ledger WHERE account_id = $1 AND (contact_id = $2 OR contact_id IN"
                 " (SELECT id FROM contact WHERE account_id = $1 AND alias_of = $2))",
                 "is", store->account_id, contact_id);
    if (!err)
        err = notice_erase_contact(store, contact_id);
    if (!err)
        err = db_run(store->db, "DELETE FROM contact WHERE account_id = $1 AND (id = $2 OR alias_of = $2)", "is", store->account_id,
                     contact_id);
    return err;
}

static struct str found_contact(const struct scope *s, const struct event_refs *refs, int64_t source_id)
{
    struct customer *c = scope_customer(s, source_id, refs->subject);
    struct address *a = scope_address(s, refs->email);

    return c && c->contact_id.len ? c->contact_id : a ? a->contact_id : STR_NONE;
}

/* What was said for a number stands under the number (X2). Called before the fields are gone. */
static enum err forget_phones(struct store *store, struct scope *s)
{
    char normal[PHONE_CHARS + 1];
    enum err err = OK;

    for (struct customer *c = s->customers; c && !err; c = c->next)
        err = scope_load_fields(store, s, c->source_id, c->subject);
    for (struct contact_field *f = s->fields; f && !err; f = f->next)
        if (str_eq(f->name, STR("phone")) && !phone_normalise(f->value, normal))
            err = forget_statements(store, str_of(normal));
    return err;
}

static enum err forget_group(struct store *store, const struct seal *seal, const struct scope *s, int64_t at_us)
{
    enum err err = OK;

    for (struct customer *c = s->customers; c && !err; c = c->next) {
        struct str text = customer_text(s->arena, c->source_id, c->subject);

        err = bury_text(store, seal, c->external_id.len ? text : STR_NONE, at_us);
        if (!err)
            err = forget_statements(store, text);
        if (!err)
            err = erase_task_put(store, 0, c->email_shown); /* a domain may be written with other letters than its key */
        if (!err)
            err = forget_customer(store, c->source_id, c->subject);
    }
    for (struct claim *k = s->claims; k && !err; k = k->next)
        if (k->shown.len && address_is_real(k->address))
            err = erase_task_put(store, 0, k->shown);
    for (struct address *a = s->addresses; a && !err; a = a->next) {
        err = bury_text(store, seal, a->key, at_us);
        if (!err)
            err = forget_statements(store, a->key);
        if (!err)
            err = db_run(store->db, "DELETE FROM visit WHERE account_id = $1 AND subject = 'g:' || $2", "is", store->account_id,
                         a->key);
        if (!err)
            err = forget_mentions(store, a->key);
        if (!err)
            err = db_run(store->db, "DELETE FROM claim WHERE account_id = $1 AND address = $2", "is", store->account_id, a->key);
        if (!err)
            err = db_run(store->db, "DELETE FROM address WHERE account_id = $1 AND address = $2", "is", store->account_id, a->key);
    }
    return err;
}

enum err erase_person(struct store *store, const struct seal *seal, const struct event_refs *refs, int64_t source_id, int64_t at_us,
                      struct arena *arena)
{
    static const struct event nothing;
    struct scope near, whole;
    struct str contact_id;
    enum err err = scope_load(store, &nothing, refs, source_id, arena, &near);

    if (err)
        return err;
    contact_id = found_contact(&near, refs, source_id);
    if (contact_id.len) {
        err = scope_load_contact(store, contact_id, arena, &whole);
        if (!err)
            err = forget_phones(store, &whole);
        if (!err)
            err = forget_group(store, seal, &whole, at_us);
        if (!err)
            err = forget_contact(store, contact_id);
    } else if (refs->subject.len) {
        err = forget_customer(store, source_id, refs->subject);
    }
    if (!err)
        err = forget_mentions(store, refs->email);
    if (!err)
        err = bury_text(store, seal, refs->email, at_us);
    if (!err && str_starts(refs->subject, STR("c:")))
        err = bury_text(store, seal, customer_text(arena, source_id, refs->subject), at_us);
    return err;
}

enum err erase_source(struct store *store, int64_t source_id)
{
    static const char *const of_source[] = {
        "DELETE FROM refund WHERE account_id = $1 AND source_id = $2",
        "DELETE FROM shop_order WHERE account_id = $1 AND source_id = $2",
        "DELETE FROM cart WHERE account_id = $1 AND source_id = $2",
        "DELETE FROM cart_firing WHERE account_id = $1 AND source_id = $2",
        "DELETE FROM visit WHERE account_id = $1 AND source_id = $2",
        "DELETE FROM visitor WHERE account_id = $1 AND source_id = $2",
        "DELETE FROM customer_field WHERE account_id = $1 AND source_id = $2",
        "DELETE FROM claim WHERE account_id = $1 AND source_id = $2",
        "DELETE FROM customer WHERE account_id = $1 AND source_id = $2",
        "DELETE FROM activity WHERE account_id = $1 AND source_id = $2",
        "DELETE FROM fetch_task WHERE account_id = $1 AND source_id = $2",
        "DELETE FROM ledger WHERE account_id = $1 AND source_id = $2",
    };
    /* Consent belongs to the address (C1): it stays where the person stays, and goes with the last source that knew them; a
     * refusal stays for ever as it protects the person. */
    static const char *const of_nobody[] = {
        /* what the operator noted down keeps nobody: it goes with the last source that knew the address */
        "DELETE FROM claim WHERE account_id = $1 AND source_id = 0 AND NOT EXISTS (SELECT 1 FROM claim k"
        " WHERE k.account_id = $1 AND k.address = claim.address AND k.source_id <> 0)",
        "DELETE FROM contact_merge WHERE account_id = $1 AND NOT EXISTS (SELECT 1 FROM claim k WHERE k.account_id = $1"
        " AND k.source_id = 0 AND k.subject = contact_merge.subject)",
        "DELETE FROM customer_field WHERE account_id = $1 AND source_id = 0 AND NOT EXISTS (SELECT 1 FROM claim k"
        " WHERE k.account_id = $1 AND k.source_id = 0 AND k.subject = customer_field.subject)",
        "DELETE FROM customer WHERE account_id = $1 AND source_id = 0 AND NOT EXISTS (SELECT 1 FROM claim k"
        " WHERE k.account_id = $1 AND k.source_id = 0 AND k.subject = customer.subject)",
        "DELETE FROM address WHERE account_id = $1 AND NOT EXISTS (SELECT 1 FROM claim k WHERE k.account_id = $1"
        " AND k.address = address.address)",
        "DELETE FROM contact WHERE account_id = $1 AND alias_of IS NULL AND NOT EXISTS (SELECT 1 FROM address a"
        " WHERE a.account_id = $1 AND a.contact_id = contact.id) AND NOT EXISTS (SELECT 1 FROM customer c"
        " WHERE c.account_id = $1 AND c.contact_id = contact.id)",
        "DELETE FROM consent WHERE account_id = $1 AND restrict_set = 0 AND address NOT LIKE '#%' AND NOT EXISTS"
        " (SELECT 1 FROM address a WHERE a.account_id = $1 AND a.address = consent.address)",
        "DELETE FROM notice WHERE account_id = $1 AND contact_id <> '' AND NOT EXISTS (SELECT 1 FROM contact c"
        " WHERE c.account_id = $1 AND c.id = notice.contact_id)",
        "DELETE FROM notice_delivery WHERE account_id = $1 AND NOT EXISTS (SELECT 1 FROM notice m WHERE m.account_id = $1"
        " AND m.id = notice_delivery.notice_id)",
    };
    enum err err = OK;

    for (size_t i = 0; i < sizeof(of_source) / sizeof(*of_source) && !err; i++)
        err = db_run(store->db, of_source[i], "ii", store->account_id, source_id);
    for (size_t i = 0; i < sizeof(of_nobody) / sizeof(*of_nobody) && !err; i++)
        err = db_run(store->db, of_nobody[i], "i", store->account_id);
    return err ? err : erase_task_put(store, source_id, STR_NONE);
}
