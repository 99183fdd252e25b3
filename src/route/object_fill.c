/* object_fill.c -- owns the filling of an event's members from a document: type checks, absent and cleared (F1). */
#include "route/object.h"

#include "model/field.h"
#include "model/money.h"

enum { DETAIL_MAX = 512 };

/* "contact.updated_at: /updated_at must be a time, not a text of 5 characters" */
static enum err problem_at(const struct target *target, const struct scope *scope, const struct refusal *refusal,
                           struct map_problem *problem)
{
    char line[DETAIL_MAX];
    struct str where = str_upto(refusal->where, 200);

    snprintf(line, sizeof(line), "%s: %.*s must be %s, not %.*s", target->name, STR_ARG(where), refusal->wanted,
             STR_ARG(refusal->got));
    problem->detail = arena_str(scope->arena, str_of(line));
    return problem->detail.p ? ERR_TYPE : ERR_MEMORY;
}

static enum err failed(enum err err, const struct target *target, const struct scope *scope, const struct refusal *refusal,
                       struct map_problem *problem)
{
    return err == ERR_TYPE ? problem_at(target, scope, refusal, problem) : err;
}

/* Reads the text as the member's type into *value. */
static enum err typed(enum member member, const struct found *found, const struct scope *scope, struct value *value,
                      struct refusal *refusal)
{
    const struct value_form *via = found->via;
    const char *wanted = NULL;

    value->is = PRESENT;
    value->text = found->text;
    switch (event_member_type(member)) {
    case MEMBER_TEXT:
    case MEMBER_EMAIL:
        return OK;
    case MEMBER_DECIMAL:
        wanted = decimal_check(found->text) ? "a plain decimal number" : NULL; /* K1 */
        break;
    case MEMBER_CHOICE:
        wanted = event_member_allows(member, found->text) ? NULL : event_member_words(member);
        break;
    case MEMBER_TIME:
        wanted = time_parse(found->text, found_time_format(found), &value->number) ? "a time" : NULL;
        break;
    case MEMBER_BOOL:
        value->number = str_eq_nocase(found->text, STR("true")) || str_eq(found->text, STR("1"));
        if (!value->number && !str_eq_nocase(found->text, STR("false")) && !str_eq(found->text, STR("0")))
            wanted = "true or false";
        break;
    }
    return wanted ? refuse(refusal, via, wanted, describe_text(scope->arena, found->text)) : OK;
}

/*
 * What null and an empty text mean for a member (F1): null clears, except for ids, choices, booleans and consent, where it is
 * no statement (C13). An empty text clears a text or an amount and says nothing elsewhere.
 */
static enum presence cleared(enum member member, enum found_kind kind)
{
    enum member_type type = event_member_type(member);

    if (kind == FOUND_NOTHING || event_member_is_id(member) || event_member_is_consent(member))
        return ABSENT;
    if (type == MEMBER_CHOICE || type == MEMBER_BOOL)
        return ABSENT;
    return kind == FOUND_NULL || type == MEMBER_TEXT || type == MEMBER_DECIMAL ? CLEARED : ABSENT;
}

static enum err fill_member(const struct target *target, const struct scope *scope, struct event *event, struct refusal *refusal)
{
    struct value value = {.is = ABSENT};
    struct found found;
    enum err err = value_find(&target->value, scope, &found, refusal);

    if (!err && found.kind == FOUND_TEXT)
        err = typed(target->member, &found, scope, &value, refusal);
    else if (!err)
        value.is = cleared(target->member, found.kind);
    if (!err && value.is != ABSENT)
        event->m[target->member] = value;
    return err;
}

static enum err fill_tags(const struct target *target, const struct scope *scope, struct event *event, struct refusal *refusal)
{
    enum found_kind kind;
    struct str *tags = NULL;
    size_t n = 0;
    enum err err = value_find_all(&target->value, scope, &kind, &tags, &n, refusal);

    if (err || kind == FOUND_NOTHING)
        return err;
    event->tags_are = kind == FOUND_TEXT ? PRESENT : CLEARED;
    event->tags = tags;
    event->n_tags = n;
    return OK;
}

/* Makes room for `more` fields after those that are there. */
static enum err grow_fields(struct arena *arena, struct event_field **fields, size_t n, size_t more)
{
    struct event_field *grown = arena_array(arena, n + more, sizeof(*grown));

    if (!grown)
        return ERR_MEMORY;
    if (n)
        memcpy(grown, *fields, n * sizeof(*grown));
    *fields = grown;
    return OK;
}

static enum err fill_field(const struct target *target, const struct scope *scope, struct event_field **fields, size_t *n,
                           struct refusal *refusal)
{
    struct found found;
    enum err err = value_find(&target->value, scope, &found, refusal);

