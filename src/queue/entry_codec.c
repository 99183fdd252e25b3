/* entry_codec.c -- owns the form of an entry in a stream: field and value pairs, with a format version. */
#include "queue/entry_codec.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    PART_VERSION,
    PART_ID,
    PART_SOURCE,
    PART_TOPIC,
    PART_RECEIVED,
    PART_SIGNED,
    PART_TYPE,
    PART_BODY,
    PART_REPLAY,
    PART_KIND,
    PART_FIRE,
    PART_ON_ADD,
    PART__COUNT
};

/* The field names of format 1, in the order they are written; those from PART_REPLAY on stand only where they say something. */
static const struct str part_names[PART__COUNT] = {
    [PART_VERSION] = {"v", 1},         [PART_ID] = {"id", 2},         [PART_SOURCE] = {"source", 6}, [PART_TOPIC] = {"topic", 5},
    [PART_RECEIVED] = {"received", 8}, [PART_SIGNED] = {"signed", 6}, [PART_TYPE] = {"type", 4},     [PART_BODY] = {"body", 4},
    [PART_REPLAY] = {"replay", 6},     [PART_KIND] = {"kind", 4},     [PART_FIRE] = {"fire", 4},     [PART_ON_ADD] = {"on_add", 6},
};

static const char *const kind_names[ENTRY_KIND__COUNT] = {
    [ENTRY_SECRET] = "secret", [ENTRY_FIRST_SECRET] = "first_secret", [ENTRY_VISIT] = "visit"};

static const struct str header_prefix = {"h:", 2};

static bool is_delivery_id(struct str s)
{
    if (s.len != 32)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
            return false;
    return true;
}

static bool is_source_id(struct str s)
{
    uint64_t value;

    return !str_to_u64(s, &value) && value <= INT64_MAX;
}

static void put_number(struct entry_pairs *out, size_t slot, int64_t value, struct str *into)
{
    int n = snprintf(out->numbers[slot], sizeof(out->numbers[slot]), "%" PRId64, value);

    *into = str_n(out->numbers[slot], (size_t)n);
}

static enum err put_header(struct entry_pairs *out, const struct field *header)
{
    char *name = out->names + out->names_len;
    size_t len = header_prefix.len + header->name.len;

    if (out->n == ENTRY_PAIRS_MAX)
        return ERR_TOO_MANY;
    if (len > sizeof(out->names) - out->names_len)
        return ERR_TOO_LARGE;
    memcpy(name, header_prefix.p, header_prefix.len);
    if (header->name.len)
        memcpy(name + header_prefix.len, header->name.p, header->name.len);
    out->names_len += len;
    out->at[out->n++] = (struct field){.name = str_n(name, len), .value = header->value};
    return OK;
}

enum err entry_encode(const struct entry *entry, struct entry_pairs *out)
{
    struct str values[PART__COUNT] = {
        [PART_ID] = entry->id,
        [PART_SOURCE] = entry->source_id,
        [PART_TOPIC] = entry->topic,
        [PART_TYPE] = entry->content_type,
        [PART_BODY] = entry->body,
        [PART_REPLAY] = entry->replay ? STR("1") : STR_NONE,
        [PART_KIND] = str_of(kind_names[entry->kind]),
        [PART_FIRE] = entry->fire ? STR("1") : STR_NONE,
        [PART_ON_ADD] = entry->on_add,
    };
    enum err err = OK;

    out->n = out->names_len = 0;
    if (!is_delivery_id(entry->id) || !is_source_id(entry->source_id) || entry->received_at_us < 0 || entry->signed_at_us < 0)
        return ERR_RANGE;
    if (entry->headers.n > ENTRY_FIELDS_MAX)
        return ERR_TOO_MANY;
    put_number(out, 0, ENTRY_FORMAT, &values[PART_VERSION]);
    put_number(out, 1, entry->received_at_us, &values[PART_RECEIVED]);
    put_number(out, 2, entry->signed_at_us, &values[PART_SIGNED]);
    for (size_t i = 0; i < PART__COUNT; i++)
        if (i < PART_REPLAY || values[i].len)
            out->at[out->n++] = (struct field){.name = part_names[i], .value = values[i]};
    for (size_t i = 0; i < entry->headers.n && !err; i++)
        err = put_header(out, &entry->headers.at[i]);
    return err;
}

/* What the pairs hold while they are being read. */
struct parts {
    struct str value[PART__COUNT];
    bool has[PART__COUNT];
    struct field headers[ENTRY_FIELDS_MAX];
    size_t n_headers;
};

