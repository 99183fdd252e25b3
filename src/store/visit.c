/* visit.c -- owns the age of what unknown visitors did. */
#include "store/visit.h"

#define OF_NOBODY                                                                                                     \
    " AND subject = '' AND NOT EXISTS (SELECT 1 FROM visitor w WHERE w.account_id = $1 AND w.source_id = t.source_id" \
    " AND w.id = t.visitor_id)"
#define KEY "(account_id, source_id, id)"

static enum err forget(struct store *store, const char *sql, int64_t from_us, int64_t before_us, bool *more)
{
    enum err err = db_run(store->db, sql, "iiii", store->account_id, from_us, before_us, (int64_t)VISIT_FORGET_MAX);

    *more |= !err && db_changes(store->db) == VISIT_FORGET_MAX;
    return err;
}

enum err visit_forget(struct store *store, int64_t from_us, int64_t before_us, bool *more)
{
    enum err err;

    *more = false;
    err = forget(store,
                 "DELETE FROM visit WHERE " KEY " IN (SELECT account_id, source_id, id FROM visit t WHERE account_id = $1"
                 " AND at_us >= $2 AND at_us < $3" OF_NOBODY " LIMIT $4)",
                 from_us, before_us, more);
    return err ? err
               : forget(store,
                        "DELETE FROM cart WHERE " KEY " IN (SELECT account_id, source_id, id FROM cart t WHERE account_id = $1"
                        " AND active_us >= $2 AND active_us < $3" OF_NOBODY " LIMIT $4)",
                        from_us, before_us, more);
}
