/* row.c -- owns reading a row column by column, in the order of its SELECT, into an arena. */
#include "store/row.h"

struct str row_str(struct row *r)
{
    struct str s = db_column_str(r->st, r->column++);

    if (s.len == 0)
        return STR_NONE;
    s = arena_str(r->arena, s);
    if (!s.p)
        r->err = ERR_MEMORY;
    return s;
}

int64_t row_int(struct row *r)
{
    return db_column_int(r->st, r->column++);
}

struct version row_version(struct row *r)
{
    struct version v;

    v.at_us = row_int(r);
    v.rank = (int)row_int(r);
    v.receipt = row_str(r);
    return v;
}
