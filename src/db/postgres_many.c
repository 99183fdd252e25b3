/* postgres_many.c -- owns many sets of values on PostgreSQL: arrays instead of single values, all statements in one pipeline. */
#include "db/postgres_stmt.h"

#include <arpa/inet.h>
#include <ctype.h>

/*
 * INSERT ... VALUES ($1, $2) ...   becomes  INSERT ... SELECT k.p1, k.p2 FROM unnest($1::bigint[], $2::text[]) AS k (p1, p2) ...
 * SELECT ... WHERE a = $1          becomes  SELECT r.*, k.n FROM unnest(...) WITH ORDINALITY AS k (p1, n), LATERAL (SELECT ...
 *                                           WHERE a = k.p1 OFFSET 0) AS r
 * anything else                    is sent once for each set
 * OFFSET 0 keeps the planner from joining otherwise than by looking up each set: a scan of the table would, under SERIALIZABLE, meet
 * every other writer.
 */
enum shape { SHAPE_SINGLE, SHAPE_INSERT, SHAPE_SELECT };
enum { SQL_BYTES_MAX = 64 << 10, ARRAY_BYTES_MAX = 512 << 20 };

/* One statement of the list at work. */
struct sending {
    const struct db_many *many;
    struct postgres_stmt *st;
    enum shape shape;
    struct buf arrays[DB_VALUES_MAX];
};

static enum shape shape_of(const struct db_many *many)
{
    if (many->each)
        return SHAPE_SELECT;
    return str_starts(str_of(many->sql), STR("INSERT")) && strstr(many->sql, "VALUES (") ? SHAPE_INSERT : SHAPE_SINGLE;
}

/* Appends `sql` up to `end` with k.p1 for $1. */
static enum err append_with_sets(struct buf *out, const char *sql, const char *end)
{
    enum err err = OK;

    for (; sql < end && !err; sql++)
        err = sql[0] == '$' && isdigit((unsigned char)sql[1]) ? buf_append(out, STR("k.p")) : buf_append_c(out, *sql);
    return err;
}

static enum err append_unnest(struct buf *out, const char *types, bool counted)
{
    enum err err = buf_append(out, STR(" FROM unnest("));

    for (int i = 0; types[i] && !err; i++)
        err = buf_printf(out, "%s$%d::%s[]", i ? ", " : "", i + 1, types[i] == 'i' ? "bigint" : "text");
    if (!err)
        err = buf_append(out, counted ? STR(") WITH ORDINALITY AS k (") : STR(") AS k ("));
    for (int i = 0; types[i] && !err; i++)
        err = buf_printf(out, "%sp%d", i ? ", " : "", i + 1);
    return err ? err : buf_append(out, counted ? STR(", n)") : STR(")"));
}

/* The first ")" that closes the list; no value in it holds one. */
static enum err write_insert(const struct db_many *many, struct buf *out)
{
    const char *list = strstr(many->sql, "VALUES ("), *from = list + strlen("VALUES ("), *end = strchr(from, ')');
    enum err err = end ? buf_append(out, str_n(many->sql, (size_t)(list - many->sql))) : ERR_DB;

    if (!err)
        err = buf_append(out, STR("SELECT "));
    if (!err)
        err = append_with_sets(out, from, end);
    if (!err)
        err = append_unnest(out, many->rows->types, false);
    if (!err && strstr(end + 1, "ON CONFLICT")) /* else it would belong to the join */
        err = buf_append(out, STR(" WHERE true"));
    return err ? err : buf_append(out, str_of(end + 1));
}

static enum err write_select(const struct db_many *many, struct buf *out)
{
    enum err err = buf_append(out, STR("SELECT r.*, k.n"));

    if (!err)
        err = append_unnest(out, many->rows->types, true);
    if (!err)
        err = buf_append(out, STR(", LATERAL ("));
    if (!err)
        err = append_with_sets(out, many->sql, many->sql + strlen(many->sql));
    return err ? err : buf_append(out, STR(" OFFSET 0) AS r"));
}

static enum err prepare(struct db *db, struct sending *s)
{
    struct buf sql = BUF_INIT(SQL_BYTES_MAX);
    struct db_stmt *st = NULL;
    enum err err;

    s->shape = shape_of(s->many);
    err = s->shape == SHAPE_INSERT   ? write_insert(s->many, &sql)
          : s->shape == SHAPE_SELECT ? write_select(s->many, &sql)
                                     : buf_append(&sql, str_of(s->many->sql));
    if (!err)
        err = db_prepare_now(db, buf_text(&sql), &st);
    s->st = st ? statement(st) : NULL;
    if (!err && s->st->generation != connection(db)->generation)
        err = postgres_prepare_there(connection(db), s->st);
    if (!err && s->st->n_values != (int)strlen(s->many->rows->types)) {
        db_set_trouble(db, STR("the statement has not as many parameters as values"));
        err = ERR_DB;
    }
    buf_release(&sql);
    return err;
}

static enum err append_number(struct buf *out, uint32_t number)
{
    number = htonl(number);
    return buf_append(out, str_n((const char *)&number, sizeof(number)));
}

static enum err append_text(struct buf *out, struct str text)
{
    char *mended = text.p && !db_text_is_whole(text) ? db_text_mend(text) : NULL;
    enum err err = append_number(out, text.p ? (uint32_t)text.len : UINT32_MAX);

