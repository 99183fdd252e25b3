/* jdoc_simdjson.cpp -- owns the parse of foreign JSON: simdjson's token walk into arena nodes (decision: docs/decisions.md). */
#include <cstdbool>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <simdjson.h>

extern "C" {
#include "base/jdoc.h"
#include "base/jdoc_rules.h"
}

using namespace simdjson;

namespace
{

/* One parse. The text stands in `copy` as "[" text "]", so that a scalar document needs no way of its own. */
struct walk {
    struct arena *arena;
    const struct jdoc_limits *limits;
    const char *copy;
    size_t nodes;
    enum err err;
    const char *why;
    const char *at;
};

bool fail(walk &w, enum err err, const char *at, const char *why)
{
    if (w.err == ERR_OK) {
        w.err = err;
        w.at = at;
        w.why = why;
    }
    return false;
}

bool no_memory(walk &w)
{
    return fail(w, ERR_MEMORY, w.copy + 1, "document needs more memory than is allowed");
}

std::string_view without_blanks(std::string_view s)
{
    while (!s.empty() && (s.back() == ' ' || s.back() == '\n' || s.back() == '\r' || s.back() == '\t'))
        s.remove_suffix(1);
    return s;
}

/* simdjson decodes a lone low surrogate to the three bytes ED B0..BF xx, which no valid text holds. */
bool holds_surrogate(std::string_view s)
{
    for (size_t i = s.find('\xed'); i != s.npos; i = s.find('\xed', i + 1))
        if (i + 1 < s.size() && static_cast<unsigned char>(s[i + 1]) >= 0xa0)
            return true;
    return false;
}

bool keep_decoded(walk &w, const char *at, simdjson_result<std::string_view> decoded, struct str &out)
{
    std::string_view s;

    if (std::move(decoded).get(s))
        return fail(w, ERR_SYNTAX, at, "bad escape or lone surrogate in a string");
    if (holds_surrogate(s))
        return fail(w, ERR_UTF8, at, "lone surrogate in a string");
    if (s.find('\0') != s.npos)
        return fail(w, ERR_SYNTAX, at, "NUL in a string");
    out = arena_str(w.arena, {s.data(), s.size()});
    return out.p || no_memory(w);
}

/* A string without escapes is borrowed from the copy of the text, which lives in the arena as well. */
bool string_value(walk &w, ondemand::value value, std::string_view token, struct str &out)
{
    std::string_view raw = token.substr(1);

    if (raw.empty() || raw.back() != '"')
        return fail(w, ERR_SYNTAX, token.data(), "string without end");
    raw.remove_suffix(1);
    if (raw.find('\\') != raw.npos)
        return keep_decoded(w, token.data(), value.get_string(), out);
    out = {raw.data(), raw.size()};
    /* Moves past it; left to simdjson's own skipping, "name": would pass as an element of an array. */
    return value.get_raw_json_string().error() == SUCCESS || fail(w, ERR_SYNTAX, token.data(), "not a JSON value");
}

bool member_key(walk &w, ondemand::field &field, struct str &out)
{
    const char *raw = field.key().raw();
    const char *end = static_cast<const char *>(rawmemchr(raw, '"'));

    if (!memchr(raw, '\\', static_cast<size_t>(end - raw))) {
        out = {raw, static_cast<size_t>(end - raw)};
        return true;
    }
    return keep_decoded(w, raw, field.unescaped_key(), out);
}

bool walk_value(walk &w, ondemand::value value, unsigned depth, struct jnode &node);

struct jnode *append(walk &w, struct jnode &parent, struct jnode *last)
{
    struct jnode *node = static_cast<struct jnode *>(arena_alloc(w.arena, sizeof(struct jnode)));

