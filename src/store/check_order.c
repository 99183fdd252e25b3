/* check_order.c -- owns the check of sums: orders and refunds of each contact, added up without the code that shows them. */
#include "store/check_steps.h"

#include "model/view.h"

enum { SUMS_MAX = VIEW_CURRENCIES_MAX };

static const char restore[] = "send the order's deliveries again, or restore its row from a backup";

/* A page of contacts, each with the orders and refunds of its customers, in the order of contact ids. */
struct page {
    struct str ids[CHECK_PAGE];
    struct scope facts[CHECK_PAGE];
    size_t n;
};

static struct scope *facts_of(struct page *p, struct str contact_id)
{
    size_t low = 0, high = p->n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int c = str_cmp(p->ids[middle], contact_id);

        if (c == 0)
            return &p->facts[middle];
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static void read_order(struct row *r, struct order *o)
{
    o->source_id = row_int(r);
    o->id = row_str(r);
    o->v = row_version(r);
    o->status = row_str(r);
    o->currency = row_str(r);
    o->total = row_int(r);
    o->refunded = row_int(r);
    o->test = row_int(r) != 0;
    o->created_us = row_int(r);
    o->late_v = row_version(r);
    o->late_status = row_str(r);
}

static void read_refund(struct row *r, struct refund *f)
{
    f->source_id = row_int(r);
    f->order_id = row_str(r);
    f->id = row_str(r);
    f->amount = row_str(r);
}

static enum err add_row(struct check *c, struct page *p, struct db_stmt *st, bool refunds)
{
    struct row r = {.st = st, .arena = &c->page, .column = 0, .err = OK};
    struct scope *facts = facts_of(p, row_str(&r));

    if (!facts)
        return r.err;
    if (refunds) {
        struct refund *f = scope_add(facts, &facts->refunds, sizeof(*f));

        if (f)
            read_refund(&r, f);
    } else {
        struct order *o = scope_add(facts, &facts->orders, sizeof(*o));

        if (o)
            read_order(&r, o);
        c->sums->orders++;
    }
    return r.err ? r.err : facts->err;
}

static enum err load(struct check *c, struct page *p, const char *sql, bool refunds)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(c->store->db, &st, sql, "iss", c->store->account_id, p->ids[0], p->ids[p->n - 1]);

    while (!err && !(err = db_step(st, &row)) && row)
        err = add_row(c, p, st, refunds);
    db_done(st);
    return err;
}

static enum err load_page(struct check *c, struct page *p)
{
    enum err err;

    for (size_t i = 0; i < p->n; i++)
        p->facts[i] = (struct scope){.arena = &c->page, .account_id = c->store->account_id};
    /* CROSS JOIN: SQLite keeps the order as it is written; another one reads all refunds for each page. */
    err = load(
        c, p,
        "SELECT k.contact_id, o.source_id, o.id, o.at_us, o.rank, o.receipt, o.status, o.currency, o.total, o.refunded, o.test,"
        " o.created_us, o.late_at_us, o.late_rank, o.late_receipt, o.late_status FROM customer k CROSS JOIN shop_order o"
        " WHERE o.account_id = k.account_id AND o.source_id = k.source_id AND o.subject = k.subject"
        " AND k.account_id = $1 AND k.contact_id >= $2 AND k.contact_id <= $3",
        false);
    return err ? err
               : load(c, p,
                      "SELECT k.contact_id, f.source_id, f.order_id, f.id, f.amount FROM customer k CROSS JOIN shop_order o"
                      " CROSS JOIN refund f WHERE o.account_id = k.account_id AND o.source_id = k.source_id AND o.subject = "
                      "k.subject"
                      " AND f.account_id = o.account_id AND f.source_id = o.source_id AND f.order_id = o.id"
                      " AND k.account_id = $1 AND k.contact_id >= $2 AND k.contact_id <= $3",
                      true);
}

/* --- the second way ------------------------------------------------------------------------------------------------------- */

struct sums {
    size_t counted, n;
    struct {
        char code[4];
        __int128 minor;
    } net[SUMS_MAX];
    bool unreadable; /* an amount or a currency cannot be read */
};

/* A decimal text as minor units; the sign does not matter to a refund. Digits beyond the currency's round half up. */
static bool minor_units(struct str text, unsigned exponent, __int128 *out)
{
    size_t i = text.len && *text.p == '-' ? 1 : 0;
    unsigned places = 0;
    bool point = false;

    *out = 0;
    for (; i < text.len; i++) {
        if (text.p[i] == '.' && !point) {
            point = true;
        } else if (text.p[i] < '0' || text.p[i] > '9') {
            return false;
        } else if (places < exponent || !point) {
            *out = *out * 10 + (text.p[i] - '0');
            places += point;
        } else {
            *out += places++ == exponent && text.p[i] >= '5';
        }
    }
    for (; places < exponent; places++)
        *out *= 10;
    return text.len > 0;
}

