/* value_read.c -- owns the reading of value forms: every operator's grammar, and what may stand together. */
#include "route/value.h"

enum { FIRST_OF_MAX = 16 };

static const char *const known[] = {"at",    "header", "const",  "sum",    "when",    "pick", "strict", "take", "each",
                                    "split", "tail",   "unless", "values", "default", "as",   "where",  NULL};

static const char *const as_names[] = {
    [AS_TEXT] = "text",
    [AS_NUMBER] = "number",
    [AS_BOOL] = "bool",
    [AS_LOWER] = "lower",
    [AS_UNHTML] = "unhtml",
    [AS_ABS] = "abs",
    NULL,
};

static bool read_as(struct reader *r, const struct place *p, struct value_form *out)
{
    struct str name = read_text(r, p);
    size_t index = 0;

    if (str_starts(name, STR("time:"))) {
        out->as = AS_TIME;
        if (time_format_parse(str_from(name, 5), &out->time) == OK)
            return true;
        read_problem(r, p,
                     "\"%.*s\" is not one of time:iso, time:iso_local, time:sql, time:unix, time:unix_ms, time:rfc2822, "
                     "time:http_date, time:any",
                     STR_ARG(str_upto(name, 80)));
        return false;
    }
    if (name.len == 0 || !read_choice(r, p, as_names, &index))
        return false;
    out->as = (enum value_as)index;
    return true;
}

static bool read_char(struct reader *r, const struct place *p, char *out)
{
    struct str text = read_text(r, p);

    if (text.len == 1 && (unsigned char)text.p[0] < 0x80) {
        *out = text.p[0];
        return true;
    }
    if (text.len)
        read_problem(r, p, "must be one ASCII character");
    return false;
}

static bool read_pairs(struct reader *r, const struct place *p, struct value_form *out)
{
    struct value_pair *pairs;
    const char *name;
    json_t *value;
    bool good = true;

    if (!read_object(r, p))
        return false;
    pairs = read_array(r, json_object_size(p->json), sizeof(*pairs));
    if (!pairs)
        return false;
    json_object_foreach((json_t *)p->json, name, value)
    {
        struct place member = {.up = p, .name = name, .json = value};
        struct value_pair *pair = &pairs[out->n_values++];

        pair->from = str_of(name);
        good &= read_scalar(r, &member, &pair->to);
    }
    out->values = pairs;
    return good;
}

static bool read_header_name(struct reader *r, const struct place *p, struct str *out)
{
    *out = read_text(r, p);
    for (size_t i = 0; i < out->len; i++) {
        char c = out->p[i], low = (char)(c | 0x20);

        if (!(low >= 'a' && low <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_') {
            read_problem(r, p, "\"%.*s\" is no header name", STR_ARG(str_upto(*out, 80)));
            return false;
        }
    }
    return out->len > 0;
}

static bool read_origin(struct reader *r, const struct place *p, struct value_form *out)
{
    struct place at = place_member(p, "at"), header = place_member(p, "header"), text = place_member(p, "const"),
                 sum = place_member(p, "sum");

    if (place_given(&at) + place_given(&header) + place_given(&text) + place_given(&sum) != 1) {
        read_problem(r, p, "a value has one of at, header, const, sum");
        return false;
    }
    if (place_given(&header)) {
        out->origin = VALUE_HEADER;
        return read_header_name(r, &header, &out->given);
    }
    if (place_given(&text)) {
        out->origin = VALUE_CONST;
        return read_scalar(r, &text, &out->given);
    }
    out->origin = place_given(&sum) ? VALUE_SUM : VALUE_POINTER;
    return pointer_read(r, place_given(&sum) ? &sum : &at, &out->at);
}

/* Operators that make no sense without another one are problems, so that a slip is not silently without effect. */
static bool check_together(struct reader *r, const struct place *p)
{
    static const struct {
        const char *name, *needs, *or_else;
    } rules[] = {
        {"pick", "at", NULL},  {"strict", "pick", NULL}, {"take", "at", "sum"},       {"each", "at", NULL},
        {"split", "at", NULL}, {"where", "sum", NULL},   {"default", "values", NULL},
    };
    bool good = true;

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct place here = place_member(p, rules[i].name), need = place_member(p, rules[i].needs);
        bool met = place_given(&need) || (rules[i].or_else && json_object_get(p->json, rules[i].or_else));

        if (!place_given(&here) || met)
            continue;
        if (rules[i].or_else)
            read_problem(r, &here, "needs \"%s\" or \"%s\"", rules[i].needs, rules[i].or_else);
        else
            read_problem(r, &here, "needs \"%s\"", rules[i].needs);
        good = false;
    }
    return good;
}

