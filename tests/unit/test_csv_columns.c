/* test_csv_columns.c -- proves what the columns of a CSV file are taken for, guessed and said (GR-26, GR-27, GR-29). */
#include "engine/csv_columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { CELLS_MAX = 16 };

struct case_of {
    struct arena arena;
    struct str cells[CELLS_MAX];
    struct csv_columns columns;
    struct buf why;
    enum err err;
};

static size_t split(struct case_of *c, const char *line)
{
    struct str rest = str_of(line);
    size_t n = 0;

    while (n < CELLS_MAX && str_split(&rest, '|', &c->cells[n]))
        n++;
    return n;
}

static void read_head(struct case_of *c, const char *line, const struct csv_mapping *mapping)
{
    struct csv_record head = {.cells = c->cells, .n = split(c, line), .line = 1};

    arena_init(&c->arena, 1 << 20);
    c->why = BUF_INIT(4096);
    c->err = csv_columns_read(&head, mapping, &c->arena, &c->columns, &c->why);
}

static void case_release(struct case_of *c)
{
    arena_release(&c->arena);
    buf_release(&c->why);
}

/* `want` names the targets, parted by blanks. */
static void assert_targets(const char *line, const struct csv_mapping *mapping, const char *want)
{
    struct buf got = BUF_INIT(4096);
    struct case_of c;

    read_head(&c, line, mapping);
    assert_string_equal(buf_text(&c.why), "");
    assert_int_equal(c.err, OK);
    for (size_t i = 0; i < c.columns.n; i++) {
        struct str target = csv_column_target(&c.columns.at[i], &c.arena);

        assert_int_equal(buf_printf(&got, "%s%.*s", i ? " " : "", STR_ARG(target)), OK);
    }
    assert_string_equal(buf_text(&got), want);
    buf_release(&got);
    case_release(&c);
}

static void assert_refused(const char *line, const struct csv_mapping *mapping, const char *words)
{
    struct case_of c;

    read_head(&c, line, mapping);
    assert_int_equal(c.err, ERR_CONFIG);
    if (!strstr(buf_text(&c.why), words))
        fail_msg("\"%s\" does not say \"%s\"", buf_text(&c.why), words);
    case_release(&c);
}

static const struct csv_mapping guessed = {.maps = NULL};

static void GR26_common_names_are_recognised(void **state)
{
    (void)state;
    assert_targets("E-Mail|First Name|last_name|Phone Number", &guessed,
                   "contact.email contact.first_name contact.last_name contact.phone");
    assert_targets("email_address|Full name|Company|City|Tags|Shoe", &guessed,
                   "contact.email contact.full_name contact.company contact.city contact.tags ignore");
}

static void the_names_of_the_export_are_recognised(void **state)
{
    (void)state;
    assert_targets("id|email|first_name|last_name|phone|consent|mailable|orders|created_at", &guessed,
                   "ignore contact.email contact.first_name contact.last_name contact.phone contact.consent.email.state mailable "
                   "ignore contact.created_at");
}

static void GR29_unknown_columns_become_fields_only_when_asked_for(void **state)
{
    static const char *const maps[] = {"Shoe Size=ignore"};
    const struct csv_mapping keep = {.keep_fields = true}, leave_one = {.maps = maps, .n_maps = 1, .keep_fields = true};

    (void)state;
    assert_targets("email|Shoe Size|Gr\xc3\xb6\xc3\x9f"
                   "e",
                   &guessed, "contact.email ignore ignore");
    assert_targets("email|Shoe Size|Gr\xc3\xb6\xc3\x9f"
                   "e",
                   &keep, "contact.email contact.fields.shoe_size contact.fields.gr_e_48b3427a");
    assert_targets("email|Shoe Size|", &leave_one, "contact.email ignore ignore");
}

static void GR28_what_is_said_goes_before_what_is_guessed(void **state)
{
    static const char *const maps[] = {"Name=contact.first_name", "a=b=contact.email", "email=contact.fields.old_email"};
    const struct csv_mapping said = {.maps = maps, .n_maps = 3};

    (void)state;
    assert_targets("Name|a=b|email", &said, "contact.first_name contact.email contact.fields.old_email");
}