static enum err take_header(struct parts *parts, const struct field *pair)
{
    if (!str_starts(pair->name, header_prefix))
        return ERR_SYNTAX;
    if (parts->n_headers == ENTRY_FIELDS_MAX)
        return ERR_TOO_MANY;
    parts->headers[parts->n_headers++] = (struct field){.name = str_from(pair->name, header_prefix.len), .value = pair->value};
    return OK;
}

static enum err take_pair(struct parts *parts, const struct field *pair)
{
    for (size_t i = 0; i < PART__COUNT; i++) {
        if (!str_eq(pair->name, part_names[i]))
            continue;
        if (parts->has[i])
            return ERR_SYNTAX;
        parts->has[i] = true;
        parts->value[i] = pair->value;
        return OK;
    }
    return take_header(parts, pair);
}

static enum err read_time(struct str text, int64_t *out)
{
    uint64_t value;

    if (str_to_u64(text, &value) || value > INT64_MAX)
        return ERR_SYNTAX;
    *out = (int64_t)value;
    return OK;
}

static enum err check_parts(const struct parts *parts)
{
    uint64_t version;

    for (size_t i = 0; i < PART_REPLAY; i++)
        if (!parts->has[i])
            return ERR_SYNTAX;
    if (str_to_u64(parts->value[PART_VERSION], &version) || version != ENTRY_FORMAT)
        return ERR_SYNTAX;
    if (parts->has[PART_REPLAY] && !str_eq(parts->value[PART_REPLAY], STR("1")))
        return ERR_SYNTAX;
    if (parts->has[PART_FIRE] && !str_eq(parts->value[PART_FIRE], STR("1")))
        return ERR_SYNTAX;
    return is_delivery_id(parts->value[PART_ID]) && is_source_id(parts->value[PART_SOURCE]) ? OK : ERR_SYNTAX;
}

static enum err read_kind(const struct parts *parts, enum entry_kind *out)
{
    *out = ENTRY_DELIVERY;
    if (!parts->has[PART_KIND])
        return OK;
    for (size_t i = ENTRY_SECRET; i < ENTRY_KIND__COUNT; i++)
        if (str_eq(parts->value[PART_KIND], str_of(kind_names[i])))
            *out = (enum entry_kind)i;
    return *out == ENTRY_DELIVERY ? ERR_SYNTAX : OK;
}

static enum err keep_headers(const struct parts *parts, struct arena *arena, struct fields *out)
{
    struct field *at;

    if (parts->n_headers == 0)
        return OK;
    at = arena_array(arena, parts->n_headers, sizeof(*at));
    if (!at)
        return ERR_MEMORY;
    memcpy(at, parts->headers, parts->n_headers * sizeof(*at));
    *out = (struct fields){.at = at, .n = parts->n_headers};
    return OK;
}

enum err entry_decode(const struct field *pairs, size_t n, struct arena *arena, struct entry *out)
{
    struct parts parts = {.n_headers = 0};
    struct entry e = {.lane = LANE_LIVE};
    enum err err = OK;

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < n && !err; i++)
        err = take_pair(&parts, &pairs[i]);
    if (!err)
        err = check_parts(&parts);
    if (!err)
        err = read_time(parts.value[PART_RECEIVED], &e.received_at_us);
    if (!err)
        err = read_time(parts.value[PART_SIGNED], &e.signed_at_us);
    if (!err)
        err = read_kind(&parts, &e.kind);
    if (!err)
        err = keep_headers(&parts, arena, &e.headers);
    if (err)
        return err;
    e.id = parts.value[PART_ID];
    e.source_id = parts.value[PART_SOURCE];
    e.topic = parts.value[PART_TOPIC];
    e.content_type = parts.value[PART_TYPE];
    e.body = parts.value[PART_BODY];
    e.replay = parts.has[PART_REPLAY];
    e.fire = parts.has[PART_FIRE];
    e.on_add = parts.value[PART_ON_ADD];
    *out = e;
    return OK;
}

size_t entry_xadd(struct str key, const struct field *pairs, size_t n, struct str *args)
{
    size_t words = 0;

    args[words++] = STR("XADD");
    args[words++] = key;
    args[words++] = STR("*");
    for (size_t i = 0; i < n; i++) {
        args[words++] = pairs[i].name;
        args[words++] = pairs[i].value;
    }
    return words;
}
