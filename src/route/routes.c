/* routes.c -- owns the set of routes: the built-in ones and those of a folder, by platform name. */
#include "route/builtin.h"
#include "route/load.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

enum { ROUTES_MAX = 200, ROUTE_FILE_MAX_BYTES = 256 << 10, PATH_MAX_BYTES = 4 << 10 };

struct routes {
    struct route *at[ROUTES_MAX + 1]; /* in order of platform name, then NULL */
    size_t n;
};

/* Takes `route`; one of the same platform is replaced. ERR_TOO_MANY: then it is freed. */
static enum err add_route(struct routes *routes, struct route *route)
{
    size_t i = 0;

    while (i < routes->n && strcmp(routes->at[i]->platform, route->platform) < 0)
        i++;
    if (i < routes->n && strcmp(routes->at[i]->platform, route->platform) == 0) {
        route_free(routes->at[i]);
        routes->at[i] = route;
        return OK;
    }
    if (routes->n == ROUTES_MAX) {
        route_free(route);
        return ERR_TOO_MANY;
    }
    memmove(&routes->at[i + 1], &routes->at[i], (routes->n - i) * sizeof(routes->at[0]));
    routes->at[i] = route;
    routes->n++;
    return OK;
}

static enum err load_one(struct routes *routes, struct str path, struct str text, bool builtin, struct problems *problems)
{
    struct str file = problems->file;
    struct route *route = NULL;
    enum err err;

    problems->file = path;
    err = route_load(text, problems, &route);
    if (!err) {
        route->builtin = builtin;
        err = add_route(routes, route);
    }
    problems->file = file;
    return err;
}

static enum err load_builtin(struct routes *routes, struct problems *problems)
{
    enum err result = OK;

    for (const struct builtin_route *b = builtin_routes; b->path; b++) {
        enum err err = load_one(routes, str_of(b->path), str_n(b->text, b->len), true, problems);

        if (err && err != ERR_CONFIG)
            return err;
        result = err ? err : result;
    }
    return result;
}

static enum err load_file(struct routes *routes, const char *path, struct problems *problems)
{
    struct buf text = BUF_INIT(ROUTE_FILE_MAX_BYTES + 1);
    enum err err = file_read(path, &text);

    if (!err)
        err = load_one(routes, str_of(path), buf_str(&text), false, problems);
    else if (err != ERR_MEMORY) {
        struct str file = problems->file;

        problems->file = str_of(path);
        problems_add(problems, STR_NONE, "cannot be read: %s",
                     err == ERR_IO || err == ERR_NOT_FOUND ? strerror(errno) : err_text(err));
        problems->file = file;
        err = ERR_CONFIG;
    }
    buf_release(&text);
    return err;
}

static int is_route_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && str_ends(str_of(entry->d_name), STR(".json"));
}

/* In order of file name, so that of two files for one platform always the same one wins. */
static enum err load_dir(struct routes *routes, const char *dir, struct problems *problems)
{
    struct dirent **names = NULL;
    int n = scandir(dir, &names, is_route_file, alphasort);
    enum err result = OK;

    if (n < 0) {
        problems_add(problems, STR_NONE, "cannot list the folder %s: %s", dir, strerror(errno));
        return ERR_CONFIG;
    }
    for (int i = 0; i < n; i++) {
        struct buf path = BUF_INIT(PATH_MAX_BYTES);
        enum err err = buf_printf(&path, "%s/%s", dir, names[i]->d_name);

        if (!err)
            err = load_file(routes, buf_text(&path), problems);
        if (err && result != ERR_MEMORY)
            result = err;
        buf_release(&path);
        free(names[i]);
    }
    free(names);
    return result;
}

static const struct route *find_alias(const struct routes *routes, struct str name)
{
    for (size_t i = 0; i < routes->n; i++)
        for (size_t k = 0; k < routes->at[i]->n_aliases; k++)
            if (str_eq(name, routes->at[i]->aliases[k]))
                return routes->at[i];
    return NULL;
}

/* Of two platforms with one alias none could be meant. */
static enum err check_aliases(const struct routes *routes, struct problems *problems)
{
    enum err err = OK;

    for (size_t i = 0; i < routes->n; i++)
        for (size_t k = 0; k < routes->at[i]->n_aliases; k++) {
            struct str alias = routes->at[i]->aliases[k];
            const struct route *first = find_alias(routes, alias);

            if (first == routes->at[i])
                continue;
            problems_add(problems, STR("/aliases"), "\"%.*s\" names both %s and %s: take it out of one of the two files",
                         STR_ARG(alias), first->platform, routes->at[i]->platform);
            err = ERR_CONFIG;
        }
    return err;
}

enum err routes_load(const char *dir, struct routes **out, struct problems *problems)
{
    struct routes *routes = calloc(1, sizeof(*routes));
    enum err err, more = OK;

    if (!routes)
        return ERR_MEMORY;
    err = load_builtin(routes, problems);
    if ((!err || err == ERR_CONFIG) && dir && dir[0])
        more = load_dir(routes, dir, problems);
    err = err ? err : more;
    if (!err)
        err = check_aliases(routes, problems);
    if (err) {
        routes_free(routes);
        return err;
    }
    *out = routes;
    return OK;
}

void routes_free(struct routes *routes)
{
    if (!routes)
        return;
    for (size_t i = 0; i < routes->n; i++)
        route_free(routes->at[i]);
    free(routes);
}

/* A platform's own name goes before another one's alias. */
const struct route *routes_find(const struct routes *routes, struct str platform)
{
    for (size_t i = 0; i < routes->n; i++)
        if (str_eq(platform, str_of(routes->at[i]->platform)))
            return routes->at[i];
    return find_alias(routes, platform);
}

const struct route *routes_at(const struct routes *routes, size_t i)
{
    return i < routes->n ? routes->at[i] : NULL;
}

const char *routes_nearest(const struct routes *routes, struct str platform)
{
    const char *names[ROUTES_MAX + 1];

    for (size_t i = 0; i < routes->n; i++)
        names[i] = routes->at[i]->platform;
    names[routes->n] = NULL;
    return nearest_name(platform, names);
}
