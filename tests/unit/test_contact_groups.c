/* test_contact_groups.c -- many customers and addresses that one address or a chain of them connects (M3, H2, N5, N9). */
#include "contact_fixture.h"

#include "store/check.h"

#define ADA "ada@example.com"

enum { BATCH = 500, SOME = 600, MANY = 2000 };
enum telling { AS_TOLD, BACKWARDS, SHUFFLED };

/* Entries in the order of what they tell. */
struct story {
    struct claimed *entries;
    size_t n;
};

static struct story story_of(struct fixture *f, size_t max)
{
    struct story s = {arena_array(&f->arena, max, sizeof(*s.entries)), 0};

    assert_non_null(s.entries);
    return s;
}

static void customer_says(struct fixture *f, struct story *s, size_t id, const char *email, size_t second)
{
    s->entries[s->n++] =
        entry_of(f, (struct sent){.source = f->shop,
                                  .topic = "customers/update",
                                  .body = body_of(f, "{'id':%zu,'email':'%s','updated_at':'@%zu'}", id, email, second)});
}

static void put_in_order(const struct claimed **list, const struct story *s, enum telling order)
{
    uint32_t random = 1;

    for (size_t i = 0; i < s->n; i++)
        list[i] = &s->entries[order == BACKWARDS ? s->n - 1 - i : i];
    for (size_t i = s->n; order == SHUFFLED && i > 1; i--) {
        const struct claimed *last = list[i - 1];
        size_t other;

        random = random * 1664525u + 1013904223u;
        other = (random >> 8) % i;
        list[i - 1] = list[other];
        list[other] = last;
    }
}

static void tell(struct fixture *f, const struct story *s, enum telling order)
{
    const struct claimed **list = arena_array(&f->arena, s->n, sizeof(*list));
    struct drain_verdict verdicts[BATCH];

    assert_non_null(list);
    put_in_order(list, s, order);
    for (size_t i = 0; i < s->n; i += BATCH) {
        size_t n = s->n - i < BATCH ? s->n - i : BATCH;

        assert_int_equal(apply_list(f, list + i, n, verdicts), OK);
        for (size_t j = 0; j < n; j++) {
            assert_false(verdicts[j].keep);
            assert_str(verdicts[j].reason, "");
        }
    }
}

/* Runs the check in a database of its own for each order. */
static void in_orders(void **state, size_t n, void (*check)(struct fixture *f, size_t n, enum telling order))
{
    for (enum telling order = AS_TOLD; order <= SHUFFLED; order++) {
        check(*state, n, order);
        close_contacts(state);
        open_contacts(state);
    }
}

static void count_finding(void *arg, const struct check_finding *finding)
{
    size_t *n = arg;

    *n += strcmp(finding->step, "groups") == 0;
}

static void tell_nothing_of_steps(void *arg, const char *step, const char *about, size_t number, size_t of)
{
    (void)arg, (void)step, (void)about, (void)number, (void)of;
}

static void tell_nothing_of_rows(void *arg, uint64_t rows)
{
    (void)arg, (void)rows;
}

/* How many groups the check of the database tells of. */
static size_t checked(struct fixture *f)
{
    size_t n = 0;
    struct check_watch watch = {.step = tell_nothing_of_steps, .progress = tell_nothing_of_rows, .found = count_finding, .arg = &n};
    struct check_sums sums;

    assert_int_equal(check_run(f->store, f->seal, 3600 * US_PER_S, &watch, &sums), OK);
    return n;
}

/* -- one address ------------------------------------------------------------------------------------------------------------- */

static void check_star(struct fixture *f, size_t n, enum telling order)
{
    struct story s = story_of(f, n);

    for (size_t i = 1; i <= n; i++)
        customer_says(f, &s, i, ADA, i);
    tell(f, &s, order);
    assert_contacts(n);
    assert_string_equal(contact_id(f, ADA), customer_contact(f, f->shop, "1"));
    assert_int_equal(count_rows(f, "SELECT count(DISTINCT contact_id) FROM customer"), n);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM claim WHERE apart = 1"), n - 1);
}

