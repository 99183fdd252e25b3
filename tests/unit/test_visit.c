/* test_visit.c -- proves the parts around a visit: token, limits, script, and how long unknown visitors are remembered. */
#include "contact_fixture.h"

#include "engine/visit_limits.h"
#include "engine/visit_script.h"
#include "model/visit_token.h"
#include "store/visit.h"

#define ID "0123456789abcdef0123456789abcdef"

/* -- token --------------------------------------------------------------------------------------------------------------- */

static void a_token_names_its_contact_until_it_ends(void **state)
{
    struct fixture *f = *state;
    char token[VISIT_TOKEN_CHARS + 1];
    struct str id;

    assert_int_equal(visit_token_make(f->seal, STR(ID), at(100), token), OK);
    assert_int_equal(strlen(token), VISIT_TOKEN_CHARS);
    assert_int_equal(visit_token_check(f->seal, str_of(token), at(99), &id), OK);
    assert_true(str_eq(id, STR(ID)));
    assert_int_equal(visit_token_check(f->seal, str_of(token), at(100), &id), ERR_TIMESTAMP_STALE);
    assert_int_equal(id.len, 0);
}

static void a_token_with_any_other_character_is_refused(void **state)
{
    struct fixture *f = *state;
    char token[VISIT_TOKEN_CHARS + 1];
    struct str id;

    assert_int_equal(visit_token_make(f->seal, STR(ID), at(100), token), OK);
    for (size_t i = 0; i < VISIT_TOKEN_CHARS; i++) {
        char was = token[i];

        token[i] = was == '0' ? '1' : '0';
        assert_int_equal(visit_token_check(f->seal, str_of(token), at(0), &id), ERR_SIGNATURE);
        token[i] = was;
    }
    assert_int_equal(visit_token_check(f->seal, str_upto(str_of(token), 71), at(0), &id), ERR_SYNTAX);
    assert_int_equal(visit_token_check(f->seal, STR_NONE, at(0), &id), ERR_SYNTAX);
}

static void another_master_key_makes_another_token(void **state)
{
    struct fixture *f = *state, other = {.now_us = 0};
    char token[VISIT_TOKEN_CHARS + 1];
    struct str id;

    open_seal(&other);
    assert_int_equal(visit_token_make(other.seal, STR(ID), at(100), token), OK);
    assert_int_equal(visit_token_check(f->seal, str_of(token), at(0), &id), ERR_SIGNATURE);
    seal_free(other.seal);
}

static void a_token_is_made_of_an_id_and_a_time_only(void **state)
{
    struct fixture *f = *state;
    char token[VISIT_TOKEN_CHARS + 1];

    assert_int_equal(visit_token_make(f->seal, STR("zoe@example.com"), at(100), token), ERR_SYNTAX);
    assert_int_equal(visit_token_make(f->seal, STR(ID), 0, token), ERR_RANGE);
    assert_int_equal(visit_token_make(f->seal, STR(ID), (INT64_C(1) << 32) * US_PER_S, token), ERR_RANGE);
}

static void a_key_for_one_purpose_is_none_for_another(void **state)
{
    struct fixture *f = *state;
    unsigned char one[SEAL_MAC_BYTES], two[SEAL_MAC_BYTES];

    assert_int_equal(seal_mac(f->seal, STR("a"), STR("text"), one), OK);
    assert_int_equal(seal_mac(f->seal, STR("b"), STR("text"), two), OK);
    assert_memory_not_equal(one, two, sizeof(one));
    assert_int_equal(seal_mac(f->seal, STR("a"), STR("text"), two), OK);
    assert_memory_equal(one, two, sizeof(one));
}

/* -- limits -------------------------------------------------------------------------------------------------------------- */

static void assert_address(const char *peer, const char *forwarded, const char *want)
{
    const struct field field = {STR("X-Forwarded-For"), str_of(forwarded)};
    char text[VISIT_ADDRESS_CHARS];
    struct str got = visit_address(str_of(peer), (struct fields){&field, forwarded ? 1 : 0}, text);

    if (!str_eq(got, str_of(want)))
        fail_msg("%s is %.*s", peer, STR_ARG(got));
}

