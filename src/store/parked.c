/* parked.c -- owns who waits for room in an account at its limit of contacts, and who was called in (P13, AC-27, AC-28). */
#include "store/parked.h"

#include "base/id.h"
#include "model/consent.h"
#include "store/row.h"

/* Rows that are read to find PARKED_CALL_MAX persons; who has more letters than that comes in the next turn. */
enum { WAITING_ROWS = 1000, ACCOUNTS_AT_ONCE = 100 };

static enum err hash_customer(const struct seal *seal, int64_t source_id, struct str subject, struct arena *arena,
                              char out[PARKED_HASH_CHARS + 1])
{
    struct str text;

    if (!str_starts(subject, STR("c:")))
        return OK;
    text = consent_subject_address(arena, source_id, subject);
    return text.p ? seal_tombstone(seal, text, out) : ERR_MEMORY;
}

enum err parked_key(const struct seal *seal, const struct event_refs *refs, int64_t source_id, struct arena *arena,
                    struct parked_key *out)
{
    enum err err;

    *out = (struct parked_key){.person = ""};
    err = hash_customer(seal, source_id, refs->subject, arena, out->customer);
    if (!err)
        err = hash_customer(seal, source_id, refs->merged, arena, out->merged);
    if (!err && refs->email.len)
        return seal_tombstone(seal, refs->email, out->person);
    memcpy(out->person, out->customer, sizeof(out->person));
    return err;
}

enum err parked_put(struct store *store, const struct parked_key *key, struct str delivery_id, int64_t received_at_us)
{
    return db_run(
        store->db,
        "INSERT INTO parked (account_id, person, delivery_id, customer, received_at_us, state, called_us, looked_us, caller, keeps)"
        " VALUES ($1, $2, $3, $4, $5, 0, 0, 0, '', 0) ON CONFLICT (account_id, person, delivery_id)"
        " DO UPDATE SET state = 0, called_us = 0, looked_us = 0, caller = '', keeps = 0",
        "isssi", store->account_id, str_of(key->person), delivery_id, str_of(key->customer), received_at_us);
}

/* looked_us stays 0: nobody looks for the letter yet. No place is kept, for none is needed. */
static enum err call_where(struct store *store, const char *sql, const char *hash)
{
    return *hash ? db_run(store->db, sql, "isi", store->account_id, str_of(hash), clock_wall_us(store->clock)) : OK;
}

enum err parked_call_known(struct store *store, const struct parked_key *key)
{
    static const char of_person[] =
        "UPDATE parked SET state = 1, called_us = $3 WHERE account_id = $1 AND person = $2 AND state = 0";
    static const char of_customer[] =
        "UPDATE parked SET state = 1, called_us = $3 WHERE account_id = $1 AND customer = $2 AND state = 0";
    enum err err = call_where(store, of_person, key->person);

    if (!err)
        err = call_where(store, of_customer, key->customer);
    return err ? err : call_where(store, of_customer, key->merged);
}

enum err parked_any(struct store *store, bool *any)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, "SELECT 1 FROM parked WHERE account_id = $1 LIMIT 1", "i", store->account_id);

    *any = false;
    if (err)
        return err;
    err = db_step(st, any);
    db_done(st);
    return err;
}

enum err parked_forget(struct store *store, struct str delivery_id)
{
    return db_run(store->db, "DELETE FROM parked WHERE delivery_id = $1", "s", not_null(delivery_id));
}

/* --- calling ---------------------------------------------------------------------------------------------------------- */

/* An account with persons for whom there is room. */
struct opening {
    int64_t account_id, room;
};

#define IN_FLIGHT \
    "(SELECT count(DISTINCT f.person) FROM parked f WHERE f.account_id = a.account_id AND f.state > 0 AND f.keeps = 1)"

