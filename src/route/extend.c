/* extend.c -- owns "extends". */
#include "route/extend.h"

#include "route/builtin.h"

enum { STEPS_MAX = 4, NAME_MAX_BYTES = 64 };

/* How many levels of a section are taken member by member; what lies deeper is replaced whole. */
static const struct {
    const char *section;
    int levels;
} merged[] = {{"config", 1}, {"push", 1}, {"topics", 1}, {"objects", 2}};

static int levels_of(const char *section)
{
    for (size_t i = 0; i < sizeof(merged) / sizeof(merged[0]); i++)
        if (strcmp(merged[i].section, section) == 0)
            return merged[i].levels;
    return 0;
}

/* The platform that "routes/<platform>.json" is for. */
static struct str platform_of(const struct builtin_route *b)
{
    struct str path = str_of(b->path);
    size_t slash = str_find(path, '/');

    path = str_from(path, slash < path.len ? slash + 1 : 0);
    return str_upto(path, str_find(path, '.'));
}

static const struct builtin_route *find_builtin(struct str platform)
{
    for (const struct builtin_route *b = builtin_routes; b->path; b++)
        if (str_eq(platform_of(b), platform))
            return b;
    return NULL;
}

static void unknown_base(struct str platform, struct problems *problems)
{
    struct str near = STR_NONE;
    size_t best = 4;

    for (const struct builtin_route *b = builtin_routes; b->path; b++) {
        size_t distance = str_distance(platform, platform_of(b), 3);

        if (distance < best) {
            best = distance;
            near = platform_of(b);
        }
    }
    if (near.len)
        problems_add(problems, STR("/extends"), "no built-in route \"%.*s\" (did you mean %.*s?)",
                     STR_ARG(str_upto(platform, NAME_MAX_BYTES)), STR_ARG(near));
    else
        problems_add(problems, STR("/extends"), "no built-in route \"%.*s\"", STR_ARG(str_upto(platform, NAME_MAX_BYTES)));
}

/* Puts the members of `over` into `base`; objects in both are merged `levels` deep. Null in a section takes a member away. */
static enum err lay_over(json_t *base, json_t *over, int levels, bool is_file)
{
    const char *name;
    json_t *value;

    json_object_foreach(over, name, value)
    {
        json_t *below = json_object_get(base, name);
        int deep = is_file ? levels_of(name) : levels - 1;
        enum err err = OK;

        if (json_is_null(value) && !is_file)
            json_object_del(base, name);
        else if (deep > 0 && json_is_object(below) && json_is_object(value))
            err = lay_over(below, value, deep, false);
        else if (json_object_set(base, name, value))
            err = ERR_MEMORY;
        if (err)
            return err;
    }
    return OK;
}

/* Loads the base that `file` names; NULL when it names none. */
static enum err load_base(const json_t *file, struct problems *problems, json_t **out)
{
    const json_t *extends = json_object_get(file, "extends");
    const struct builtin_route *b;

    *out = NULL;
    if (!extends)
        return OK;
    if (!json_is_string(extends)) {
        problems_add(problems, STR("/extends"), "must be the name of a built-in route");
        return ERR_CONFIG;
    }
    b = find_builtin(json_text(extends));
    if (!b) {
        unknown_base(json_text(extends), problems);
        return ERR_CONFIG;
    }
    return json_parse(str_n(b->text, b->len), out, NULL);
}

/* What is the base's alone: its names, and its part in the demo. */
static void drop_own(json_t *base)
{
    json_object_del(base, "platform");
    json_object_del(base, "aliases");
    json_object_del(json_object_get(json_object_get(base, "push"), "send"), "demo");
}

static enum err extend_step(json_t **file, struct problems *problems, int step)
{
    json_t *base = NULL;
    enum err err = load_base(*file, problems, &base);

    if (!err && base && step == STEPS_MAX) {
        problems_add(problems, STR("/extends"), "goes in a circle, or over more than %d routes", STEPS_MAX);
        err = ERR_CONFIG;
    }
    if (!err && base)
        err = extend_step(&base, problems, step + 1);
    if (!err && base) {
        drop_own(base);
        err = lay_over(base, *file, 0, true);
    }
    if (!err && base) {
        json_decref(*file);
        *file = base;
        base = NULL;
    }
    json_decref(base);
    return err;
}

enum err route_extend(json_t **file, struct problems *problems)
{
    return extend_step(file, problems, 0);
}