    if (!err && text.p && !mended && !db_text_is_whole(text))
        err = ERR_MEMORY;
    if (!err && text.len)
        err = buf_append(out, mended ? str_n(mended, text.len) : text);
    free(mended);
    return err;
}

static enum err append_int(struct buf *out, int64_t value)
{
    enum err err = append_number(out, sizeof(value));

    if (!err)
        err = append_number(out, (uint32_t)((uint64_t)value >> 32));
    return err ? err : append_number(out, (uint32_t)value);
}

/* One column of all sets, in the server's binary form: dimensions, holds NULLs, type, length, first index, elements. */
static enum err write_array(const struct db_rows *rows, int column, struct buf *out)
{
    bool number = rows->types[column] == 'i';
    const uint32_t head[] = {1, 1, number ? INT_OID : TEXT_OID, (uint32_t)rows->n, 1};
    size_t width = strlen(rows->types);
    enum err err = OK;

    for (size_t i = 0; i < sizeof(head) / sizeof(*head) && !err; i++)
        err = append_number(out, head[i]);
    for (size_t i = 0; i < rows->n && !err; i++) {
        const struct db_value *value = rows->values + i * width + column;

        err = number ? append_int(out, value->number) : append_text(out, value->text);
    }
    return err;
}

static enum err bind_arrays(struct sending *s)
{
    enum err err = OK;

    for (int i = 0; i < s->st->n_values && !err; i++) {
        Oid wanted = s->many->rows->types[i] == 'i' ? INT_ARRAY_OID : TEXT_ARRAY_OID;

        s->arrays[i] = BUF_INIT(ARRAY_BYTES_MAX);
        err = s->st->types[i] == wanted ? write_array(s->many->rows, i, &s->arrays[i]) : ERR_DB;
        s->st->starts[i] = s->arrays[i].p;
        s->st->sizes[i] = (int)s->arrays[i].len;
        s->st->formats[i] = 1;
    }
    return err;
}

static enum err send_set(struct postgres_db *p, struct postgres_stmt *st)
{
    if (st->base.wrong)
        return st->base.wrong;
    if (PQsendQueryPrepared(p->conn, st->name, st->n_values, st->starts, st->sizes, st->formats, 0))
        return OK;
    return PQstatus(p->conn) == CONNECTION_OK ? ERR_DB : ERR_DB_DOWN;
}

static enum err send_all(struct postgres_db *p, struct sending *list, size_t n)
{
    enum err err = OK;

    for (size_t i = 0; i < n && !err; i++) {
        struct sending *s = &list[i];

        if (s->shape != SHAPE_SINGLE) {
            err = bind_arrays(s);
            if (!err)
                err = send_set(p, s->st);
        }
        for (size_t set = 0; s->shape == SHAPE_SINGLE && set < s->many->rows->n && !err; set++) {
            db_bind_set(&s->st->base, s->many->rows, set);
            err = send_set(p, s->st);
        }
    }
    return err;
}

/* The last column says to which set a row belongs. */
static enum err give_rows(struct sending *s)
{
    struct postgres_stmt *st = s->st;
    int n = PQntuples(st->result), last = PQnfields(st->result) - 1;
    enum err err = OK;

    for (st->row = 0; st->row < n && !err; st->row++) {
        uint64_t set = 0;

        err = str_to_u64(str_of(PQgetvalue(st->result, st->row, last)), &set) || set == 0 || set > s->many->rows->n
                  ? ERR_DB
                  : s->many->each(s->many->arg, &st->base, (size_t)set - 1);
    }
    return err;
}

static enum err take_answers(struct postgres_db *p, struct sending *s, size_t answers)
{
    enum err err = OK;

    for (size_t i = 0; i < answers && !err; i++) {
        PQclear(s->st->result);
        s->st->result = NULL;
        err = postgres_link_answer(p, &s->st->result);
        if (!err && s->many->each)
            err = give_rows(s);
    }
    return err;
}

/* After a failure the server skips the rest; what failed first is told. */
static enum err run_all(struct postgres_db *p, struct sending *list, size_t n)
{
    enum err err, ended;

    if (!PQenterPipelineMode(p->conn))
        return ERR_DB_DOWN;
    err = send_all(p, list, n);
    if (!PQpipelineSync(p->conn))
        return ERR_DB_DOWN;
    for (size_t i = 0; i < n && !err; i++) {
        size_t answers = list[i].shape == SHAPE_SINGLE ? list[i].many->rows->n : 1;

        err = take_answers(p, &list[i], answers);
    }
    ended = postgres_link_end(p);
    return err ? err : ended;
}

static void release(struct sending *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (int column = 0; column < DB_VALUES_MAX; column++)
            buf_release(&list[i].arrays[column]);
        if (list[i].st)
            db_done(&list[i].st->base);
    }
    free(list);
}

enum err postgres_run_many(struct db *db, const struct db_many *many, size_t n)
{
    struct sending *list = calloc(n ? n : 1, sizeof(*list));
    size_t n_sending = 0;
    enum err err = list ? OK : ERR_MEMORY;

    for (size_t i = 0; i < n && !err; i++) {
        if (many[i].rows->n == 0)
            continue;
        list[n_sending].many = &many[i];
        err = prepare(db, &list[n_sending++]);
    }
    if (!err && n_sending)
        err = run_all(connection(db), list, n_sending);
    if (list)
        release(list, n_sending);
    return err;
}
