/* test_routes_fixtures.c -- proves what deliveries of every platform mean: each file tests/fixtures/deliveries/PLATFORM/NAME.json is one, with
 * headers and body (or "fetched", the object whose document the body is), and with everything that it says, no more and no less.
 * A new case is a new file. */
#include "built_in_routes.h"

#include "base/json.h"
#include "route/mapped_json.h"

#include <dirent.h>

enum { CASES_MAX = 400, PATH_CHARS = 200 };

/* "stripe/charge.refunded" */
static char names[CASES_MAX][PATH_CHARS];
static struct CMUnitTest tests[CASES_MAX];

static json_t *read_fixture(const char *name)
{
    char path[PATH_CHARS + 40];
    json_error_t why;
    json_t *json;

    snprintf(path, sizeof(path), "tests/fixtures/deliveries/%s.json", name);
    json = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!json)
        fail_msg("%s:%d: %s", path, why.line, why.text);
    return json;
}

/* Fills the delivery; the headers' texts are borrowed from the fixture. */
static void deliver(struct route_case *c, const json_t *fixture)
{
    json_t *body = json_object_get(fixture, "body"), *value;
    const char *header;

    case_init(c);
    json_object_foreach(json_object_get(fixture, "headers"), header, value) case_header(c, header, json_string_value(value));
    if (json_is_string(body))
        case_text(c, json_string_value(body));
    else
        assert_int_equal(json_print(body, &c->body), OK);
}

static void print_list(const char *what, const json_t *list)
{
    struct buf text = BUF_INIT(1 << 20);

    assert_int_equal(json_print_pretty(list, &text), OK);
    print_error("%s: %s\n", what, buf_text(&text));
    buf_release(&text);
}

static void assert_list(const json_t *got, const json_t *want)
{
    if (json_equal(got, want) || (!want && json_array_size(got) == 0))
        return;
    print_list("got", got);
    if (want)
        print_list("want", want);
    fail();
}

/* Returns owned: [{"object": ..., "id": ...}]. */
static json_t *fetches_json(const struct mapped *mapped)
{
    json_t *list = json_array();

    for (size_t i = 0; i < mapped->n_fetches; i++)
        json_array_append_new(list,
                              json_pack("{ss so}", "object", mapped->fetches[i].object, "id", json_str(mapped->fetches[i].id)));
    return list;
}

/* Returns owned: the dedupe key of every part. */
static json_t *keys_json(const struct mapped *mapped)
{
    json_t *list = json_array();

    for (size_t i = 0; i < mapped->n_parts; i++)
        json_array_append_new(list, json_str(mapped->parts[i].dedupe_key));
    return list;
}

/* What the delivery means must be what "expect" says; "dead" is the reason of one that cannot be mapped. */
static void check(const struct route_case *c, const struct route *route, const json_t *expect)
{
    json_t *mapped, *list;
    struct str dead = json_member_text(expect, "dead");

    if (dead.len) {
        assert_int_equal(c->err, ERR_SYNTAX);
        assert_str(str_of(c->failure.reason), dead.p);
        return;
    }
    if (c->err)
        fail_msg("%s: %.*s", c->failure.reason, STR_ARG(c->failure.detail));
    mapped = mapped_json(route, &c->mapped);
    assert_non_null(mapped);
    assert_list(json_object_get(mapped, "events"), json_object_get(expect, "events"));
    assert_list(json_object_get(mapped, "rejected"), json_object_get(expect, "rejected"));
    list = fetches_json(&c->mapped);
    assert_list(list, json_object_get(expect, "fetches"));
    json_decref(list);
    list = keys_json(&c->mapped);
    if (json_object_get(expect, "keys"))
        assert_list(list, json_object_get(expect, "keys"));
    json_decref(list);
    json_decref(mapped);
}

/* Maps the body as the document of an object that was fetched. */
static void map_fetched(struct route_case *c, const struct route *route, const char *object)
{
    char topic[80];
    struct entry entry = {.id = STR("00000000000000000000000000000001"), .source_id = STR("1"), .body = buf_str(&c->body)};

    snprintf(topic, sizeof(topic), ROUTE_TOPIC_FETCH "%s", object);
    entry.topic = arena_str(&c->arena, str_of(topic)); /* what it means borrows it */
    c->err = route_map(route, &entry, c->config, &c->arena, &c->mapped, &c->failure);
}

static void means_what_it_says(void **state)
{
    const char *name = *state;
    char platform[PATH_CHARS];
    json_t *fixture = read_fixture(name);
    struct str object = json_member_text(fixture, "fetched");
    struct route_case c;

    snprintf(platform, sizeof(platform), "%.*s", (int)strcspn(name, "/"), name);
    deliver(&c, fixture);
    c.content_type = json_member_text(fixture, "content_type");
    if (object.len)
        map_fetched(&c, route_of(platform), object.p);
    else
        case_map(&c, route_of(platform));
    check(&c, route_of(platform), json_object_get(fixture, "expect"));
    case_release(&c);
    json_decref(fixture);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Adds the files of one platform. */
static size_t find_files(const char *platform, size_t n)
{
    char path[PATH_CHARS + 40];
    struct dirent *file;
    DIR *folder;

    snprintf(path, sizeof(path), "tests/fixtures/deliveries/%.150s", platform);
    folder = opendir(path);
    if (!folder)
        return n;
    while ((file = readdir(folder)) && n < CASES_MAX) {
        size_t length = strlen(file->d_name);

        if (length > 5 && strcmp(file->d_name + length - 5, ".json") == 0)
            snprintf(names[n++], PATH_CHARS, "%.90s/%.*s", platform, (int)(length > 95 ? 90 : length - 5), file->d_name);
    }
    closedir(folder);
    return n;
}

/* Finds all fixtures, in order of name, and makes a test of each. */
static size_t find_cases(void)
{
    DIR *folder = opendir("tests/fixtures/deliveries");
    struct dirent *platform;
    size_t n = 0;

    while (folder && (platform = readdir(folder)))
        if (platform->d_name[0] != '.')
            n = find_files(platform->d_name, n);
    if (folder)
        closedir(folder);
    qsort(names, n, PATH_CHARS, by_name);
    for (size_t i = 0; i < n; i++)
        tests[i] = (struct CMUnitTest){.name = names[i], .test_func = means_what_it_says, .initial_state = names[i]};
    return n;
}

int main(void)
{
    size_t n = find_cases();

    if (n == 0) {
        fprintf(stderr, "no fixtures in tests/fixtures/deliveries: run this from the source's folder\n");
        return 1;
    }
    return _cmocka_run_group_tests("routes_fixtures", tests, n, load_routes, free_routes);
}
