/* test_event.c -- proves the tables of the canonical event and of the lanes. */
#include "model/entry.h"
#include "model/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void every_type_is_found_by_its_name(void **state)
{
    enum event_type found;

    (void)state;
    for (size_t i = 0; i < EVENT__NAMED; i++) {
        assert_int_equal(event_type_parse(str_of(event_type_name((enum event_type)i)), &found), OK);
        assert_int_equal(found, i);
        assert_string_equal(event_type_names()[i], event_type_name((enum event_type)i));
    }
    assert_null(event_type_names()[EVENT__NAMED]);
}

static void types_of_our_own_are_named_by_no_platform(void **state)
{
    enum event_type found;

    (void)state;
    for (size_t i = EVENT__NAMED; i < EVENT__COUNT; i++)
        assert_int_equal(event_type_parse(str_of(event_type_name((enum event_type)i)), &found), ERR_NOT_FOUND);
}

static void aliases_name_the_same_type(void **state)
{
    enum event_type found;

    (void)state;
    assert_int_equal(event_type_parse(STR("purchase"), &found), OK);
    assert_int_equal(found, EVENT_ORDER_CREATED);
    assert_int_equal(event_type_parse(STR("contact_updated"), &found), OK);
    assert_int_equal(found, EVENT_CUSTOMER_UPDATED);
    assert_int_equal(event_type_parse(STR(""), &found), ERR_NOT_FOUND);
    assert_int_equal(event_type_parse(STR("Signup"), &found), ERR_NOT_FOUND);
}

static void every_member_is_found_by_its_name(void **state)
{
    enum member found;

    (void)state;
    for (size_t i = 0; i < M__COUNT; i++) {
        assert_int_equal(event_member_parse(str_of(event_member_name((enum member)i)), &found), OK);
        assert_int_equal(found, i);
        assert_string_equal(event_member_names()[i], event_member_name((enum member)i));
        assert_true((event_member_type((enum member)i) == MEMBER_CHOICE) == (event_member_words((enum member)i)[0] != '\0'));
    }
    assert_int_equal(event_member_parse(STR("contact.tags"), &found), ERR_NOT_FOUND);
    assert_int_equal(event_member_parse(STR("contact.emial"), &found), ERR_NOT_FOUND);
}

static void a_choice_takes_its_words_only(void **state)
{
    (void)state;
    assert_true(event_member_allows(M_ORDER_STATUS, STR("partially_refunded")));
    assert_true(event_member_allows(M_CONSENT_EMAIL_STATE, STR("none")));
    assert_false(event_member_allows(M_ORDER_STATUS, STR("paid completed")));
    assert_false(event_member_allows(M_ORDER_STATUS, STR("pai")));
    assert_false(event_member_allows(M_ORDER_STATUS, STR("")));
    assert_false(event_member_allows(M_ORDER_TOTAL, STR("")));
}

static void ids_and_consent_are_told_apart(void **state)
{
    (void)state;
    assert_true(event_member_is_id(M_ID));
    assert_true(event_member_is_id(M_ORDER_ID));
    assert_true(event_member_is_id(M_CONTACT_EXTERNAL_ID));
    assert_false(event_member_is_id(M_CONTACT_EMAIL));
    assert_true(event_member_is_consent(M_CONSENT_SMS_AT));
    assert_false(event_member_is_consent(M_CONTACT_PHONE));
    assert_true(event_member_is_contact(M_CONTACT_PHONE));
    assert_false(event_member_is_contact(M_ORDER_ID));
}

static void lanes_have_names(void **state)
{
    enum lane lane;

    (void)state;
    for (size_t i = 0; i < LANE__COUNT; i++) {
        assert_int_equal(lane_parse(str_of(lane_name((enum lane)i)), &lane), OK);
        assert_int_equal(lane, i);
    }
    assert_int_equal(lane_parse(STR("slow"), &lane), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_found_by_its_name),
        cmocka_unit_test(aliases_name_the_same_type),
        cmocka_unit_test(types_of_our_own_are_named_by_no_platform),
        cmocka_unit_test(every_member_is_found_by_its_name),
        cmocka_unit_test(a_choice_takes_its_words_only),
        cmocka_unit_test(ids_and_consent_are_told_apart),
        cmocka_unit_test(lanes_have_names),
    };

    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
