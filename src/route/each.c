/* each.c -- owns the elements of a body that holds several deliveries. */
#include "route/each.h"

static bool read_level(struct reader *r, const struct place *p, struct each_level *out)
{
    bool list = json_is_array(p->json), good = true;
    size_t n = list ? json_array_size(p->json) : 1;

    if (n == 0 || n > EACH_PLACES_MAX) {
        read_problem(r, p, "1 to %d pointers, of which the first that leads somewhere is taken", EACH_PLACES_MAX);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct place element = list ? place_element(p, i) : *p;

        good &= pointer_read(r, &element, &out->at[i]);
    }
    out->n = n;
    return good;
}

bool each_read(struct reader *r, const struct place *p, struct each_form *out)
{
    bool list = json_is_array(p->json), good = true;
    size_t n = list ? json_array_size(p->json) : 1;

    if (n == 0 || n > EACH_LEVELS_MAX) {
        read_problem(r, p, "1 to %d pointers, one a level", EACH_LEVELS_MAX);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct place element = list ? place_element(p, i) : *p;

        good &= read_level(r, &element, &out->level[i]);
    }
    out->n = n;
    out->max = out->max ? out->max : EACH_DEFAULT;
    return good;
}

bool each_read_max(struct reader *r, const struct place *p, struct each_form *out)
{
    if (!json_object_get(p->up->json, "each")) {
        read_problem(r, p, "needs \"each\"");
        return false;
    }
    out->max = (size_t)read_int(r, p, 1, EACH_MAX, EACH_DEFAULT);
    return true;
}

static enum err add(const struct each_form *form, size_t level, const struct scope *scope, struct elements *out);

/* An object where a list is wanted counts as a list of one. */
static enum err add_elements(const struct each_form *form, size_t level, const struct scope *scope, const struct jnode *list,
                             struct elements *out)
{
    const struct jnode *element = list->type == J_ARRAY ? list->child : list;
    enum err err = OK;

    for (; element && !err; element = list->type == J_ARRAY ? element->next : NULL) {
        struct scope *inner = arena_alloc(scope->arena, sizeof(*inner));

        if (!inner)
            return ERR_MEMORY;
        *inner = scope_inner(scope, element);
        err = add(form, level + 1, inner, out);
    }
    return err;
}

/* Where the elements of the level stand, or NULL: no further level, or no pointer that leads somewhere. */
static const struct jnode *find_list(const struct each_form *form, size_t level, const struct scope *scope)
{
    for (size_t i = 0; level < form->n && i < form->level[level].n; i++) {
        const struct jnode *list = pointer_follow(&form->level[level].at[i], scope->node);

        if (list && (list->type == J_ARRAY || (list->type == J_OBJECT && list != scope->node)))
            return list;
    }
    return NULL;
}

static enum err add(const struct each_form *form, size_t level, const struct scope *scope, struct elements *out)
{
    const struct jnode *list = find_list(form, level, scope);

    if (list)
        return add_elements(form, level, scope, list, out);
    if (out->n == form->max)
        return ERR_TOO_MANY;
    out->is_body |= form->n == 0 || level == 0;
    out->at[out->n++] = *scope;
    return OK;
}

enum err each_find(const struct each_form *form, const struct scope *body, struct elements *out)
{
    *out = (struct elements){.at = arena_array(body->arena, form->n ? form->max : 1, sizeof(*out->at))};
    if (!out->at)
        return ERR_MEMORY;
    if (form->n)
        return add(form, 0, body, out);
    out->is_body = true;
    out->at[out->n++] = *body;
    return OK;
}
