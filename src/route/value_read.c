/* value_read.c -- owns the reading of value forms: every operator's grammar, and what may stand together. */
#include "route/value.h"

enum { FIRST_OF_MAX = 16, JOIN_TEXT_MAX = 16, EXPONENT_MAX = 6 };

static const char *const known[] = {"at",   "up",     "root",     "header",    "const",  "sum",  "join",   "of",     "when",
                                    "pick", "strict", "take",     "each",      "split",  "tail", "unless", "values", "default",
                                    "as",   "where",  "currency", "exponents", "config", "zone", NULL};

static const char *const as_names[] = {
    [AS_TEXT] = "text",     [AS_NUMBER] = "number", [AS_BOOL] = "bool",   [AS_LOWER] = "lower", [AS_UPPER] = "upper",
    [AS_UNHTML] = "unhtml", [AS_ABS] = "abs",       [AS_MINOR] = "minor", [AS_EMAIL] = "email", NULL,
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

static bool read_of(struct reader *r, const struct place *p, struct value_form *out);

static bool read_join(struct reader *r, const struct place *p, const struct place *join, struct value_form *out)
{
    struct place of = place_member(p, "of");

    out->origin = VALUE_JOIN;
    out->given = json_text(join->json);
    if (!json_is_string(join->json)) {
        read_unexpected(r, join, "the text that stands between the parts");
        return false;
    }
    if (out->given.len > JOIN_TEXT_MAX) {
        read_problem(r, join, "at most %d bytes stand between the parts", JOIN_TEXT_MAX);
        return false;
    }
    return read_list(r, &of) && read_of(r, &of, out);
}

static bool read_sum(struct reader *r, const struct place *p, const struct place *sum, struct value_form *out)
{
    struct place up = place_member(p, "up");

    out->origin = VALUE_SUM;
    if (!pointer_read(r, sum, &out->at))
        return false;
    out->at.up = (unsigned)read_int(r, &up, 1, POINTER_UP_MAX, 0);
    return true;
}

static bool read_origin(struct reader *r, const struct place *p, struct value_form *out)
{
    struct place at = place_member(p, "at"), root = place_member(p, "root"), header = place_member(p, "header"),
                 text = place_member(p, "const"), config = place_member(p, "config"), sum = place_member(p, "sum"),
                 join = place_member(p, "join");

    if (place_given(&at) + place_given(&root) + place_given(&header) + place_given(&text) + place_given(&config) +
            place_given(&sum) + place_given(&join) !=
        1) {
        read_problem(r, p, "a value has one of at, root, header, const, config, sum, join");
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
    if (place_given(&config)) {
        out->origin = VALUE_CONFIG;
        return config_ref_read(r, &config, &out->config);
    }
    if (place_given(&join))
        return read_join(r, p, &join, out);
    if (place_given(&sum))
        return read_sum(r, p, &sum, out);
    out->origin = VALUE_POINTER;
    return pointer_read_members(r, p, &out->at);
}

enum { TOGETHER_MAX = 3 };

/* "needs "at" or "sum"" */
static void needs_one_of(struct reader *r, const struct place *p, const char *const one_of[TOGETHER_MAX])
{
    bool second = one_of[1] != NULL, third = second && one_of[2];

    read_problem(r, p, "needs \"%s\"%s%s%s%s%s%s", one_of[0], second ? (third ? ", \"" : " or \"") : "", second ? one_of[1] : "",
                 second ? "\"" : "", third ? " or \"" : "", third ? one_of[2] : "", third ? "\"" : "");
}

/* Operators that make no sense without another one are problems, so that a slip is not silently without effect. */
static bool check_together(struct reader *r, const struct place *p)
{
    static const struct {
        const char *name, *one_of[TOGETHER_MAX];
    } rules[] = {
        {"pick", {"at", "root"}},    {"strict", {"pick"}},      {"take", {"at", "root", "sum"}},
        {"each", {"at", "root"}},    {"split", {"at", "root"}}, {"up", {"at", "sum", "root"}},
        {"where", {"sum"}},          {"default", {"values"}},   {"of", {"join"}},
        {"exponents", {"currency"}},
    };
    bool good = true;

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct place here = place_member(p, rules[i].name);
        bool met = !place_given(&here);

        for (size_t k = 0; k < TOGETHER_MAX && rules[i].one_of[k] && !met; k++)
            met = json_object_get(p->json, rules[i].one_of[k]) != NULL;
        if (!met)
            needs_one_of(r, &here, rules[i].one_of);
        good &= met;
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

/* {"ISK": 2}: decimals that the platform gives a currency against ISO 4217. */
static bool read_exponents(struct reader *r, const struct place *p, struct value_form *out)
{
    struct currency *exponents;
    const char *code;
    json_t *value;
    bool good = true;

    if (!read_object(r, p))
        return false;
    exponents = read_array(r, json_object_size(p->json), sizeof(*exponents));
    if (!exponents)
        return false;
    json_object_foreach((json_t *)p->json, code, value)
    {
        struct place member = {.up = p, .name = code, .json = value};
        struct currency *currency = &exponents[out->n_exponents++];

        if (currency_parse(str_of(code), currency)) {
            read_problem(r, &member, "\"%.*s\" is no currency", STR_ARG(str_upto(str_of(code), 20)));
            good = false;
        }
        currency->exponent = (uint8_t)read_int(r, &member, 0, EXPONENT_MAX, 0);
    }
    out->exponents = exponents;
    return good;
}

/* A zone that the file itself gives must be one; what a source gives is looked at when it is used. */
static bool check_zone(struct reader *r, const struct place *p, const struct value_form *zone)
{
    struct str given = zone->origin == VALUE_CONST ? zone->given : zone->origin == VALUE_CONFIG ? zone->config.fallback : STR_NONE;

    if (!given.p || zone->values || time_zone_check(given))
        return true;
    read_problem(r, p, "\"%.*s\" is no zone such as +03:00 or Z", STR_ARG(str_upto(given, 40)));
    return false;
}

static bool read_zone(struct reader *r, const struct place *p, struct value_form *out)
{
    struct place zone = place_member(p, "zone");

    if (!place_given(&zone))
        return true;
    if (out->as != AS_TIME || (out->time != TIME_SQL && out->time != TIME_ISO_LOCAL)) {
        read_problem(r, &zone, "needs \"as\": \"time:sql\" or \"time:iso_local\", which have none");
        return false;
    }
    out->zone = read_array(r, 1, sizeof(*out->zone));
    return out->zone && value_read(r, &zone, out->zone) && check_zone(r, &zone, out->zone);
}

/* Minor units mean nothing without their currency, and a currency means nothing elsewhere. */
static bool read_currency(struct reader *r, const struct place *p, struct value_form *out)
{
    struct place currency = place_member(p, "currency"), exponents = place_member(p, "exponents");

    if ((out->as == AS_MINOR) != place_given(&currency)) {
        read_problem(r, p, "\"as\": \"minor\" and \"currency\" stand together");
        return false;
    }
    if (!place_given(&currency))
        return true;
    out->currency = read_array(r, 1, sizeof(*out->currency));
    if (!out->currency || !value_read(r, &currency, out->currency))
        return false;
    return !place_given(&exponents) || read_exponents(r, &exponents, out);
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
    return good && read_zone(r, p, out) && read_currency(r, p, out);
}

/* The values of a first-of list, or the parts of a join. */
static bool read_of(struct reader *r, const struct place *p, struct value_form *out)
{
    size_t n = json_array_size(p->json);
    bool good = true;

    if (n == 0 || n > FIRST_OF_MAX) {
        read_problem(r, p, "%s has 1 to %d values", out->origin == VALUE_JOIN ? "a join" : "a first-of list", FIRST_OF_MAX);
        return false;
    }
    out->n_of = n;
    out->of = read_array(r, n, sizeof(*out->of));
    if (!out->of)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct place element = place_element(p, i);

        if (json_is_array(element.json) && out->origin == VALUE_FIRST_OF) {
            read_problem(r, &element, "a first-of list holds no list");
            good = false;
        } else
            good &= value_read(r, &element, &out->of[i]);
    }
    return good;
}

static bool read_first_of(struct reader *r, const struct place *p, struct value_form *out)
{
    out->origin = VALUE_FIRST_OF;
    return read_of(r, p, out);
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

bool value_reads_element(const struct value_form *form)
{
    bool reads = (form->origin == VALUE_POINTER || form->origin == VALUE_SUM) && form->at.up == 0;

    for (size_t i = 0; i < form->n_of; i++)
        reads |= value_reads_element(&form->of[i]);
    return reads;
}

void value_headers(const struct value_form *form, void (*each)(void *arg, struct str header), void *arg)
{
    if (form->origin == VALUE_HEADER)
        each(arg, form->given);
    for (size_t i = 0; i < form->n_of; i++)
        value_headers(&form->of[i], each, arg);
    if (form->currency)
        value_headers(form->currency, each, arg);
    if (form->zone)
        value_headers(form->zone, each, arg);
}