    if (err || found.kind == FOUND_NOTHING)
        return err;
    err = grow_fields(scope->arena, fields, *n, 1);
    if (err)
        return err;
    (*fields)[(*n)++] = (struct event_field){
        .name = target->field,
        .value = {.is = found.kind == FOUND_TEXT ? PRESENT : CLEARED, .text = found.text},
    };
    return OK;
}

static bool is_list_or_map(const struct jnode *node)
{
    return node->type == J_ARRAY || node->type == J_OBJECT;
}

/* Fills fields[*n] when the node is one value; a field holds no list and no object. */
static bool add_member_field(const struct jnode *member, struct event_field *field)
{
    struct str text = str_trim(scalar_text(member));

    field->name = member->key;
    field->value = (struct value){.is = text.len ? PRESENT : CLEARED, .text = text};
    return !is_list_or_map(member) && member->key.len;
}

/* The same of an element of a list, which says its name and its value. */
static enum err add_element_field(const struct fields_form *form, const struct scope *scope, const struct jnode *element,
                                  struct event_field *field, bool *filled, struct refusal *refusal)
{
    struct scope inner = scope_inner(scope, element);
    struct found key, value = {.kind = FOUND_NOTHING};
    enum err err = value_find(form->key, &inner, &key, refusal);

    if (!err && key.kind == FOUND_TEXT)
        err = value_find(form->value, &inner, &value, refusal);
    *filled = !err && value.kind != FOUND_NOTHING;
    if (!*filled)
        return err;
    field->name = key.text;
    field->value = (struct value){.is = value.kind == FOUND_TEXT ? PRESENT : CLEARED, .text = value.text};
    return OK;
}

/* F3: gives the fields their names in place of the platform's keys; keys that come to one name are told apart, each by its own text. */
static enum err name_fields(struct arena *arena, struct str prefix, struct event_field *fields, size_t n)
{
    struct str *plain = arena_array(arena, n, sizeof(*plain)), *names = arena_array(arena, n, sizeof(*names));

    if (!plain || !names)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        plain[i] = field_name_make(arena, prefix, fields[i].name);
    for (size_t i = 0; i < n; i++) {
        names[i] = plain[i];
        for (size_t k = 0; k < n; k++)
            if (str_eq(plain[k], plain[i]) && !str_eq(fields[k].name, fields[i].name)) {
                names[i] = field_name_hashed(arena, prefix, fields[i].name);
                break;
            }
    }
    for (size_t i = 0; i < n; i++) {
        if (!names[i].p)
            return ERR_MEMORY;
        fields[i].name = names[i];
    }
    return OK;
}

static enum err fill_fields(const struct target *target, const struct scope *scope, bool keep_names, struct event_field **fields,
                            size_t *n, struct refusal *refusal)
{
    const struct fields_form *form = &target->fields;
    const struct jnode *all = scope_follow(scope, &form->at);
    enum err err;
    size_t left = form->max, first = *n;

    if (!all || all->type == J_NULL || (is_list_or_map(all) && all->n == 0)) /* [] is how PHP writes {} */
        return OK;
    if (all->type != (form->key ? J_ARRAY : J_OBJECT)) {
        *refusal = (struct refusal){form->at.text, form->key ? "a list" : "an object", describe_node(scope->arena, all)};
        return ERR_TYPE;
    }
    err = grow_fields(scope->arena, fields, *n, all->n);
    for (const struct jnode *m = all->child; !err && m && left; m = m->next) {
        struct event_field *field = &(*fields)[*n];
        bool filled = false;

        if (form->key)
            err = add_element_field(form, scope, m, field, &filled, refusal);
        else
            filled = add_member_field(m, field);
        *n += filled && !err;
        left -= filled;
    }
    return err || keep_names ? err : name_fields(scope->arena, form->prefix, *fields + first, *n - first);
}

/* Finds the list of records; *list is NULL when there is none, then *is says why. One object counts as a list of one. */
static enum err find_records(const struct target *target, const struct scope *scope, enum presence *is, const struct jnode **first,
                             size_t *n, struct refusal *refusal)
{
    const struct jnode *list = scope_follow(scope, &target->records.at);

    *first = NULL;
    *n = 0;
    *is = !list ? ABSENT : list->type == J_NULL ? CLEARED : PRESENT;
    if (*is != PRESENT)
        return OK;
    if (list->type == J_ARRAY || (list->type == J_OBJECT && list->n == 0)) {
        *first = list->child;
        *n = list->n;
        return OK;
    }
    if (list->type == J_OBJECT) {
        *first = list;
        *n = 1;
        return OK;
    }
    *refusal = (struct refusal){target->records.at.text, "a list", describe_node(scope->arena, list)};
    return ERR_TYPE;
}

