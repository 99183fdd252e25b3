/* erase.c -- owns the erasure of a person or of a source's data, and the tombstones that keep it so (X2-X4). */
#include "store/erase.h"

#include "model/phone.h"
#include "store/account_limit.h"
#include "store/erase_count.h"
#include "store/erase_task.h"
#include "store/facts.h"
#include "store/notice.h"
#include "store/row.h"
#include "store/scope.h"

/* One erasure of a person at work. */
struct erasing {
    struct store *store;
    const struct seal *seal;
    const struct privacy_ask *ask;
    int64_t at_us; /* of the tombstones */
    struct id id;  /* of the request */
    struct erase_count count;
    json_t *tombstones;
};

/* What is hashed for a customer; an address is hashed as it is. */
static struct str customer_text(struct arena *arena, int64_t source_id, struct str subject)
{
    return consent_subject_address(arena, source_id, subject);
}

static enum err take_any(void *arg, struct db_stmt *st, size_t set)
{
    struct facts *f = arg;

    (void)st;
    (void)set;
    f->any_erased = true;
    return OK;
}

/* Most accounts have no tombstones; a batch asks once. */
static enum err ask_any(struct facts *f)
{
    struct db_rows account = DB_ROWS("i", f->arena);
    struct db_many many = {
        .sql = "SELECT 1 FROM erased WHERE account_id = $1 LIMIT 1", .rows = &account, .each = take_any, .arg = f};
    enum err err = OK;

    if (f->erased_account == f->store->account_id)
        return OK;
    f->any_erased = false;
    err = db_rows_add(&account, f->store->account_id);
    if (!err)
        err = db_run_many(f->store->db, &many, 1);
    f->erased_account = err ? 0 : f->store->account_id;
    return err;
}

/* The tombstones that the event's person would have; empty without any in the account. In the facts' arena. */
static enum err tombstones_of(struct facts *f, const struct seal *seal, const struct event_refs *refs, int64_t source_id,
                              struct str out[2])
{
    struct str texts[2] = {refs->email, STR_NONE};
    char tombstone[65];
    enum err err = ask_any(f);

    if (!err && refs->subject.len) {
        texts[1] = customer_text(f->arena, source_id, refs->subject);
        err = texts[1].p ? OK : ERR_MEMORY;
    }
    for (int i = 0; i < 2; i++) {
        out[i] = STR_NONE;
        if (err || !f->any_erased || texts[i].len == 0)
            continue;
        err = seal_tombstone(seal, texts[i], tombstone);
        if (!err)
            out[i] = arena_str(f->arena, str_of(tombstone));
        if (!err && !out[i].p)
            err = ERR_MEMORY;
    }
    return err;
}

static enum err want_tombstones(struct facts *f, const struct str tombstones[2])
{
    enum err err = facts_want(f, BY_ERASED, 0, tombstones[0]);

    return err ? err : facts_want(f, BY_ERASED, 0, tombstones[1]);
}

enum err erase_want(struct store *store, const struct seal *seal, const struct event_refs *refs, int64_t source_id)
{
    struct str tombstones[2];
    enum err err = tombstones_of(store->facts, seal, refs, source_id, tombstones);

    return err ? err : want_tombstones(store->facts, tombstones);
}

static enum err latest_of(struct facts *f, const struct str tombstones[2], int64_t *at_us)
{
    enum err err = want_tombstones(f, tombstones);

    if (!err)
        err = facts_load(f);
    for (int i = 0; i < 2 && !err; i++) {
        const struct fact_list *list = facts_list(f, BY_ERASED, 0, tombstones[i]);
        const struct erased_row *row = list && list->n ? list->at[0]->row : NULL;

        if (row && row->at_us > *at_us)
            *at_us = row->at_us;
    }
    return err;
}

enum err erase_when(struct store *store, const struct seal *seal, const struct event_refs *refs, int64_t source_id, int64_t *at_us)
{
    struct arena arena;
    struct facts own, *f;
    struct str tombstones[2];
    enum err err;