/* Reads the operators that say which part of the document is meant. */
static bool read_place_operators(struct reader *r, const struct place *p, struct value_form *out)
{
    struct place when = place_member(p, "when"), pick = place_member(p, "pick"), strict = place_member(p, "strict"),
                 take = place_member(p, "take"), each = place_member(p, "each"), where = place_member(p, "where");
    bool good = true;

    if (place_given(&when))
        good &= conditions_read(r, &when, &out->when);
    if (place_given(&pick))
        good &= conditions_read_short(r, &pick, &out->pick);
    if (place_given(&where))
        good &= conditions_read_short(r, &where, &out->where);
    out->strict = read_bool(r, &strict, false);
    out->has_take = place_given(&take);
    if (out->has_take)
        good &= pointer_read(r, &take, &out->take);
    out->has_each = place_given(&each);
    if (out->has_each)
        good &= pointer_read(r, &each, &out->each);
    return good;
}

/* Reads the operators on the text that was found. */
static bool read_text_operators(struct reader *r, const struct place *p, struct value_form *out)
{
    struct place split = place_member(p, "split"), tail = place_member(p, "tail"), unless = place_member(p, "unless"),
                 values = place_member(p, "values"), fallback = place_member(p, "default"), as = place_member(p, "as");
    bool good = true;

    if (place_given(&split))
        good &= read_char(r, &split, &out->split);
    if (place_given(&tail))
        good &= read_char(r, &tail, &out->tail);
    if (place_given(&unless))
        good &= read_scalars(r, &unless, &out->unless, &out->n_unless);
    if (place_given(&values))
        good &= read_pairs(r, &values, out);
    out->has_default = place_given(&fallback);
    if (out->has_default)
        good &= read_scalar(r, &fallback, &out->fallback);
    if (place_given(&as))
        good &= read_as(r, &as, out);
    return good;
}

static bool read_form(struct reader *r, const struct place *p, struct value_form *out)
{
    bool good = read_members(r, p, known);

    if (!good)
        return false;
    good &= read_origin(r, p, out);
    good &= check_together(r, p);
    good &= read_place_operators(r, p, out);
    good &= read_text_operators(r, p, out);
    return good;
}

static bool read_first_of(struct reader *r, const struct place *p, struct value_form *out)
{
    size_t n = json_array_size(p->json);
    bool good = true;

    if (n == 0 || n > FIRST_OF_MAX) {
        read_problem(r, p, "a first-of list has 1 to %d values", FIRST_OF_MAX);
        return false;
    }
    out->origin = VALUE_FIRST_OF;
    out->n_of = n;
    out->of = read_array(r, n, sizeof(*out->of));
    if (!out->of)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct place element = place_element(p, i);

        if (json_is_array(element.json)) {
            read_problem(r, &element, "a first-of list holds no list");
            good = false;
        } else
            good &= value_read(r, &element, &out->of[i]);
    }
    return good;
}

bool value_read(struct reader *r, const struct place *p, struct value_form *out)
{
    *out = (struct value_form){.origin = VALUE_POINTER};
    if (json_is_string(p->json))
        return pointer_read(r, p, &out->at);
    if (json_is_array(p->json))
        return read_first_of(r, p, out);
    if (json_is_object(p->json))
        return read_form(r, p, out);
    read_unexpected(r, p, "a pointer, a list of values or an object");
    return false;
}

void value_headers(const struct value_form *form, void (*each)(void *arg, struct str header), void *arg)
{
    if (form->origin == VALUE_HEADER)
        each(arg, form->given);
    for (size_t i = 0; i < form->n_of; i++)
        value_headers(&form->of[i], each, arg);
}
