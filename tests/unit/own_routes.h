/* own_routes.h -- owns what tests with a route file of their own share: the built-in routes and that file, loaded from a folder. */
#ifndef TESTS_OWN_ROUTES_H
#define TESTS_OWN_ROUTES_H

#include "contact_fixture.h"

/* A route signed as the push protocol, whose topic stands in the body; `push` are further members of that section. */
#define OWN_ROUTE(platform, push, rest)                                                                                       \
    "{\"route\":1,\"platform\":\"" platform "\",\"title\":\"T\",\"config\":{\"secret\":{\"type\":\"secret\",\"doc\":\"d\"}}," \
    "\"push\":{" push "\"verify\":[{\"scheme\":\"standard\",\"header_prefix\":\"webhook-\"}],\"topic\":{\"at\":\"/topic\"},"  \
    "\"dedupe\":[[{\"at\":\"/key\"}],[{\"header\":\"webhook-id\"}]]}," rest "}"

/* Loads the built-in routes and `text`; free_routes frees them. */
static inline int load_own_route(const char *text)
{
    char dir[] = "/tmp/own-route-XXXXXX", path[64];
    struct problems problems;
    enum err err;
    FILE *out;

    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/own.json", dir);
    out = fopen(path, "w");
    if (!out || fputs(text, out) < 0 || fclose(out))
        return -1;
    problems_init(&problems, STR("routes"));
    err = routes_load(dir, &routes, &problems);
    if (err)
        print_error("%s", buf_text(&problems.text));
    problems_release(&problems);
    unlink(path);
    rmdir(dir);
    return err ? -1 : 0;
}

#endif
