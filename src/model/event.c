/* event.c -- owns the names of the canonical event: its types, its members, and what a member takes. */
#include "model/event.h"

static const struct {
    const char *name, *alias;
} types[EVENT__COUNT] = {
#define X(suffix, text, other) [EVENT_##suffix] = {.name = text, .alias = other},
    EVENT_TYPES(X)
#undef X
};

static const struct {
    const char *name;
    enum member_type type;
    const char *words;
} members[M__COUNT] = {
#define X(suffix, path, kind, list) [M_##suffix] = {.name = path, .type = kind, .words = list},
    EVENT_MEMBERS(X)
#undef X
};

static const char *const names[] = {
#define X(suffix, path, kind, list) path,
    EVENT_MEMBERS(X)
#undef X
        "contact.tags",
    "contact.fields",
    "form.fields",
    "order.items",
    "cart.items",
    "order.refunds",
    NULL,
};

enum err event_type_parse(struct str name, enum event_type *out)
{
    if (name.len == 0)
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < EVENT__NAMED; i++)
        if (str_eq(name, str_of(types[i].name)) || str_eq(name, str_of(types[i].alias))) {
            *out = (enum event_type)i;
            return OK;
        }
    return ERR_NOT_FOUND;
}

const char *event_type_name(enum event_type type)
{
    return types[type].name;
}

const char *const *event_type_names(void)
{
    static const char *const list[EVENT__COUNT + 1] = {
#define X(suffix, text, other) [EVENT_##suffix] = EVENT_##suffix < EVENT__NAMED ? text : NULL,
        EVENT_TYPES(X)
#undef X
    };

    return list;
}

enum err event_member_parse(struct str name, enum member *out)
{
    for (size_t i = 0; i < M__COUNT; i++)
        if (str_eq(name, str_of(members[i].name))) {
            *out = (enum member)i;
            return OK;
        }
    return ERR_NOT_FOUND;
}

const char *event_member_name(enum member member)
{
    return members[member].name;
}

enum member_type event_member_type(enum member member)
{
    return members[member].type;
}

const char *event_member_words(enum member member)
{
    return members[member].words;
}

bool event_member_allows(enum member member, struct str word)
{
    struct str rest = str_of(members[member].words), one;

    while (rest.len && str_split(&rest, ' ', &one))
        if (str_eq(one, word))
            return true;
    return false;
}

bool event_member_is_id(enum member member)
{
    struct str name = str_of(members[member].name);

    return str_eq(name, STR("id")) || str_ends(name, STR("_id")) || str_ends(name, STR(".id"));
}

bool event_member_is_contact(enum member member)
{
    return str_starts(str_of(members[member].name), STR("contact."));
}

bool event_member_is_consent(enum member member)
{
    return str_starts(str_of(members[member].name), STR("contact.consent."));
}

const char *const *event_member_names(void)
{
    return names;
}
