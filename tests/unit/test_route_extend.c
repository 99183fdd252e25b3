/* test_route_extend.c -- proves "extends": what is taken from a built-in route, what replaces it, and what is refused. */
#include "built_in_routes.h"

static struct route *load(const char *text, struct problems *problems)
{
    struct route *route = NULL;

    problems_init(problems, STR("x.json"));
    if (route_load(str_of(text), problems, &route) && problems->n == 0)
        fail_msg("no problem is told");
    return route;
}

static void check_problems(const char *text, const char *want, int line)
{
    struct problems problems;
    struct route *route = load(text, &problems);

    if (route || !str_eq(str_of(buf_text(&problems.text)), str_of(want))) {
        print_error("line %d: %s", line, buf_text(&problems.text));
        _fail(__FILE__, line);
    }
    problems_release(&problems);
}
#define assert_problems(text, want) check_problems(text, want, __LINE__)

static void the_file_s_members_stand_over_those_of_the_base(void **state)
{
    struct problems problems;
    struct route *route =
        load("{\"extends\":\"woocommerce\",\"platform\":\"mine\",\"title\":\"Mine\",\"topics\":{\"customer.updated\":[],\"order."
             "deleted\":null,"
             "\"customer.seen\":{\"event\":\"customer_updated\",\"object\":\"customer\"}},\"objects\":{\"customer\":"
             "{\"contact.company\":\"/firm\"}},\"push\":{\"topic\":{\"at\":\"/kind\"}}}",
             &problems);
    struct route_case c;
    const struct event *e;

    (void)state;
    assert_non_null(route);
    assert_string_equal(route_platform(route), "mine");
    assert_string_equal(route_title(route), "Mine");
    assert_true(strlen(route_setup(route)) > 0);
    assert_true(route_config_at(route, 0)->secret);
    case_init(&c);
    case_text(
        &c,
        "{\"kind\":\"customer.seen\",\"id\":7,\"email\":\"a@b.example\",\"firm\":\"Acme\",\"billing\":{\"company\":\"Other\"}}");
    case_map(&c, route);
    e = only_event(&c);
    assert_int_equal(e->type, EVENT_CUSTOMER_UPDATED);
    assert_member(e, M_CONTACT_COMPANY, "Acme");
    assert_member(e, M_CONTACT_EXTERNAL_ID, "7");
    case_release(&c);
    case_init(&c);
    case_text(&c, "{\"kind\":\"customer.updated\",\"id\":7}");
    case_map(&c, route);
    assert_int_equal(c.err, OK);
    assert_int_equal(c.mapped.n, 0);
    case_release(&c);
    route_free(route);
    problems_release(&problems);
}

static void a_base_that_is_not_there_is_told_with_a_hint(void **state)
{
    (void)state;
    assert_problems("{\"extends\":\"shopfy\",\"platform\":\"m\"}",
                    "x.json#/extends: no built-in route \"shopfy\" (did you mean shopify?)\n");
    assert_problems("{\"extends\":\"elsewhere-entirely\"}", "x.json#/extends: no built-in route \"elsewhere-entirely\"\n");
    assert_problems("{\"extends\":7}", "x.json#/extends: must be the name of a built-in route\n");
}

static void the_file_needs_a_name_of_its_own(void **state)
{
    (void)state;
    assert_problems("{\"extends\":\"shopify\"}", "x.json#: \"platform\" missing\n");
}

static void what_is_laid_over_is_checked_like_any_file(void **state)
{
    (void)state;
    assert_problems("{\"extends\":\"shopify\",\"platform\":\"m\",\"topics\":{\"t\":{\"event\":\"signup\",\"object\":\"custmer\"}}}",
                    "x.json#/topics/t/object: no object \"custmer\" in objects (did you mean customer?)\n");
    assert_problems("{\"extends\":\"shopify\",\"platform\":\"m\",\"topics\":[]}",
                    "x.json#/topics: must be an object, not a list\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_s_members_stand_over_those_of_the_base),
        cmocka_unit_test(a_base_that_is_not_there_is_told_with_a_hint),
        cmocka_unit_test(the_file_needs_a_name_of_its_own),
        cmocka_unit_test(what_is_laid_over_is_checked_like_any_file),
    };

    return cmocka_run_group_tests_name("route_extend", tests, load_routes, free_routes);
}
