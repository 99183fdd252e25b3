/* setting.c -- owns the form of a setting: its row, its spellings, how its text becomes a number, what it may be. */
#include "base/setting.h"

#include "base/problems.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

enum { VALUE_MAX_BYTES = 4096 };

const char setting_environment_prefix[] = "STOREHOOK_";

static const struct setting_row rows[] = {
#define X(name, key, type, def, least, most, flags, help) [SET_##name] = {key, type, def, least, most, flags, help},
    SETTING_LIST(X)
#undef X
};

/* The keys alone, as nearest_name wants them. */
static const char *const keys[] = {
#define X(name, key, type, def, least, most, flags, help) key,
    SETTING_LIST(X)
#undef X
        NULL,
};

/* Texts that are one of a few words. */
static const char *const choices[SET__COUNT][5] = {
    [SET_LOG_LEVEL] = {"debug", "info", "warn", "error"},
    [SET_REDIS_REQUIRE_FSYNC] = {"always", "everysec"},
};

struct unit {
    const char *suffix;
    int64_t factor;
};

static const struct unit plain_units[] = {{"", 1}, {NULL, 0}};
static const struct unit byte_units[] = {{"", 1}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {NULL, 0}};
static const struct unit time_units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0}};

static enum err parse_bool(struct str text, const struct unit *units, int64_t *out)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"yes", true}, {"no", false}, {"true", true}, {"false", false}, {"on", true}, {"off", false}};

    (void)units;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (str_eq(text, str_of(words[i].word))) {
            *out = words[i].value;
            return OK;
        }
    return ERR_SYNTAX;
}

/* Parses digits and one of the suffixes. ERR_SYNTAX, ERR_RANGE when it does not fit. */
static enum err parse_number(struct str text, const struct unit *units, int64_t *out)
{
    size_t digits = 0;
    struct str suffix;
    int64_t n = 0;

    while (digits < text.len && isdigit((unsigned char)text.p[digits]))
        digits++;
    suffix = str_from(text, digits);
    for (; units->suffix; units++)
        if (str_eq(suffix, str_of(units->suffix))) {
            enum err err = str_to_i64(str_upto(text, digits), &n);

            if (!err && n > INT64_MAX / units->factor)
                err = ERR_RANGE;
            if (!err)
                *out = n * units->factor;
            return err;
        }
    return ERR_SYNTAX;
}

/* How a type with a number is written and counted; `parse` is NULL for texts. */
static const struct {
    enum err (*parse)(struct str text, const struct unit *units, int64_t *out);
    const struct unit *units;
    const char *form, *counted_in;
} types[] = {
    [SETTING_TEXT] = {NULL, NULL, NULL, NULL},
    [SETTING_INT] = {parse_number, plain_units, "a whole number", ""},
    [SETTING_BOOL] = {parse_bool, NULL, "yes or no", ""},
    [SETTING_BYTES] = {parse_number, byte_units, "a size such as 512, 16k, 2m or 1g", " bytes"},
    [SETTING_MS] = {parse_number, time_units, "a time with its unit, such as 250ms, 10s, 5m, 1h or 2d", " ms"},
    [SETTING_PATH] = {NULL, NULL, NULL, NULL},
};

void setting_explain(struct buf *why, const char *format, ...)
{
    va_list args;
    enum err err = OK;

    va_start(args, format);
    if (why)
        err = buf_vprintf(why, format, args);
    va_end(args);
    (void)err; /* a reason that does not fit is left out: the error code stops the start */
}

enum err setting_parse_ms(struct str text, int64_t *out)
{
    return parse_number(text, time_units, out);
}

const struct setting_row *setting_row(enum setting s)
{
    return &rows[s];
}

bool setting_find(struct str key, enum setting *out)
{
    for (size_t s = 0; s < SET__COUNT; s++)
        if (str_eq(key, str_of(rows[s].key))) {
            *out = (enum setting)s;
            return true;
        }
    return false;
}

const char *setting_near(struct str key)
{
    const char *near = nearest_name(key, keys);
    struct str tail = str_from(key, str_find(key, '.'));

    for (size_t i = 0; !near && tail.len > 1 && keys[i]; i++)
        if (str_ends(str_of(keys[i]), tail))
            near = keys[i];
    return near;
}

void setting_environment_name(const char *key, char out[SETTING_NAME_BYTES])
{
    snprintf(out, SETTING_NAME_BYTES, "%s%s", setting_environment_prefix, key);
    for (char *c = out; *c; c++)
        *c = *c == '.' ? '_' : (char)toupper((unsigned char)*c);
}

static enum err check_bytes(const struct setting_row *row, struct str text, struct buf *why)
{
    if (text.len > VALUE_MAX_BYTES) {
        setting_explain(why, "%s is longer than %d bytes", row->key, VALUE_MAX_BYTES);
        return ERR_CONFIG;
    }
    if (!types[row->type].parse && (int64_t)text.len < row->least) {
        setting_explain(why, "%s must not be empty", row->key);
        return ERR_CONFIG;
    }
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f) {
            setting_explain(why, "%s holds a control character", row->key);
            return ERR_CONFIG;
        }
    return OK;
}

static enum err check_number(const struct setting_row *row, struct str text, int64_t *out, struct buf *why)
{
    enum err err = types[row->type].parse(text, types[row->type].units, out);

    if (err == ERR_SYNTAX) {
        setting_explain(why, "%s must be %s, not \"%.*s\"", row->key, types[row->type].form, STR_ARG(text));
        return ERR_CONFIG;
    }
    if (row->type != SETTING_BOOL && (err || *out < row->least || *out > row->most)) {
        setting_explain(why, "%s must be between %" PRId64 " and %" PRId64 "%s, not \"%.*s\"", row->key, row->least, row->most,
                        types[row->type].counted_in, STR_ARG(text));
        return ERR_CONFIG;
    }
    return OK;
}

static enum err check_choice(enum setting s, struct str text, struct buf *why)
{
    const char *const *words = choices[s];

    if (!words[0])
        return OK;
    for (size_t i = 0; words[i]; i++)
        if (str_eq(text, str_of(words[i])))
            return OK;
    setting_explain(why, "%s must be %s", rows[s].key, words[0]);
    for (size_t i = 1; words[i]; i++)
        setting_explain(why, "%s %s", words[i + 1] ? "," : " or", words[i]);
    setting_explain(why, ", not \"%.*s\"", STR_ARG(text));
    return ERR_CONFIG;
}

enum err setting_check(enum setting s, struct str text, int64_t *number, struct buf *why)
{
    enum err err = check_bytes(&rows[s], text, why);

    *number = 0;
    if (!err && types[rows[s].type].parse)
        err = check_number(&rows[s], text, number, why);
    if (!err)
        err = check_choice(s, text, why);
    return err;
}
