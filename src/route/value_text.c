/* value_text.c -- owns what is done to a text that a value form found: its conversions, tables and refusals. */
#include "route/value.h"

#include "model/email.h"
#include "route/decimal.h"
#include "route/entity.h"

struct str describe_text(struct arena *arena, struct str text)
{
    size_t characters = 0;
    char line[64];
    struct str copy;

    for (size_t i = 0; i < text.len; i++)
        characters += ((unsigned char)text.p[i] & 0xc0) != 0x80;
    snprintf(line, sizeof(line), "a text of %zu character%s", characters, characters == 1 ? "" : "s");
    copy = arena_str(arena, str_of(line));
    return copy.p ? copy : STR("a text");
}

struct str describe_node(struct arena *arena, const struct jnode *node)
{
    if (!node)
        return STR("nothing");
    switch (node->type) {
    case J_NULL:
        return STR("null");
    case J_TRUE:
        return STR("true");
    case J_FALSE:
        return STR("false");
    case J_NUMBER:
        return STR("a number");
    case J_ARRAY:
        return STR("a list");
    case J_OBJECT:
        return STR("an object");
    case J_STRING:
        break;
    }
    return describe_text(arena, node->text);
}

enum err refuse(struct refusal *refusal, const struct value_form *form, const char *wanted, struct str got)
{
    refusal->where = form->origin == VALUE_HEADER || form->origin == VALUE_CONST ? form->given
                     : form->origin == VALUE_CONFIG                              ? form->config.name
                     : form->origin == VALUE_JOIN                                ? STR("join")
                                                                                 : form->at.text;
    refusal->wanted = wanted;
    refusal->got = got;
    return ERR_TYPE;
}

/* ASCII letters between `first` and `last` change their case. */
static enum err to_case(struct str text, char first, char last, struct arena *arena, struct str *out)
{
    char *copy = arena_alloc(arena, text.len);

    if (!copy)
        return ERR_MEMORY;
    for (size_t i = 0; i < text.len; i++)
        copy[i] = text.p[i] >= first && text.p[i] <= last ? (char)(text.p[i] ^ 0x20) : text.p[i];
    *out = str_n(copy, text.len);
    return OK;
}

/* Booleans come as true, 1, "1", "yes"; the text form is "true" or "false". */
static enum err to_bool(struct str text, struct str *out)
{
    static const char *const words[][2] = {{"true", "false"}, {"1", "0"}, {"yes", "no"}, {"on", "off"}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_eq_nocase(text, str_of(words[i][0]))) {
            *out = STR("true");
            return OK;
        }
        if (str_eq_nocase(text, str_of(words[i][1]))) {
            *out = STR("false");
            return OK;
        }
    }
    return ERR_SYNTAX;
}

/* The decimals of the platform's own minor units, where they are not those of ISO 4217. */
static void set_exponent(const struct value_form *form, struct currency *currency)
{
    for (size_t i = 0; i < form->n_exponents; i++)
        if (strcmp(form->exponents[i].code, currency->code) == 0)
            currency->exponent = form->exponents[i].exponent;
}

/* Minor units, such as cents, to the decimal text of their currency. */
static enum err from_minor(const struct value_form *form, const struct scope *scope, struct str *text, struct refusal *refusal)
{
    struct money money = {.rounded = false};
    struct found code;
    char decimal[MONEY_TEXT_CHARS + 1];
    enum err err = value_find(form->currency, scope, &code, refusal);

    if (err)
        return err;
    if (code.kind != FOUND_TEXT || currency_parse(code.text, &money.currency))
        return refuse(refusal, form->currency, "the code of a currency",
                      code.kind == FOUND_TEXT ? describe_text(scope->arena, code.text) : STR("nothing"));
    set_exponent(form, &money.currency);
    if (str_to_i64(*text, &money.minor))
        return refuse(refusal, form, "a whole number of minor units", describe_text(scope->arena, *text));
    *text = arena_str(scope->arena, str_of(money_text(&money, decimal)));
    return text->p ? OK : ERR_MEMORY;
}

/* Blanks, brackets and what else parts an address from the text around it. */
static bool is_around_address(char c)
{
    return (unsigned char)c <= ' ' || strchr("<>()[]{}\"',;:|", c);
}

/* The first e-mail address in a text; empty when there is none. */
static enum err find_address(struct str text, struct arena *arena, struct str *out)
{
    struct email email;

