/* form_doc.c -- owns the document that a urlencoded form spells. */
#include "base/form_doc.h"

/* A node while the form is read. `node` stands first: children are reached by their nodes. */
struct part {
    struct jnode node;
    struct part *last; /* child */
    bool is_value;
};

static struct part *part_of(const struct jnode *node)
{
    return (struct part *)(uintptr_t)node;
}

/* One call's work. */
struct spelling {
    struct arena *arena;
    const char *why;
};

static enum err refuse(struct spelling *s, enum err err, const char *why)
{
    s->why = why;
    return err;
}

static enum err append(struct spelling *s, struct part *parent, enum jtype type, struct str key, struct part **out)
{
    struct part *part = arena_alloc(s->arena, sizeof(*part));

    if (!part || (key.len && !(key = arena_str(s->arena, key)).p))
        return refuse(s, ERR_MEMORY, "out of memory");
    part->node = (struct jnode){.type = type, .key = key};
    if (parent->last)
        parent->last->node.next = &part->node;
    else
        parent->node.child = &part->node;
    parent->last = part;
    parent->node.n++;
    *out = part;
    return OK;
}

/* The part of that name below `parent`, made when it is not there. An empty name is the next element of a list. */
static enum err descend(struct spelling *s, struct part *parent, struct str name, bool in_brackets, struct part **out)
{
    bool element = in_brackets && name.len == 0;
    enum jtype wanted = element ? J_ARRAY : J_OBJECT;

    if (parent->is_value || (parent->node.n && parent->node.type != wanted))
        return refuse(s, ERR_DUPLICATE, "a name is two of a value, a list and a map");
    parent->node.type = wanted;
    *out = element ? NULL : part_of(jnode_member(&parent->node, name));
    return *out ? OK : append(s, parent, J_OBJECT, name, out);
}

static enum err set_value(struct spelling *s, struct part *part, struct str value)
{
    if (part->is_value || part->node.n)
        return refuse(s, ERR_DUPLICATE, "a name comes twice");
    part->is_value = true;
    part->node.type = J_STRING;
    part->node.text = value.len ? arena_str(s->arena, value) : STR("");
    return part->node.text.p ? OK : refuse(s, ERR_MEMORY, "out of memory");
}

/* Returns where the brackets begin; the whole length when the name has none, or they are no "[..][..]" up to its end. */
static size_t brackets_of(struct str name)
{
    size_t open = str_find(name, '['), at = open;

    while (at < name.len) {
        size_t close = at + str_find(str_from(name, at), ']');

        if (name.p[at] != '[' || close == name.len ||
            str_find(str_upto(str_from(name, at + 1), close - at - 1), '[') < close - at - 1)
            return name.len;
        at = close + 1;
    }
    return open ? open : name.len;
}

static enum err add_pair(struct spelling *s, struct part *root, struct str name, struct str value)
{
    size_t at = brackets_of(name), depth = 1;
    struct part *part = NULL;
    enum err err = OK;

    if (!str_is_utf8(name) || !str_is_utf8(value))
        return refuse(s, ERR_UTF8, "invalid UTF-8");
    err = descend(s, root, str_upto(name, at), false, &part);
    for (; at < name.len && !err; depth++) {
        size_t close = at + str_find(str_from(name, at), ']');

        if (depth == FORM_DOC_DEPTH_MAX)
            return refuse(s, ERR_DEPTH, "nested too deeply");
        err = descend(s, part, str_upto(str_from(name, at + 1), close - at - 1), true, &part);
        at = close + 1;
    }
    return err ? err : set_value(s, part, value);
}

static bool is_numbered(const struct jnode *object)
{
    char number[24];
    size_t i = 0;

    for (const struct jnode *m = object->child; m; m = m->next, i++) {
        snprintf(number, sizeof(number), "%zu", i);
        if (!str_eq(m->key, str_of(number)))
            return false;
    }
    return i > 0;
}

/* Maps that count 0, 1, 2... become lists. Not deeper than the names are. */
static void number_lists(struct part *part, bool is_root)
{
    if (!is_root && part->node.type == J_OBJECT && is_numbered(&part->node))
        part->node.type = J_ARRAY;
    for (const struct jnode *child = part->node.child; child; child = child->next)
        number_lists(part_of(child), false);
}

static enum err spell(struct spelling *s, const struct form *form, const struct jnode **out, struct jdoc_error *why)
{
    struct part *root = arena_alloc(s->arena, sizeof(*root));
    enum err err = root ? OK : refuse(s, ERR_MEMORY, "out of memory");

    if (err)
        return err;
    root->node.type = J_OBJECT;
    for (size_t i = 0; i < form->n && !err; i++) {
        err = add_pair(s, root, form_name(form, i), form_value(form, i));
        why->at = err ? i + 1 : 0;
    }
    if (err)
        return err;
    number_lists(root, true);
    *out = &root->node;
    return OK;
}

enum err form_doc_parse(struct arena *arena, struct str text, const struct jnode **out, struct jdoc_error *why)
{
    struct form_limits limits = {.max_bytes = form_limits_default.max_bytes, .max_pairs = FORM_DOC_PAIRS_MAX};
    struct spelling s = {.arena = arena, .why = ""};
    struct form form;
    enum err err = form_parse(text, &limits, &form);

    *why = (struct jdoc_error){.at = 0, .why = ""};
    if (err == ERR_TOO_MANY)
        err = refuse(&s, ERR_TOO_LARGE, "too many pairs");
    else if (err)
        s.why = err == ERR_TOO_LARGE ? "form too large" : "no urlencoded form";
    if (!err)
        err = spell(&s, &form, out, why);
    why->why = s.why;
    form_release(&form);
    return err;
}
