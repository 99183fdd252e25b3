/* route_text.c -- owns what a body means as a table, for `storehook route try`. */
#include "cli/route.h"

#include "cli/table.h"

/* The value of a member as it is shown: texts as they are, all else as JSON. Returns owned, or NULL. */
static char *value_text(const json_t *value)
{
    return json_is_string(value) ? str_dup(json_text(value)) : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

static enum err add_member(struct table *t, const char *what, const char *name, const json_t *value)
{
    char *text = value_text(value);
    enum err err = text ? table_add(t, (const struct str[]){str_of(what), str_of(name), str_of(text)}) : ERR_MEMORY;

    free(text);
    return err;
}

/* Nothing to tell: an empty text, or none of something. */
static bool is_empty(const json_t *value)
{
    return (json_is_string(value) && json_string_length(value) == 0) || (json_is_integer(value) && json_integer_value(value) == 0);
}

/* One row a member; what it is stands in the first. `skip` names the member that is told there. */
static enum err add_object(struct table *t, const char *what, json_t *object, const char *skip)
{
    const char *name, *first = what;
    json_t *value;
    enum err err = OK;

    json_object_foreach(object, name, value)
    {
        if (err || strcmp(name, skip) == 0 || (is_empty(value) && strcmp(name, "index") != 0))
            continue;
        err = add_member(t, first, name, value);
        first = "";
    }
    if (!err && first == what)
        err = table_add(t, (const struct str[]){str_of(what), STR("-"), STR("")});
    return err;
}

/* Each object of the list, named "<word> <its member `name`>". */
static enum err add_list(struct table *t, json_t *list, const char *word, const char *name)
{
    enum err err = OK;
    json_t *object;
    size_t i;

    json_array_foreach(list, i, object)
    {
        struct buf what = BUF_INIT(1 << 10);
        char *text = value_text(json_object_get(object, name));

        if (!err)
            err = text ? buf_printf(&what, "%s %s", word, text) : ERR_MEMORY;
        if (!err)
            err = add_object(t, buf_text(&what), object, name);
        free(text);
        buf_release(&what);
    }
    return err;
}

static enum err add_mapped(struct table *t, const json_t *mapped)
{
    static const char *const members[] = {"topic", "lane", "dedupe_key", "time"};
    json_t *elements = json_object_get(mapped, "elements");
    enum err err = OK;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && !err; i++)
        if (!is_empty(json_object_get(mapped, members[i])))
            err = add_member(t, table_rows(t) ? "" : "delivery", members[i], json_object_get(mapped, members[i]));
    if (!err && json_array_size(elements) > 1)
        err = add_list(t, elements, "element", "dedupe_key");
    if (!err)
        err = add_list(t, json_object_get(mapped, "events"), "event", "type");
    if (!err)
        err = add_list(t, json_object_get(mapped, "fetches"), "fetch", "object");
    return err ? err : add_list(t, json_object_get(mapped, "rejected"), "rejected", "reason");
}

int route_print_mapped(json_t *mapped)
{
    static const char *const columns[] = {"WHAT", "MEMBER", "VALUE", NULL};
    struct table *t = table_new(columns);
    enum err err = t && mapped ? add_mapped(t, mapped) : ERR_MEMORY;

    if (!err)
        table_show(t);
    table_free(t);
    json_decref(mapped);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}
