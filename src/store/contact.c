/* contact.c -- owns reading contacts: found by address or id, listed, with all that their view needs. */
#include "store/contact.h"

#include "model/email.h"
#include "store/activity.h"
#include "store/field.h"
#include "store/row.h"
#include "store/scope.h"
#include "store/visit.h"

static void read_cart_settings(struct row *r, int64_t delay_us, struct view_source *s)
{
    int64_t own_delay_ms = row_int(r), cooldown_ms = row_int(r), from_us = row_int(r), back_ms = row_int(r), enabled = row_int(r);

    s->cart_delay_us = own_delay_ms ? own_delay_ms * US_PER_MS : delay_us;
    s->cart_cooldown_us = cooldown_ms < 0 ? cooldown_ms : cooldown_ms * US_PER_MS;
    s->cart_first_us = from_us - back_ms * US_PER_MS;
    s->enabled = enabled && row_int(r) == 0;
}

enum err contact_sources(struct store *store, int64_t cart_delay_us, struct arena *arena, struct view_source **out, size_t *n)
{
    struct db_stmt *st = NULL;
    size_t max = 0;
    bool row = false;
    enum err err = db_prepare(store->db, "SELECT count(*) FROM source WHERE account_id = $1", &st);

    *n = 0;
    if (err)
        return err;
    db_bind_int(st, 1, store->account_id);
    err = db_step(st, &row);
    max = !err && row ? (size_t)db_column_int(st, 0) : 0;
    db_done(st);
    *out = arena_array(arena, max, sizeof(**out));
    if (!err && !*out)
        err = ERR_MEMORY;
    if (!err)
        err = db_prepare(store->db,
                         "SELECT id, name, platform, cart_delay_ms, cart_cooldown_ms, carts_from_us, cart_back_ms, enabled,"
                         " removed_at_us, list FROM source WHERE account_id = $1 ORDER BY id",
                         &st);
    if (err)
        return err;
    db_bind_int(st, 1, store->account_id);
    while (*n < max && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};
        struct view_source *s = &(*out)[(*n)++];

        s->id = row_int(&r);
        s->name = row_str(&r);
        s->platform = row_str(&r);
        read_cart_settings(&r, cart_delay_us, s);
        s->list = row_str(&r);
        err = r.err;
        if (err)
            break;
    }
    db_done(st);
    return err;
}

/* Runs a SELECT of one text with account and one text as parameters. */
static enum err find_text(struct store *store, const char *sql, struct str key, struct arena *arena, struct str *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_prepare(store->db, sql, &st);

    if (err)
        return err;
    db_bind_int(st, 1, store->account_id);
    db_bind_str(st, 2, key);
    err = db_step(st, &row);
    if (!err && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        *out = row_str(&r);
        err = r.err;
    }
    db_done(st);
    return err ? err : out->len ? OK : ERR_NOT_FOUND;
}

enum err contact_find(struct store *store, struct str text, struct arena *arena, struct str *id)
{
    struct email email = {0};
    enum err err = email_normalise(text, arena, &email);

    *id = STR_NONE;
    if (!err)
        return find_text(store, "SELECT contact_id FROM address WHERE account_id = $1 AND address = $2", email.key, arena, id);
    if (err == ERR_MEMORY)
        return err;
    return find_text(store, "SELECT coalesce(alias_of, id) FROM contact WHERE account_id = $1 AND id = $2", str_trim(text), arena,
                     id);
}

enum err contact_address(struct store *store, struct str id, struct arena *arena, struct str *address)
{
    *address = STR_NONE;
    return find_text(
        store,
        "SELECT a.address FROM contact c JOIN address a ON a.account_id = c.account_id"
        " AND a.contact_id = coalesce(c.alias_of, c.id) WHERE c.account_id = $1 AND c.id = $2 AND a.address NOT LIKE '#%'"
        " ORDER BY a.address LIMIT 1",
        id, arena, address);
}

static enum err add_visit(void *arg, const struct visit *visit, struct arena *arena)
{
    return view_visit(arg, visit, arena);
}

/* Orders of any contact that name one of the carts' tokens (CA6). */
static enum err load_cart_orders(struct store *store, const struct scope *facts, struct scope *out)
{
    enum err err = OK;

