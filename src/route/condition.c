/* condition.c -- owns the condition on a document. */
#include "route/condition.h"

struct str scalar_text(const struct jnode *node)
{
    switch (node->type) {
    case J_TRUE:
        return STR("true");
    case J_FALSE:
        return STR("false");
    case J_NUMBER:
    case J_STRING:
        return node->text;
    case J_NULL:
    case J_ARRAY:
    case J_OBJECT:
        break;
    }
    return STR_NONE;
}

static bool read_config(struct reader *r, const struct place *p, struct condition *out)
{
    static const char *const known[] = {"config", "split", NULL};
    struct place config, split;

    if (!read_members(r, p, known))
        return false;
    config = place_member(p, "config");
    split = place_member(p, "split");
    return (!place_given(&split) || read_char(r, &split, &out->split)) && config_ref_read(r, &config, &out->config);
}

/* What the text there must be: a text, one of several, or what the source's config says. */
static bool read_is(struct reader *r, const struct place *p, struct condition *out)
{
    out->kind = CONDITION_IS;
    return json_is_object(p->json) ? read_config(r, p, out) : read_scalars(r, p, &out->is, &out->n_is);
}

bool condition_read(struct reader *r, const struct place *p, struct condition *out)
{
    static const char *const known[] = {"at", "up", "root", "is", "set", "missing", "same", "differs", NULL};
    struct place is, set, missing, same, differs;

    if (!read_members(r, p, known))
        return false;
    is = place_member(p, "is");
    set = place_member(p, "set");
    missing = place_member(p, "missing");
    same = place_member(p, "same");
    differs = place_member(p, "differs");
    if (place_given(&is) + place_given(&set) + place_given(&missing) + place_given(&same) + place_given(&differs) != 1) {
        read_problem(r, p, "a condition has one of is, set, missing, same, differs");
        return false;
    }
    if (!pointer_read_members(r, p, &out->at))
        return false;
    if (place_given(&is))
        return read_is(r, &is, out);
    if (place_given(&same) || place_given(&differs)) {
        out->kind = CONDITION_SAME;
        out->expected = place_given(&same);
        if (!pointer_read(r, out->expected ? &same : &differs, &out->other))
            return false;
        out->other.up = out->at.up; /* both start at the same place */
        return true;
    }
    out->kind = place_given(&set) ? CONDITION_SET : CONDITION_MISSING;
    out->expected = read_bool(r, place_given(&set) ? &set : &missing, true);
    return true;
}

bool conditions_read(struct reader *r, const struct place *p, struct conditions *out)
{
    bool list = json_is_array(p->json), good = true;
    size_t n = list ? json_array_size(p->json) : 1;
    struct condition *all = read_array(r, n, sizeof(*all));

    if (!all)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct place element = list ? place_element(p, i) : *p;

        good &= condition_read(r, &element, &all[i]);
    }
    *out = (struct conditions){.at = all, .n = n};
    return good;
}

/* The pointer is the member's name; it is read from a JSON text made of it. */
static bool read_named_pointer(struct reader *r, const struct place *member, struct pointer *out)
{
    struct str name = arena_str(r->arena, str_of(member->name));
    json_t *text = name.p ? json_str(name) : NULL;
    struct place named = *member;
    bool good;

    if (!text) {
        r->no_memory = true;
        return false;
    }
    named.json = text;
    good = pointer_read(r, &named, out);
    out->text = name;
    json_decref(text);
    return good;
}

bool conditions_read_short(struct reader *r, const struct place *p, struct conditions *out)
{
    struct condition *all;
    const char *name;
    json_t *value;
    bool good = true;
    size_t n = 0;

    if (!read_object(r, p))
        return false;
    all = read_array(r, json_object_size(p->json), sizeof(*all));
    if (!all)
        return false;
    json_object_foreach((json_t *)p->json, name, value)
    {
        struct place member = {.up = p, .name = name, .json = value};

        all[n].kind = CONDITION_SET;
        good &= read_named_pointer(r, &member, &all[n].at);
        if (!json_is_null(value))
            good &= read_is(r, &member, &all[n]);
        n++;
    }
    *out = (struct conditions){.at = all, .n = n};
    return good;
}

static bool is_set(const struct jnode *node)
{
    if (!node || node->type == J_NULL)
        return false;
    if (node->type == J_ARRAY || node->type == J_OBJECT)
        return node->n > 0;
    return node->type != J_STRING || str_trim(node->text).len > 0;
}

/* True when the text is what the source's config says, or one of its parts; nothing is what is not set. */
static bool is_in_config(const struct condition *condition, struct str text, const json_t *config)
{
    struct str rest = config_ref_text(&condition->config, config), part;

    if (!condition->split)
        return rest.len && str_eq(text, rest);
    while (str_split(&rest, condition->split, &part))
        if (str_trim(part).len && str_eq(text, str_trim(part)))
            return true;
    return false;
}

static bool is_one_of(const struct condition *condition, const struct jnode *node, const json_t *config)
{
    struct str text = node ? scalar_text(node) : STR_NONE;

    if (!text.p)
        return false;
    if (condition->config.name.len)
        return is_in_config(condition, text, config);
    for (size_t i = 0; i < condition->n_is; i++)
        if (str_eq(text, condition->is[i]))
            return true;
    return false;
}

static bool are_same(const struct jnode *one, const struct jnode *other)
{
    struct str text = one ? scalar_text(one) : STR_NONE, wanted = other ? scalar_text(other) : STR_NONE;

    return text.p && wanted.p && str_eq(text, wanted);
}

bool condition_holds(const struct condition *condition, const struct scope *scope)
{
    const struct jnode *found = scope_follow(scope, &condition->at);

    if (condition->kind == CONDITION_IS)
        return is_one_of(condition, found, scope->config);
    if (condition->kind == CONDITION_SET)
        return is_set(found) == condition->expected;
    if (condition->kind == CONDITION_SAME)
        return are_same(found, scope_follow(scope, &condition->other)) == condition->expected;
    return (found == NULL) == condition->expected;
}

bool conditions_hold(const struct conditions *conditions, const struct scope *scope)
{
    for (size_t i = 0; i < conditions->n; i++)
        if (!condition_holds(&conditions->at[i], scope))
            return false;
    return true;
}
