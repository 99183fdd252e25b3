/* postgres_link.c -- owns one connection to a PostgreSQL server: opening, waiting for answers, failures as our errors. */
#include "db/postgres_link.h"

#include "base/clock.h"

#include <poll.h>

enum { PLACE_BYTES = 4096, ANSWER_MS = 310 * 1000 };

/* The server gives up earlier than we do, and says why. */
#define STATEMENT_MS "300000"

/*
 * SQLSTATE, or how it begins -> our error; the first row counts. Everything that a person or time may mend is ERR_DB_DOWN, so that
 * entries wait instead of dying; what the next try may pass is ERR_DB_BUSY.
 */
static const struct {
    const char *state;
    enum err err;
} states[] = {
    {"23505", ERR_EXISTS},  /* unique_violation */
    {"40001", ERR_DB_BUSY}, /* serialization_failure */
    {"40P01", ERR_DB_BUSY}, /* deadlock_detected */
    {"55P03", ERR_DB_BUSY}, /* lock_not_available */
    {"57014", ERR_DB_BUSY}, /* query_canceled: statement_timeout */
    {"08P01", ERR_DB},      /* protocol_violation: values that do not fit the statement */
    {"0A000", ERR_DB_DOWN}, /* feature_not_supported: tables changed under a prepared statement; a new connection helps */
    {"25006", ERR_DB_DOWN}, /* read_only_sql_transaction: a standby */
    {"25P03", ERR_DB_DOWN}, /* idle_in_transaction_session_timeout */
    {"42501", ERR_DB_DOWN}, /* insufficient_privilege */
    {"08", ERR_DB_DOWN},    /* connection exceptions */
    {"28", ERR_DB_DOWN},    /* invalid authorization */
    {"3D", ERR_DB_DOWN},    /* no such database */
    {"53", ERR_DB_DOWN},    /* insufficient resources: disk full, too many connections */
    {"57P", ERR_DB_DOWN},   /* shutdown, crash, still starting */
    {"58", ERR_DB_DOWN},    /* system errors: input and output */
    {"XX001", ERR_DB_DOWN}, /* data_corrupted */
    {"XX002", ERR_DB_DOWN}, /* index_corrupted */
};

static enum err state_err(const char *state)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
        if (str_starts(str_of(state), str_of(states[i].state)))
            return states[i].err;
    return ERR_DB;
}

/* libpq's words come in lines. */
static void trouble_lines(struct postgres_db *p, const char *text)
{
    struct buf line = BUF_INIT(PLACE_BYTES);
    enum err err = OK;

    for (; *text && !err; text++)
        if (*text != '\n')
            err = buf_append_c(&line, *text);
        else if (text[1])
            err = buf_append(&line, STR("; "));
    db_set_trouble(&p->base, buf_str(&line));
    buf_release(&line);
}

static enum err lost(struct postgres_db *p)
{
    trouble_lines(p, *PQerrorMessage(p->conn) ? PQerrorMessage(p->conn) : "the connection to the database was lost");
    return PQstatus(p->conn) == CONNECTION_OK ? ERR_DB : ERR_DB_DOWN;
}

/* Only the message itself: detail and hint quote values, which are people's. */
static enum err result_err(struct postgres_db *p, const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
        return OK;
    if (!state)
        return lost(p);
    db_set_trouble(&p->base, str_of(message ? message : state));
    return state_err(state);
}

/* Sends what waits and reads until an answer is whole. */
static enum err await(struct postgres_db *p)
{
    int64_t until_us = clock_mono_us(&clock_system) + ANSWER_MS * US_PER_MS;

    for (;;) {
        int unsent = PQflush(p->conn);
        struct pollfd fd = {.fd = PQsocket(p->conn), .events = (short)(unsent ? POLLIN | POLLOUT : POLLIN)};
        int64_t left_us = until_us - clock_mono_us(&clock_system);

        if (unsent < 0)
            return lost(p);
        if (!unsent && !PQisBusy(p->conn))
            return OK;
        if (left_us <= 0) {
            db_set_trouble(&p->base, STR("the database does not answer"));
            PQreset(p->conn); /* what is under way there is given up */
            p->generation++;
            return ERR_DB_DOWN;
        }
        if (poll(&fd, 1, (int)(left_us / US_PER_MS) + 1) > 0 && (fd.revents & ~POLLOUT) && !PQconsumeInput(p->conn))
            return lost(p);
    }
}

enum err postgres_link_answer(struct postgres_db *p, PGresult **out)
{
    PGresult *result;
    enum err err = OK, waited;

    *out = NULL;
    while (!(waited = await(p)) && (result = PQgetResult(p->conn))) {
        if (!err)
            err = result_err(p, result);
        PQclear(*out);
        *out = result;
    }
    if (waited && !err)
        err = waited;
    if (PQstatus(p->conn) != CONNECTION_OK)
        err = ERR_DB_DOWN;
    if (err) {
        PQclear(*out);
        *out = NULL;
    }
    return err;
}