static void an_address_is_the_peers_or_what_the_proxy_here_says(void **state)
{
    (void)state;
    assert_address("203.0.113.9:51234", NULL, "203.0.113.9");
    assert_address("203.0.113.9:51234", "198.51.100.1", "203.0.113.9"); /* anybody can write that */
    assert_address("127.0.0.1:51234", "198.51.100.1", "198.51.100.1");
    assert_address("127.0.0.1:51234", "evil, 198.51.100.1", "198.51.100.1");
    assert_address("127.0.0.1:51234", NULL, "127.0.0.1");
    assert_address("unix", "198.51.100.7", "198.51.100.7");
    assert_address("unix", NULL, "unix");
    assert_address("[2001:db8:1:2:3:4:5:6]:443", NULL, "2001:0db8:0001:0002::/64");
    assert_address("[2001:db8:1:2::9]:443", NULL, "2001:0db8:0001:0002::/64");
    assert_address("[::1]:443", "2001:db8::1", "2001:0db8:0000:0000::/64");
}

static struct visit_limits *limits_of(struct fixture *f, const char *key, const char *address, const char *visitor)
{
    struct buf why = BUF_INIT(1000);
    struct visit_limits *l = NULL;
    struct config *cfg = NULL;

    assert_int_equal(config_load(NULL, &cfg, &why), OK);
    assert_int_equal(config_set(cfg, SET_VISITS_KEY_RATE, str_of(key), &why), OK);
    assert_int_equal(config_set(cfg, SET_VISITS_ADDRESS_RATE, str_of(address), &why), OK);
    assert_int_equal(config_set(cfg, SET_VISITS_VISITOR_RATE, str_of(visitor), &why), OK);
    assert_int_equal(visit_limits_new(cfg, f->seal, &l), OK);
    config_free(cfg);
    buf_release(&why);
    return l;
}

static void each_limit_counts_for_itself_and_fills_again(void **state)
{
    struct fixture *f = *state;
    struct visit_limits *l = limits_of(f, "2", "2", "2");
    const struct fields none = {NULL, 0};
    int64_t now = 100 * US_PER_S;

    for (int i = 0; i < 2; i++) {
        assert_true(visit_limits_take_key(l, 1, now));
        assert_true(visit_limits_take_address(l, STR("203.0.113.9:1"), none, now));
        assert_true(visit_limits_take_visitor(l, 1, STR("visitor-1"), now));
    }
    assert_false(visit_limits_take_key(l, 1, now));
    assert_false(visit_limits_take_address(l, STR("203.0.113.9:2"), none, now));
    assert_false(visit_limits_take_visitor(l, 1, STR("visitor-1"), now));
    assert_true(visit_limits_take_key(l, 2, now));
    assert_true(visit_limits_take_address(l, STR("203.0.113.10:1"), none, now));
    assert_true(visit_limits_take_visitor(l, 1, STR("visitor-2"), now));
    assert_true(visit_limits_take_visitor(l, 2, STR("visitor-1"), now));
    assert_true(visit_limits_take_key(l, 1, now + US_PER_S / 2));
    visit_limits_free(l);
}

static void without_a_rate_nothing_is_counted(void **state)
{
    struct fixture *f = *state;
    struct visit_limits *l = limits_of(f, "0", "0", "0");

    for (int i = 0; i < 1000; i++) {
        assert_true(visit_limits_take_key(l, 1, 1));
        assert_true(visit_limits_take_address(l, STR("203.0.113.9:1"), (struct fields){NULL, 0}, 1));
        assert_true(visit_limits_take_visitor(l, 1, STR("v"), 1));
    }
    visit_limits_free(l);
}

/* -- the script, and time ------------------------------------------------------------------------------------------------ */

static void the_script_fits_into_two_kilobytes(void **state)
{
    (void)state;
    assert_in_range(visit_script().len, 1, VISIT_SCRIPT_MAX_BYTES);
}

