/* route_problems.h -- owns what the tests of the loader share: a small valid file, and the comparison of all problems of one. */
#ifndef TESTS_UNIT_ROUTE_PROBLEMS_H
#define TESTS_UNIT_ROUTE_PROBLEMS_H

#include "route_case.h"

#define CONFIG "\"config\":{\"secret\":{\"type\":\"secret\",\"required\":true,\"doc\":\"d\"}}"
#define VERIFY "\"verify\":[{\"scheme\":\"hmac\",\"header\":\"X-Sign\",\"encoding\":\"hex\"}]"
#define DELIVERY "\"topic\":{\"header\":\"X-Topic\"},\"dedupe\":[[{\"header\":\"X-Id\"}]]"
#define PUSH "\"push\":{" VERIFY "," DELIVERY "}"
#define HEAD "{\"route\":1,\"platform\":\"demo\",\"title\":\"Demo\","
#define TAIL \
    "\"objects\":{\"customer\":{\"contact.email\":\"/email\"}},\"topics\":{\"c\":{\"event\":\"signup\",\"object\":\"customer\"}}}"
#define FILE_WITH_PUSH(more) HEAD CONFIG ",\"push\":{" VERIFY "," DELIVERY "," more "}," TAIL
#define FILE_WITH_OBJECT(members) HEAD CONFIG "," PUSH ",\"objects\":{\"o\":{" members "}},\"topics\":{}}"
#define FILE_WITH_TOPIC(topic) \
    HEAD CONFIG "," PUSH ",\"objects\":{\"customer\":{\"contact.email\":\"/email\"}},\"topics\":{\"t\":" topic "}}"
#define VALID HEAD CONFIG "," PUSH "," TAIL

/* Loads the text as "x.json" and compares all problems. */
static inline void check_problems(const char *text, const char *want, const char *file, int line)
{
    struct problems problems;
    struct route *route = NULL;
    enum err err;

    problems_init(&problems, STR("x.json"));
    err = route_load(str_of(text), &problems, &route);
    if (err != (want[0] ? ERR_CONFIG : OK) || !str_eq(str_of(buf_text(&problems.text)), str_of(want))) {
        print_error("line %d: %s\n%swanted:\n%s", line, err_name(err), buf_text(&problems.text), want);
        _fail(file, line);
    }
    assert_true((route != NULL) == (want[0] == '\0'));
    route_free(route);
    problems_release(&problems);
}
#define assert_problems(text, want) check_problems(text, want, __FILE__, __LINE__)

#endif
