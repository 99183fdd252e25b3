/* delivery.c -- owns what a route reads off a delivery as a whole. */
#include "route/delivery.h"

#include "verify/digest.h"

enum { KEY_MAX_BYTES = 200, HEADER_TEXT_MAX = 1024 };

/* Joins the headers; empty when one of them is missing. */
static enum err join_headers(const struct part *part, const struct scope *scope, struct str *out)
{
    struct buf joined = BUF_INIT(HEADER_TEXT_MAX);
    struct str value;
    enum err err = OK;

    *out = STR_NONE;
    for (size_t i = 0; i < part->n_headers && !err; i++) {
        if (!fields_get(scope->headers, part->headers[i], &value) || value.len == 0)
            goto done;
        if (i)
            err = buf_append(&joined, part->join);
        if (!err)
            err = buf_append(&joined, value);
    }
    if (err == ERR_TOO_LARGE) { /* no topic is that long: as if it were missing */
        err = OK;
        goto done;
    }
    if (!err) {
        *out = arena_str(scope->arena, buf_str(&joined));
        err = out->p ? OK : ERR_MEMORY;
    }
done:
    buf_release(&joined);
    return err;
}

/* The text of a value; empty when it is missing. *own becomes true when the branch of it that gave the text reads the element:
 * another branch may not, and would give all elements of a body the same text. */
static enum err value_text(const struct value_form *form, const struct scope *scope, struct str *out, bool *own)
{
    struct refusal refusal;
    struct found found;
    enum err err = value_find(form, scope, &found, &refusal);

    if (err || found.kind != FOUND_TEXT)
        return err == ERR_TYPE ? OK : err;
    *out = found.text;
    *own |= value_reads_element(found.via);
    return OK;
}

/* The text of one part; empty when it is missing. A wrong type counts as missing here. For *own see value_text. */
static enum err part_text(const struct part *part, const struct scope *scope, struct str topic, const struct entry *entry,
                          struct str *out, bool *own)
{
    enum err err = OK;

    *out = STR_NONE;
    switch (part->kind) {
    case PART_JOINED_HEADERS:
        return join_headers(part, scope, out);
    case PART_TOPIC:
        *out = topic;
        return OK;
    case PART_BODY_DIGEST: {
        char hex[SHA256_HEX_CHARS + 1];

        err = sha256_hex(entry->body, hex);
        if (!err)
            *out = arena_str(scope->arena, str_of(hex));
        return !err && !out->p ? ERR_MEMORY : err;
    }
    case PART_VALUE:
        return value_text(&part->value, scope, out, own);
    }
    return ERR_INTERNAL;
}

enum err delivery_topic(const struct delivery_form *form, const struct scope *scope, struct str *out)
{
    bool own = false;

    *out = STR_NONE;
    for (size_t i = 0; i < form->n_topic && out->len == 0; i++) {
        enum err err = part_text(&form->topic[i], scope, STR_NONE, NULL, out, &own);

        if (err)
            return err;
    }
    return OK;
}

/* True when the headers, joined, spell `name`. */
static bool spells(const struct part *part, struct fields headers, struct str name)
{
    for (size_t i = 0; i < part->n_headers; i++) {
        struct str value;

        if (i && !str_starts(name, part->join))
            return false;
        name = str_from(name, i ? part->join.len : 0);
        if (!fields_get(headers, part->headers[i], &value) || value.len == 0 || !str_starts(name, value))
            return false;
        name = str_from(name, value.len);
    }
    return name.len == 0;
}

/* True when all the headers are there: joined they are some topic. */
static bool are_there(const struct part *part, struct fields headers)
{
    for (size_t i = 0; i < part->n_headers; i++) {
        struct str value;

        if (!fields_get(headers, part->headers[i], &value) || value.len == 0)
            return false;
    }
    return true;
}

