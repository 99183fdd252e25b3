/* field_map.c -- owns the mapping of a source: where its fields go, as stored lines (F3). */
#include "model/field.h"

static const struct str manual_line = {"manual", 6};

bool field_map_is_manual(struct str map)
{
    struct str line;

    while (str_split(&map, '\n', &line))
        if (str_eq(line, manual_line))
            return true;
    return false;
}

bool field_map_next(struct str *rest, struct str *name, struct str *target)
{
    struct str line;

    while (str_split(rest, '\n', &line)) {
        size_t is = str_find(line, '=');

        if (is == line.len)
            continue;
        *name = str_upto(line, is);
        *target = str_from(line, is + 1);
        return true;
    }
    return false;
}

struct str field_map_target(struct str map, struct str name)
{
    struct str rest = map, one, target;

    while (field_map_next(&rest, &one, &target))
        if (str_eq(one, name))
            return target;
    return field_map_is_manual(map) ? STR_NONE : name;
}

struct str field_map_name(struct str map, struct str target)
{
    struct str name, one;

    while (field_map_next(&map, &name, &one))
        if (str_eq(one, target))
            return name;
    return STR_NONE;
}

enum err field_map_put(struct str map, struct str name, struct str target, struct buf *out)
{
    struct str rest = map, one, was;
    enum err err = field_map_is_manual(map) ? buf_printf(out, "%s\n", manual_line.p) : OK;

    while (!err && field_map_next(&rest, &one, &was))
        if (!str_eq(one, name))
            err = buf_printf(out, "%.*s=%.*s\n", STR_ARG(one), STR_ARG(was));
    if (!err && target.len)
        err = buf_printf(out, "%.*s=%.*s\n", STR_ARG(name), STR_ARG(target));
    return err;
}

enum err field_map_set_manual(struct str map, bool manual, struct buf *out)
{
    struct str one, target;
    enum err err = manual ? buf_printf(out, "%s\n", manual_line.p) : OK;

    while (!err && field_map_next(&map, &one, &target))
        err = buf_printf(out, "%.*s=%.*s\n", STR_ARG(one), STR_ARG(target));
    return err;
}
