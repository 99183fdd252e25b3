/* postgres_link.h -- owns one connection to a PostgreSQL server: opening, waiting for answers, failures as our errors. Only
 * src/db/postgres.c includes it. */
#ifndef DB_POSTGRES_LINK_H
#define DB_POSTGRES_LINK_H

#include "db/backend.h"

#include <libpq-fe.h>

struct postgres_db {
    struct db base;
    PGconn *conn;
    int64_t busy_ms;     /* how long a lock is waited for */
    uint64_t generation; /* grows with each connection: what was prepared on an older one is gone */
    uint64_t n_prepared; /* statements that were ever given a name */
    int64_t changes;
    struct buf lines; /* of a COPY, not yet sent */
};

/* Connects to `place`: what follows "postgres:" in a URL, "//user@host/database" or "host=... dbname=...". `why` says what and
 * what to do, without the place, which may hold a password (N10). Errors: ERR_CONFIG, ERR_DB_DOWN. */
enum err postgres_link_open(struct postgres_db *p, const char *place, struct buf *why) MUST_CHECK;
/* Outside of a transaction: connects anew when the connection was lost. ERR_DB_DOWN. */
enum err postgres_link_ready(struct postgres_db *p) MUST_CHECK;
/* Waits for all answers to what was sent, at most some minutes; the last one, or NULL, is *out. Returns owned.
 * Errors: what the first answer that failed says, ERR_DB_DOWN when the connection was lost. */
enum err postgres_link_answer(struct postgres_db *p, PGresult **out) MUST_CHECK;
/* Takes what is left of the answers of a pipeline, up to its end, and leaves pipeline mode. ERR_DB_DOWN. */
enum err postgres_link_end(struct postgres_db *p) MUST_CHECK;
/* `sent`: the result of PQsend...; then as postgres_link_answer, for commands without rows. */
enum err postgres_link_done(struct postgres_db *p, int sent) MUST_CHECK;

#endif