    *at_us = 0;
    arena_init(&arena, 64 << 10);
    f = facts_of(store, &own, &arena);
    err = tombstones_of(f, seal, refs, source_id, tombstones);
    if (!err)
        err = latest_of(f, tombstones, at_us);
    arena_release(&arena);
    return err;
}

static bool is_buried(const struct erasing *e, const char *tombstone)
{
    const json_t *one;
    size_t i;

    json_array_foreach(e->tombstones, i, one) if (strcmp(json_string_value(one), tombstone) == 0) return true;
    return false;
}

static enum err bury_text(struct erasing *e, struct str text)
{
    char tombstone[65];
    enum err err = text.len ? seal_tombstone(e->seal, text, tombstone) : OK;

    if (err || text.len == 0 || is_buried(e, tombstone))
        return err;
    if (json_array_append_new(e->tombstones, json_string(tombstone)))
        return ERR_MEMORY;
    return db_run(e->store->db,
                  "INSERT INTO erased (account_id, tombstone, at_us) VALUES ($1, $2, $3) ON CONFLICT (account_id, tombstone)"
                  " DO UPDATE SET at_us = CASE WHEN excluded.at_us > erased.at_us THEN excluded.at_us ELSE erased.at_us END",
                  "isi", e->store->account_id, str_of(tombstone), e->at_us);
}

/* Runs each statement with account, source and subject. */
static enum err forget_customer(struct erasing *e, int64_t source_id, struct str subject)
{
    static const struct {
        enum erased_kind kind;
        const char *sql;
    } statements[] = {
        {ERASED_REFUNDS, "DELETE FROM refund WHERE account_id = $1 AND source_id = $2 AND order_id IN"
                         " (SELECT id FROM shop_order WHERE account_id = $1 AND source_id = $2 AND subject = $3)"},
        {ERASED_ORDERS, "DELETE FROM shop_order WHERE account_id = $1 AND source_id = $2 AND subject = $3"},
        {ERASED_OTHERS, "DELETE FROM cart_firing WHERE account_id = $1 AND source_id = $2 AND cart_id IN"
                        " (SELECT id FROM cart WHERE account_id = $1 AND source_id = $2 AND subject = $3)"},
        {ERASED_OTHERS, "DELETE FROM cart_firing WHERE account_id = $1 AND source_id = $2 AND subject = $3"},
        {ERASED_CARTS, "DELETE FROM cart WHERE account_id = $1 AND source_id = $2 AND subject = $3"},
        {ERASED_CARTS, "DELETE FROM cart WHERE account_id = $1 AND source_id = $2 AND visitor_id <> '' AND visitor_id IN"
                       " (SELECT id FROM visitor WHERE account_id = $1 AND source_id = $2 AND subject = $3)"},
        {ERASED_VISITS, "DELETE FROM visit WHERE account_id = $1 AND source_id = $2 AND visitor_id <> '' AND visitor_id IN"
                        " (SELECT id FROM visitor WHERE account_id = $1 AND source_id = $2 AND subject = $3)"},
        {ERASED_VISITS, "DELETE FROM visit WHERE account_id = $1 AND source_id = $2 AND subject = $3"},
        {ERASED_OTHERS, "DELETE FROM visitor WHERE account_id = $1 AND source_id = $2 AND subject = $3"},
        {ERASED_ACTIVITIES, "DELETE FROM activity WHERE account_id = $1 AND source_id = $2 AND subject = $3"},
        {ERASED_FIELDS, "DELETE FROM customer_field WHERE account_id = $1 AND source_id = $2 AND subject = $3"},
        {ERASED_OTHERS, "DELETE FROM claim WHERE account_id = $1 AND source_id = $2 AND subject = $3"},
        {ERASED_OTHERS, "DELETE FROM contact_merge WHERE account_id = $1 AND source_id = $2 AND subject = $3"},
        {ERASED_CUSTOMERS, "DELETE FROM customer WHERE account_id = $1 AND source_id = $2 AND subject = $3"},
    };
    struct store *store = e->store;
    enum err err = OK;