struct str delivery_header_topic(const struct delivery_form *form, const struct topics *topics, struct fields headers)
{
    for (size_t i = 0; i < form->n_topic; i++) {
        const struct part *part = &form->topic[i];
        struct str value;

        for (size_t t = 0; part->kind == PART_JOINED_HEADERS && t < topics->n; t++)
            if (spells(part, headers, str_of(topics->at[t].name)))
                return str_of(topics->at[t].name);
        if (part->kind == PART_JOINED_HEADERS && topics->has_patterns && are_there(part, headers))
            return STR_NONE; /* they spell what a pattern fits: the drainer joins them */
        if (part->kind == PART_JOINED_HEADERS)
            continue;
        if (part->value.origin == VALUE_CONST && !part->has_operators)
            return part->value.given;
        if (part->value.origin != VALUE_HEADER || part->has_operators)
            return STR_NONE;
        if (fields_get(headers, part->value.given, &value) && value.len)
            return topic_is_fetch(value) ? STR_NONE : value;
    }
    return STR_NONE;
}

static enum err append_part(struct buf *key, struct str text)
{
    enum err err = buf_append_c(key, '|');

    for (size_t i = 0; i < text.len && !err; i++) {
        if (text.p[i] == '|' || text.p[i] == '%')
            err = buf_printf(key, "%%%02x", (unsigned char)text.p[i]);
        else
            err = buf_append_c(key, text.p[i]);
    }
    return err;
}

/* Appends the parts of one alternative; *complete is false when one is missing, *own true when one is the element's own. */
static enum err append_alternative(const struct dedupe_alternative *a, const struct scope *scope, struct str topic,
                                   const struct entry *entry, struct buf *key, bool *complete, bool *own)
{
    enum err err = OK;

    *complete = *own = false;
    for (size_t i = 0; i < a->n && !err; i++) {
        struct str text;

        err = part_text(&a->parts[i], scope, topic, entry, &text, own);
        if (err || text.len == 0)
            return err;
        err = append_part(key, text);
    }
    *complete = !err;
    return err;
}

static enum err keep_key(struct buf *key, struct arena *arena, struct str *out)
{
    char hex[SHA256_HEX_CHARS + 1];
    enum err err = OK;

    if (key->len > KEY_MAX_BYTES) {
        err = sha256_hex(buf_str(key), hex);
        buf_clear(key);
        if (!err)
            err = buf_printf(key, "sha256:%s", hex);
    }
    if (err)
        return err;
    *out = arena_str(arena, buf_str(key));
    return out->p ? OK : ERR_MEMORY;
}

enum err delivery_dedupe_key(const struct delivery_form *form, const struct scope *scope, struct str topic,
                             const struct entry *entry, struct element_place place, struct str *out)
{
    struct buf key;
    bool own = false;
    bool complete = false;
    enum err err = OK;

    buf_init(&key, 4 * (entry->body.len + topic.len) + (64 << 10));
    for (size_t i = 0; i < form->n_dedupe && !complete && !err; i++) {
        buf_clear(&key);
        err = buf_append(&key, topic);
        if (!err)
            err = append_alternative(&form->dedupe[i], scope, topic, entry, &key, &complete, &own);
    }
    if (!err && !complete) {
        buf_clear(&key);
        err = buf_printf(&key, "%.*s|entry:%.*s", STR_ARG(topic), STR_ARG(entry->id));
        own = false;
    }
    if (!err && place.is_one_of && !own)
        err = buf_printf(&key, "|element:%zu", place.index);
    if (!err)
        err = keep_key(&key, scope->arena, out);
    buf_release(&key);
    return err;
}

enum err delivery_time(const struct delivery_form *form, const struct scope *scope, int64_t *out)
{
    struct refusal refusal;
    struct found found;
    enum err err;

    *out = 0;
    if (!form->has_time)
        return OK;
    err = value_find(&form->time, scope, &found, &refusal);
    if (err || found.kind != FOUND_TEXT)
        return err == ERR_TYPE ? OK : err;
    if (time_parse(found.text, found_time_format(&found), out))
        *out = 0;
    return OK;
}