static bool is_word(struct str word, const char *const *words)
{
    for (; *words; words++)
        if (str_eq(word, str_of(*words)))
            return true;
    return false;
}

static __int128 taken_back(const struct scope *facts, const struct order *o, unsigned exponent, struct sums *sums)
{
    __int128 each = 0, whole = o->refunded, amount;

    for (const struct refund *f = facts->refunds; f; f = f->next) {
        if (f->source_id != o->source_id || !str_eq(f->order_id, o->id))
            continue;
        if (!minor_units(f->amount, exponent, &amount))
            sums->unreadable = true;
        else if (f->id.len)
            each += amount;
        else if (amount > whole)
            whole = amount;
    }
    return each > whole ? each : whole;
}

static void add_up(struct sums *sums, const char *code, __int128 net)
{
    for (size_t i = 0; i < sums->n; i++)
        if (strcmp(sums->net[i].code, code) == 0) {
            sums->net[i].minor += net;
            return;
        }
    if (sums->n == SUMS_MAX)
        return;
    memcpy(sums->net[sums->n].code, code, sizeof(sums->net[0].code));
    sums->net[sums->n++].minor = net;
}

/* K3, K5-K8: what was paid and is not cancelled counts, less what was taken back, and never less than nothing. */
static void add_order(struct sums *sums, const struct scope *facts, const struct order *o)
{
    static const char *const bought[] = {"paid", "completed", "refunded", "partially_refunded", NULL};
    struct str status = version_replaces(o->late_v, o->v) ? o->late_status : o->status;
    struct currency currency;
    __int128 back;

    if (!version_is_set(o->v) || o->test || !is_word(status, bought))
        return;
    sums->counted++;
    if (currency_parse(o->currency, &currency)) {
        sums->unreadable |= o->total != 0;
        return;
    }
    back = taken_back(facts, o, currency.exponent, sums);
    add_up(sums, currency.code, str_eq(status, STR("refunded")) || back > o->total ? 0 : o->total - back);
}

static bool are_equal(const struct sums *sums, const struct contact_view *view)
{
    size_t matched = 0;

    for (size_t i = 0; i < sums->n; i++)
        for (size_t k = 0; k < view->n_net; k++)
            matched += strcmp(sums->net[i].code, view->net[k].currency.code) == 0 && sums->net[i].minor == view->net[k].minor;
    return matched == sums->n && sums->n == view->n_net && sums->counted == view->orders_counted;
}

static enum err compare(struct check *c, struct str id, const struct scope *facts)
{
    struct view_input in = {.id = id, .purchase_states = PURCHASE_STATES, .facts = facts, .arena = &c->one}; /* as add_order */
    struct contact_view view;
    struct sums sums = {.n = 0};
    enum err err;

    arena_reset(&c->one);
    err = view_build(&in, &view);
    if (err)
        return err;
    for (const struct order *o = facts->orders; o; o = o->next)
        add_order(&sums, facts, o);
    if (!sums.unreadable && are_equal(&sums, &view))
        return OK;
    err = check_where(c, "contact", id);
    if (err)
        return err;
    return sums.unreadable
               ? check_tell(c, "an order's currency or a refund's amount cannot be read", restore)
               : check_tell(c, "the sums of its orders are not what its orders and refunds add up to",
                            "report it with `storehook contacts show` of the contact; the orders are as they were told");
}

/* --- values of one row ---------------------------------------------------------------------------------------------------- */

static enum err check_page_of_contacts(struct check *c, struct page *p)
{
    enum err err = load_page(c, p);

    for (size_t i = 0; i < p->n && !err; i++)
        if (p->facts[i].orders)
            err = compare(c, p->ids[i], &p->facts[i]);
    c->sums->contacts += p->n;
    check_read(c, p->n);
    return err;
}

enum err check_orders(struct check *c)
{
    struct page *p = calloc(1, sizeof(*p));
    enum err err = p ? OK : ERR_MEMORY;
    bool more = true;

    buf_clear(&c->after);
    while (more && !err) {
        arena_reset(&c->page);
        err = check_page(c, "SELECT id FROM contact WHERE account_id = $1 AND alias_of IS NULL AND id > $2 ORDER BY id LIMIT $3",
                         p->ids, &p->n);
        more = p->n == CHECK_PAGE;
        if (!err && p->n)
            err = check_page_of_contacts(c, p);
    }
    free(p);
    return err;
}