    for (size_t i = 0; i < sizeof(statements) / sizeof(*statements) && !err; i++)
        err = erase_counted(&e->count, statements[i].kind, store,
                            db_run(store->db, statements[i].sql, "iis", store->account_id, source_id, subject));
    return err;
}

static enum err forget_statements(struct erasing *e, struct str address)
{
    struct store *store = e->store;
    enum err err = erase_counted(
        &e->count, ERASED_CONSENTS, store,
        db_run(store->db, "DELETE FROM consent WHERE account_id = $1 AND address = $2", "is", store->account_id, address));

    if (!err)
        err = erase_counted(
            &e->count, ERASED_CONSENTS, store,
            db_run(store->db, "DELETE FROM suppression WHERE account_id = $1 AND address = $2", "is", store->account_id, address));
    return err;
}

/* What names the address without being of its contact; the rest of the erasure, outside of the database, is noted down. A detail
 * that is only like it goes as well: "_" and "%" are letters of LIKE. */
static enum err forget_mentions(struct erasing *e, struct str address)
{
    struct store *store = e->store;
    static const char *const statements[] = {
        "DELETE FROM activity WHERE account_id = $1 AND address = $2",
        "DELETE FROM fetch_task WHERE account_id = $1 AND lower(object_id) = $2",
        "UPDATE seen SET detail = '' WHERE account_id = $1 AND reason <> '' AND lower(detail) LIKE '%' || $2 || '%'",
    };
    enum err err = OK;

    if (address.len == 0)
        return OK;
    for (size_t i = 0; i < sizeof(statements) / sizeof(*statements) && !err; i++)
        err = erase_counted(&e->count, ERASED_OTHERS, store, db_run(store->db, statements[i], "is", store->account_id, address));
    if (!err)
        err = notice_erase_address(store, address);
    return err ? err : erase_task_put(store, 0, address, id_str(&e->id));
}

/* The id of a contact and those that were merged into it, each by index. */
#define OF_CONTACT                                               \
    " (SELECT id FROM contact WHERE account_id = $1 AND id = $2" \
    " UNION ALL SELECT id FROM contact WHERE account_id = $1 AND alias_of = $2)"

static enum err forget_contact(struct erasing *e, struct str contact_id)
{
    static const struct {
        enum erased_kind kind;
        const char *sql;
    } statements[] = {
        {ERASED_LEDGER, "DELETE FROM ledger WHERE account_id = $1 AND contact_id IN" OF_CONTACT},
        {ERASED_OTHERS, "DELETE FROM trigger_firing WHERE account_id = $1 AND contact_id IN" OF_CONTACT},
        {ERASED_OTHERS, "DELETE FROM cycle_start WHERE account_id = $1 AND contact_id IN" OF_CONTACT},
        {ERASED_CONTACTS, "DELETE FROM contact WHERE account_id = $1 AND alias_of = $2"},
        {ERASED_CONTACTS, "DELETE FROM contact WHERE account_id = $1 AND id = $2"},
    };
    struct store *store = e->store;
    enum err err = notice_erase_contact(store, contact_id);

    for (size_t i = 0; i < sizeof(statements) / sizeof(*statements) && !err; i++)
        err = erase_counted(&e->count, statements[i].kind, store,
                            db_run(store->db, statements[i].sql, "is", store->account_id, contact_id));
    return err ? err : contact_grow(store, -db_changes(store->db)); /* the last one deleted the contact itself */
}

static struct str found_contact(const struct scope *s, const struct event_refs *refs, int64_t source_id)
{
    struct customer *c = scope_customer(s, source_id, refs->subject);
    struct address *a = scope_address(s, refs->email);

