/* test_products.c -- what a contact bought and looked at, summed up from orders and visits (GR-46). */
#include "model/view.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

enum { ORDERS = 4 };

struct shelf {
    struct arena arena;
    struct order orders[ORDERS];
    struct view_order of[ORDERS];
    struct contact_view view;
};

static int set_up(void **state)
{
    static struct shelf shelf;

    shelf = (struct shelf){.view = {.orders = shelf.of}};
    arena_init(&shelf.arena, 8 << 20);
    *state = &shelf;
    return 0;
}

static int tear_down(void **state)
{
    arena_release(&((struct shelf *)*state)->arena);
    return 0;
}

static void add_order(struct shelf *s, int64_t at_us, bool counted, const char *items)
{
    size_t i = s->view.n_orders++;

    s->orders[i] = (struct order){.source_id = 1, .created_us = at_us, .items = str_of(items)};
    s->of[i] = (struct view_order){.order = &s->orders[i], .counted = counted};
    s->view.orders_counted += counted;
}

static char *bought_text(struct shelf *s, struct buf *out)
{
    json_t *products, *bought;

    assert_int_equal(view_products(&s->view, &s->arena), OK);
    products = view_products_json(&s->view, NULL, 0);
    bought = json_object_get(products, "bought");
    for (size_t i = 0; i < json_array_size(bought); i++) {
        const json_t *p = json_array_get(bought, i);

        assert_int_equal(buf_printf(out, "%.*s=%.*s/%lld ", STR_ARG(json_member_text(p, "product_id")),
                                    STR_ARG(json_member_text(p, "quantity")),
                                    (long long)json_integer_value(json_object_get(p, "orders"))),
                         OK);
    }
    json_decref(products);
    return out->p;
}

static void expect_bought(struct shelf *s, const char *wanted)
{
    struct buf text = BUF_INIT(4096);

    assert_string_equal(bought_text(s, &text) ? buf_text(&text) : "", wanted);
    buf_release(&text);
}

static void quantities_are_summed_exactly(void **state)
{
    add_order(*state, 10, true, "[{\"product_id\":\"a\",\"quantity\":\"0.1\"},{\"product_id\":\"b\",\"quantity\":\"2\"}]");
    add_order(*state, 20, true, "[{\"product_id\":\"a\",\"quantity\":\"0.2\"}]");
    expect_bought(*state, "a=0.3/2 b=2/1 ");
}

static void an_order_that_does_not_count_bought_nothing(void **state)
{
    add_order(*state, 10, false, "[{\"product_id\":\"a\",\"quantity\":\"1\"}]");
    expect_bought(*state, "");
}

static void a_quantity_that_is_none_counts_as_one(void **state)
{
    add_order(*state, 10, true,
              "[{\"product_id\":\"a\"},{\"product_id\":\"b\",\"quantity\":\"many\"},"
              "{\"product_id\":\"c\",\"quantity\":\"-3\"},{\"product_id\":\"d\",\"quantity\":\"99999999999999999\"}]");
    expect_bought(*state, "a=1/1 b=1/1 c=1/1 d=1/1 ");
}

static void sums_that_pass_the_range_stay_at_its_end(void **state)
{
    add_order(*state, 10, true, "[{\"product_id\":\"a\",\"quantity\":\"9000000000000\"}]");
    add_order(*state, 11, true, "[{\"product_id\":\"a\",\"quantity\":\"9000000000000\"}]");
    expect_bought(*state, "a=9223372036854.775807/2 ");
}

static void variants_are_products_of_their_own_and_the_last_bought_comes_first(void **state)
{
    add_order(*state, 20, true, "[{\"product_id\":\"a\",\"variant_id\":\"1\",\"quantity\":\"1\"}]");
    add_order(*state, 30, true, "[{\"product_id\":\"a\",\"variant_id\":\"2\",\"quantity\":\"4\"}]");
    expect_bought(*state, "a=4/1 a=1/1 ");
}

static void items_that_are_broken_or_name_nothing_are_passed_over(void **state)
{
    add_order(*state, 10, true, "[{\"name\":\"a gift\"},{\"sku\":\"s\",\"quantity\":\"5\"}]");
    add_order(*state, 20, true, "{not json");
    expect_bought(*state, "=5/1 ");
}

static void more_products_than_are_kept_are_left_out(void **state)
{
    struct shelf *s = *state;
    struct visit visit = {.source_id = 1, .type = EVENT_PRODUCT_VIEWED};
    char id[16];

    for (int i = 0; i < VIEW_PRODUCTS_MAX + 50; i++) {
        snprintf(id, sizeof(id), "p%d", i);
        visit.product_id = str_of(id);
        visit.at_us = i + 1;
        assert_int_equal(view_visit(&s->view, &visit, &s->arena), OK);
    }
    assert_int_equal(view_products(&s->view, &s->arena), OK);
    assert_int_equal(s->view.n_viewed, VIEW_PRODUCTS_MAX);
    assert_int_equal(s->view.visits, VIEW_PRODUCTS_MAX + 50);
}

static void a_product_looked_at_twice_is_one_with_its_last_name(void **state)
{
    struct shelf *s = *state;
    const struct visit first = {.source_id = 1, .at_us = 9, .product_id = STR("a"), .product_name = STR("new"), .url = STR("/2")};
    const struct visit second = {.source_id = 1, .at_us = 5, .product_id = STR("a"), .product_name = STR("old"), .url = STR("/1")};

    assert_int_equal(view_visit(&s->view, &first, &s->arena), OK);
    assert_int_equal(view_visit(&s->view, &second, &s->arena), OK);
    assert_int_equal(view_products(&s->view, &s->arena), OK);
    assert_int_equal(s->view.n_viewed, 1);
    assert_int_equal(s->view.viewed[0].times, 2);
    assert_true(str_eq(s->view.viewed[0].name, STR("new")));
    assert_true(str_eq(s->view.last_url, STR("/2")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(quantities_are_summed_exactly),
        TEST(an_order_that_does_not_count_bought_nothing),
        TEST(a_quantity_that_is_none_counts_as_one),
        TEST(sums_that_pass_the_range_stay_at_its_end),
        TEST(variants_are_products_of_their_own_and_the_last_bought_comes_first),
        TEST(items_that_are_broken_or_name_nothing_are_passed_over),
        TEST(more_products_than_are_kept_are_left_out),
        TEST(a_product_looked_at_twice_is_one_with_its_last_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
