/* rejected.c -- owns the sample of a rejected delivery: what is kept of it, what is masked, and its sealed text in the queue. */
#include "engine/rejected.h"

#include "base/encode.h"
#include "base/json.h"
#include "base/text_holds.h"

#include <stdlib.h>

static const struct str seal_context = {"rejected", 8};

/* --- what is masked --------------------------------------------------------------------------------------------------- */

/* Words in names of headers and query members whose value is a secret itself. */
static const char *const secret_words[] = {"authorization", "cookie", "token",   "secret",
                                           "password",      "apikey", "api-key", "api_key"};

static bool holds_nocase(struct str s, struct str word)
{
    for (size_t i = 0; i + word.len <= s.len; i++)
        if (str_eq_nocase(str_n(s.p + i, word.len), word))
            return true;
    return false;
}

static bool has_secret_word(struct str name)
{
    for (size_t i = 0; i < sizeof(secret_words) / sizeof(*secret_words); i++)
        if (holds_nocase(name, str_of(secret_words[i])))
            return true;
    return false;
}

enum err rejected_mask(const struct seal *seal, struct str value, char out[REJECTED_MASK_CHARS + 1])
{
    struct buf text = BUF_INIT(64 << 10);
    enum err err = buf_append(&text, STR("storehook rejected v1\n"));

    memcpy(out, "masked:", 7);
    if (!err)
        err = buf_append(&text, value);
    if (!err)
        err = seal_tombstone(seal, buf_str(&text), out + 7);
    buf_wipe(&text);
    return err;
}

/* Appends the query; the value of a member that is a secret is masked. */
static enum err mask_query(struct str query, const struct seal *seal, struct buf *out)
{
    char mask[REJECTED_MASK_CHARS + 1];
    struct str member;
    bool first = true;
    enum err err = OK;

    while (!err && str_split(&query, '&', &member)) {
        size_t is = str_find(member, '=');
        struct str name = str_upto(member, is), value = str_from(member, is + 1);

        if (value.len && has_secret_word(name)) {
            err = rejected_mask(seal, value, mask);
            value = str_of(mask);
        }
        if (!err && !first)
            err = buf_append_c(out, '&');
        if (!err)
            err = buf_append(out, name);
        if (!err && is < member.len)
            err = buf_append_c(out, '=');
        if (!err)
            err = buf_append(out, value);
        first = false;
    }
    return err;
}

/* --- text ------------------------------------------------------------------------------------------------------------- */

static json_t *base64_value(struct str bytes)
{
    char *text = malloc(BASE64_LEN(bytes.len) + 1);
    json_t *value = NULL;

    if (!text)
        return NULL;
    base64_encode(bytes, text);
    value = json_string(text);
    free(text);
    return value;
}

static enum err add_header(json_t *list, const struct field *f, const struct seal *seal, bool masked)
{
    char mask[REJECTED_MASK_CHARS + 1];
    enum err err = masked ? rejected_mask(seal, f->value, mask) : OK;

    if (err)
        return err;
    return json_array_append_new(list, json_pack("[oo]", json_str(f->name), json_str(masked ? str_of(mask) : f->value)))
               ? ERR_MEMORY
               : OK;
}

enum err rejected_write(const struct rejected *r, const struct seal *seal, bool (*is_secret)(void *arg, struct str header),
                        void *arg, struct buf *out)
{
    struct buf query = BUF_INIT(REJECTED_TEXT_BYTES_MAX), text = BUF_INIT(SEAL_PLAIN_BYTES_MAX);
    json_t *headers = json_array(), *object;
    enum err err = headers ? mask_query(r->query, seal, &query) : ERR_MEMORY;

    for (size_t i = 0; i < r->headers.n && i < REJECTED_FIELDS_MAX && !err; i++) {
        struct str name = r->headers.at[i].name;

        err = add_header(headers, &r->headers.at[i], seal, has_secret_word(name) || (is_secret && is_secret(arg, name)));
    }
    object = json_pack("{sI so so so so so sI sb}", "at_us", (json_int_t)r->at_us, "reason", json_str(r->reason), "method",
                       json_str(r->method), "query", json_str(buf_str(&query)), "headers", headers, "body",
                       base64_value(str_upto(r->body, REJECTED_BODY_BYTES_MAX)), "body_bytes", (json_int_t)r->body_bytes, "old_url",
                       (int)r->old_url);
    if (!err)
        err = object ? json_print(object, &text) : ERR_MEMORY;
    if (!err)
        err = seal_close(seal, seal_context, buf_str(&text), out);
    json_decref(object);
    buf_release(&query);
    buf_release(&text);
    return err;
}

static enum err read_body(struct str text, struct arena *arena, struct str *out)
{
    char *bytes = arena_alloc(arena, text.len + 1);
    size_t n = 0;
    enum err err = bytes ? base64_decode(text, bytes, text.len, &n) : ERR_MEMORY;

    *out = str_n(bytes, n);
    return err == ERR_MEMORY ? err : err ? ERR_SYNTAX : OK;
}

static enum err read_headers(const json_t *list, struct arena *arena, struct fields *out)
{
    size_t n = json_array_size(list) < REJECTED_FIELDS_MAX ? json_array_size(list) : REJECTED_FIELDS_MAX;
    struct field *at = arena_array(arena, n + 1, sizeof(*at));

    if (!at)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        const json_t *pair = json_array_get(list, i);

        at[i] = (struct field){.name = arena_str(arena, json_text(json_array_get(pair, 0))),
                               .value = arena_str(arena, json_text(json_array_get(pair, 1)))};
        if (!at[i].name.p || !at[i].value.p)
            return ERR_MEMORY;
    }
    *out = (struct fields){.at = at, .n = n};
    return OK;
}

static enum err open_json(const struct seal *seal, struct str sealed, json_t **out)
{
    struct buf text = BUF_INIT(SEAL_PLAIN_BYTES_MAX);
    enum err err = seal_open_text(seal, seal_context, sealed, &text);

    if (!err)
        err = json_parse(buf_str(&text), out, NULL);
    buf_release(&text);
    return err;
}

enum err rejected_read(const struct seal *seal, struct str sealed, struct arena *arena, struct rejected *out)
{
    json_t *json = NULL;
    enum err err = open_json(seal, sealed, &json);

    if (err)
        return err;
    *out = (struct rejected){.at_us = json_integer_value(json_object_get(json, "at_us")),
                             .reason = arena_str(arena, json_member_text(json, "reason")),
                             .method = arena_str(arena, json_member_text(json, "method")),
                             .query = arena_str(arena, json_member_text(json, "query")),
                             .body_bytes = (size_t)json_integer_value(json_object_get(json, "body_bytes")),
                             .old_url = json_is_true(json_object_get(json, "old_url"))};
    err = read_headers(json_object_get(json, "headers"), arena, &out->headers);
    if (!err)
        err = read_body(json_member_text(json, "body"), arena, &out->body);
    if (!err && (!out->reason.p || !out->method.p || !out->query.p))
        err = ERR_MEMORY;
    json_decref(json);
    return err;
}

/* --- search ----------------------------------------------------------------------------------------------------------- */

bool rejected_holds(const struct rejected *r, struct str text)
{
    if (r->body_bytes > r->body.len || !str_is_utf8(r->body)) /* cut, packed, or no text at all */
        return true;
    if (text_holds(r->body, text) || text_holds(r->query, text))
        return true;
    for (size_t i = 0; i < r->headers.n; i++)
        if (text_holds(r->headers.at[i].value, text))
            return true;
    return false;
}