static void N5_the_check_of_the_database_agrees_with_a_group_of_600(void **state)
{
    struct fixture *f = *state;

    check_star(f, SOME, SHUFFLED);
    assert_int_equal(checked(f), 0);
    assert_int_equal(
        db_run(f->store->db, "UPDATE address SET contact_id = (SELECT max(contact_id) FROM customer WHERE external_id <> '1')", ""),
        OK);
    assert_true(checked(f) > 0);
}

static void M3_N5_the_first_of_600_customers_has_their_address_in_any_order(void **state)
{
    in_orders(state, SOME, check_star);
}

static void M3_N5_the_first_of_2000_customers_has_their_address(void **state)
{
    check_star(*state, MANY, SHUFFLED);
}

/* -- chains ------------------------------------------------------------------------------------------------------------------ */

/* Everybody changes to the address that the next one had first. */
static void check_chain(struct fixture *f, size_t n, enum telling order)
{
    struct story s = story_of(f, 2 * n);
    char email[64];

    for (size_t i = 1; i <= n; i++) {
        snprintf(email, sizeof(email), "a%zu@example.com", i);
        customer_says(f, &s, i, email, i);
    }
    for (size_t i = 1; i <= n; i++) {
        snprintf(email, sizeof(email), "a%zu@example.com", i + 1);
        customer_says(f, &s, i, email, n + i);
    }
    tell(f, &s, order);
    assert_contacts(n);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM customer c JOIN address a ON a.account_id = c.account_id AND"
                                   " a.contact_id = c.contact_id AND a.address = 'a' || c.external_id || '@example.com'"),
                     n);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM claim WHERE apart = 1"), n - 1);
}

static void H2_N5_600_customers_who_change_to_the_next_ones_address_keep_theirs_in_any_order(void **state)
{
    in_orders(state, SOME, check_chain);
}

static void H2_N5_2000_customers_who_change_to_the_next_ones_address_keep_theirs(void **state)
{
    check_chain(*state, MANY, SHUFFLED);
}

static void check_mover(struct fixture *f, size_t n, enum telling order)
{
    struct story s = story_of(f, n);
    char email[64];

    for (size_t i = 1; i <= n; i++) {
        snprintf(email, sizeof(email), "a%zu@example.com", i);
        customer_says(f, &s, 1, email, i);
    }
    tell(f, &s, order);
    assert_contacts(1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM address"), n);
    assert_int_equal(count_rows(f, "SELECT count(DISTINCT contact_id) FROM address"), 1);
}

static void H1_N5_a_customer_who_changed_the_address_600_times_is_one_contact_in_any_order(void **state)
{
    in_orders(state, SOME, check_mover);
}

static void H1_N5_a_customer_who_changed_the_address_2000_times_is_one_contact(void **state)
{
    check_mover(*state, MANY, SHUFFLED);
}

/* -- the bound --------------------------------------------------------------------------------------------------------------- */

/* The customer that is there gets so many addresses more. */
static void add_addresses(struct fixture *f, size_t n)
{
    static const char *const statements[] = {
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)"
        " INSERT INTO claim (account_id, address, source_id, subject, class, first_us)"
        " SELECT c.account_id, 'a' || n.i || '@example.com', c.source_id, c.subject, 1, c.first_us + n.i FROM customer c CROSS "
        "JOIN n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) INSERT INTO address (account_id, address, "
        "contact_id)"
        " SELECT c.account_id, 'a' || n.i || '@example.com', c.contact_id FROM customer c CROSS JOIN n"};

    for (size_t i = 0; i < 2; i++)
        assert_int_equal(db_run(f->store->db, statements[i], "i", (int64_t)n), OK);
}