    for (const struct cart *c = facts->carts; c && !err; c = c->next) {
        err = scope_load_orders_naming(store, out, c->source_id, c->id);
        if (!err && c->cart_id.len)
            err = scope_load_orders_naming(store, out, c->source_id, c->cart_id);
    }
    return err;
}

static enum err load_facts(struct store *store, struct scope *s)
{
    enum err err = OK;

    for (struct address *a = s->addresses; a && !err; a = a->next)
        err = scope_load_consents(store, s, a->key);
    for (struct customer *c = s->customers; c && !err; c = c->next) {
        err = scope_load_fields(store, s, c->source_id, c->subject);
        if (!err && c->email.len && !scope_address(s, c->email)) /* M3: an address that another contact owns */
            err = scope_load_consents(store, s, c->email);
        if (!err)
            err = scope_load_subject_consents(store, s, c->source_id, c->subject);
        if (!err)
            err = scope_load_orders_of(store, s, c->source_id, c->subject);
        if (!err)
            err = scope_load_carts_of(store, s, c->source_id, c->subject);
        if (!err)
            err = scope_load_carts_of_visitors(store, s, c->source_id, c->subject);
    }
    for (struct order *o = s->orders; o && !err; o = o->next)
        err = scope_load_refunds(store, s, o->source_id, o->id);
    return err;
}

/* Statements about phones stand under the number. */
static enum err load_phone_consents(struct store *store, struct scope *s)
{
    enum err err = OK;

    for (struct contact_field *f = s->fields; f && !err; f = f->next)
        if (str_eq(f->name, STR("phone")))
            err = scope_load_phone_consents(store, s, f->value);
    return err;
}

enum err contact_load_facts(struct store *store, struct str id, const struct view_source *sources, size_t n_sources,
                            struct arena *arena, struct scope *facts, struct contact_view *out)
{
    struct scope tokens = {.arena = arena, .account_id = store->account_id};
    struct field_types types = {.n = 0};
    struct view_input in;
    enum err err = scope_load_contact(store, id, arena, facts);

    if (!err && !facts->customers && !facts->addresses)
        return ERR_NOT_FOUND;
    if (!err)
        err = load_facts(store, facts);
    if (!err)
        err = load_phone_consents(store, facts);
    if (!err)
        err = load_cart_orders(store, facts, &tokens);
    if (!err)
        err = scope_load_firings(store, facts);
    if (!err)
        err = field_types_load(store, arena, &types);
    if (err)
        return err;
    in = (struct view_input){.id = id,
                             .purchase_states = store->purchase_states,
                             .facts = facts,
                             .cart_orders = tokens.orders,
                             .field_types = &types,
                             .sources = sources,
                             .n_sources = n_sources,
                             .arena = arena};
    return view_build(&in, out);
}

enum err contact_load(struct store *store, struct str id, const struct view_source *sources, size_t n_sources, struct arena *arena,
                      struct contact_view *out)
{
    struct scope facts;
    enum err err = contact_load_facts(store, id, sources, n_sources, arena, &facts, out);

    if (err)
        return err;
    err = visits_of_contact(store, &facts, arena, add_visit, out);
    return err ? err : view_products(out, arena);
}

enum err contact_ids(struct store *store, struct str after, size_t max, struct arena *arena, struct str *out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_prepare(store->db,
                              "SELECT c.id FROM contact c WHERE c.account_id = $1 AND c.id > $2 AND c.alias_of IS NULL AND"
                              " (EXISTS (SELECT 1 FROM address a WHERE a.account_id = $1 AND a.contact_id = c.id) OR"
                              " EXISTS (SELECT 1 FROM customer k WHERE k.account_id = $1 AND k.contact_id = c.id))"
                              " ORDER BY c.id LIMIT $3",
                              &st);

    *n = 0;
    if (err)
        return err;
    db_bind_int(st, 1, store->account_id);
    db_bind_str(st, 2, not_null(after));
    db_bind_int(st, 3, (int64_t)max);
    while (*n < max && !(err = db_step(st, &row)) && row) {
        out[*n] = arena_str(arena, db_column_str(st, 0));
        if (!out[(*n)++].p)
            err = ERR_MEMORY;
        if (err)
            break;
    }
    db_done(st);
    return err;
}

