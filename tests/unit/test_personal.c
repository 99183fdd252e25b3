/* test_personal.c -- proves personalisation tags: what is one, what stands for it, and what is left alone (F3). */
#include "model/personal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The fields of this test: "name" has a value, "none" has none, "odd" has one that looks like a tag. */
static enum err value_of(void *arg, struct str name, struct str *value)
{
    (void)arg;
    if (str_eq(name, STR("name")))
        *value = STR("Zoe & <Co>");
    else if (str_eq(name, STR("none")))
        *value = STR_NONE;
    else if (str_eq(name, STR("odd")))
        *value = STR("%NAME%");
    else
        return str_eq(name, STR("broken")) ? ERR_DB_DOWN : ERR_NOT_FOUND;
    return OK;
}

static void assert_rendered(const char *text, enum personal_form form, const char *want)
{
    struct buf out = BUF_INIT(10000);

    assert_int_equal(personal_render(str_of(text), form, value_of, NULL, &out), OK);
    assert_string_equal(buf_text(&out), want);
    buf_release(&out);
}

static void F3_tags_give_values_and_defaults(void **state)
{
    (void)state;
    assert_rendered("Hello %NAME%!", PERSONAL_PLAIN, "Hello Zoe & <Co>!");
    assert_rendered("%NAME%%NAME%", PERSONAL_PLAIN, "Zoe & <Co>Zoe & <Co>");
    assert_rendered("[%NONE%][%NONE|friend %of% ours]", PERSONAL_PLAIN, "[][friend of% ours]");
    assert_rendered("[%NAME|friend%][%NONE|%]", PERSONAL_PLAIN, "[Zoe & <Co>][]");
}

static void F3_what_is_no_tag_stays(void **state)
{
    static const char *const texts[] = {"100%", "%",     "%%",          "5 % off %x%", "%name%", "%_A%",
                                        "%1A%", "%NAME", "%NONE|a\nb%", "%UNKNOWN|x%", ""};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_rendered(texts[i], PERSONAL_PLAIN, texts[i]);
}

static void F3_values_are_escaped_for_html_and_never_read_for_tags(void **state)
{
    (void)state;
    assert_rendered("<b>%NAME%</b>&", PERSONAL_HTML, "<b>Zoe &amp; &lt;Co&gt;</b>&");
    assert_rendered("%ODD%", PERSONAL_PLAIN, "%NAME%");
}

static void a_failure_and_a_full_buffer_are_told(void **state)
{
    struct buf out = BUF_INIT(5);

    (void)state;
    assert_int_equal(personal_render(STR("a %BROKEN%"), PERSONAL_PLAIN, value_of, NULL, &out), ERR_DB_DOWN);
    buf_clear(&out);
    assert_int_equal(personal_render(STR("%NAME%"), PERSONAL_PLAIN, value_of, NULL, &out), ERR_TOO_LARGE);
    buf_release(&out);
}

static void a_fields_tag_is_its_name_in_capitals(void **state)
{
    char tag[PERSONAL_TAG_CHARS + 1], longest[400];

    (void)state;
    assert_string_equal(personal_tag(STR("shopify_note_2"), tag), "%SHOPIFY_NOTE_2%");
    memset(longest, 'a', sizeof(longest));
    assert_int_equal(strlen(personal_tag(str_n(longest, sizeof(longest)), tag)), PERSONAL_TAG_CHARS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(F3_tags_give_values_and_defaults),
        cmocka_unit_test(F3_what_is_no_tag_stays),
        cmocka_unit_test(F3_values_are_escaped_for_html_and_never_read_for_tags),
        cmocka_unit_test(a_failure_and_a_full_buffer_are_told),
        cmocka_unit_test(a_fields_tag_is_its_name_in_capitals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