static enum err find_openings(struct store *store, struct opening *out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err =
        db_query(store->db, &st,
                 "SELECT account_id, contact_limit, policy, contacts, in_flight FROM (SELECT a.account_id, a.contact_limit,"
                 " a.policy, a.contacts, " IN_FLIGHT " AS in_flight FROM account a"
                 " WHERE EXISTS (SELECT 1 FROM parked p WHERE p.account_id = a.account_id AND p.state = 0)) o"
                 " WHERE in_flight < $1 AND (contact_limit = 0 OR policy <> 'stop' OR contacts + in_flight < contact_limit)"
                 " ORDER BY account_id LIMIT $2",
                 "ii", (int64_t)PARKED_IN_FLIGHT_MAX, (int64_t)ACCOUNTS_AT_ONCE);

    *n = 0;
    while (!err && *n < ACCOUNTS_AT_ONCE && !(err = db_step(st, &row)) && row) {
        bool stops = db_column_int(st, 1) > 0 && str_eq(db_column_str(st, 2), STR("stop"));
        int64_t in_flight = db_column_int(st, 4), room = PARKED_IN_FLIGHT_MAX - in_flight,
                free_places = db_column_int(st, 1) - db_column_int(st, 3) - in_flight;

        out[(*n)++] = (struct opening){db_column_int(st, 0), stops && free_places < room ? free_places : room};
    }
    db_done(st);
    return err;
}

/* Up to `max` persons, the longest waiting first. */
static enum err longest_waiting(struct store *store, int64_t account_id, size_t max, struct arena *arena, struct str *out,
                                size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err =
        db_query(store->db, &st,
                 "SELECT person FROM parked WHERE account_id = $1 AND state = 0 ORDER BY received_at_us, delivery_id LIMIT $2",
                 "ii", account_id, (int64_t)WAITING_ROWS);

    *n = 0;
    while (!err && *n < max && !(err = db_step(st, &row)) && row) {
        struct str person = db_column_str(st, 0);
        size_t i = 0;

        while (i < *n && !str_eq(out[i], person))
            i++;
        if (i < *n)
            continue;
        out[*n] = arena_str(arena, person);
        err = out[(*n)++].p ? OK : ERR_MEMORY;
    }
    db_done(st);
    return err;
}

static enum err call_account(struct store *store, const struct opening *o, const struct id *caller, struct arena *arena, bool *more)
{
    int64_t now_us = clock_wall_us(store->clock);
    size_t max = o->room < PARKED_CALL_MAX ? (size_t)o->room : PARKED_CALL_MAX, n = 0;
    struct str *persons = arena_array(arena, max, sizeof(*persons));
    enum err err = persons ? longest_waiting(store, o->account_id, max, arena, persons, &n) : ERR_MEMORY;

    for (size_t i = 0; i < n && !err; i++)
        err = db_run(store->db,
                     "UPDATE parked SET state = 1, called_us = $3, looked_us = $3, caller = $4, keeps = 1"
                     " WHERE account_id = $1 AND person = $2 AND state = 0",
                     "isis", o->account_id, persons[i], now_us, id_str(caller));
    *more |= n == PARKED_CALL_MAX;
    return err;
}

/* Letters that nobody puts back: called along with an event of the same person, or by a drainer that ended. */
static enum err is_any_left(struct store *store, int64_t now_us, bool *any)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st,
                            "SELECT 1 FROM parked WHERE state > 0 AND ((state = 1 AND looked_us < $1) OR called_us < $2) LIMIT 1",
                            "ii", now_us - PARKED_LOOK_AGAIN_S * US_PER_S, now_us - PARKED_LOST_S * US_PER_S);

    *any = false;
    if (err)
        return err;
    err = db_step(st, any);
    db_done(st);
    return err;
}

static enum err take_over(struct store *store, const struct id *caller)
{
    int64_t now_us = clock_wall_us(store->clock);
    enum err err =
        db_run(store->db, "DELETE FROM parked WHERE state > 0 AND called_us < $1", "i", now_us - PARKED_LOST_S * US_PER_S);