    return c && c->contact_id.len ? c->contact_id : a ? a->contact_id : STR_NONE;
}

/* What was said for a number stands under the number (X2). Called before the fields are gone. */
static enum err forget_phones(struct erasing *e, struct scope *s)
{
    char normal[PHONE_CHARS + 1];
    enum err err = OK;

    for (struct customer *c = s->customers; c && !err; c = c->next)
        err = scope_load_fields(e->store, s, c->source_id, c->subject);
    for (struct contact_field *f = s->fields; f && !err; f = f->next)
        if (str_eq(f->name, STR("phone")) && !phone_normalise(f->value, normal))
            err = forget_statements(e, str_of(normal));
    return err;
}

static enum err forget_one_customer(struct erasing *e, const struct scope *s, const struct customer *c)
{
    struct str text = customer_text(s->arena, c->source_id, c->subject);
    enum err err = bury_text(e, c->external_id.len ? text : STR_NONE);

    if (!err)
        err = forget_statements(e, text);
    if (!err) /* a domain may be written with other letters than its key */
        err = erase_task_put(e->store, 0, c->email_shown, id_str(&e->id));
    return err ? err : forget_customer(e, c->source_id, c->subject);
}

/* A customer of another contact with the erased address. */
struct sharer {
    struct sharer *next;
    int64_t source_id;
    struct str subject, contact_id;
};

static enum err forget_address_of(struct erasing *e, const struct sharer *one, struct str key)
{
    struct store *store = e->store;
    enum err err = db_run(store->db,
                          "UPDATE customer SET email = '', email_shown = '' WHERE account_id = $1 AND source_id = $2"
                          " AND subject = $3 AND email = $4",
                          "iiss", store->account_id, one->source_id, one->subject, key);

    if (err || one->contact_id.len == 0)
        return err;
    return erase_counted(&e->count, ERASED_LEDGER, store,
                         db_run(store->db,
                                "DELETE FROM ledger WHERE account_id = $1 AND contact_id = $2 AND (lower(name) = $3"
                                " OR lower(old_value) = $3 OR lower(new_value) = $3)",
                                "iss", store->account_id, one->contact_id, key));
}

/* Customers of the same source may share an address and stay two persons (M3). Who stays loses the address; a guest is nothing else. */
static enum err find_sharers(struct store *store, struct str key, struct arena *arena, struct sharer **sharers)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err =
        db_query(store->db, &st,
                 "SELECT c.source_id, c.subject, c.contact_id FROM claim k JOIN customer c ON c.account_id = k.account_id"
                 " AND c.source_id = k.source_id AND c.subject = k.subject WHERE k.account_id = $1 AND k.address = $2",
                 "is", store->account_id, key);

    if (err)
        return err;
    while (!(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};
        struct sharer *one = arena_alloc(arena, sizeof(*one));

        if (one)
            *one = (struct sharer){.next = *sharers, .source_id = row_int(&r), .subject = row_str(&r), .contact_id = row_str(&r)};
        err = one ? r.err : ERR_MEMORY;
        if (err)
            break;
        *sharers = one;
    }
    db_done(st);
    return err;
}

/* A group is a contact when it has an address (AC-30): who had none but the erased one's waits for another. */
static enum err forget_contact_without_address(struct erasing *e, const struct sharer *one)
{
    struct store *store = e->store;
    enum err err = one->contact_id.len == 0
                       ? OK
                       : db_run(store->db,
                                "UPDATE customer SET contact_id = '' WHERE account_id = $1 AND contact_id = $2"
                                " AND NOT EXISTS (SELECT 1 FROM address WHERE account_id = $1 AND contact_id = $2)"
                                " AND NOT EXISTS (SELECT 1 FROM customer k WHERE k.account_id = $1 AND k.contact_id = $2"
                                " AND k.email <> '')",
                                "is", store->account_id, one->contact_id);

    return err || one->contact_id.len == 0 || db_changes(store->db) == 0 ? err : forget_contact(e, one->contact_id);
}

