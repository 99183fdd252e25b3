/* object_read.c -- owns the reading of mappings: which target takes which form of value. */
#include "route/object.h"

enum { FIELDS_MAX = 200, FIELD_NAME_MAX = 64 };

static const char *const item_names[] = {
#define X(name) #name,
    ITEM_MEMBERS(X)
#undef X
        NULL,
};
static const char *const refund_names[] = {[REFUND_ID] = "id", [REFUND_AMOUNT] = "amount", [REFUND_AT] = "at", NULL};

/* A field's name is what the contact shows and what tags are made of (F3): lower-case letters, digits, underscores. */
static bool field_name_read(struct reader *r, const struct place *p, struct str name, struct str *out)
{
    bool good = name.len && name.len <= FIELD_NAME_MAX;

    for (size_t i = 0; i < name.len; i++)
        good &= (name.p[i] >= 'a' && name.p[i] <= 'z') || (name.p[i] >= '0' && name.p[i] <= '9') || name.p[i] == '_';
    if (!good)
        read_problem(r, p, "a field's name has 1 to %d characters of a-z, 0-9 and _", FIELD_NAME_MAX);
    *out = name;
    return good;
}

/* A list gives a field an element: its name by "key", its value by "value". */
static bool read_list_fields(struct reader *r, const struct place *p, struct fields_form *out)
{
    struct place key = place_member(p, "key"), value = place_member(p, "value");

    if (place_given(&key) != place_given(&value)) {
        read_problem(r, p, "\"key\" and \"value\" stand together: the name and the value in an element of the list");
        return false;
    }
    if (!place_given(&key))
        return true;
    out->key = read_array(r, 2, sizeof(*out->key));
    out->value = out->key ? out->key + 1 : NULL;
    return out->key && value_read(r, &key, out->key) && value_read(r, &value, out->value);
}

static bool read_fields(struct reader *r, const struct place *p, const char *platform, struct fields_form *out)
{
    static const char *const outer[] = {"*", NULL}, *const inner[] = {"at", "up", "root", "key", "value", "prefix", "max", NULL};
    struct place star, prefix, max;
    char text[FIELD_NAME_MAX];

    if (!read_members(r, p, outer))
        return false;
    star = place_member(p, "*");
    if (!read_members(r, &star, inner))
        return false;
    prefix = place_member(&star, "prefix");
    max = place_member(&star, "max");
    out->max = (size_t)read_int(r, &max, 1, FIELDS_MAX, 50);
    snprintf(text, sizeof(text), "%s_", platform);
    if (place_given(&prefix)) {
        if (!json_is_string(prefix.json))
            read_unexpected(r, &prefix, "a text");
        out->prefix = json_text(prefix.json);
    } else
        out->prefix = arena_str(r->arena, str_of(text));
    return pointer_read_members(r, &star, &out->at) && read_list_fields(r, &star, out);
}

static bool read_record_members(struct reader *r, const struct place *each, const char *const *names, struct record_form *out)
{
    bool good = read_members(r, each, names);

    for (size_t i = 0; good && names[i]; i++) {
        struct place member = place_member(each, names[i]);

        if (!place_given(&member))
            continue;
        out->of[i] = read_array(r, 1, sizeof(*out->of[i]));
        good = out->of[i] && value_read(r, &member, out->of[i]);
    }
    return good;
}

static bool read_records(struct reader *r, const struct place *p, const char *const *names, struct record_form *out)
{
    static const char *const known[] = {"at", "up", "root", "where", "each", NULL};
    struct place where, each;
    bool good;

    if (!read_members(r, p, known))
        return false;
    where = place_member(p, "where");
    each = place_member(p, "each");
    good = pointer_read_members(r, p, &out->at);
    if (place_given(&where))
        good &= conditions_read_short(r, &where, &out->where);
    return read_record_members(r, &each, names, out) && good;
}

/* Targets that are lists or maps; a name that ends with "." takes a field's name after it. */
static const struct special {
    const char *name;
    enum target_kind kind;
} specials[] = {
    {"contact.tags", TARGET_TAGS},       {"contact.fields", TARGET_FIELDS},   {"contact.fields.", TARGET_FIELD},
    {"form.fields", TARGET_FORM_FIELDS}, {"form.fields.", TARGET_FORM_FIELD}, {"order.items", TARGET_ITEMS},
    {"cart.items", TARGET_ITEMS},        {"order.refunds", TARGET_REFUNDS},
};

static const struct special *special_find(struct str name)
{
    for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
        struct str special = str_of(specials[i].name);
        bool prefix = str_ends(special, STR("."));

        if (prefix ? str_starts(name, special) : str_eq(name, special))
            return &specials[i];
    }
    return NULL;
}