    if (!node || ++w.nodes > w.limits->max_nodes) {
        fail(w, node ? ERR_TOO_LARGE : ERR_MEMORY, w.copy + 1, node ? "too many values" : "out of memory");
        return nullptr;
    }
    if (last)
        last->next = node;
    else
        parent.child = node;
    parent.n++;
    return node;
}

const char *place(ondemand::value &value)
{
    std::string_view token = value.raw_json_token();

    return token.data();
}

bool walk_array(walk &w, ondemand::value value, unsigned depth, struct jnode &node)
{
    const char *start = place(value);
    struct jnode *last = nullptr;
    ondemand::array array;

    node.type = J_ARRAY;
    if (value.get_array().get(array))
        return fail(w, ERR_SYNTAX, start, "array without end");
    for (auto element : array) {
        ondemand::value child;

        if (std::move(element).get(child))
            return fail(w, ERR_SYNTAX, last && last->text.p ? last->text.p : start, "',' or ']' expected in an array");
        last = append(w, node, last);
        if (!last || !walk_value(w, child, depth, *last))
            return false;
    }
    return true;
}

bool walk_object(walk &w, ondemand::value value, unsigned depth, struct jnode &node)
{
    const char *start = place(value);
    struct jnode *last = nullptr;
    ondemand::object object;
    enum err err;

    node.type = J_OBJECT;
    if (value.get_object().get(object))
        return fail(w, ERR_SYNTAX, start, "object without end, or a member without name");
    for (auto member : object) {
        ondemand::field field;

        if (std::move(member).get(field))
            return fail(w, ERR_SYNTAX, last ? last->key.p : start, "'\"name\": value' and ',' or '}' expected in an object");
        last = append(w, node, last);
        if (!last || !member_key(w, field, last->key) || !walk_value(w, field.value(), depth, *last))
            return false;
    }
    err = jdoc_check_duplicates(w.arena, &node);
    return err == ERR_OK || fail(w, err, start, err == ERR_DUPLICATE ? "object with a duplicate member" : "out of memory");
}

bool walk_scalar(walk &w, ondemand::value value, std::string_view token, struct jnode &node)
{
    struct str text = {token.data(), token.size()};

    if (token[0] == '"') {
        node.type = J_STRING;
        return string_value(w, value, token, node.text);
    }
    node.type = token == "null" ? J_NULL : token == "true" ? J_TRUE : token == "false" ? J_FALSE : J_NUMBER;
    if (node.type == J_NUMBER && !jdoc_is_number(text))
        return fail(w, ERR_SYNTAX, token.data(), "not a JSON value");
    if (node.type == J_NUMBER)
        node.text = text;
    return true;
}

bool walk_value(walk &w, ondemand::value value, unsigned depth, struct jnode &node)
{
    std::string_view token = without_blanks(value.raw_json_token());

    if (token.empty())
        return fail(w, ERR_SYNTAX, w.copy + 1, "value expected");
    if (token[0] != '{' && token[0] != '[')
        return walk_scalar(w, value, token, node);
    if (depth >= w.limits->max_depth)
        return fail(w, ERR_DEPTH, token.data(), "nested too deeply");
    return token[0] == '{' ? walk_object(w, value, depth + 1, node) : walk_array(w, value, depth + 1, node);
}

/* The place of what the first stage of simdjson refuses without saying where. */
const char *find_bad_utf8(struct str copy)
{
    size_t good = 0;

    for (size_t step = copy.len; step; step /= 2)
        while (good + step <= copy.len && str_is_utf8(str_upto(str_from(copy, good), step)))
            good += step;
    return copy.p + good;
}

const char *find_bad_string(struct str copy)
{
    const char *open = nullptr;

    for (size_t i = 0; i < copy.len; i++) {
        if (open && static_cast<unsigned char>(copy.p[i]) < 0x20)
            return copy.p + i;
        if (open && copy.p[i] == '\\')
            i++;
        else if (copy.p[i] == '"')
            open = open ? nullptr : copy.p + i;
    }
    return open ? open : copy.p + 1;
}

bool refused(walk &w, error_code code, struct str copy)
{
    switch (code) {
    case UTF8_ERROR:
        return fail(w, ERR_UTF8, find_bad_utf8(copy), "invalid UTF-8");
    case UNCLOSED_STRING:
        return fail(w, ERR_SYNTAX, find_bad_string(copy), "string without end");
    case UNESCAPED_CHARS:
        return fail(w, ERR_SYNTAX, find_bad_string(copy), "control character in a string");
    case MEMALLOC:
        return no_memory(w);
    default:
        return fail(w, ERR_SYNTAX, copy.p + 1, "not JSON");
    }
}

/* The commonest damage is a body cut short, which ends without the bracket that it began with; told before anything else. */
bool is_cut_short(std::string_view text)
{
    size_t first = text.find_first_not_of(" \t\r\n");
    std::string_view rest = without_blanks(text);

    if (first == text.npos || (text[first] != '{' && text[first] != '['))
        return false;
    return rest.back() != (text[first] == '{' ? '}' : ']');
}

bool walk_document(walk &w, struct str copy, struct jnode &root)
{
    ondemand::parser parser;
    ondemand::document document;
    ondemand::array array;
    size_t found = 0;
    error_code code = parser.iterate(copy.p, copy.len, copy.len + SIMDJSON_PADDING).get(document);

    if (code)
        return refused(w, code, copy);
    if (is_cut_short(std::string_view(copy.p + 1, copy.len - 2)))
        return fail(w, ERR_SYNTAX, copy.p + copy.len - 1, "the document does not end");
    if (document.get_array().get(array))
        return fail(w, ERR_SYNTAX, copy.p + 1, "not JSON: an array, object or string does not end");
    for (auto element : array) {
        ondemand::value value;

        if (found++)
            return fail(w, ERR_SYNTAX, copy.p + 1, "bytes after the document");
        if (std::move(element).get(value) || !walk_value(w, value, 0, root))
            return fail(w, ERR_SYNTAX, copy.p + 1, "not JSON");
    }
    if (found == 0)
        return fail(w, ERR_SYNTAX, copy.p + 1, "empty");
    return document.current_location().error() == OUT_OF_BOUNDS || fail(w, ERR_SYNTAX, copy.p + 1, "bytes after the document");
}

/* Returns the text between brackets, followed by the bytes that simdjson may read past the end; .p is NULL without memory. */
struct str copy_of(struct arena *arena, struct str text)
{
    char *copy = static_cast<char *>(arena_alloc(arena, text.len + 2 + SIMDJSON_PADDING));

