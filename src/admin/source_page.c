/* source_page.c -- owns the page of one source: what the doctor says of it. */
#include "admin/source_page.h"

#include "admin/page.h"

static enum err put_element(struct buf *out, const char *name, struct str text)
{
    enum err err = buf_printf(out, "<%s>", name);

    if (!err)
        err = page_put_text(out, text);
    return err ? err : buf_printf(out, "</%s>\n", name);
}

static enum err put_findings(struct buf *out, const json_t *list)
{
    const json_t *one;
    enum err err = OK;
    size_t i;

    json_array_foreach(list, i, one)
    {
        if (!err)
            err = put_element(out, "p", json_member_text(one, "text"));
    }
    return err;
}

static enum err put_rejected(struct buf *out, const json_t *list)
{
    const json_t *row;
    enum err err = buf_append(out, STR("<h2>Rejected deliveries</h2>\n"));
    size_t i;

    if (!err && json_array_size(list) == 0)
        err = buf_append(out, STR("<p>None of the last 24 hours is kept.</p>\n"));
    json_array_foreach(list, i, row)
    {
        if (!err)
            err = put_element(out, "h3", json_member_text(row, "at"));
        if (!err)
            err = put_element(out, "p", json_member_text(row, "reason"));
        if (!err)
            err = put_findings(out, json_object_get(row, "findings"));
    }
    return err;
}

static enum err put_dead(struct buf *out, const json_t *list)
{
    const json_t *row;
    enum err err = buf_append(out, STR("<h2>Dead letters</h2>\n"));
    size_t i;

    json_array_foreach(list, i, row)
    {
        if (!err)
            err = put_element(out, "h3", json_member_text(row, "reason"));
        if (!err)
            err = buf_printf(out, "<p>%lld letters. ", (long long)json_integer_value(json_object_get(row, "count")));
        if (!err)
            err = page_put_text(out, json_member_text(row, "text"));
        if (!err)
            err = buf_append(out, STR("</p>\n"));
    }
    return err;
}

enum err source_page_write(const json_t *report, struct buf *out)
{
    enum err err = page_put_start(out);

    if (!err)
        err = put_element(out, "h1", json_member_text(report, "source"));
    if (!err)
        err = put_element(out, "p", json_member_text(report, "platform"));
    if (!err)
        err = put_rejected(out, json_object_get(report, "rejected"));
    if (!err)
        err = put_dead(out, json_object_get(report, "dead"));
    return err ? err : buf_append(out, STR("</html>\n"));
}
