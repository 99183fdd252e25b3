/* limit_fixture.h -- owns what the tests of a limit of contacts share: people who sign up, wait, are called and erased. */
#ifndef TESTS_LIMIT_FIXTURE_H
#define TESTS_LIMIT_FIXTURE_H

#include "contact_fixture.h"

#include "store/account.h"
#include "store/account_limit.h"
#include "store/erase.h"
#include "store/parked.h"

static inline struct account_limit set_limit(struct fixture *f, int64_t limit, enum limit_policy policy, int64_t step)
{
    struct account_limit now;

    assert_int_equal(
        account_limit_set(f->store, &(struct account_limit){.limit = limit, .policy = policy, .raise_step = step}, &now), OK);
    return now;
}

/* What is kept is what is there, whatever came before. */
static inline void check_limit(struct fixture *f, int64_t contacts, const char *file, int line)
{
    int64_t counted = 0, kept = 0;

    _assert_int_equal((unsigned long)contact_count_check(f->store, &counted, &kept), OK, file, line);
    _assert_int_equal((unsigned long)counted, (unsigned long)contacts, file, line);
    _assert_int_equal((unsigned long)kept, (unsigned long)contacts, file, line);
}
#define assert_counted(contacts) check_limit(f, contacts, __FILE__, __LINE__)

static inline struct sent signup(struct fixture *f, int number, bool replay)
{
    return (struct sent){.source = f->shop,
                         .topic = "customers/create",
                         .body = body_of(f, "{'id':%d,'email':'p%d@example.com','first_name':'P%d','updated_at':'@%d'}", number,
                                         number, number, number),
                         .key = body_of(f, "key-%d", number),
                         .delivery = body_of(f, "%032d", number),
                         .replay = replay};
}

static inline const char *sign_up(struct fixture *f, int number)
{
    return send_delivery(f, signup(f, number, false));
}

/* As when the letter was put back into its lane. */
static inline const char *enter_again(struct fixture *f, int number)
{
    return send_delivery(f, signup(f, number, true));
}

static inline void fill(struct fixture *f, int from, int to)
{
    for (int i = from; i <= to; i++)
        assert_applied(sign_up(f, i));
}

static inline void erase(struct fixture *f, int number)
{
    struct event event = {.type = EVENT_ERASE};
    struct privacy_ask ask = {.by = STR("test")};
    struct event_refs refs;

    event.m[M_CONTACT_EMAIL] = (struct value){.is = PRESENT, .text = str_of(body_of(f, "p%d@example.com", number))};
    assert_int_equal(event_refs(&event, &f->arena, &refs), OK);
    assert_int_equal(db_begin(f->store->db), OK);
    assert_int_equal(store_end(f->store, erase_person(f->store, f->seal, &refs, &ask, f->now_us, &f->arena, NULL)), OK);
}

static inline int compare_letters(const void *left, const void *right)
{
    return str_cmp(((const struct parked_letter *)left)->delivery_id, ((const struct parked_letter *)right)->delivery_id);
}

/* The letters that are called in now, as text "1 2 3". */
static inline const char *called(struct fixture *f)
{
    struct buf text = BUF_INIT(4096);
    struct parked_letter *letters = NULL;
    struct str kept;
    size_t n = 0;
    bool more = false;

    f->now_us += US_PER_S;
    assert_int_equal(parked_call(f->store, &f->arena, &letters, &n, &more), OK);
    qsort(letters, n, sizeof(*letters), compare_letters);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(buf_printf(&text, "%s%d", i ? " " : "", (int)strtol(letters[i].delivery_id.p, NULL, 10)), OK);
        letters[i].found = true;
    }
    assert_int_equal(parked_back(f->store, letters, n), OK);
    kept = arena_str(&f->arena, buf_str(&text));
    buf_release(&text);
    return kept.p ? kept.p : "";
}

static inline struct parked_counts parked(struct fixture *f)
{
    struct parked_counts counts;

    assert_int_equal(parked_count(f->store, &counts), OK);
    return counts;
}

/* The kinds of what happened, the oldest first, as text; those of one moment in any order. */
static inline size_t happened(struct fixture *f, const char *kind)
{
    struct account_event *events = NULL;
    size_t n = 0, found = 0;

    assert_int_equal(account_events(f->store, 100, &f->arena, &events, &n), OK);
    for (size_t i = 0; i < n; i++)
        found += str_eq(events[i].kind, str_of(kind));
    return found;
}

#endif