/* Evaluates the values of one record into texts[], the k-th empty when it is not mapped or absent. */
static enum err find_record(const struct record_form *form, size_t count, const struct scope *scope, struct str *texts,
                            const struct value_form **via, struct refusal *refusal)
{
    for (size_t i = 0; i < count; i++) {
        struct found found = {.kind = FOUND_NOTHING};
        enum err err = form->of[i] ? value_find(form->of[i], scope, &found, refusal) : OK;

        if (err)
            return err;
        texts[i] = found.kind == FOUND_TEXT ? found.text : STR_NONE;
        via[i] = found.via;
    }
    return OK;
}

static enum err fill_items(const struct target *target, const struct scope *scope, struct event *event, struct refusal *refusal)
{
    const struct value_form *via[ITEM__COUNT];
    struct str texts[ITEM__COUNT];
    const struct jnode *first;
    size_t n;
    enum presence is;
    enum err err = find_records(target, scope, &is, &first, &n, refusal);

    if (err || is == ABSENT) /* order.items and cart.items fill one list; the one that is not there leaves it */
        return err;
    event->items_are = is;
    event->n_items = 0;
    event->items = NULL;
    if (n == 0)
        return OK;
    event->items = arena_array(scope->arena, n, sizeof(*event->items));
    if (!event->items)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++, first = first->next) {
        struct event_item *item = &event->items[event->n_items];
        struct scope inner = scope_inner(scope, first);

        if (!conditions_hold(&target->records.where, &inner))
            continue;
        err = find_record(&target->records, ITEM__COUNT, &inner, texts, via, refusal);
        if (err)
            return err;
#define X(name) item->name = texts[ITEM_##name];
        ITEM_MEMBERS(X)
#undef X
        event->n_items++;
    }
    return OK;
}

static enum err refund_from(struct str *texts, const struct value_form *const *via, const struct scope *scope,
                            struct event_refund *refund, struct refusal *refusal)
{
    *refund = (struct event_refund){.id = texts[REFUND_ID], .amount = texts[REFUND_AMOUNT], .at_us = 0};
    if (refund->amount.len && decimal_check(refund->amount))
        return refuse(refusal, via[REFUND_AMOUNT], "a plain decimal number", describe_text(scope->arena, refund->amount));
    if (texts[REFUND_AT].len &&
        time_parse(texts[REFUND_AT], via[REFUND_AT]->as == AS_TIME ? via[REFUND_AT]->time : TIME_ISO, &refund->at_us))
        return refuse(refusal, via[REFUND_AT], "a time", describe_text(scope->arena, texts[REFUND_AT]));
    return OK;
}

static enum err fill_refunds(const struct target *target, const struct scope *scope, struct event *event, struct refusal *refusal)
{
    const struct value_form *via[REFUND__COUNT];
    struct str texts[REFUND__COUNT];
    const struct jnode *first;
    size_t n;
    enum presence is;
    enum err err = find_records(target, scope, &is, &first, &n, refusal);

    if (err || is == ABSENT)
        return err;
    event->refunds_are = is;
    event->n_refunds = 0;
    event->refunds = NULL;
    if (n == 0)
        return OK;
    event->refunds = arena_array(scope->arena, n, sizeof(*event->refunds));
    if (!event->refunds)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++, first = first->next) {
        struct scope inner = scope_inner(scope, first);

        if (!conditions_hold(&target->records.where, &inner))
            continue;
        err = find_record(&target->records, REFUND__COUNT, &inner, texts, via, refusal);
        if (!err)
            err = refund_from(texts, via, scope, &event->refunds[event->n_refunds], refusal);
        if (err)
            return err;
        event->n_refunds++;
    }
    return OK;
}

static enum err fill_target(const struct target *target, const struct scope *scope, struct event *event, struct refusal *refusal)
{
    switch (target->kind) {
    case TARGET_MEMBER:
        return fill_member(target, scope, event, refusal);
    case TARGET_TAGS:
        return fill_tags(target, scope, event, refusal);
    case TARGET_FIELD:
        return fill_field(target, scope, &event->fields, &event->n_fields, refusal);
    case TARGET_FORM_FIELD:
        return fill_field(target, scope, &event->form_fields, &event->n_form_fields, refusal);
    case TARGET_FIELDS:
        return fill_fields(target, scope, false, &event->fields, &event->n_fields, refusal);
    case TARGET_FORM_FIELDS:
        return fill_fields(target, scope, true, &event->form_fields, &event->n_form_fields, refusal);
    case TARGET_ITEMS:
        return fill_items(target, scope, event, refusal);
    case TARGET_REFUNDS:
        return fill_refunds(target, scope, event, refusal);
    }
    return ERR_INTERNAL;
}

enum err object_fill(const struct object_form *object, const struct scope *scope, struct event *event, struct map_problem *problem)
{
    for (size_t i = 0; i < object->n; i++) {
        struct refusal refusal = {.wanted = "another value"};
        enum err err = fill_target(&object->targets[i], scope, event, &refusal);

        if (err)
            return failed(err, &object->targets[i], scope, &refusal, problem);
    }
    return OK;
}
