/* pointer.c -- owns the compiled JSON pointer. */
#include "route/pointer.h"

enum { POINTER_STEPS_MAX = 16 };

/* Returns the token with ~1 and ~0 resolved, or STR_NONE for another use of ~. */
static struct str unescaped(struct reader *r, struct str token)
{
    struct str copy = arena_str(r->arena, token);
    char *to = (char *)copy.p;
    size_t n = 0;

    if (!copy.p) {
        r->no_memory = true;
        return STR_NONE;
    }
    for (size_t i = 0; i < token.len; i++) {
        char c = token.p[i];

        if (c == '~') {
            if (++i == token.len || (token.p[i] != '0' && token.p[i] != '1'))
                return STR_NONE;
            c = token.p[i] == '1' ? '/' : '~';
        }
        to[n++] = c;
    }
    return str_n(to, n);
}

static bool read_step(struct reader *r, const struct place *p, struct str token, struct pointer_step *out)
{
    uint64_t index = 0;

    out->name = unescaped(r, token);
    if (!out->name.p) {
        read_problem(r, p, "\"~\" in a pointer stands only in ~0 (for ~) and ~1 (for /)");
        return false;
    }
    if (str_eq(token, STR("*"))) {
        read_problem(r, p, "\"*\" is no step of a pointer; \"each\" collects from all elements");
        return false;
    }
    out->is_index = (token.len == 1 || (token.len && token.p[0] != '0')) && str_to_u64(token, &index) == OK;
    out->index = (size_t)index;
    return true;
}

static size_t count_steps(struct str text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += text.p[i] == '/';
    return n;
}

bool pointer_read(struct reader *r, const struct place *p, struct pointer *out)
{
    struct str text = json_text(p->json), rest;
    struct pointer_step *steps;
    size_t n = count_steps(text);

    if (!json_is_string(p->json)) {
        read_unexpected(r, p, "a pointer such as \"/customer/email\"");
        return false;
    }
    if (text.len && text.p[0] != '/') {
        read_problem(r, p, "a pointer starts with \"/\" (did you mean \"/%.*s\"?)", STR_ARG(str_upto(text, 80)));
        return false;
    }
    if (n > POINTER_STEPS_MAX) {
        read_problem(r, p, "a pointer has at most %d steps", POINTER_STEPS_MAX);
        return false;
    }
    steps = read_array(r, n, sizeof(*steps));
    if (!steps)
        return false;
    rest = text;
    for (size_t i = 0; i < n; i++) {
        struct str token;

        rest = str_from(rest, 1);
        token = str_upto(rest, str_find(rest, '/'));
        rest = str_from(rest, token.len);
        if (!read_step(r, p, token, &steps[i]))
            return false;
    }
    *out = (struct pointer){.text = text, .steps = steps, .n = n};
    return true;
}

bool pointer_read_members(struct reader *r, const struct place *p, struct pointer *out)
{
    struct place at = place_member(p, "at"), up = place_member(p, "up"), root = place_member(p, "root");
    bool good;

    if (place_given(&root) && (place_given(&at) || place_given(&up))) {
        read_problem(r, &root, "stands alone: it starts at the whole body, \"at\" at the element");
        return false;
    }
    good = pointer_read(r, place_given(&root) ? &root : &at, out);
    out->up = place_given(&root) ? POINTER_ROOT : (unsigned)read_int(r, &up, 1, POINTER_UP_MAX, 0);
    return good;
}

const struct jnode *pointer_follow(const struct pointer *pointer, const struct jnode *node)
{
    for (size_t i = 0; i < pointer->n && node; i++) {
        const struct pointer_step *step = &pointer->steps[i];

        if (node->type == J_OBJECT)
            node = jnode_member(node, step->name);
        else
            node = step->is_index ? jnode_element(node, step->index) : NULL;
    }
    return node;
}
