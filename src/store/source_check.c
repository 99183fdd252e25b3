/* source_check.c -- owns the judgement on a planned source: does it give what its route asks for? */
#include "store/source.h"

#include "model/list.h"

enum { NAMES_MAX = 64 };

static enum err refuse(enum err written)
{
    return written ? written : ERR_CONFIG;
}

static const struct route_config *find(const struct route *route, const char *name)
{
    const struct route_config *c;

    for (size_t i = 0; (c = route_config_at(route, i)); i++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static const char *nearest(const struct route *route, const char *name)
{
    const char *names[NAMES_MAX + 1] = {NULL};
    const struct route_config *c;

    for (size_t i = 0; i < NAMES_MAX && (c = route_config_at(route, i)); i++)
        names[i] = c->name;
    return nearest_name(str_of(name), names);
}

static enum err refuse_unknown(const struct route *route, const char *name, struct buf *why)
{
    const char *near = nearest(route, name);

    if (near)
        return refuse(buf_printf(why, "%s has no config \"%s\"; did you mean \"%s\"?", route_platform(route), name, near));
    return refuse(buf_printf(why, "%s has no config \"%s\"; see `storehook route show %s`", route_platform(route), name,
                             route_platform(route)));
}

enum err source_check_config(const struct route *route, const json_t *config, struct buf *why)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)config, name, value)
    {
        const struct route_config *c = find(route, name);

        if (!c)
            return refuse_unknown(route, name, why);
        if (c->secret)
            return refuse(buf_printf(why, "\"%s\" is a secret; give it with --secret-file", name));
        if (!json_is_string(value))
            return refuse(buf_printf(why, "\"%s\" is no text", name));
    }
    return OK;
}

static bool has_secret(const struct source_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_secrets; i++)
        if (strcmp(plan->secrets[i].name, name) == 0)
            return true;
    return false;
}

static enum err check_required(const struct source_plan *plan, struct buf *why)
{
    const struct route_config *c;

    for (size_t i = 0; (c = route_config_at(plan->route, i)); i++) {
        if (!c->required || c->fallback ||
            (c->secret ? has_secret(plan, c->name) : json_member_text(plan->config, c->name).len > 0)) /* "" is none */
            continue;
        if (c->secret)
            return refuse(buf_printf(why, "%s needs its secret \"%s\" (%s); give it with --secret-file FILE",
                                     route_platform(plan->route), c->name, c->doc));
        return refuse(buf_printf(why, "%s needs \"%s\" (%s); give it with --set %s=VALUE", route_platform(plan->route), c->name,
                                 c->doc, c->name));
    }
    return OK;
}

static const char *planned_value(void *arg, struct str name)
{
    const struct source_plan *plan = arg;
    const struct route_config *c;

    for (size_t i = 0; (c = route_config_at(plan->route, i)); i++)
        if (!c->secret && str_eq(name, str_of(c->name))) {
            const char *value = json_string_value(json_object_get(plan->config, c->name));

            return value ? value : c->fallback;
        }
    return NULL;
}

/* Where the config is part of how the platform signs, it must make sense there. */
static enum err check_signing(const struct source_plan *plan, struct buf *why)
{
    const struct verify_config config = {.get = planned_value, .arg = (void *)(uintptr_t)plan};
    const struct verify_spec *spec;
    struct problems problems;
    enum err err = OK;

    problems_init(&problems, STR("config"));
    for (size_t i = 0; !err && (spec = route_verify_at(plan->route, i)); i++) {
        struct verify_spec *own = NULL;

        err = verify_spec_for_source(spec, &config, &problems, &own);
        verify_spec_free(own);
    }
    if (err == ERR_CONFIG)
        err = refuse(buf_printf(why, "with this config no signature can be checked: %s", buf_text(&problems.text)));
    problems_release(&problems);
    return err;
}

/* A secret that no signature can be checked with is refused now, not at the first delivery. */
static enum err check_form(const struct route *route, const struct given_secret *given, struct buf *why)
{
    const struct verify_spec *spec;

    for (size_t i = 0; (spec = route_verify_at(route, i)); i++) {
        struct verify_key *key = NULL;
        enum err err;

        if (!str_eq(verify_spec_secret_name(spec), str_of(given->name)))
            continue;
        err = verify_key_new(spec, given->secret, &key);
        verify_key_free(key);
        if (err == ERR_MEMORY)
            return err;
        if (err)
            return refuse(buf_printf(why, "the secret has not the form that %s gives out (%s); copy it again", route_title(route),
                                     err_text(err)));
    }
    return OK;
}

enum err source_check_secret(const struct route *route, const struct given_secret *given, struct buf *why)
{
    const struct route_config *c = find(route, given->name);

    if (!c)
        return refuse_unknown(route, given->name, why);
    if (!c->secret)
        return refuse(buf_printf(why, "\"%s\" is no secret; give it with --set %s=VALUE", c->name, c->name));
    return check_form(route, given, why);
}

static bool is_printable(struct str s)
{
    if (!str_is_utf8(s))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return false;
    return true;
}

enum err source_check(const struct source_plan *plan, struct buf *why)
{
    enum err err;

    if (plan->name.len == 0 || plan->name.len > SOURCE_NAME_BYTES_MAX || !is_printable(plan->name))
        return refuse(buf_printf(why, "a source's name has 1 to %d printable bytes; choose another", SOURCE_NAME_BYTES_MAX));
    if (plan->list.len && !list_name_is_valid(plan->list))
        return refuse(buf_printf(why, "a list's name has at most %d printable bytes, no blank at its ends; choose another",
                                 LIST_NAME_BYTES_MAX));
    err = source_check_config(plan->route, plan->config, why);
    if (!err)
        err = check_signing(plan, why);
    for (size_t i = 0; i < plan->n_secrets && !err; i++)
        err = source_check_secret(plan->route, &plan->secrets[i], why);
    return err ? err : check_required(plan, why);
}
