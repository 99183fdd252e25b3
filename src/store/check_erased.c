/* check_erased.c -- owns the check that of the erased nothing is left: each address that any text holds against the tombstones (X2, X3). */
#include "store/check_steps.h"

#include "model/email.h"

enum { ADDRESS_BYTES_MAX = 320 };

static const char to_do[] = "erase the person again: `storehook contacts erase` with that address; then look for it in other rows";

/*
 * Where an address can stand. Each selects a key of three columns and a text; parameters: account, the key after which to go on
 * (number, text, text), and how many. A key of fewer columns is filled up.
 */
#define AFTER_SOURCE(id) " WHERE account_id = $1 AND (source_id, " id ") > ($2, $3) AND $4 = ''"
#define BY_SOURCE(id) " ORDER BY source_id, " id " LIMIT $5"
#define AFTER_TEXT(id) " WHERE account_id = $1 AND " id " > $3 AND $2 <= 0 AND $4 = ''"
#define BY_TEXT(id) " ORDER BY " id " LIMIT $5"
static const struct {
    const char *table, *sql;
} texts[] = {
    {"address", "SELECT 0, address, '', address FROM address" AFTER_TEXT("address") BY_TEXT("address")},
    {"claim", "SELECT source_id, address, subject, address || ' ' || shown FROM claim WHERE account_id = $1"
              " AND (address, source_id, subject) > ($3, $2, $4) ORDER BY address, source_id, subject LIMIT $5"},
    {"customer", "SELECT source_id, subject, '', subject || ' ' || email || ' ' || email_shown FROM customer" AFTER_SOURCE(
                     "subject") BY_SOURCE("subject")},
    {"customer_field",
     "SELECT source_id, subject, name, value FROM customer_field WHERE account_id = $1 AND (source_id, subject, name)"
     " > ($2, $3, $4) AND value LIKE '%@%' ORDER BY source_id, subject, name LIMIT $5"},
    {"consent", "SELECT 0, address, '', address FROM consent" AFTER_TEXT("address") " GROUP BY address" BY_TEXT("address")},
    {"suppression", "SELECT 0, address, '', address FROM suppression" AFTER_TEXT("address") " GROUP BY address" BY_TEXT("address")},
    {"shop_order",
     "SELECT source_id, id, '', subject FROM shop_order" AFTER_SOURCE("id") " AND subject LIKE 'g:%'" BY_SOURCE("id")},
    {"cart", "SELECT source_id, id, '', id || ' ' || subject || ' ' || url FROM cart" AFTER_SOURCE(
                 "id") " AND (id LIKE '%@%' OR subject LIKE '%@%' OR url LIKE '%@%')" BY_SOURCE("id")},
    {"cart_firing", "SELECT 0, id, '', cart_id || ' ' || subject FROM cart_firing" AFTER_TEXT(
                        "id") " AND (cart_id LIKE '%@%' OR subject LIKE '%@%')" BY_TEXT("id")},
    {"visit", "SELECT source_id, id, '', subject || ' ' || url || ' ' || referrer FROM visit" AFTER_SOURCE(
                  "id") " AND (subject LIKE '%@%' OR url LIKE '%@%' OR referrer LIKE '%@%')" BY_SOURCE("id")},
    {"visitor", "SELECT source_id, id, '', subject FROM visitor" AFTER_SOURCE("id") " AND subject LIKE 'g:%'" BY_SOURCE("id")},
    {"activity", "SELECT source_id, id, '', subject || ' ' || address || ' ' || text FROM activity" AFTER_SOURCE(
                     "id") " AND (subject LIKE '%@%' OR address <> '' OR text LIKE '%@%')" BY_SOURCE("id")},
    {"seen",
     "SELECT source_id, key, '', detail FROM seen" AFTER_SOURCE("key") " AND reason <> '' AND detail LIKE '%@%'" BY_SOURCE("key")},
    {"notice", "SELECT 0, id, '', address || ' ' || body FROM notice" AFTER_TEXT(
                   "id") " AND (address <> '' OR body LIKE '%@%')" BY_TEXT("id")},
    {"contact_merge",
     "SELECT source_id, subject, '', before || ' ' || nodes FROM contact_merge" AFTER_SOURCE("subject") BY_SOURCE("subject")},
    {"ledger", "SELECT 0, id, '', name || ' ' || old_value || ' ' || new_value FROM ledger" AFTER_TEXT(
                   "id") " AND (name LIKE '%@%' OR old_value LIKE '%@%' OR new_value LIKE '%@%')" BY_TEXT("id")},
};

/* One text in hand, and where it stands. */
struct holder {
    int64_t number;
    struct str key, more, text;
};

static enum err ask(struct check *c, const char *sql, const char *types, struct str text, int64_t number, bool *yes, int64_t *value)
{
    struct db_stmt *st = NULL;
    enum err err = strcmp(types, "is") == 0 ? db_query(c->store->db, &st, sql, "is", c->store->account_id, text)
                                            : db_query(c->store->db, &st, sql, "isi", c->store->account_id, text, number);

