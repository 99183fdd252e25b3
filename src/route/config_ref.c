/* config_ref.c -- owns what a route file says about the source's config. */
#include "route/config_ref.h"

#include "route/route.h"

enum { NAMES_MAX = 64 };

static const struct route_config *find(const struct reader *r, struct str name, bool secret)
{
    for (size_t i = 0; i < r->n_config; i++)
        if (r->config[i].secret == secret && str_eq(name, str_of(r->config[i].name)))
            return &r->config[i];
    return NULL;
}

bool config_is_declared(struct reader *r, const struct place *p, struct str name, bool secret)
{
    const char *names[NAMES_MAX + 1] = {NULL}, *near, *wanted = secret ? "secret" : "text";
    size_t n = 0;

    if (find(r, name, secret))
        return true;
    if (find(r, name, !secret)) {
        read_problem(r, p, "\"%.*s\" is not declared in config with type %s: it is a %s", STR_ARG(str_upto(name, 80)), wanted,
                     secret ? "text" : "secret");
        return false;
    }
    for (size_t i = 0; i < r->n_config && n < NAMES_MAX; i++)
        if (r->config[i].secret == secret)
            names[n++] = r->config[i].name;
    near = nearest_name(name, names);
    read_problem(r, p, "\"%.*s\" is not declared in config with type %s%s%s%s", STR_ARG(str_upto(name, 80)), wanted,
                 near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
    return false;
}

bool config_ref_read(struct reader *r, const struct place *p, struct config_ref *out)
{
    *out = (struct config_ref){.name = read_text(r, p)};
    if (out->name.len == 0)
        return false;
    if (r->no_config) {
        read_problem(r, p, "%s", r->no_config);
        return false;
    }
    if (!config_is_declared(r, p, out->name, false))
        return false;
    out->fallback = str_of(find(r, out->name, false)->fallback);
    return true;
}

struct str config_ref_text(const struct config_ref *ref, const json_t *config)
{
    const json_t *set = config ? json_object_getn(config, ref->name.p, ref->name.len) : NULL;

    return set ? json_text(set) : ref->fallback;
}

static const char *config_default(void *arg, struct str name)
{
    const struct reader *r = arg;
    const struct route_config *c = find(r, name, false);

    return c ? c->fallback : NULL;
}

struct verify_config config_defaults(const struct reader *r)
{
    return (struct verify_config){.get = config_default, .arg = (void *)(uintptr_t)r};
}