static void unknown_visitors_are_forgotten_known_ones_are_not(void **state)
{
    struct fixture *f = *state;
    const char *visits = "SELECT count(*) FROM visit", *carts = "SELECT count(*) FROM cart";
    bool more = true;

    assert_applied(
        plugin_says(f, "{'type':'page_visit','occurred_at':'@10','visitor_id':'known','page':{'url':'https://a.example/'}}"));
    assert_applied(
        plugin_says(f, "{'type':'page_visit','occurred_at':'@10','visitor_id':'unknown','page':{'url':'https://a.example/'}}"));
    assert_applied(
        plugin_says(f, "{'type':'page_visit','occurred_at':'@50','visitor_id':'unknown','page':{'url':'https://a.example/'}}"));
    assert_applied(plugin_says(
        f, "{'type':'page_visit','occurred_at':'@10','contact':{'email':'a@example.com'},'page':{'url':'https://a.example/'}}"));
    assert_applied(
        plugin_says(f, "{'type':'cart_updated','occurred_at':'@10','visitor_id':'unknown','cart':{'items':[{'sku':'s'}]}}"));
    assert_applied(
        plugin_says(f, "{'type':'cart_updated','occurred_at':'@10','visitor_id':'known','cart':{'items':[{'sku':'s'}]}}"));
    assert_applied(
        plugin_says(f, "{'type':'identify','occurred_at':'@20','visitor_id':'known','contact':{'email':'a@example.com'}}"));
    assert_int_equal(visit_forget(f->store, 0, at(10), &more), OK);
    assert_int_equal(count_rows(f, visits), 4);
    assert_int_equal(visit_forget(f->store, at(11), at(40), &more), OK); /* what came before was looked at */
    assert_int_equal(count_rows(f, visits), 4);
    assert_int_equal(visit_forget(f->store, at(10), at(11), &more), OK);
    assert_false(more);
    assert_int_equal(count_rows(f, visits), 3);
    assert_int_equal(count_rows(f, carts), 1);
    assert_contact("a@example.com", "{'visits':{'count':2}}");
}

/* One turn of each kind: customers and guests, then visitors. */
static void forget_known(struct fixture *f, struct visit_walk *walk, int64_t before_us, int64_t most)
{
    for (int turn = 0; turn < 2; turn++)
        assert_int_equal(visit_forget_known(f->store, walk, &(struct visit_keep){.before_us = before_us, .most = most}), OK);
}

static void of_contacts_the_latest_visits_are_kept_by_age_and_number(void **state)
{
    struct fixture *f = *state;
    struct visit_walk walk;
    char text[256];

    visit_walk_init(&walk);
    assert_applied(plugin_says(f, "{'type':'signup','occurred_at':'@5','contact':{'email':'a@example.com'}}"));
    for (int i = 0; i < 6; i++) {
        snprintf(text, sizeof(text),
                 "{'type':'page_visit','occurred_at':'@%d','contact':{'email':'a@example.com'},'page':"
                 "{'url':'https://a.example/%d'}}",
                 10 * i + 10, i);
        assert_applied(plugin_says(f, text));
        snprintf(text, sizeof(text),
                 "{'type':'page_visit','occurred_at':'@%d','visitor_id':'v','page':{'url':'https://a.example/v%d'}}", 10 * i + 10,
                 i);
        assert_applied(plugin_says(f, text));
    }
    assert_applied(plugin_says(f, "{'type':'identify','occurred_at':'@20','visitor_id':'v','contact':{'email':'b@example.com'}}"));
    forget_known(f, &walk, at(10), 6);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM visit"), 12);
    forget_known(f, &walk, at(20), 6);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM visit"), 10);
    forget_known(f, &walk, at(0), 2);
    assert_contact("a@example.com", "{'visits':{'count':2,'last_url':'https://a.example/5'}}");
    assert_contact("b@example.com", "{'visits':{'count':2,'last_url':'https://a.example/v5'}}");
    forget_known(f, &walk, at(1000), 1000);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM visit"), 0);
    visit_walk_release(&walk);
}