    if (!err)
        err = db_step(st, yes);
    *value = !err && *yes ? db_column_int(st, 0) : 0;
    db_done(st);
    return err;
}

/* X3: who was erased may have started again, by an opt-in of a later time. Times of facts are cut to milliseconds. */
static enum err is_left(struct check *c, struct str address, bool *left)
{
    char tombstone[65];
    int64_t at_us = 0;
    bool again = false;
    enum err err = seal_tombstone(c->seal, address, tombstone);

    if (!err)
        err = ask(c, "SELECT at_us FROM erased WHERE account_id = $1 AND tombstone = $2", "is", str_of(tombstone), 0, left, &at_us);
    if (err || !*left)
        return err;
    err = ask(c,
              "SELECT 1 FROM consent WHERE account_id = $1 AND address = $2"
              " AND ((opt_in_set = 1 AND opt_in_at_us > $3) OR (asked_set = 1 AND asked_at_us > $3)) LIMIT 1",
              "isi", address, at_us - US_PER_MS, &again, &at_us);
    *left = !again;
    return err;
}

static enum err judge(struct check *c, const char *table, const struct holder *h, struct str word)
{
    struct email email = {0};
    bool left = false;
    enum err err = email_normalise(word, &c->one, &email);

    if (err)
        return err == ERR_MEMORY ? err : OK;
    c->sums->addresses++;
    err = is_left(c, email.key, &left);
    if (err || !left)
        return err;
    err = check_where(c, "table", str_of(table));
    if (!err && h->number)
        err = check_where_int(c, "source", h->number);
    if (!err)
        err = check_where(c, "key", h->key);
    if (!err && h->more.len)
        err = check_where(c, "and", h->more);
    return err ? err : check_tell(c, "the address of an erased person is here in clear", to_do);
}

static bool is_of_address(char byte)
{
    return byte == '@' || !(byte >= 0 && byte <= ' ') ? !strchr("\"'<>()[]{},;:|\\/?&=", byte) : false;
}

/* Each word that holds an "@". */
static enum err judge_words(struct check *c, const char *table, const struct holder *h)
{
    enum err err = OK;

    for (size_t at = 0; at < h->text.len && !err; at++) {
        size_t start = at, end = at;

        if (h->text.p[at] != '@')
            continue;
        while (start && is_of_address(h->text.p[start - 1]) && at - start < ADDRESS_BYTES_MAX)
            start--;
        while (end < h->text.len && is_of_address(h->text.p[end]) && end - at < ADDRESS_BYTES_MAX)
            end++;
        arena_reset(&c->one);
        err = judge(c, table, h, str_n(h->text.p + start, end - start));
        at = end > at ? end - 1 : at;
    }
    return err;
}

static enum err read_page(struct check *c, const char *sql, const struct holder *after, struct holder *out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(c->store->db, &st, sql, "iissi", c->store->account_id, after->number, not_null(after->key),
                            not_null(after->more), (int64_t)CHECK_PAGE);

    *n = 0;
    while (!err && *n < CHECK_PAGE && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = &c->page, .column = 0, .err = OK};
        struct holder *h = &out[(*n)++];

        h->number = row_int(&r);
        h->key = row_str(&r);
        h->more = row_str(&r);
        h->text = row_str(&r);
        err = r.err;
    }
    db_done(st);
    return err;
}

/* The key of the last row outlives its page. */
static enum err go_after(struct check *c, const struct holder *last, struct holder *after)
{
    enum err err;

    buf_clear(&c->after);
    err = buf_append(&c->after, last->key);
    if (!err)
        err = buf_append(&c->after, last->more);
    *after = (struct holder){.number = last->number,
                             .key = str_upto(buf_str(&c->after), last->key.len),
                             .more = str_from(buf_str(&c->after), last->key.len)};
    return err;
}

static enum err check_table(struct check *c, size_t table, struct holder *page)
{
    struct holder after = {.number = 0};
    size_t n = CHECK_PAGE;
    enum err err = OK;

    while (n == CHECK_PAGE && !err) {
        arena_reset(&c->page);
        err = read_page(c, texts[table].sql, &after, page, &n);
        for (size_t i = 0; i < n && !err; i++)
            err = judge_words(c, texts[table].table, &page[i]);
        if (!err && n)
            err = go_after(c, &page[n - 1], &after);
        check_read(c, n);
    }
    return err;
}

static enum err is_any_erased(struct check *c, bool *any)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(c->store->db, &st, "SELECT 1 FROM erased WHERE account_id = $1 LIMIT 1", "i", c->store->account_id);

    *any = false;
    if (!err)
        err = db_step(st, any);
    db_done(st);
    return err;
}

enum err check_erased(struct check *c)
{
    struct holder *page = calloc(CHECK_PAGE, sizeof(*page));
    bool any = false;
    enum err err = page ? is_any_erased(c, &any) : ERR_MEMORY;

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && any && !err; i++)
        err = check_table(c, i, page);
    free(page);
    return err;
}
