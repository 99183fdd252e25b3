/* field.c -- owns what a field of a contact is: its name, its type, and how a source's fields are taken (F3, F4). */
#include "model/field.h"

#include "base/timefmt.h"

#include <stdio.h>

static const struct {
    const char *name, *help;
} types[FIELD_TYPE__COUNT] = {
#define X(suffix, text, what) [FIELD_##suffix] = {.name = text, .help = what},
    FIELD_TYPES(X)
#undef X
};

const char *field_type_name(enum field_type type)
{
    return types[type].name;
}

const char *field_type_help(enum field_type type)
{
    return types[type].help;
}

enum err field_type_parse(struct str name, enum field_type *out)
{
    for (size_t i = 0; i < FIELD_TYPE__COUNT; i++)
        if (str_eq(name, str_of(types[i].name))) {
            *out = (enum field_type)i;
            return OK;
        }
    return ERR_NOT_FOUND;
}

static size_t count_digits(struct str s)
{
    size_t n = 0;

    while (n < s.len && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return n;
}

static bool is_number(struct str s)
{
    size_t whole, part;

    if (str_starts(s, STR("-")))
        s = str_from(s, 1);
    whole = count_digits(s);
    s = str_from(s, whole);
    if (s.len == 0)
        return whole > 0;
    part = count_digits(str_from(s, 1));
    return whole > 0 && s.p[0] == '.' && part > 0 && s.len == part + 1;
}

bool field_fits(enum field_type type, struct str text)
{
    static const char *const words[] = {"true", "false", "yes", "no", "1", "0"};
    int64_t at_us;

    switch (type) {
    case FIELD_NUMBER:
        return is_number(text);
    case FIELD_DATE:
        return time_parse(text, TIME_ANY, &at_us) == OK;
    case FIELD_BOOL:
        for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
            if (str_eq_nocase(text, str_of(words[i])))
                return true;
        return false;
    default:
        return true;
    }
}

enum field_type field_type_of(const struct field_types *of, struct str name)
{
    size_t low = 0, high = of ? of->n : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = str_cmp(of->at[middle].name, name);

        if (c == 0)
            return of->at[middle].type;
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return FIELD_TEXT;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool field_name_is_valid(struct str name)
{
    if (name.len == 0 || name.len > FIELD_NAME_BYTES_MAX || name.p[0] < 'a' || name.p[0] > 'z')
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_name_char(name.p[i]))
            return false;
    return true;
}

const char *const *field_built_in_names(void)
{
    static const char *const names[] = {"first_name", "last_name", "phone", "company", "locale", "country", "city", NULL};

    return names;
}

bool field_is_built_in(struct str name)
{
    for (const char *const *one = field_built_in_names(); *one; one++)
        if (str_eq(name, str_of(*one)))
            return true;
    return str_eq(name, STR("email")) || str_eq(name, STR("full_name"));
}

enum { HASH_CHARS = 9 }; /* "_" and eight digits */

static uint32_t hash_of(struct str key)
{
    uint32_t h = UINT32_C(2166136261);

    for (size_t i = 0; i < key.len; i++)
        h = (h ^ (unsigned char)key.p[i]) * UINT32_C(16777619);
    return h;
}

/* Appends the key's characters; a run of bytes outside of ASCII becomes one "_". True when something of it was lost. */
static bool fold(struct str key, char *out, size_t *n, size_t max)
{
    bool lost = false;

    for (size_t i = 0; i < key.len; i++) {
        char c = key.p[i] >= 'A' && key.p[i] <= 'Z' ? (char)(key.p[i] + ('a' - 'A')) : key.p[i];
        bool foreign = ((unsigned char)c & 0x80) != 0;

        lost |= foreign;
        if (foreign && *n && out[*n - 1] == '_')
            continue;
        if (*n == max)
            return true;
        out[(*n)++] = is_name_char(c) ? c : '_';
    }
    return lost;
}

static struct str make(struct arena *arena, struct str prefix, struct str key, bool lost)
{
    char *name = arena_alloc(arena, FIELD_NAME_BYTES_MAX + 1);
    size_t n = 0;

    if (!name)
        return STR_NONE;
    lost |= fold(prefix, name, &n, FIELD_NAME_BYTES_MAX / 2);
    lost |= fold(key, name, &n, FIELD_NAME_BYTES_MAX - HASH_CHARS);
    if (lost) {
        while (n && name[n - 1] == '_')
            n--;
        n += (size_t)snprintf(name + n, HASH_CHARS + 1, "_%08x", (unsigned)hash_of(key));
    }
    return str_n(name, n);
}

struct str field_name_make(struct arena *arena, struct str prefix, struct str key)
{
    return make(arena, prefix, key, false);
}

struct str field_name_hashed(struct arena *arena, struct str prefix, struct str key)
{
    return make(arena, prefix, key, true);
}