    if (!copy)
        return {nullptr, 0};
    copy[0] = '[';
    if (text.len)
        memcpy(copy + 1, text.p, text.len);
    copy[text.len + 1] = ']';
    return {copy, text.len + 2};
}

} // namespace

extern "C" enum err jdoc_parse(struct arena *arena, struct str text, const struct jdoc_limits *limits, const struct jnode **out,
                               struct jdoc_error *why)
{
    walk w = {arena, limits, nullptr, 0, ERR_OK, "", nullptr};
    struct jnode *root = static_cast<struct jnode *>(arena_alloc(arena, sizeof(struct jnode)));
    struct str copy = {nullptr, 0};

    if (text.len > limits->max_bytes)
        fail(w, ERR_TOO_LARGE, nullptr, "document too large");
    else if (text.len >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
        fail(w, ERR_SYNTAX, nullptr, "byte order mark");
    else
        copy = copy_of(arena, text);
    w.copy = copy.p;
    if (w.err == ERR_OK && (!root || !copy.p))
        fail(w, ERR_MEMORY, nullptr, "out of memory");
    if (w.err == ERR_OK && walk_document(w, copy, *root))
        *out = root;
    if (why) {
        why->at = w.at && copy.p && w.at > copy.p ? static_cast<size_t>(w.at - copy.p) - 1 : 0;
        why->why = w.why;
        if (why->at > text.len)
            why->at = text.len;
    }
    return w.err;
}
