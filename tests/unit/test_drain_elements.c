/* test_drain_elements.c -- proves what the drainer does with a body of several elements: each has its own key and its own fate. */
#include "own_routes.h"

static const char ROUTE[] =
    OWN_ROUTE("lots", "\"each\":\"/l\",",
              "\"objects\":{\"c\":{\"contact.external_id\":\"/id\",\"contact.email\":\"/e\",\"contact.first_name\":\"/n\"},"
              "\"v\":{\"contact.email\":\"/e\",\"page.url\":\"/u\"}},"
              "\"topics\":{\"c\":{\"event\":\"customer_updated\",\"object\":\"c\"},\"v\":{\"event\":\"page_visit\",\"object\":"
              "\"v\"},\"two\":[{\"event\":\"page_visit\",\"object\":\"v\"},{\"event\":\"page_visit\",\"object\":\"v\"}]}");

static int load_lots(void **state)
{
    (void)state;
    return load_own_route(ROUTE);
}

static int64_t lots(struct fixture *f)
{
    return add_source(f, "lots", "lots", "", 0);
}

static int64_t visits(struct fixture *f)
{
    return count_rows(f, "SELECT count(*) FROM visit");
}

static void a_bad_element_is_a_dead_letter_and_the_others_apply(void **state)
{
    struct fixture *f = *state;
    struct sent s = {.source = lots(f),
                     .body = "{'l':[{'topic':'c','key':1,'id':'1','e':'ada@example.com'},{'topic':'c','key':2,'id':'2'},"
                             "{'topic':'no','key':3},{'topic':'c','key':4,'id':'4','e':'bob@example.com'}]}"};

    s.platform = "lots";
    assert_dead(send_delivery(f, s), "no_email"); /* the first one's */
    assert_string_equal(f->trouble, "element 1: no_email: no contact.email, and none known for this customer; "
                                    "element 2: unknown_topic: topic \"no\" is not in the route file");
    assert_contacts(2);
}

static void elements_are_seen_one_by_one_D2(void **state)
{
    struct fixture *f = *state;
    struct sent s = {.source = lots(f), .platform = "lots"};

    s.body = "{'l':[{'topic':'v','key':1,'e':'ada@example.com','u':'https://x.example/1'},"
             "{'topic':'v','key':2,'e':'ada@example.com','u':'https://x.example/2'}]}";
    assert_applied(send_delivery(f, s));
    assert_int_equal(visits(f), 2);
    s.body = "{'l':[{'topic':'v','key':2,'e':'ada@example.com','u':'https://x.example/2'},"
             "{'topic':'v','key':3,'e':'ada@example.com','u':'https://x.example/3'}]}";
    assert_applied(send_delivery(f, s)); /* another delivery, half of it known */
    assert_int_equal(visits(f), 3);
    s.body = "{'l':[{'topic':'v','key':5,'e':'a@example.com','u':'https://x.example/'},"
             "{'topic':'v','key':5,'e':'a@example.com','u':'https://x.example/'}]}";
    assert_applied(send_delivery(f, s)); /* twice within one */
    assert_int_equal(visits(f), 4);
}

static void a_claim_that_comes_back_changes_nothing_and_tells_the_refusals_again_D5(void **state)
{
    struct fixture *f = *state;
    struct sent s = {.source = lots(f), .platform = "lots", .delivery = "0123456789abcdef0123456789abcdef"};
    char first[4096];

    s.body = "{'l':[{'topic':'no','key':1},{'topic':'two','key':2,'e':'a@example.com','u':'https://x.example/'},{'topic':'no',"
             "'key':3}]}";
    assert_dead(send_delivery(f, s), "unknown_topic");
    snprintf(first, sizeof(first), "%s", f->trouble);
    assert_int_equal(visits(f), 2);
    assert_dead(send_delivery(f, s), "unknown_topic");
    assert_string_equal(f->trouble, first);
    assert_int_equal(visits(f), 2);
}

static void a_replay_applies_what_was_refused_once(void **state)
{
    struct fixture *f = *state;
    struct sent s = {.source = lots(f), .platform = "lots", .delivery = "0123456789abcdef0123456789abcdef"};

    s.body = "{'l':[{'topic':'v','key':1,'e':'a@example.com','u':'https://x.example/'},{'topic':'c','key':2,'id':'7'}]}";
    assert_dead(send_delivery(f, s), "no_email");
    s.body = "{'l':[{'topic':'v','key':1,'e':'a@example.com','u':'https://x.example/'},"
             "{'topic':'c','key':2,'id':'7','e':'z@example.com'}]}"; /* as if its address were known by now */
    s.replay = true;
    assert_applied(send_delivery(f, s));
    assert_int_equal(visits(f), 1);
    assert_contacts(1);
    s.replay = false;
    assert_applied(send_delivery(f, s)); /* the refusal is forgotten with it */
}

/* The same elements in one delivery, in single ones, in any order and repeated end the same. */
static void however_elements_are_packed_the_contact_is_the_same_N5(void **state)
{
    static const char *const packs[][4] = {
        {"012"}, {"210"}, {"0", "1", "2"}, {"2", "10"}, {"21", "102"}, {"1", "1", "02", "210"},
    };
    static const char *const elements[] = {"{'topic':'c','key':'a','id':'1','e':'ada@example.com','n':'Ada'}",
                                           "{'topic':'v','key':'b','e':'ada@example.com','u':'https://x.example/'}",
                                           "{'topic':'c','key':'c','id':'2','e':'bob@example.com','n':'Bob'}"};
    (void)state;
    for (size_t p = 0; p < sizeof(packs) / sizeof(packs[0]); p++) {
        void *own = NULL;
        struct fixture *f;
        struct sent s = {.platform = "lots"};

        assert_int_equal(open_contacts(&own), 0);
        f = own;
        s.source = lots(f);
        for (size_t d = 0; d < 4 && packs[p][d]; d++) {
            struct buf body = BUF_INIT(2000);

            for (const char *c = packs[p][d]; *c; c++)
                assert_int_equal(buf_printf(&body, "%s%s", c == packs[p][d] ? "{'l':[" : ",", elements[*c - '0']), OK);
            s.body = body_of(f, "%s]}", buf_text(&body));
            assert_applied(send_delivery(f, s));
            buf_release(&body);
        }
        assert_contacts(2);
        assert_contact("ada@example.com", "{'first_name':'Ada','visits':{'count':1}}");
        assert_contact("bob@example.com", "{'first_name':'Bob','visits':{'count':0}}");
        close_contacts(&own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(a_bad_element_is_a_dead_letter_and_the_others_apply),
        contact_test(elements_are_seen_one_by_one_D2),
        contact_test(a_claim_that_comes_back_changes_nothing_and_tells_the_refusals_again_D5),
        contact_test(a_replay_applies_what_was_refused_once),
        cmocka_unit_test(however_elements_are_packed_the_contact_is_the_same_N5),
    };

    return cmocka_run_group_tests(tests, load_lots, free_routes);
}
