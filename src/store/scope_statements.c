/* scope_statements.c -- owns the way of fields, consent and suppressions out of the database. */
#include "store/scope_read.h"

#include "model/phone.h"

/* The column is_set: 0 cleared, 1 set, 2 released by the operator (F2). */
enum presence field_presence(int64_t is_set)
{
    return is_set == 2 ? ABSENT : is_set ? PRESENT : CLEARED;
}

int64_t field_is_set(enum presence is)
{
    return is == ABSENT ? 2 : is == PRESENT;
}

void fact_read_field(struct row *r, void *row)
{
    struct contact_field *f = row;

    f->source_id = row_int(r);
    f->subject = row_str(r);
    f->name = row_str(r);
    f->is = field_presence(row_int(r));
    f->value = row_str(r);
    f->v = row_version(r);
}

enum err scope_load_fields(struct store *store, struct scope *s, int64_t source_id, struct str subject)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st,
                            "SELECT " FIELD_COLUMNS " FROM customer_field"
                            " WHERE account_id = $1 AND source_id = $2 AND subject = $3 ORDER BY name",
                            "iis", s->account_id, source_id, subject);

    return err ? err : scope_read(s, st, FACT_FIELD);
}

static void read_register(struct row *r, struct consent_register *reg)
{
    reg->set = row_int(r) != 0;
    reg->state = (enum consent_state)row_int(r);
    reg->at_us = row_int(r);
    reg->source_id = row_int(r);
    reg->confirmed = row_int(r) != 0;
    reg->basis = row_str(r);
    reg->receipt = row_str(r);
}

void fact_read_consent(struct row *r, void *row)
{
    struct consent *c = row;

    c->address = row_str(r);
    c->channel = row_str(r);
    c->list = row_str(r);
    c->since_us = row_int(r);
    for (size_t i = 0; i < CONSENT_KIND__COUNT; i++)
        read_register(r, &c->is[i]);
}

void fact_read_suppression(struct row *r, void *row)
{
    struct suppression *p = row;

    p->address = row_str(r);
    p->channel = row_str(r);
    p->reason = row_str(r);
    p->at_us = row_int(r);
    p->source_id = row_int(r);
}

enum err scope_load_consents(struct store *store, struct scope *s, struct str address)
{
    struct db_stmt *st = NULL;
    enum err err;

    if (address.len == 0)
        return OK;
    err = db_query(store->db, &st, "SELECT " CONSENT_COLUMNS " FROM consent WHERE account_id = $1 AND address = $2", "is",
                   s->account_id, address);
    if (err)
        return err;
    err = scope_read(s, st, FACT_CONSENT);
    if (!err)
        err = db_query(store->db, &st, "SELECT " SUPPRESSION_COLUMNS " FROM suppression WHERE account_id = $1 AND address = $2",
                       "is", s->account_id, address);
    return err ? err : scope_read(s, st, FACT_SUPPRESSION);
}

enum err scope_load_phone_consents(struct store *store, struct scope *s, struct str phone)
{
    char normal[PHONE_CHARS + 1];
    struct str address;

    if (phone_normalise(phone, normal))
        return OK;
    address = arena_str(s->arena, str_of(normal));
    return address.p ? scope_load_consents(store, s, address) : ERR_MEMORY;
}

/* N6: what is on file must be known before anything is said over it. */
enum err scope_load_subject_consents(struct store *store, struct scope *s, int64_t source_id, struct str subject)
{
    struct str address = consent_subject_address(s->arena, source_id, subject);

    return address.p ? scope_load_consents(store, s, address) : ERR_MEMORY;
}
