/* route_trial.h -- owns what the tests of the mapping language share: a small route file around one mapping, tried on a body. */
#ifndef TESTS_ROUTE_TRIAL_H
#define TESTS_ROUTE_TRIAL_H

#include "route_case.h"

#define BEFORE                                                                                                                     \
    "{\"route\":1,\"platform\":\"demo\",\"title\":\"Demo\",\"config\":{\"secret\":{\"type\":\"secret\",\"doc\":\"d\"}},\"push\":{" \
    "\"verify\":[{\"scheme\":\"hmac\",\"header\":\"X-Sign\",\"encoding\":\"hex\"}],\"topic\":[{\"header\":\"X-Topic\"},{\"at\":"   \
    "\"/topic\"}],"                                                                                                                \
    "\"dedupe\":[[{\"at\":\"/key\"}]],\"time\":[{\"header\":\"X-Time\",\"as\":\"time:unix\"},{\"at\":\"/time\"}]},"

/* `push`: further members of the section push, each with a comma after it. */
static inline struct route *load_push(const char *push, const char *rest)
{
    struct buf text = BUF_INIT(64 << 10);
    struct problems problems;
    struct route *route = NULL;
    size_t at = str_find_str(str_of(BEFORE), STR("\"verify\""));

    problems_init(&problems, STR("demo.json"));
    assert_int_equal(buf_printf(&text, "%.*s%s%s%s", (int)at, BEFORE, push, &BEFORE[at], rest), OK);
    if (route_load(buf_str(&text), &problems, &route))
        fail_msg("%s", buf_text(&problems.text));
    problems_release(&problems);
    buf_release(&text);
    return route;
}

static inline struct route *load(const char *rest)
{
    return load_push("", rest);
}

/* One mapping of one object to one event of that type. */
struct trial {
    struct route *route;
    struct route_case c;
};

static inline void try_body(struct trial *t, const char *event, const char *members, const char *body)
{
    char rest[4000];

    snprintf(rest, sizeof(rest), "\"objects\":{\"o\":{%s}},\"topics\":{\"t\":{\"event\":\"%s\",\"object\":\"o\"}}}", members,
             event);
    t->route = load(rest);
    case_init(&t->c);
    case_text(&t->c, body);
    case_header(&t->c, "X-Topic", "t");
    case_header(&t->c, "X-Extra", " gid://x/9 ");
    case_map(&t->c, t->route);
}

static inline void end_trial(struct trial *t)
{
    case_release(&t->c);
    route_free(t->route);
}

#endif