    if (err)
        return err;
    return db_run(store->db, "UPDATE parked SET looked_us = $2, caller = $3 WHERE state > 0 AND state = 1 AND looked_us < $1",
                  "iis", now_us - PARKED_LOOK_AGAIN_S * US_PER_S, now_us, id_str(caller));
}

static bool is_listed(const struct parked_letter *letters, size_t n, struct str delivery_id)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(letters[i].delivery_id, delivery_id))
            return true;
    return false;
}

/* A letter that speaks of several persons is listed once. */
static enum err list_called(struct store *store, const struct id *caller, struct arena *arena, struct parked_letter *out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT delivery_id FROM parked WHERE state > 0 AND state = 1 AND caller = $1"
                            " ORDER BY account_id, person LIMIT $2",
                            "si", id_str(caller), (int64_t)PARKED_ROWS_MAX);

    *n = 0;
    while (!err && *n < PARKED_ROWS_MAX && !(err = db_step(st, &row)) && row) {
        if (is_listed(out, *n, db_column_str(st, 0)))
            continue;
        out[*n] = (struct parked_letter){.delivery_id = arena_str(arena, db_column_str(st, 0)), .caller = *caller};
        err = out[(*n)++].delivery_id.p ? OK : ERR_MEMORY;
    }
    db_done(st);
    return err;
}

static enum err call_all(struct store *store, struct opening *openings, struct arena *arena, struct parked_letter *out, size_t *n,
                         bool *more)
{
    struct id caller = id_new(clock_wall_us(store->clock));
    size_t n_openings = 0;
    enum err err = find_openings(store, openings, &n_openings); /* anew, under the lock */

    for (size_t i = 0; i < n_openings && !err; i++)
        err = call_account(store, &openings[i], &caller, arena, more);
    if (!err)
        err = take_over(store, &caller);
    return err ? err : list_called(store, &caller, arena, out, n);
}

enum err parked_call(struct store *store, struct arena *arena, struct parked_letter **out, size_t *n, bool *more)
{
    struct opening *openings = arena_array(arena, ACCOUNTS_AT_ONCE, sizeof(*openings));
    size_t n_openings = 0;
    bool left = false;
    enum err err;

    *n = 0;
    *more = false;
    *out = arena_array(arena, PARKED_ROWS_MAX, sizeof(**out));
    err = openings && *out ? find_openings(store, openings, &n_openings) : ERR_MEMORY;
    if (!err && n_openings == 0)
        err = is_any_left(store, clock_wall_us(store->clock), &left);
    if (err || (n_openings == 0 && !left))
        return err;
    err = db_begin(store->db);
    return err ? err : store_end(store, call_all(store, openings, arena, *out, n, more));
}

/* Meanwhile a letter may have been applied, parked again and called by somebody else: that call is not ours to note. */
static enum err mark_back(struct store *store, const struct parked_letter *letters, size_t n)
{
    enum err err = OK;

    for (size_t i = 0; i < n && !err; i++)
        if (letters[i].found)
            err = db_run(store->db, "UPDATE parked SET state = 2 WHERE delivery_id = $1 AND state = 1 AND caller = $2", "ss",
                         letters[i].delivery_id, id_str(&letters[i].caller));
    return err;
}

enum err parked_back(struct store *store, const struct parked_letter *letters, size_t n)
{
    enum err err = db_begin(store->db);

    return err ? err : store_end(store, mark_back(store, letters, n));
}

enum err parked_count(struct store *store, struct parked_counts *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err =
        db_query(store->db, &st, "SELECT count(DISTINCT person), count(DISTINCT delivery_id) FROM parked WHERE account_id = $1",
                 "i", store->account_id);

    *out = (struct parked_counts){.persons = 0};
    if (err)
        return err;
    err = db_step(st, &row);
    if (!err && row)
        *out = (struct parked_counts){.persons = db_column_int(st, 0), .letters = db_column_int(st, 1)};
    db_done(st);
    return err;
}
