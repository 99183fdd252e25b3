/* cart_fixture.h -- owns what tests of carts share: what is said of carts and orders, and the sweep at a given second. */
#ifndef TESTS_CART_FIXTURE_H
#define TESTS_CART_FIXTURE_H

#include "cart_sweep_at.h"
#include "contact_fixture.h"

#include "store/cart.h"

#define ADA "ada@example.com"
#define ITEMS "[{'product_id':'1','quantity':'1'}]"

/* The sources are made at T; seconds since the tests' day. */
enum { T = RECEIPT_S, HOUR = 3600, DAY = 86400 };

/* The next sweep at that second records that many, of which some are quiet. */
static inline void check_sweep(struct fixture *f, int64_t seconds, uint64_t abandoned, uint64_t quiet, const char *file, int line)
{
    struct cart_swept swept = sweep_at(f, seconds);

    _assert_int_equal(swept.abandoned, abandoned, file, line);
    _assert_int_equal(swept.quiet, quiet, file, line);
}
#define assert_sweep(seconds, abandoned, quiet) check_sweep(f, seconds, abandoned, quiet, __FILE__, __LINE__)

/* An update of a cart as our own protocol says it, received at once. */
static inline void cart_of(struct fixture *f, const char *who, const char *id, int64_t seconds, const char *items)
{
    receive_at(f, seconds);
    assert_applied(plugin_says(f, body_of(f,
                                          "{'type':'cart_updated','occurred_at':'@%lld','contact':{%s},'cart':{'id':'%s',"
                                          "'currency':'EUR','total':'9.00','updated_at':'@%lld','items':%s}}",
                                          (long long)seconds, who, id, (long long)seconds, items)));
}

static inline void cart(struct fixture *f, const char *id, int64_t seconds)
{
    cart_of(f, "'email':'ada@example.com'", id, seconds, ITEMS);
}

/* An order of that status; `more` is members of the order with a leading comma. */
static inline void order(struct fixture *f, const char *id, int64_t created, int64_t updated, const char *status, const char *more)
{
    receive_at(f, updated);
    assert_applied(plugin_says(
        f, body_of(f,
                   "{'type':'order_updated','occurred_at':'@%lld','contact':{'email':'ada@example.com'},'order':{'id':'%s',"
                   "'status':'%s','currency':'EUR','total':'9.00','created_at':'@%lld','updated_at':'@%lld'%s}}",
                   (long long)updated, id, status, (long long)created, (long long)updated, more)));
}

static inline int64_t firings(struct fixture *f)
{
    return count_rows(f, "SELECT count(*) FROM cart_firing");
}

/* Told `late` seconds after it happened, which is `late - HOUR` after it was due. */
static inline void tell_late(struct fixture *f, int64_t late)
{
    receive_at(f, T + late);
    assert_applied(plugin_says(f, body_of(f,
                                          "{'type':'cart_updated','occurred_at':'@%d','contact':{'email':'ada@example.com'},"
                                          "'cart':{'id':'k','currency':'EUR','total':'9.00','updated_at':'@%d','items':" ITEMS "}}",
                                          T, T)));
}

#endif