    *out = STR_NONE;
    for (size_t i = 0; i < text.len;) {
        size_t end = i;
        struct str word;
        enum err err;

        while (end < text.len && !is_around_address(text.p[end]))
            end++;
        word = str_n(text.p + i, end - i);
        while (word.len && strchr(".!?", word.p[word.len - 1]))
            word.len--;
        i = end + 1;
        if (str_find(word, '@') == word.len || word.len > EMAIL_MAX_BYTES)
            continue;
        err = email_normalise(word, arena, &email);
        if (err == OK)
            *out = word;
        if (err == OK || err == ERR_MEMORY)
            return err;
    }
    return OK;
}

/* "2024-05-02 09:11:08" and "+03:00" to "2024-05-02T09:11:08+03:00". */
static enum err add_zone(struct arena *arena, struct str zone, struct str *text)
{
    char *whole = arena_alloc(arena, text->len + zone.len);

    if (!whole)
        return ERR_MEMORY;
    memcpy(whole, text->p, text->len);
    whole[strlen("2024-05-02")] = 'T';
    memcpy(whole + text->len, zone.p, zone.len);
    *text = str_n(whole, text->len + zone.len);
    return OK;
}

/* A time whose zone is wanted and not known is none. */
static enum err to_time(const struct value_form *form, const struct scope *scope, struct str *text, struct refusal *refusal)
{
    struct found zone = {.kind = FOUND_NOTHING};
    int64_t time;
    enum err err = form->zone ? value_find(form->zone, scope, &zone, refusal) : OK;

    if (err)
        return err;
    if (form->zone && zone.kind != FOUND_TEXT) {
        *text = STR_NONE;
        return OK;
    }
    if (form->zone && !time_zone_check(zone.text))
        return refuse(refusal, form->zone, "a zone such as +03:00", describe_text(scope->arena, zone.text));
    if (time_parse(*text, form->time, &time))
        return refuse(refusal, form, "a time of the stated format", describe_text(scope->arena, *text));
    return form->zone ? add_zone(scope->arena, zone.text, text) : OK;
}

enum time_format found_time_format(const struct found *found)
{
    return found->via->as == AS_TIME && !found->via->zone ? found->via->time : TIME_ISO;
}

static enum err convert(const struct value_form *form, const struct scope *scope, struct str *text, struct refusal *refusal)
{
    struct str given = *text;

    switch (form->as) {
    case AS_TEXT:
        return OK;
    case AS_LOWER:
        return to_case(given, 'A', 'Z', scope->arena, text);
    case AS_UPPER:
        return to_case(given, 'a', 'z', scope->arena, text);
    case AS_EMAIL:
        return find_address(given, scope->arena, text);
    case AS_MINOR:
        return from_minor(form, scope, text, refusal);
    case AS_UNHTML: {
        enum err err = entity_decode(given, scope->arena, text);

        *text = str_trim(*text);
        return err;
    }
    case AS_NUMBER:
    case AS_ABS:
        if (decimal_check(given))
            return refuse(refusal, form, "a plain decimal number", describe_text(scope->arena, given));
        if (form->as == AS_ABS && given.p[0] == '-')
            *text = str_from(given, 1);
        return OK;
    case AS_BOOL:
        return to_bool(given, text) ? refuse(refusal, form, "true or false", describe_text(scope->arena, given)) : OK;
    case AS_TIME:
        return to_time(form, scope, text, refusal);
    }
    return ERR_INTERNAL;
}

static bool is_refused_text(const struct value_form *form, struct str text)
{
    for (size_t i = 0; i < form->n_unless; i++)
        if (str_eq(form->unless[i], text))
            return true;
    return false;
}

/* Looks the text up in "values"; false when it is in no row and there is no default. */
static bool translate(const struct value_form *form, struct str *text)
{
    if (!form->values)
        return true;
    for (size_t i = 0; i < form->n_values; i++)
        if (str_eq(form->values[i].from, *text)) {
            *text = form->values[i].to;
            return true;
        }
    *text = form->fallback;
    return form->has_default;
}

static struct str after_last(struct str text, char c)
{
    size_t at = text.len;

    while (at && text.p[at - 1] != c)
        at--;
    return str_from(text, at);
}

enum err value_finish(const struct value_form *form, const struct scope *scope, struct str text, struct found *out,
                      struct refusal *refusal)
{
    enum err err;

    *out = (struct found){.kind = FOUND_EMPTY, .via = form};
    text = str_trim(form->tail ? after_last(text, form->tail) : text);
    if (is_refused_text(form, text)) {
        out->kind = FOUND_NOTHING;
        return OK;
    }
    if (text.len == 0)
        return OK;
    err = convert(form, scope, &text, refusal);
    if (err)
        return err;
    if (is_refused_text(form, text) || !translate(form, &text)) {
        out->kind = FOUND_NOTHING;
        return OK;
    }
    out->kind = text.len ? FOUND_TEXT : FOUND_EMPTY;
    out->text = text;
    return OK;
}