static const char *named_at(struct fixture *f, const char *name, int second)
{
    return shop_says(f, "customers/update",
                     body_of(f, "{'id':1,'email':'ada@example.com','first_name':'%s','updated_at':'@%d'}", name, second));
}

static void N9_a_group_of_the_greatest_size_takes_events(void **state)
{
    struct fixture *f = *state;

    assert_applied(named_at(f, "Ada", 10));
    add_addresses(f, GROUP_NODES_MAX - 2);
    assert_applied(named_at(f, "Augusta", 20));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM customer_field WHERE name = 'first_name' AND value = 'Augusta'"), 1);
}

static void N5_N9_an_event_of_a_larger_group_is_a_dead_letter_and_nothing_of_it_is_applied(void **state)
{
    struct fixture *f = *state;
    int64_t lines;

    assert_applied(named_at(f, "Ada", 10));
    add_addresses(f, GROUP_NODES_MAX - 1);
    lines = count_rows(f, "SELECT count(*) FROM ledger");
    assert_dead(named_at(f, "Augusta", 20), "group_too_large");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM ledger"), lines);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM customer_field WHERE value = 'Augusta'"), 0);
    assert_int_equal(count_rows(f, "SELECT count(DISTINCT contact_id) FROM address"), 1);
}

static void N9_the_check_of_the_database_tells_of_a_larger_group(void **state)
{
    struct fixture *f = *state;

    assert_applied(named_at(f, "Ada", 10));
    add_addresses(f, GROUP_NODES_MAX - 2);
    assert_int_equal(checked(f), 0);
    assert_int_equal(db_run(f->store->db, "DELETE FROM claim WHERE address <> 'ada@example.com'", ""), OK);
    assert_int_equal(db_run(f->store->db, "DELETE FROM address WHERE address <> 'ada@example.com'", ""), OK);
    add_addresses(f, GROUP_NODES_MAX - 1);
    assert_int_equal(checked(f), 1);
}

static void N9_an_event_of_somebody_else_who_names_an_address_of_a_larger_group_leaves_nothing(void **state)
{
    struct fixture *f = *state;

    assert_applied(named_at(f, "Ada", 10));
    add_addresses(f, GROUP_NODES_MAX);
    assert_dead(shop_says(f, "customers/update", "{'id':2,'email':'a7@example.com','updated_at':'@20'}"), "group_too_large");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM customer"), 1);
}

static void X1_N9_a_person_of_a_larger_group_can_be_erased(void **state)
{
    struct fixture *f = *state;

    assert_applied(named_at(f, "Ada", 10));
    add_addresses(f, GROUP_NODES_MAX);
    assert_applied(
        shop_says(f, "customers/redact",
                  "{'shop_domain':'demo.example','customer':{'id':1,'email':'ada@example.com'},'orders_to_redact':[7]}"));
    assert_nobody(ADA);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM address"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(M3_N5_the_first_of_600_customers_has_their_address_in_any_order),
        contact_test(M3_N5_the_first_of_2000_customers_has_their_address),
        contact_test(N5_the_check_of_the_database_agrees_with_a_group_of_600),
        contact_test(H2_N5_600_customers_who_change_to_the_next_ones_address_keep_theirs_in_any_order),
        contact_test(H2_N5_2000_customers_who_change_to_the_next_ones_address_keep_theirs),
        contact_test(H1_N5_a_customer_who_changed_the_address_600_times_is_one_contact_in_any_order),
        contact_test(H1_N5_a_customer_who_changed_the_address_2000_times_is_one_contact),
        contact_test(N9_a_group_of_the_greatest_size_takes_events),
        contact_test(N5_N9_an_event_of_a_larger_group_is_a_dead_letter_and_nothing_of_it_is_applied),
        contact_test(N9_the_check_of_the_database_tells_of_a_larger_group),
        contact_test(N9_an_event_of_somebody_else_who_names_an_address_of_a_larger_group_leaves_nothing),
        contact_test(X1_N9_a_person_of_a_larger_group_can_be_erased),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