static void a_walk_through_more_than_a_turn_goes_on_where_it_was(void **state)
{
    struct fixture *f = *state;
    struct visit_walk walk;
    char text[256];

    visit_walk_init(&walk);
    for (int i = 0; i < VISIT_GROUPS_MAX + 20; i++) {
        snprintf(text, sizeof(text),
                 "{'type':'page_visit','occurred_at':'@10','contact':{'email':'p%d@example.com'},'page':"
                 "{'url':'https://a.example/'}}",
                 i);
        assert_applied(plugin_says(f, text));
    }
    for (int left = 20; left >= 0; left -= 20) {
        assert_int_equal(visit_forget_known(f->store, &walk, &(struct visit_keep){.before_us = at(40), .most = 10}), OK);
        assert_int_equal(count_rows(f, "SELECT count(*) FROM visit"), left);
    }
    visit_walk_release(&walk);
}

/* -- the drainer --------------------------------------------------------------------------------------------------------- */

static const char *browser_says(struct fixture *f, const char *body)
{
    return send_delivery(f, (struct sent){.source = f->plugin, .kind = ENTRY_VISIT, .body = body});
}

#define VISITOR "'visitor_id':'0123456789abcdef'"
#define PAGE "'type':'page_visit','page':{'url':'https://a.example/'}"

static void allow_visits(struct fixture *f)
{
    assert_int_equal(source_visits_on(f->store, f->plugin, STR("https://a.example")), OK);
}

static void a_forged_entry_of_low_trust_says_no_more_than_a_browser(void **state)
{
    struct fixture *f = *state;

    allow_visits(f);
    assert_applied(browser_says(f, "{" VISITOR "," PAGE ",'contact':{'email':'a@example.com'},'id':'e1'}"));
    assert_string_equal(browser_says(f, "{" VISITOR ",'type':'signup','contact':{'email':'a@example.com'}}"), "mapping");
    assert_string_equal(browser_says(f, "{'events':[{'type':'signup','contact':{'email':'a@example.com'}}]}"), "mapping");
    assert_string_equal(browser_says(f, "{" VISITOR ",'type':'page_visit','page':{'url':'https://b.example/'}}"), "mapping");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM visit WHERE subject = '' AND id NOT LIKE '%e1'"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM customer"), 0);
    assert_contacts(0);
}

static void a_token_in_the_entry_is_checked_again_at_its_receipt(void **state)
{
    struct fixture *f = *state;
    char token[VISIT_TOKEN_CHARS + 1];
    struct str id = STR_NONE;

    allow_visits(f);
    assert_applied(plugin_says(f, "{'type':'signup','occurred_at':'@10','contact':{'email':'a@example.com'}}"));
    assert_int_equal(contact_find(f->store, STR("a@example.com"), &f->arena, &id), OK);
    assert_int_equal(visit_token_make(f->seal, id, at(RECEIPT_S + 10), token), OK);
    receive_at(f, RECEIPT_S + 10);
    assert_applied(browser_says(f, body_of(f, "{" VISITOR "," PAGE ",'token':'%s'}", token)));
    assert_contact("a@example.com", "{'visits':{'count':0}}");
    receive_at(f, RECEIPT_S + 9);
    assert_applied(browser_says(f, body_of(f, "{" VISITOR "," PAGE ",'token':'%s'}", token)));
    assert_contact("a@example.com", "{'visits':{'count':2}}");
    assert_contacts(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(a_token_names_its_contact_until_it_ends),
        contact_test(a_token_with_any_other_character_is_refused),
        contact_test(another_master_key_makes_another_token),
        contact_test(a_token_is_made_of_an_id_and_a_time_only),
        contact_test(a_key_for_one_purpose_is_none_for_another),
        contact_test(an_address_is_the_peers_or_what_the_proxy_here_says),
        contact_test(each_limit_counts_for_itself_and_fills_again),
        contact_test(without_a_rate_nothing_is_counted),
        contact_test(the_script_fits_into_two_kilobytes),
        contact_test(unknown_visitors_are_forgotten_known_ones_are_not),
        contact_test(of_contacts_the_latest_visits_are_kept_by_age_and_number),
        contact_test(a_walk_through_more_than_a_turn_goes_on_where_it_was),
        contact_test(a_forged_entry_of_low_trust_says_no_more_than_a_browser),
        contact_test(a_token_in_the_entry_is_checked_again_at_its_receipt),
    };

    return cmocka_run_group_tests_name("visit", tests, load_routes, free_routes);
}