static enum err forget_address(struct erasing *e, struct str key, struct arena *arena)
{
    static const struct {
        enum erased_kind kind;
        const char *sql;
    } statements[] = {
        {ERASED_VISITS, "DELETE FROM visit WHERE account_id = $1 AND subject = 'g:' || $2"},
        {ERASED_OTHERS, "DELETE FROM claim WHERE account_id = $1 AND address = $2"},
        {ERASED_ADDRESSES, "DELETE FROM address WHERE account_id = $1 AND address = $2"},
    };
    struct store *store = e->store;
    struct sharer *sharers = NULL;
    enum err err = bury_text(e, key);

    if (!err)
        err = forget_statements(e, key);
    if (!err)
        err = forget_mentions(e, key);
    if (!err)
        err = find_sharers(store, key, arena, &sharers);
    for (const struct sharer *one = sharers; one && !err; one = one->next)
        err =
            str_starts(one->subject, STR("g:")) ? forget_customer(e, one->source_id, one->subject) : forget_address_of(e, one, key);
    for (size_t i = 0; i < sizeof(statements) / sizeof(*statements) && !err; i++)
        err =
            erase_counted(&e->count, statements[i].kind, store, db_run(store->db, statements[i].sql, "is", store->account_id, key));
    for (const struct sharer *one = sharers; one && !err; one = one->next)
        err = forget_contact_without_address(e, one);
    return err;
}

static enum err forget_group(struct erasing *e, const struct scope *s)
{
    enum err err = OK;

    for (const struct customer *c = s->customers; c && !err; c = c->next)
        err = forget_one_customer(e, s, c);
    for (const struct claim *k = s->claims; k && !err; k = k->next)
        if (k->shown.len && address_is_real(k->address))
            err = erase_task_put(e->store, 0, k->shown, id_str(&e->id));
    for (const struct address *a = s->addresses; a && !err; a = a->next)
        err = forget_address(e, a->key, s->arena);
    return err;
}

static enum err forget_whole(struct erasing *e, struct str contact_id, struct arena *arena)
{
    struct scope whole;
    enum err err = scope_load_contact(e->store, contact_id, arena, &whole);

    if (!err)
        err = forget_phones(e, &whole);
    if (!err)
        err = forget_group(e, &whole);
    return err ? err : forget_contact(e, contact_id);
}

static enum err forget(struct erasing *e, const struct event_refs *refs, struct arena *arena)
{
    static const struct event nothing;
    int64_t source_id = e->ask->source_id;
    struct scope near;
    struct str contact_id;
    enum err err = scope_load(e->store, &nothing, refs, source_id, arena, &near);

    if (err)
        return err;
    contact_id = found_contact(&near, refs, source_id);
    if (contact_id.len)
        err = forget_whole(e, contact_id, arena);
    else if (refs->subject.len)
        err = forget_customer(e, source_id, refs->subject);
    if (!err && refs->email.len) /* it may be nobody's, or of another contact than the customer */
        err = forget_address(e, refs->email, arena);
    if (!err && str_starts(refs->subject, STR("c:")))
        err = bury_text(e, customer_text(arena, source_id, refs->subject));
    return err;
}

enum err erase_person(struct store *store, const struct seal *seal, const struct event_refs *refs, const struct privacy_ask *ask,
                      int64_t at_us, struct arena *arena, struct id *request)
{
    struct erasing e = {.store = store,
                        .seal = seal,
                        .ask = ask,
                        .at_us = at_us,
                        .id = id_new(clock_wall_us(store->clock)),
                        .tombstones = json_array()};
    enum err err = e.tombstones ? forget(&e, refs, arena) : ERR_MEMORY;

    if (!err)
        err = erase_count_note(&e.count, store, ask, PRIVACY_ERASE, &e.id, e.tombstones);
    json_decref(e.tombstones);
    if (request)
        *request = e.id;
    return err;
}