static bool read_special(struct reader *r, const struct place *p, const struct special *special, const char *platform,
                         struct target *out)
{
    struct str field = str_from(str_of(p->name), strlen(special->name));

    out->kind = special->kind;
    switch (out->kind) {
    case TARGET_FIELD:
        return field_name_read(r, p, field, &out->field) && value_read(r, p, &out->value);
    case TARGET_FORM_FIELD:
        out->field = field;
        return value_read(r, p, &out->value);
    case TARGET_FIELDS:
    case TARGET_FORM_FIELDS:
        return read_fields(r, p, platform, &out->fields);
    case TARGET_ITEMS:
        return read_records(r, p, item_names, &out->records);
    case TARGET_REFUNDS:
        return read_records(r, p, refund_names, &out->records);
    case TARGET_TAGS:
    case TARGET_MEMBER:
        break;
    }
    return value_read(r, p, &out->value);
}

/* Constants and table results must be words that the member takes; found at load, not at the first order. */
static bool check_word(struct reader *r, const struct place *p, enum member member, struct str word)
{
    if (event_member_type(member) != MEMBER_CHOICE || event_member_allows(member, word))
        return true;
    read_problem(r, p, "\"%.*s\" is not one of the words of %s: %s", STR_ARG(str_upto(word, 80)), event_member_name(member),
                 event_member_words(member));
    return false;
}

static bool check_words(struct reader *r, const struct place *p, enum member member, const struct value_form *form)
{
    bool good = true;

    for (size_t i = 0; form->origin == VALUE_FIRST_OF && i < form->n_of; i++)
        good &= check_words(r, p, member, &form->of[i]);
    for (size_t i = 0; i < form->n_values; i++)
        good &= check_word(r, p, member, form->values[i].to);
    if (form->has_default)
        good &= check_word(r, p, member, form->fallback);
    if (form->origin == VALUE_CONST && !form->values)
        good &= check_word(r, p, member, form->given);
    return good;
}

static bool read_target(struct reader *r, const struct place *p, const char *platform, struct target *out)
{
    struct str name = str_of(p->name);
    const struct special *special = special_find(name);
    const char *near;

    out->name = p->name;
    if (special)
        return read_special(r, p, special, platform, out);
    if (event_member_parse(name, &out->member) == OK)
        return value_read(r, p, &out->value) && check_words(r, p, out->member, &out->value);
    near = nearest_name(name, event_member_names());
    if (near)
        read_problem(r, p, "no member of an event (did you mean %s?)", near);
    else
        read_problem(r, p, "no member of an event");
    return false;
}

static bool read_form(struct reader *r, const struct place *p, const char *platform, struct object_form *out)
{
    const char *name;
    json_t *value;
    bool good = true;

    out->name = p->name;
    if (!read_object(r, p))
        return false;
    out->targets = read_array(r, json_object_size(p->json), sizeof(*out->targets));
    if (!out->targets)
        return false;
    json_object_foreach((json_t *)p->json, name, value)
    {
        struct place member = {.up = p, .name = name, .json = value};

        good &= read_target(r, &member, platform, &out->targets[out->n++]);
    }
    return good;
}

bool objects_read(struct reader *r, const struct place *p, const char *platform, struct object_forms *out)
{
    const char *name;
    json_t *value;
    bool good = true;

    if (!read_object(r, p))
        return false;
    out->at = read_array(r, json_object_size(p->json), sizeof(*out->at));
    if (!out->at)
        return false;
    json_object_foreach((json_t *)p->json, name, value)
    {
        struct place member = {.up = p, .name = name, .json = value};

        good &= read_form(r, &member, platform, &out->at[out->n++]);
    }
    return good;
}

const struct object_form *objects_find(const struct object_forms *objects, struct str name)
{
    for (size_t i = 0; i < objects->n; i++)
        if (str_eq(name, str_of(objects->at[i].name)))
            return &objects->at[i];
    return NULL;
}

void objects_headers(const struct object_forms *objects, void (*each)(void *arg, struct str header), void *arg)
{
    for (size_t i = 0; i < objects->n; i++)
        for (size_t t = 0; t < objects->at[i].n; t++) {
            const struct target *target = &objects->at[i].targets[t];

            value_headers(&target->value, each, arg);
            if (target->fields.key) {
                value_headers(target->fields.key, each, arg);
                value_headers(target->fields.value, each, arg);
            }
            for (size_t m = 0; m < ITEM__COUNT; m++)
                if (target->records.of[m])
                    value_headers(target->records.of[m], each, arg);
        }
}
