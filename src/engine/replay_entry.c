/* replay_entry.c -- owns the reading of one step of a script: its times, and the entry that a delivery stands for. */
#include "engine/replay.h"

#include "base/timefmt.h"

#include <stdarg.h>
#include <stdio.h>

enum err replay_wrong(struct buf *why, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buf_clear(why);
    return buf_append(why, str_of(text)) ? ERR_MEMORY : ERR_SYNTAX;
}

enum err replay_time(json_t *step, const char *name, int64_t *us, struct buf *why)
{
    json_t *value = json_object_get(step, name);

    if (!value)
        return OK;
    if (time_parse(json_text(value), TIME_ANY, us))
        return replay_wrong(why, "\"%s\" is no time such as \"2024-05-02T09:11:08Z\"", name);
    return OK;
}

bool replay_is_delivery(json_t *step)
{
    return json_object_get(step, "event") || json_object_get(step, "events") || json_object_get(step, "body");
}

/* An object is written as JSON; a text is the body as it is. */
static enum err read_body(json_t *step, struct arena *arena, struct str *out)
{
    json_t *body = json_object_get(step, "body"), *events = json_object_get(step, "events"), *wrapped = NULL;
    struct buf text = BUF_INIT(REPLAY_STEP_BYTES_MAX);
    enum err err;

    if (!body)
        body = json_object_get(step, "event");
    if (!body && events)
        body = wrapped = json_pack("{sO}", "events", events);
    err = !body ? ERR_MEMORY : json_is_string(body) ? buf_append(&text, json_text(body)) : json_print(body, &text);
    if (!err) {
        *out = arena_str(arena, buf_str(&text));
        err = out->p ? OK : ERR_MEMORY;
    }
    json_decref(wrapped);
    buf_release(&text);
    return err;
}

static enum err read_headers(json_t *step, struct str name, struct arena *arena, struct fields *out, struct buf *why)
{
    json_t *headers = json_object_get(step, "headers"), *value;
    struct field *at = arena_array(arena, ENTRY_FIELDS_MAX, sizeof(*at));
    const char *key;
    size_t n = 0;

    if (!at)
        return ERR_MEMORY;
    if (!headers)
        at[n++] = (struct field){.name = STR("webhook-id"), .value = name};
    json_object_foreach(headers, key, value)
    {
        if (!json_is_string(value) || n == ENTRY_FIELDS_MAX)
            return replay_wrong(why, "\"headers\": at most %d texts by name", ENTRY_FIELDS_MAX);
        at[n] = (struct field){.name = arena_str(arena, str_of(key)), .value = arena_str(arena, json_text(value))};
        if (!at[n].name.p || !at[n].value.p)
            return ERR_MEMORY;
        n++;
    }
    *out = (struct fields){.at = at, .n = n};
    return OK;
}

enum err replay_entry_read(json_t *step, struct str name, struct arena *arena, struct entry *out, struct buf *why)
{
    struct str topic = json_member_text(step, "topic");
    enum err err;

    *out = (struct entry){.content_type = STR("application/json"), .lane = LANE_LIVE};
    out->topic = arena_str(arena, topic.p ? topic : STR(""));
    err = out->topic.p ? read_body(step, arena, &out->body) : ERR_MEMORY;
    return err ? err : read_headers(step, name, arena, &out->headers, why);
}
