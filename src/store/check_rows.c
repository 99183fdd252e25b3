/* check_rows.c -- owns the checks that one statement can make: rows without what they belong to, values that nothing can have made. */
#include "store/check_steps.h"

enum { LABELS_MAX = 4 };

static const char mended_by_event[] = "the next event of that customer groups it anew; else restore the row from a backup";
static const char restore[] = "restore the row from a backup, or delete it when what it belonged to was erased";

/* Each selects the account, then what `labels` name. All accounts at once. */
static const struct {
    const char *step, *what, *sql;
    const char *labels[LABELS_MAX];
    const char *to_do;
} rows[] = {
    {"contacts",
     "the id was merged away and leads to no living contact",
     "SELECT c.account_id, c.id, c.alias_of FROM contact c WHERE c.alias_of IS NOT NULL AND NOT EXISTS (SELECT 1 FROM contact t"
     " WHERE t.account_id = c.account_id AND t.id = c.alias_of AND t.alias_of IS NULL) LIMIT $1",
     {"contact", "alias_of"},
     "set alias_of to the contact that has the person's addresses now, or delete the row"},
    {"contacts",
     "nobody is this contact: it has neither an address nor a customer",
     "SELECT c.account_id, c.id FROM contact c WHERE c.alias_of IS NULL"
     " AND NOT EXISTS (SELECT 1 FROM address a WHERE a.account_id = c.account_id AND a.contact_id = c.id)"
     " AND NOT EXISTS (SELECT 1 FROM customer k WHERE k.account_id = c.account_id AND k.contact_id = c.id) LIMIT $1",
     {"contact"},
     "delete the row, unless its customers or addresses are to be restored from a backup"},
    {"people",
     "the customer's contact is none, or was merged away",
     "SELECT k.account_id, k.source_id, k.subject, k.contact_id FROM customer k WHERE k.contact_id <> '' AND NOT EXISTS"
     " (SELECT 1 FROM contact c WHERE c.account_id = k.account_id AND c.id = k.contact_id AND c.alias_of IS NULL) LIMIT $1",
     {"source", "customer", "contact"},
     mended_by_event},
    {"people",
     "the address's contact is none, or was merged away",
     "SELECT a.account_id, a.address, a.contact_id FROM address a WHERE NOT EXISTS"
     " (SELECT 1 FROM contact c WHERE c.account_id = a.account_id AND c.id = a.contact_id AND c.alias_of IS NULL) LIMIT $1",
     {"address", "contact"},
     mended_by_event},
    {"people",
     "the customer has an address and no contact",
     "SELECT k.account_id, k.source_id, k.subject, k.email FROM customer k WHERE k.contact_id = '' AND k.email <> '' LIMIT $1",
     {"source", "customer", "address"},
     mended_by_event},
    {"people",
     "the customer's address is not among its claims",
     "SELECT k.account_id, k.source_id, k.subject, k.email FROM customer k WHERE k.email <> '' AND NOT EXISTS (SELECT 1 FROM claim "
     "l"
     " WHERE l.account_id = k.account_id AND l.address = k.email AND l.source_id = k.source_id AND l.subject = k.subject) LIMIT $1",
     {"source", "customer", "address"},
     mended_by_event},
    {"people",
     "the claim is of a customer that is not there",
     "SELECT l.account_id, l.source_id, l.subject, l.address FROM claim l WHERE NOT EXISTS (SELECT 1 FROM customer k"
     " WHERE k.account_id = l.account_id AND k.source_id = l.source_id AND k.subject = l.subject) LIMIT $1",
     {"source", "customer", "address"},
     restore},
    {"people",
     "the claim is to an address that is not there",
     "SELECT l.account_id, l.source_id, l.subject, l.address FROM claim l WHERE NOT EXISTS (SELECT 1 FROM address a"
     " WHERE a.account_id = l.account_id AND a.address = l.address) LIMIT $1",
     {"source", "customer", "address"},
     mended_by_event},
    {"people",
     "nobody ever had the address",
     "SELECT a.account_id, a.address FROM address a WHERE NOT EXISTS (SELECT 1 FROM claim l WHERE l.account_id = a.account_id"
     " AND l.address = a.address) LIMIT $1",
     {"address"},
     restore},
    {"references",
     "the field is of a customer that is not there",
     "SELECT f.account_id, f.source_id, f.subject, f.name FROM customer_field f WHERE NOT EXISTS (SELECT 1 FROM customer k"
     " WHERE k.account_id = f.account_id AND k.source_id = f.source_id AND k.subject = f.subject) LIMIT $1",
     {"source", "customer", "field"},
     restore},
    {"references",
     "the order is of a customer that is not there",
     "SELECT o.account_id, o.source_id, o.id, o.subject FROM shop_order o WHERE o.subject <> '' AND NOT EXISTS (SELECT 1 FROM"
     " customer k WHERE k.account_id = o.account_id AND k.source_id = o.source_id AND k.subject = o.subject) LIMIT $1",
     {"source", "order", "customer"},
     restore},
    {"references",
     "the cart is of a customer that is not there",
     "SELECT c.account_id, c.source_id, c.id, c.subject FROM cart c WHERE c.subject <> '' AND NOT EXISTS (SELECT 1 FROM"
     " customer k WHERE k.account_id = c.account_id AND k.source_id = c.source_id AND k.subject = c.subject) LIMIT $1",
     {"source", "cart", "customer"},
     restore},
    {"references",
     "the visitor is a customer that is not there",
     "SELECT v.account_id, v.source_id, v.id, v.subject FROM visitor v WHERE v.subject <> '' AND NOT EXISTS (SELECT 1 FROM"
     " customer k WHERE k.account_id = v.account_id AND k.source_id = v.source_id AND k.subject = v.subject) LIMIT $1",
     {"source", "visitor", "customer"},
     restore},
    {"references",
     "the customer is of a source that is not there",
     "SELECT k.account_id, k.source_id, k.subject FROM customer k WHERE k.source_id <> 0 AND NOT EXISTS (SELECT 1 FROM source s"
     " WHERE s.account_id = k.account_id AND s.id = k.source_id) LIMIT $1",
     {"source", "customer"},
     restore},
    {"references",
     "the order is of a source that is not there",
     "SELECT o.account_id, o.source_id, o.id FROM shop_order o WHERE o.source_id <> 0 AND NOT EXISTS (SELECT 1 FROM source s"
     " WHERE s.account_id = o.account_id AND s.id = o.source_id) LIMIT $1",
     {"source", "order"},
     restore},
    {"references",
     "the cart is of a source that is not there",
     "SELECT c.account_id, c.source_id, c.id FROM cart c WHERE NOT EXISTS (SELECT 1 FROM source s"
     " WHERE s.account_id = c.account_id AND s.id = c.source_id) LIMIT $1",
     {"source", "cart"},
     restore},
    {"references",
     "a cart was recorded for a contact that is not there",
     "SELECT f.account_id, f.source_id, f.cart_id, f.contact_id FROM cart_firing f WHERE NOT EXISTS (SELECT 1 FROM contact c"
     " WHERE c.account_id = f.account_id AND c.id = f.contact_id) LIMIT $1",
     {"source", "cart", "contact"},
     "delete the row of cart_firing, unless the contact is to be restored from a backup"},
    {"references",
     "a trigger fired for a contact that is not there",
     "SELECT f.account_id, f.trigger_id, f.effect, f.contact_id FROM trigger_firing f WHERE NOT EXISTS (SELECT 1 FROM contact c"
     " WHERE c.account_id = f.account_id AND c.id = f.contact_id) LIMIT $1",
     {"trigger", "effect", "contact"},
     "delete the row of trigger_firing, unless the contact is to be restored from a backup"},
    {"references",
     "a cycle was started for a contact that is not there",
     "SELECT s.account_id, s.id, s.contact_id FROM cycle_start s WHERE NOT EXISTS (SELECT 1 FROM contact c"
     " WHERE c.account_id = s.account_id AND c.id = s.contact_id) LIMIT $1",
     {"id", "contact"},
     "delete the row of cycle_start, unless the contact is to be restored from a backup"},
    {"references",
     "the cart was recorded as recovered, and never as abandoned",
     "SELECT f.account_id, f.source_id, f.cart_id FROM cart_firing f WHERE f.kind = 1 AND NOT EXISTS (SELECT 1 FROM cart_firing g"
     " WHERE g.account_id = f.account_id AND g.source_id = f.source_id AND g.cart_id = f.cart_id AND g.kind = 0"
     " AND g.episode_us = f.episode_us) LIMIT $1",
     {"source", "cart"},
     "restore the row of cart_firing that says when it was abandoned from a backup"},
    {"references",
     "a notice is to be delivered that is not there",
     "SELECT d.account_id, d.notice_id, d.target_id FROM notice_delivery d WHERE NOT EXISTS (SELECT 1 FROM notice n"
     " WHERE n.account_id = d.account_id AND n.id = d.notice_id) LIMIT $1",
     {"notice", "target"},
     "delete the row of notice_delivery; nobody can deliver it"},
    {"references",
     "a merge that can be undone kept a contact that is not there",
     "SELECT m.account_id, m.source_id, m.subject, m.kept_id FROM contact_merge m WHERE NOT EXISTS (SELECT 1 FROM contact c"
     " WHERE c.account_id = m.account_id AND c.id = m.kept_id) LIMIT $1",
     {"source", "customer", "contact"},
     "delete the row of contact_merge; the merge can then not be undone any more"},
#define REGISTER_WRONG(r, states)                                                                            \
    "(" r "_set NOT IN (0, 1) OR " r "_confirmed NOT IN (0, 1) OR " r "_at_us < 0 OR (" r "_set = 1 AND (" r \
    "_state NOT IN " states " OR " r "_receipt = '')))"
    {"consent",
     "a register of consent says what no statement can say",
     "SELECT account_id, address, channel, list FROM consent WHERE " REGISTER_WRONG("restrict", "(3)") " OR " REGISTER_WRONG(
         "opt_in", "(1, 2)") " OR " REGISTER_WRONG("weak", "(0, 1, 2)") " OR " REGISTER_WRONG("asked", "(1, 2)") " LIMIT $1",
     {"address", "channel", "list"},
     "restore the row from a backup; until then take the address for unsubscribed"},
    {"consent",
     "consent for no address, or for a channel that there is not",
     "SELECT account_id, address, channel, list FROM consent WHERE address = '' OR channel NOT IN ('email', 'sms') LIMIT $1",
     {"address", "channel", "list"},
     restore},
    {"consent",
     "a suppression of no address, for no reason, or for a channel that there is not",
     "SELECT account_id, address, channel, reason FROM suppression WHERE address = '' OR reason = ''"
     " OR channel NOT IN ('email', 'sms') LIMIT $1",
     {"address", "channel", "reason"},
     restore},
    {"ledger",
     "the line is about a contact that is not there",
     "SELECT l.account_id, l.contact_id, l.id FROM ledger l WHERE l.contact_id <> '' AND NOT EXISTS (SELECT 1 FROM contact c"
     " WHERE c.account_id = l.account_id AND c.id = l.contact_id) LIMIT $1",
     {"contact", "line"},
     "delete the line when the contact was erased; else restore the contact from a backup"},
};

static enum err tell_row(struct check *c, size_t i, struct db_stmt *st)
{
    enum err err = OK;

    for (int k = 0; k < LABELS_MAX && rows[i].labels[k] && !err; k++)
        err = check_where(c, rows[i].labels[k], db_column_str(st, k + 1));
    c->store->account_id = db_column_int(st, 0);
    return err ? err : check_tell(c, rows[i].what, rows[i].to_do);
}

static enum err run_row(struct check *c, size_t i)
{
    int64_t own = c->store->account_id;
    struct db_stmt *st = NULL;
    size_t n = 0;
    bool row = false;
    enum err err = db_query(c->store->db, &st, rows[i].sql, "i", (int64_t)CHECK_TOLD_MAX + 1);

    while (!err && !(err = db_step(st, &row)) && row && n < CHECK_TOLD_MAX) {
        err = tell_row(c, i, st);
        n++;
    }
    c->sums->capped |= n == CHECK_TOLD_MAX && row;
    c->store->account_id = own;
    db_done(st);
    return err;
}

enum err check_rows(struct check *c, const char *step)
{
    enum err err = OK;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) && !err; i++)
        if (strcmp(rows[i].step, step) == 0)
            err = run_row(c, i);
    return err;
}