static void assert_map_refused(const char *map, const char *words)
{
    const char *const maps[] = {map};
    const struct csv_mapping said = {.maps = maps, .n_maps = 1};

    assert_refused("email|Name|Other", &said, words);
}

static void a_wrong_map_is_told_with_a_hint(void **state)
{
    (void)state;
    assert_map_refused("Nane=contact.phone", "no column \"Nane\"; did you mean \"Name\"?");
    assert_map_refused("Name=contact.fone", "no member \"contact.fone\"; did you mean contact.phone?");
    assert_map_refused("Name=order.total", "no member \"order.total\"");
    assert_map_refused("Name=contact.merged_id", "no member");
    assert_map_refused("Name=contact.fields.A b", "a-z, 0-9 and _");
    assert_map_refused("Name", "give \"Column=member\"");
    assert_map_refused("=contact.email", "give \"Column=member\"");
    assert_map_refused("Other=contact.email", "\"email\" and \"Other\" mean the same");
}

static void GR27_a_file_without_addresses_is_refused(void **state)
{
    (void)state;
    assert_refused("name|phone", &guessed, "--map \"Column=contact.email\"");
    assert_refused("email;name", &guessed, "--separator \";\"");
}

static void cells_become_members_and_empty_ones_say_nothing(void **state)
{
    const struct csv_mapping keep = {.keep_fields = true};
    struct buf text = BUF_INIT(4096);
    json_t *body = json_object();
    struct case_of c;
    struct csv_record r = {.line = 2};

    (void)state;
    read_head(&c, "email|phone|mailable|x|y|first_name", &keep);
    assert_int_equal(c.err, OK);
    r.n = split(&c, " a@b.example |'+49 30|No|'=1||");
    r.cells = c.cells;
    assert_int_equal(csv_columns_fill(&c.columns, &r, body), OK);
    assert_int_equal(json_print(body, &text), OK);
    assert_string_equal(buf_text(&text), "{\"contact.email\":\"a@b.example\",\"contact.phone\":\"+49 30\",\"unmailable\":true,"
                                         "\"fields\":{\"x\":\"=1\"}}");
    json_decref(body);
    buf_release(&text);
    case_release(&c);
}

static void GR_28_a_column_goes_to_a_field_that_is_there(void **state)
{
    static struct account_field fields[] = {{.name = STR("points")}, {.name = STR("shoe")}};
    static const struct field_list own = {fields, 2};
    static const char *const good[] = {"Points=field.points"}, *const none[] = {"Points=field.pointz"},
                             *const far[] = {"Points=field.xyz"}, *const twice[] = {"Points=field.shoe", "Size=field.shoe"};

    (void)state;
    assert_targets("email|Points", &(struct csv_mapping){.maps = good, .n_maps = 1, .own = &own}, "contact.email field.points");
    assert_refused("email|Points", &(struct csv_mapping){.maps = none, .n_maps = 1, .own = &own}, "did you mean points?");
    assert_refused("email|Points", &(struct csv_mapping){.maps = far, .n_maps = 1, .own = &own}, "`field add` makes one");
    assert_refused("email|Points", &(struct csv_mapping){.maps = good, .n_maps = 1}, "there is no field");
    assert_refused("email|Points|Size", &(struct csv_mapping){.maps = twice, .n_maps = 2, .own = &own}, "mean the same");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(GR_28_a_column_goes_to_a_field_that_is_there),
        cmocka_unit_test(GR26_common_names_are_recognised),
        cmocka_unit_test(the_names_of_the_export_are_recognised),
        cmocka_unit_test(GR29_unknown_columns_become_fields_only_when_asked_for),
        cmocka_unit_test(GR28_what_is_said_goes_before_what_is_guessed),
        cmocka_unit_test(a_wrong_map_is_told_with_a_hint),
        cmocka_unit_test(GR27_a_file_without_addresses_is_refused),
        cmocka_unit_test(cells_become_members_and_empty_ones_say_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