enum err postgres_link_end(struct postgres_db *p)
{
    bool ended = false;
    enum err err = OK;

    while (!ended && PQstatus(p->conn) == CONNECTION_OK && !(err = await(p))) {
        PGresult *result = PQgetResult(p->conn); /* NULL: between two statements */

        ended = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        PQclear(result);
    }
    if (!err && (!ended || !PQexitPipelineMode(p->conn)))
        err = lost(p);
    return err;
}

enum err postgres_link_done(struct postgres_db *p, int sent)
{
    PGresult *result = NULL;
    enum err err = sent ? postgres_link_answer(p, &result) : lost(p);

    PQclear(result);
    return err;
}

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

/* Commits are on disk before they are true, whatever the server's default; waits have an end (N9). */
static enum err set_session(struct postgres_db *p)
{
    char sql[512];
    const char *encoding = PQparameterStatus(p->conn, "server_encoding");

    if (!encoding || strcmp(encoding, "UTF8") != 0) {
        db_set_trouble(&p->base, STR("the database is not in UTF8; make it with ENCODING 'UTF8'"));
        return ERR_CONFIG;
    }
    PQsetNoticeReceiver(p->conn, ignore_notice, NULL);
    PQsetnonblocking(p->conn, 1);
    snprintf(sql, sizeof(sql),
             "SET default_transaction_isolation = 'serializable'; SET lock_timeout = %lld; SET statement_timeout = " STATEMENT_MS
             "; SET standard_conforming_strings = on; SET jit = off;"
             " SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
             (long long)(p->busy_ms > 0 ? p->busy_ms : 1));
    return postgres_link_done(p, PQsendQuery(p->conn, sql));
}

static enum err say(struct buf *why, enum err err, struct str reason)
{
    enum err full = buf_append(why, reason);

    return full ? full : err;
}

/* A '@' or '/' that was not escaped in a password would make libpq take the rest for a host, and name it in an error (N10). */
static bool is_ambiguous(const char *place)
{
    const char *authority, *at, *slash;

    if (!str_starts(str_of(place), STR("//")))
        return false;
    authority = place + 2;
    at = strchr(authority, '@');
    slash = strpbrk(authority, "/?#");
    return at && (strchr(at + 1, '@') || (slash && slash < at));
}

static bool is_readable(const char *url)
{
    PQconninfoOption *options = strchr(url, '=') || strstr(url, "://") ? PQconninfoParse(url, NULL) : NULL;
    bool readable = options != NULL;

    PQconninfoFree(options);
    return readable;
}

/* What is before dbname holds unless the URL says otherwise; what is after it always. */
static enum err connect_to(struct postgres_db *p, const char *url)
{
    const char *const names[] = {"fallback_application_name",
                                 "connect_timeout",
                                 "target_session_attrs",
                                 "tcp_user_timeout",
                                 "keepalives_idle",
                                 "keepalives_interval",
                                 "dbname",
                                 "client_encoding",
                                 NULL};
    const char *const values[] = {"storehook", "5", "read-write", "30000", "30", "10", url, "UTF8", NULL};

    p->conn = PQconnectdbParams(names, values, 1);
    p->generation++;
    if (!p->conn)
        return ERR_MEMORY;
    if (PQstatus(p->conn) == CONNECTION_OK)
        return set_session(p);
    trouble_lines(p, PQerrorMessage(p->conn));
    return ERR_DB_DOWN;
}

enum err postgres_link_open(struct postgres_db *p, const char *place, struct buf *why)
{
    struct buf url = BUF_INIT(PLACE_BYTES);
    enum err err = buf_printf(&url, "%s%s", str_starts(str_of(place), STR("//")) ? "postgresql:" : "", place);

    if (err)
        goto done;
    if (is_ambiguous(place) || !is_readable(buf_text(&url))) {
        err = say(why, ERR_CONFIG,
                  STR("db.url cannot be read; set it to postgresql://user@host/database or postgres:host=... dbname=..., with"
                      " each sign of a password that is no letter or digit as %XX"));
        goto done;
    }
    err = connect_to(p, buf_text(&url));
    if (err)
        err = say(why, err, str_of(*db_trouble(&p->base) ? db_trouble(&p->base) : err_text(err)));
done:
    buf_wipe(&url);
    return err;
}

enum err postgres_link_ready(struct postgres_db *p)
{
    if (PQstatus(p->conn) == CONNECTION_OK)
        return OK;
    PQsetnonblocking(p->conn, 0);
    PQreset(p->conn);
    p->generation++;
    if (PQstatus(p->conn) == CONNECTION_OK)
        return set_session(p);
    trouble_lines(p, PQerrorMessage(p->conn));
    return ERR_DB_DOWN;
}
