/* templates.c -- owns templates. */
#include "route/templates.h"

#include "base/clock.h"
#include "base/timefmt.h"
#include "route/template_hmac.h"

static const char *const filters[] = {
    [FILTER_NONE] = "none", [FILTER_ISO] = "iso",   [FILTER_ISO_LOCAL] = "iso_local",
    [FILTER_SQL] = "sql",   [FILTER_UNIX] = "unix", [FILTER_UNIX_MS] = "unix_ms",
};

static bool is_known(struct str name, const char *const *names)
{
    for (; *names; names++) {
        struct str known = str_of(*names);

        if (str_eq(name, known) || (str_ends(known, STR(".")) && str_starts(name, known) && name.len > known.len))
            return true;
    }
    return false;
}

bool template_read_name(struct reader *r, const struct place *p, struct str inner, const char *const *names,
                        struct template_part *out)
{
    struct str filter;

    out->is_name = true;
    out->text = str_upto(inner, str_find(inner, '|'));
    filter = str_from(inner, out->text.len + 1);
    if (!is_known(out->text, names)) {
        const char *near = nearest_name(out->text, names);

        read_problem(r, p, "{{%.*s}} has no value here%s%s%s", STR_ARG(str_upto(out->text, 80)), near ? " (did you mean {{" : "",
                     near ? near : "", near ? "}}?)" : "");
        return false;
    }
    if (out->text.len == inner.len)
        return true;
    for (size_t i = FILTER_ISO; i < FILTER__COUNT; i++)
        if (str_eq(filter, str_of(filters[i]))) {
            out->filter = (enum template_filter)i;
            return true;
        }
    read_problem(r, p, "\"%.*s\" is not one of iso, iso_local, sql, unix, unix_ms", STR_ARG(str_upto(filter, 80)));
    return false;
}

/* The inside of one pair of braces. */
static bool read_braces(struct reader *r, const struct place *p, struct str inner, const char *const *names,
                        struct template_part *out)
{
    if (str_starts(inner, STR("hmac.")) && is_known(inner, names))
        return template_hmac_read(r, p, inner, names, &out->hmac);
    return template_read_name(r, p, inner, names, out);
}

static size_t count_parts(struct str text)
{
    size_t n = 1;

    for (size_t at = str_find_str(text, STR("{{")); at < text.len; at = str_find_str(text, STR("{{"))) {
        text = str_from(text, at + 2);
        n += 2;
    }
    return n;
}

bool template_read(struct reader *r, const struct place *p, const char *const *names, struct template *out)
{
    struct str text = json_text(p->json);
    struct template_part *parts;

    if (!json_is_string(p->json)) {
        read_unexpected(r, p, "a text");
        return false;
    }
    parts = read_array(r, count_parts(text), sizeof(*parts));
    if (!parts)
        return false;
    out->parts = parts;
    while (text.len) {
        size_t open = str_find_str(text, STR("{{")), close;

        if (open)
            parts[out->n++].text = str_upto(text, open);
        text = str_from(text, open);
        if (text.len == 0)
            break;
        close = str_find_str(text, STR("}}"));
        if (close == text.len) {
            read_problem(r, p, "\"{{\" without \"}}\"");
            return false;
        }
        if (!read_braces(r, p, str_n(text.p + 2, close - 2), names, &parts[out->n++]))
            return false;
        text = str_from(text, close + 2);
    }
    return true;
}

static enum err append_time(int64_t time_us, enum template_filter filter, struct buf *out)
{
    char iso[TIME_ISO_CHARS + 1];
    struct str text;
    enum err err;

    if (filter == FILTER_UNIX)
        return buf_printf(out, "%lld", (long long)(time_us / US_PER_S));
    if (filter == FILTER_UNIX_MS)
        return buf_printf(out, "%lld", (long long)(time_us / US_PER_MS));
    text = str_of(time_iso(time_us - time_us % US_PER_S, iso));
    if (filter == FILTER_ISO || filter == FILTER_NONE)
        return buf_append(out, text);
    iso[10] = filter == FILTER_SQL ? ' ' : 'T';
    err = buf_append(out, str_upto(text, text.len - 1)); /* without the Z */
    return err;
}

/* Appends the text as it stands inside a JSON string. It may be a secret: no copy of it is left. */
static enum err append_in_json(struct str text, struct buf *out)
{
    enum { ESCAPED_BYTE_MAX = 6 }; /* \u001f */
    size_t max = text.len * ESCAPED_BYTE_MAX + 2;
    struct buf quoted = BUF_INIT(max);
    json_t *json = json_str(text);
    enum err err = json ? buf_reserve(&quoted, max) : ERR_MEMORY;

    if (!err)
        err = json_print(json, &quoted);
    if (!err)
        err = buf_append(out, str_n(quoted.p + 1, quoted.len - 2));
    if (json)
        explicit_bzero((char *)json_string_value(json), json_string_length(json));
    json_decref(json);
    buf_wipe(&quoted);
    return err;
}

static enum err append_value(const struct template_value *value, enum template_filter filter, struct buf *out)
{
    if (value->is_time)
        return append_time(value->time_us, filter, out);
    return value->in_json ? append_in_json(value->text, out) : buf_append(out, value->text);
}

enum err template_fill(const struct template *t, template_lookup *lookup, void *arg, struct buf *out)
{
    enum err err = OK;

    for (size_t i = 0; i < t->n && !err; i++) {
        const struct template_part *part = &t->parts[i];
        struct template_value value = {.text = part->text};

        if (part->is_name && !lookup(arg, part->text, &value))
            return ERR_NOT_FOUND;
        err = part->hmac ? template_hmac_fill(part->hmac, lookup, arg, out) : append_value(&value, part->filter, out);
    }
    return err;
}
