/* many.c -- owns many sets of values for one statement: how they are kept, and how they run one by one. */
#include "db/backend.h"

#include <assert.h>
#include <stdarg.h>

enum { FIRST_SETS = 16 };

static bool make_room(struct db_rows *rows, size_t width)
{
    size_t room = rows->room ? rows->room * 2 : FIRST_SETS;
    struct db_value *values;

    if (rows->n < rows->room)
        return true;
    values = room < SIZE_MAX / width ? arena_array(rows->arena, room * width, sizeof(*values)) : NULL;
    if (!values)
        return false;
    if (rows->n)
        memcpy(values, rows->values, rows->n * width * sizeof(*values));
    rows->values = values;
    rows->room = room;
    return true;
}

enum err db_rows_add(struct db_rows *rows, ...)
{
    size_t width = strlen(rows->types);
    struct db_value *value;
    va_list args;

    assert(width <= DB_VALUES_MAX);
    if (!make_room(rows, width))
        return ERR_MEMORY;
    value = rows->values + rows->n++ * width;
    va_start(args, rows);
    for (size_t i = 0; i < width; i++, value++) {
        assert(rows->types[i] == 'i' || rows->types[i] == 's');
        if (rows->types[i] == 'i')
            value->number = va_arg(args, int64_t);
        else
            value->text = va_arg(args, struct str);
    }
    va_end(args);
    return OK;
}

const struct db_value *db_rows_value(const struct db_rows *rows, size_t set, size_t i)
{
    return rows->values + set * strlen(rows->types) + i;
}

void db_bind_set(struct db_stmt *st, const struct db_rows *rows, size_t set)
{
    const struct db_value *value = db_rows_value(rows, set, 0);

    for (int i = 0; rows->types[i]; i++)
        if (rows->types[i] == 'i')
            db_bind_int(st, i + 1, value[i].number);
        else
            db_bind_str(st, i + 1, value[i].text);
}

static enum err run_set(struct db_stmt *st, const struct db_many *many, size_t set)
{
    bool row = false;
    enum err err;

    db_bind_set(st, many->rows, set);
    while (!(err = db_step(st, &row)) && row && many->each && !(err = many->each(many->arg, st, set)))
        continue;
    st->db->backend->reset(st);
    return err;
}

enum err db_run_sets(struct db *db, const struct db_many *many)
{
    struct db_stmt *st = NULL;
    enum err err = many->rows->n ? db_prepare_now(db, many->sql, &st) : OK;

    for (size_t i = 0; i < many->rows->n && !err; i++)
        err = run_set(st, many, i);
    db_done(st);
    return err;
}

enum err db_run_many(struct db *db, const struct db_many *list, size_t n)
{
    enum err err = OK;

    if (db->backend->run_many)
        return db->backend->run_many(db, list, n);
    for (size_t i = 0; i < n && !err; i++)
        err = db_run_sets(db, &list[i]);
    return err;
}
