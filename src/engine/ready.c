/* ready.c -- owns the line that a role writes to standard output once it works. */
#include "engine/ready.h"

#include "base/json.h"

#include <stdio.h>

enum { LINE_BYTES_MAX = 64 * 1024 };

static enum err write_text(const struct ready_part *parts, size_t n, struct buf *out)
{
    enum err err = buf_append(out, STR("ready"));

    for (size_t i = 0; i < n && !err; i++)
        if (parts[i].url.len)
            err = buf_printf(out, " %s=%.*s", parts[i].name, STR_ARG(parts[i].url));
    return err;
}

static enum err write_json(const struct ready_part *parts, size_t n, struct buf *out)
{
    json_t *object = json_pack("{sb}", "ready", 1);
    enum err err = object ? OK : ERR_MEMORY;

    for (size_t i = 0; i < n && !err; i++)
        if (parts[i].url.len && json_object_set_new(object, parts[i].name, json_str(parts[i].url)))
            err = ERR_MEMORY;
    if (!err)
        err = json_print(object, out);
    json_decref(object);
    return err;
}

void ready_print(bool as_json, const struct ready_part *parts, size_t n)
{
    struct buf line = BUF_INIT(LINE_BYTES_MAX);

    if (!(as_json ? write_json : write_text)(parts, n, &line))
        printf("%s\n", buf_text(&line));
    fflush(stdout);
    buf_release(&line);
}