enum err contact_count(struct store *store, uint64_t *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_prepare(store->db,
                              "SELECT count(*) FROM contact c WHERE c.account_id = $1 AND c.alias_of IS NULL AND"
                              " (EXISTS (SELECT 1 FROM address a WHERE a.account_id = $1 AND a.contact_id = c.id) OR"
                              " EXISTS (SELECT 1 FROM customer k WHERE k.account_id = $1 AND k.contact_id = c.id))",
                              &st);

    *out = 0;
    if (err)
        return err;
    db_bind_int(st, 1, store->account_id);
    err = db_step(st, &row);
    if (!err && row)
        *out = (uint64_t)db_column_int(st, 0);
    db_done(st);
    return err;
}

static void read_line(struct row *r, struct ledger_line *line)
{
    line->delivery_id = row_str(r);
    line->type = row_str(r);
    line->rule = row_str(r);
    line->what = row_str(r);
    line->name = row_str(r);
    line->old = row_str(r);
    line->new = row_str(r);
    line->source_id = row_int(r);
    line->event_at_us = row_int(r);
    line->received_at_us = row_int(r);
    line->applied_at_us = row_int(r);
}

static enum err load_ledger(struct store *store, struct str id, size_t max, struct arena *arena, struct ledger_line **out,
                            size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err =
        db_prepare(store->db,
                   "SELECT delivery_id, type, rule, what, name, old_value, new_value, source_id, event_at_us, received_at_us,"
                   " applied_at_us FROM ledger WHERE account_id = $1 AND (contact_id = $2 OR contact_id IN"
                   " (SELECT id FROM contact WHERE account_id = $1 AND alias_of = $2)) ORDER BY id DESC LIMIT $3",
                   &st);

    *n = 0;
    *out = arena_array(arena, max, sizeof(**out));
    if (err)
        return err;
    db_bind_int(st, 1, store->account_id);
    db_bind_str(st, 2, id);
    db_bind_int(st, 3, (int64_t)max);
    err = *out ? OK : ERR_MEMORY;
    while (!err && *n < max && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        read_line(&r, &(*out)[(*n)++]);
        err = r.err;
    }
    db_done(st);
    return err;
}

static struct ledger_line line_of(const struct activity_line *activity)
{
    return (struct ledger_line){.delivery_id = activity->delivery_id,
                                .type = str_of(event_type_name(EVENT_ACTIVITY)),
                                .what = STR("activity"),
                                .name = activity->name,
                                .new = activity->text,
                                .url = activity->url,
                                .source_id = activity->source_id,
                                .event_at_us = activity->at_us,
                                .received_at_us = activity->received_at_us,
                                .applied_at_us = activity->applied_at_us};
}

bool ledger_is_of_consent(const struct ledger_line *line)
{
    bool ruled = line->rule.len > 1 && line->rule.p[0] == 'C' && line->rule.p[1] >= '0' && line->rule.p[1] <= '9';

    return ruled || str_eq(line->what, STR("list")) || str_starts(line->what, STR("dropped"));
}

/* Both lists come the newest first, in the order of their making; the merged one is the oldest first. */
enum err contact_ledger(struct store *store, struct str id, size_t max, struct arena *arena, struct ledger_line **out, size_t *n)
{
    struct activity_line *activities = NULL;
    struct ledger_line *ledger = NULL;
    size_t n_ledger = 0, n_activities = 0, l = 0, a = 0;
    enum err err = load_ledger(store, id, max, arena, &ledger, &n_ledger);

    *n = 0;
    if (!err)
        err = activity_of_contact(store, id, max, arena, &activities, &n_activities);
    if (err)
        return err;
    *n = n_ledger + n_activities < max ? n_ledger + n_activities : max;
    *out = arena_array(arena, *n ? *n : 1, sizeof(**out));
    if (!*out)
        return ERR_MEMORY;
    for (size_t i = *n; i; i--) {
        bool later = a < n_activities && (l == n_ledger || activities[a].applied_at_us >= ledger[l].applied_at_us);

        (*out)[i - 1] = later ? line_of(&activities[a++]) : ledger[l++];
    }
    return OK;
}
