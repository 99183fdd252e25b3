/* trigger_fixture.h -- owns what tests of triggers share: triggers by name, what fired, what each kind of happening is told by. */
#ifndef TESTS_TRIGGER_FIXTURE_H
#define TESTS_TRIGGER_FIXTURE_H

#include "contact_fixture.h"

#include "store/trigger.h"

#define ADA "ada@example.com"
#define BOB "bob@example.com"

/* `conditions` and `actions` are JSON as the tests write it. */
static inline void trigger(struct fixture *f, const char *name, const char *on, const char *conditions, const char *actions)
{
    enum happening_kind kind;

    assert_int_equal(happening_parse(str_of(on), &kind), OK);
    assert_int_equal(trigger_add(f->store, str_of(name), kind, str_of(plain(f, conditions)), str_of(plain(f, actions))), OK);
}

static inline uint64_t fired(struct fixture *f, const char *name)
{
    struct trigger_row row;

    assert_int_equal(trigger_find(f->store, str_of(name), &f->arena, &row), OK);
    return row.fired;
}
#define assert_fired(name, want) assert_int_equal(fired(f, name), want)

static inline int64_t firings(struct fixture *f)
{
    return count_rows(f, "SELECT count(*) FROM trigger_firing");
}

/* What the latest firing of the trigger did. */
static inline const char *did(struct fixture *f, const char *name)
{
    struct trigger_row row;
    struct trigger_firing *list = NULL;
    size_t n = 0;

    assert_int_equal(trigger_find(f->store, str_of(name), &f->arena, &row), OK);
    assert_int_equal(trigger_firings(f->store, row.id, 1, &f->arena, &list, &n), OK);
    assert_int_equal(n, 1);
    return list[0].did.p;
}

/* A trigger of every kind, named after it. */
static inline void trigger_of_each_kind(struct fixture *f)
{
    for (const char *const *kind = happening_names(); *kind; kind++)
        trigger(f, *kind, *kind, "{}", body_of(f, "['tag:%s']", *kind));
}

/* An order of Ada's as our own protocol says it. */
static inline const char *order_body(struct fixture *f, const char *id, int updated, const char *status, const char *total,
                                     const char *more)
{
    return body_of(f,
                   "{'type':'order_updated','occurred_at':'@%d','contact':{'email':'" ADA "'},'order':{'id':'%s','status':'%s',"
                   "'total':'%s','currency':'EUR','created_at':'@%d','updated_at':'@%d'%s}}",
                   updated, id, status, total, updated, updated, more);
}

static inline const char *visit_body(struct fixture *f, int at_s, const char *url)
{
    return body_of(f, "{'type':'page_visit','occurred_at':'@%d','contact':{'email':'" ADA "'},'page':{'url':'%s'}}", at_s, url);
}

static inline const char *signup_body(struct fixture *f, const char *id, const char *email, const char *more)
{
    return body_of(f, "{'type':'signup','occurred_at':'@10','contact':{'external_id':'%s','email':'%s'%s}}", id, email, more);
}

#endif
