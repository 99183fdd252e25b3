/* page.c -- owns the admin page: the figures as one static HTML document, and what its documents share. */
#include "admin/page.h"

enum err page_put_text(struct buf *out, struct str s)
{
    static const struct {
        char c;
        const char *entity;
    } escapes[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    enum err err = OK;

    for (size_t i = 0; i < s.len && !err; i++) {
        const char *entity = NULL;

        for (size_t k = 0; k < sizeof(escapes) / sizeof(*escapes); k++)
            if (s.p[i] == escapes[k].c)
                entity = escapes[k].entity;
        err = entity ? buf_append(out, str_of(entity)) : buf_append_c(out, s.p[i]);
    }
    return err;
}

/* One cell of a table: a text or a number. */
static enum err put_cell(struct buf *out, const json_t *value)
{
    enum err err = buf_append(out, STR("<td>"));

    if (!err && json_is_integer(value))
        err = buf_printf(out, "%lld", (long long)json_integer_value(value));
    else if (!err)
        err = page_put_text(out, json_text(value));
    return err ? err : buf_append(out, STR("</td>"));
}

static enum err put_head(struct buf *out, const char *title, const char *const *columns)
{
    enum err err = buf_printf(out, "<h2>%s</h2>\n<table>\n<tr>", title);

    for (; *columns && !err; columns++)
        err = buf_printf(out, "<th>%s</th>", *columns);
    return err ? err : buf_append(out, STR("</tr>\n"));
}

/* One row: `first`, then the named members of `row`. */
static enum err put_row(struct buf *out, const json_t *first, const json_t *row, const char *const *members)
{
    enum err err = buf_append(out, STR("<tr>"));

    if (!err && first)
        err = put_cell(out, first);
    for (; *members && !err; members++)
        err = put_cell(out, json_object_get(row, *members));
    return err ? err : buf_append(out, STR("</tr>\n"));
}

static enum err put_lanes(struct buf *out, const json_t *figures)
{
    static const char *const columns[] = {"lane", "waiting", "pending", "oldest (ms)", NULL};
    static const char *const members[] = {"waiting", "pending", "oldest_age_ms", NULL};
    enum err err = put_head(out, "Queue", columns);
    const char *name;
    json_t *lane;

    json_object_foreach(json_object_get(figures, "lanes"), name, lane)
    {
        json_t *first = json_string(name);

        if (!err)
            err = put_row(out, first, lane, members);
        json_decref(first);
    }
    return err ? err : buf_append(out, STR("</table>\n"));
}

static enum err put_roles(struct buf *out, const json_t *figures)
{
    static const char *const columns[] = {"role", "pid", NULL};
    enum err err = put_head(out, "Roles", columns);
    json_t *role;
    size_t i;

    json_array_foreach(json_object_get(figures, "roles"), i, role)
    {
        if (!err)
            err = put_row(out, NULL, role, columns);
    }
    return err ? err : buf_append(out, STR("</table>\n"));
}

static enum err put_notices(struct buf *out, const json_t *figures)
{
    static const char *const columns[] = {"target", "waiting", "failing", "dead", "oldest (ms)", NULL};
    static const char *const members[] = {"name", "waiting", "failing", "dead", "oldest_age_ms", NULL};
    enum err err = put_head(out, "Notices", columns);
    json_t *target;
    size_t i;

    json_array_foreach(json_object_get(json_object_get(figures, "notices"), "targets"), i, target)
    {
        if (!err)
            err = put_row(out, NULL, target, members);
    }
    return err ? err : buf_append(out, STR("</table>\n"));
}

/* Nothing where no account has a limit. */
static enum err put_limits(struct buf *out, const json_t *figures)
{
    static const char *const columns[] = {"account", "contacts", "limit", "policy", "over", "parked", "", NULL};
    static const char *const members[] = {"name", "contacts", "contact_limit", "policy", "over", "parked", NULL};
    const json_t *list = json_object_get(figures, "limits"), *account;
    enum err err = json_array_size(list) ? put_head(out, "Contact limits", columns) : OK;
    size_t i;

    json_array_foreach(list, i, account)
    {
        bool full = json_is_true(json_object_get(account, "full")), near = json_is_true(json_object_get(account, "near"));

        if (!err)
            err = buf_append(out, STR("<tr>"));
        for (size_t k = 0; members[k] && !err; k++)
            err = put_cell(out, json_object_get(account, members[k]));
        if (!err)
            err = buf_printf(out, "<td>%s</td></tr>\n", full ? "full" : near ? "near the limit" : "");
    }
    return err || !json_array_size(list) ? err : buf_append(out, STR("</table>\n"));
}

static enum err put_counts(struct buf *out, const json_t *source)
{
    static const char *const members[] = {"name", "platform", NULL};
    const char *field;
    json_t *value;
    enum err err = OK;

    json_object_foreach(json_object_get(source, "counts"), field, value)
    {
        if (!err)
            err = buf_append(out, STR("<tr>"));
        for (size_t i = 0; members[i] && !err; i++)
            err = put_cell(out, json_object_get(source, members[i]));
        if (!err)
            err = buf_append(out, STR("<td>"));
        if (!err)
            err = page_put_text(out, str_of(field));
        if (!err)
            err = buf_printf(out, "</td><td>%lld</td></tr>\n", (long long)json_integer_value(value));
    }
    return err;
}

static enum err put_sources(struct buf *out, const json_t *figures)
{
    static const char *const columns[] = {"source", "platform", "counter", "value", NULL};
    enum err err = put_head(out, "Sources", columns);
    json_t *source;
    size_t i;

    json_array_foreach(json_object_get(figures, "sources"), i, source)
    {
        if (!err)
            err = put_counts(out, source);
    }
    return err ? err : buf_append(out, STR("</table>\n"));
}

enum err page_put_start(struct buf *out)
{
    return buf_append(out, STR("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>storehook</title>\n"
                               "<style>body{font:15px sans-serif;margin:2em}td,th{text-align:left;padding:.2em 1em .2em 0}"
                               "</style>\n"));
}

/* Each source with the way to its own page. */
static enum err put_list(struct buf *out, const json_t *figures)
{
    static const char *const columns[] = {"source", "platform", NULL};
    enum err err = put_head(out, "Rejected deliveries and dead letters, by source", columns);
    json_t *source;
    size_t i;

    json_array_foreach(json_object_get(figures, "sources"), i, source)
    {
        if (!err)
            err =
                buf_printf(out, "<tr><td><a href=\"/source/%lld\">", (long long)json_integer_value(json_object_get(source, "id")));
        if (!err)
            err = page_put_text(out, json_member_text(source, "name"));
        if (!err)
            err = buf_append(out, STR("</a></td>"));
        if (!err)
            err = put_cell(out, json_object_get(source, "platform"));
        if (!err)
            err = buf_append(out, STR("</tr>\n"));
    }
    return err ? err : buf_append(out, STR("</table>\n"));
}

enum err page_write(const json_t *figures, struct buf *out)
{
    static enum err (*const parts[])(struct buf * out, const json_t *figures) = {put_lanes,   put_limits, put_roles,
                                                                                 put_notices, put_list,   put_sources};
    enum err err = page_put_start(out);

    if (!err)
        err = buf_append(out, STR("<h1>storehook</h1>\n"));
    if (!err)
        err = buf_printf(out, "<p>%lld contacts, %lld dead letters</p>\n",
                         (long long)json_integer_value(json_object_get(figures, "contacts")),
                         (long long)json_integer_value(json_object_get(figures, "dead")));
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts) && !err; i++)
        err = parts[i](out, figures);
    return err ? err : buf_append(out, STR("</html>\n"));
}
