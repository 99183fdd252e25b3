/* test_route_load.c -- proves the loader of route files: each problem with its exact text, all at once, and what may be overridden. */
#include "route_problems.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_valid_file_loads(void **state)
{
    struct problems problems;
    struct route *route = NULL;

    (void)state;
    problems_init(&problems, STR("x.json"));
    assert_int_equal(route_load(STR(VALID), &problems, &route), OK);
    assert_string_equal(route_platform(route), "demo");
    assert_string_equal(route_title(route), "Demo");
    assert_string_equal(route_setup(route), "");
    assert_false(route_is_builtin(route));
    assert_str(route_text(route), VALID);
    assert_string_equal(route_config_at(route, 0)->name, "secret");
    assert_true(route_config_at(route, 0)->secret);
    assert_null(route_config_at(route, 1));
    assert_non_null(route_verify_at(route, 0));
    assert_null(route_verify_at(route, 1));
    route_free(route);
    problems_release(&problems);
    route_free(NULL);
}

static void syntax_errors_have_line_and_column(void **state)
{
    (void)state;
    assert_problems("{\"route\":1,\n \"platform\" \"x\"}", "x.json:2:15: syntax: ':' expected near '\"x\"'\n");
    assert_problems("", "x.json:1:0: syntax: unexpected token near end of file\n");
    assert_problems("{\"a\":1,\"a\":2}", "x.json:1:10: syntax: duplicate object key near '\"a\"'\n");
}

static void sections_are_checked(void **state)
{
    (void)state;
    assert_problems("[]", "x.json#: must be an object, not a list\n");
    assert_problems("{\"route\":1}", "x.json#: \"platform\" missing\nx.json#: \"title\" missing\nx.json#: \"config\" missing\n"
                                     "x.json#: \"push\" missing\nx.json#: \"objects\" missing\nx.json#: \"topics\" missing\n");
    assert_problems("{\"route\":2,\"platform\":\"d\",\"title\":\"D\"," CONFIG "," PUSH "," TAIL,
                    "x.json#/route: must be 1, the format that this version reads\n");
    assert_problems(HEAD CONFIG "," PUSH ",\"topcs\":{}," TAIL, "x.json#/topcs: unknown member (did you mean topics?)\n");
    assert_problems(HEAD CONFIG "," PUSH ",\"comments\":\"\"," TAIL, "x.json#/comments: unknown member\n");
    assert_problems(HEAD CONFIG "," PUSH ",\"poll\":{},\"subscribe\":{}," TAIL,
                    "x.json#/poll: not supported by this version\nx.json#/subscribe: not supported by this version\n");
    assert_problems("{\"route\":1,\"platform\":\"De mo\",\"title\":\"\"," CONFIG "," PUSH "," TAIL,
                    "x.json#/platform: a platform's name has 1 to 40 characters of a-z, 0-9 and -\n"
                    "x.json#/title: must be a text, not an empty text\n");
}

static void config_is_checked(void **state)
{
    (void)state;
    assert_problems(HEAD "\"config\":{\"secret\":{\"type\":\"secrt\",\"doc\":\"d\"}}," PUSH "," TAIL,
                    "x.json#/config/secret/type: \"secrt\" is not one of text, secret\n"
                    "x.json#/push/verify/0: secret \"secret\" is not declared in config\n");
    assert_problems(HEAD "\"config\":{\"secret\":{\"type\":\"secret\",\"requird\":true,\"doc\":\"d\",\"default\":\"x\"}}," PUSH
                         "," TAIL,
                    "x.json#/config/secret/requird: unknown member (did you mean required?)\n"
                    "x.json#/config/secret/default: a secret has no default\n");
    assert_problems(HEAD "\"config\":{\"secret\":{\"type\":\"secret\"}}," PUSH "," TAIL,
                    "x.json#/config/secret: \"doc\" missing\n");
    assert_problems(HEAD "\"config\":{}," PUSH "," TAIL, "x.json#/push/verify/0: secret \"secret\" is not declared in config\n");
}

static void push_is_checked(void **state)
{
    (void)state;
    assert_problems(HEAD CONFIG ",\"push\":{}," TAIL,
                    "x.json#/push: \"verify\" missing\nx.json#/push: \"topic\" missing\nx.json#/push: \"dedupe\" missing\n");
    assert_problems(HEAD CONFIG ",\"push\":{\"verify\":[]," DELIVERY "}," TAIL, "x.json#/push/verify: 1 to 8 ways to sign\n");
    assert_problems(HEAD CONFIG ",\"push\":{" VERIFY ",\"topic\":{\"body\":\"sha256\"},\"dedupe\":[[{\"header\":\"a\"}]]}," TAIL,
                    "x.json#/push/topic: the topic comes from a header, a pointer or a constant\n");
    assert_problems(HEAD CONFIG ",\"push\":{" VERIFY ",\"topic\":{\"headers\":[\"a\"],\"jion\":\"/\"},\"dedupe\":[]}," TAIL,
                    "x.json#/push/topic/jion: unknown member (did you mean join?)\nx.json#/push/topic: \"join\" missing\n");
    assert_problems(HEAD CONFIG ",\"push\":{" VERIFY ",\"topic\":{\"header\":\"a b\"},\"dedupe\":[]}," TAIL,
                    "x.json#/push/topic/header: \"a b\" is no header name\n");
    assert_problems(HEAD CONFIG ",\"push\":{" VERIFY ",\"topic\":{\"const\":\"t\"},\"dedupe\":[{\"header\":\"a\"}]}," TAIL,
                    "x.json#/push/dedupe/0: must be a list, not an object\n");
    assert_problems(FILE_WITH_PUSH("\"time\":{\"header\":\"T\",\"as\":\"time:is\"}"),
                    "x.json#/push/time/as: \"time:is\" is not one of time:iso, time:iso_local, time:sql, time:unix, time:unix_ms, "
                    "time:rfc2822, time:http_date, time:any\n");
    assert_problems(FILE_WITH_PUSH("\"answer\":{\"status\":404}"), "x.json#/push/answer/status: 404 is not between 200 and 299\n");
}

static void what_is_not_pushed_has_no_way_to_sign(void **state)
{
    struct problems problems;
    struct route *route = NULL;

    (void)state;
    problems_init(&problems, STR("x.json"));
    assert_int_equal(route_load(STR(HEAD CONFIG ",\"push\":{\"verify\":false," DELIVERY "}," TAIL), &problems, &route), OK);
    assert_null(route_verify_at(route, 0));
    route_free(route);
    problems_release(&problems);
    assert_problems(HEAD CONFIG ",\"push\":{\"verify\":true," DELIVERY "}," TAIL,
                    "x.json#/push/verify: must be a list, not true\n");
}

static void what_proves_nothing_has_its_place(void **state)
{
    (void)state;
    assert_problems(HEAD CONFIG ",\"push\":{\"verify\":[{\"scheme\":\"unsigned\"},{\"scheme\":\"token\"}]," DELIVERY "}," TAIL,
                    "x.json#/push/verify/0: scheme unsigned applies to every request: it must be the last\n");
    assert_problems(
        HEAD CONFIG
        ",\"push\":{\"verify\":[{\"scheme\":\"hmac\",\"header\":\"X\",\"encoding\":\"hex\",\"known_key\":\"k\"}]," DELIVERY
        "}," TAIL,
        "x.json#/push/verify/0: known_key proves nothing: it may only stand in a handshake's verify\n");
    assert_problems(
        HEAD "\"config\":{\"secret\":{\"type\":\"secret\",\"doc\":\"d\"},\"enc\":{\"doc\":\"d\",\"type\":\"text\"}},\"push\":{"
             "\"verify\":[{\"scheme\":\"hmac\",\"header\":\"X\",\"encoding\":\"{{config.enc}}\"}]," DELIVERY "}," TAIL,
        "x.json#/push/verify/0: encoding is missing\n");
}

static void the_body_alone_is_no_dedupe_key_D6(void **state)
{
    (void)state;
    assert_problems(HEAD CONFIG ",\"push\":{" VERIFY
                                ",\"topic\":{\"const\":\"t\"},\"dedupe\":[[{\"body\":\"sha256\"},{\"topic\":true}]]}," TAIL,
                    "x.json#/push/dedupe/0: needs a header or a pointer: the body alone does not tell two equal events apart\n");
}

static void send_templates_are_checked(void **state)
{
    (void)state;
    assert_problems(FILE_WITH_PUSH("\"send\":{\"headers\":{\"X-T\":\"{{topc}}\"},\"examples\":{\"c\":{\"a\":[\"{{now|is}}\"]}}}"),
                    "x.json#/push/send/headers/X-T: {{topc}} has no value here (did you mean {{topic}}?)\n"
                    "x.json#/push/send/examples/c/a/0: \"is\" is not one of iso, iso_local, sql, unix, unix_ms\n");
}

static void topics_are_checked(void **state)
{
    (void)state;
    assert_problems(FILE_WITH_TOPIC("{\"event\":\"sign_up\",\"object\":\"custmer\",\"lane\":\"fast\"}"),
                    "x.json#/topics/t/event: \"sign_up\" is no event type (did you mean signup?)\n"
                    "x.json#/topics/t/object: no object \"custmer\" in objects (did you mean customer?)\n"
                    "x.json#/topics/t/lane: \"fast\" is not one of urgent, live, bulk\n");
    assert_problems(FILE_WITH_TOPIC("[{\"event\":\"signup\"}]"), "x.json#/topics/t/0: \"object\" missing\n");
    assert_problems(FILE_WITH_TOPIC("{\"event\":\"signup\",\"object\":\"customer\",\"when\":{\"at\":\"/a\"}}"),
                    "x.json#/topics/t/when: a condition has one of is, set, missing, same, differs\n");
    assert_problems(FILE_WITH_TOPIC("{\"batch\":\"/e\",\"object\":\"customer\",\"max\":5000}"),
                    "x.json#/topics/t/max: 5000 is not between 1 and 1000\nx.json#/topics/t: \"type\" missing\n");
    assert_problems(FILE_WITH_TOPIC("[]"), "");
    assert_problems(FILE_WITH_TOPIC("7"), "x.json#/topics/t: must be an object, not a number\n");
}

static void targets_are_checked(void **state)
{
    (void)state;
    assert_problems(FILE_WITH_OBJECT("\"contact.emial\":\"/e\""),
                    "x.json#/objects/o/contact.emial: no member of an event (did you mean "
                    "contact.email?)\n");
    assert_problems(FILE_WITH_OBJECT("\"whatever\":\"/e\""), "x.json#/objects/o/whatever: no member of an event\n");
    assert_problems(FILE_WITH_OBJECT("\"contact.fields.Bad Name\":\"/e\""),
                    "x.json#/objects/o/contact.fields.Bad Name: a field's name has 1 to 64 characters of a-z, 0-9 and _\n");
    assert_problems(FILE_WITH_OBJECT("\"order.items\":{\"at\":\"/i\",\"each\":{\"prce\":\"/p\"}}"),
                    "x.json#/objects/o/order.items/each/prce: unknown member (did you mean price?)\n");
    assert_problems(FILE_WITH_OBJECT("\"order.refunds\":{\"at\":\"/r\"}"), "x.json#/objects/o/order.refunds: \"each\" missing\n");
    assert_problems(FILE_WITH_OBJECT("\"contact.fields\":{\"*\":{\"at\":\"/f\",\"max\":0}}"),
                    "x.json#/objects/o/contact.fields/*/max: 0 is not between 1 and 200\n");
}

static void words_of_a_choice_are_checked_at_load(void **state)
{
    (void)state;
    assert_problems(
        FILE_WITH_OBJECT(
            "\"order.status\":[{\"const\":\"payed\"},{\"at\":\"/s\",\"values\":{\"x\":\"done\"},\"default\":\"paid\"}]"),
        "x.json#/objects/o/order.status: \"payed\" is not one of the words of order.status: pending paid completed cancelled "
        "refunded partially_refunded failed draft\n"
        "x.json#/objects/o/order.status: \"done\" is not one of the words of order.status: pending paid completed cancelled "
        "refunded partially_refunded failed draft\n");
}

static void values_are_checked(void **state)
{
    static const char *const cases[][2] = {
        {"\"email\"", "a pointer starts with \"/\" (did you mean \"/email\"?)"},
        {"\"/a~b\"", "\"~\" in a pointer stands only in ~0 (for ~) and ~1 (for /)"},
        {"\"/a/*/b\"", "\"*\" is no step of a pointer; \"each\" collects from all elements"},
        {"\"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17\"", "a pointer has at most 16 steps"},
        {"7", "must be a pointer, a list of values or an object, not a number"},
        {"[]", "a first-of list has 1 to 16 values"},
        {"{}", "a value has one of at, root, header, const, config, sum, join"},
        {"{\"at\":\"/a\",\"const\":\"b\"}", "a value has one of at, root, header, const, config, sum, join"},
    };
    char text[2000], want[400];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text), FILE_WITH_OBJECT("\"contact.email\":%s"), cases[i][0]);
        snprintf(want, sizeof(want), "x.json#/objects/o/contact.email: %s\n", cases[i][1]);
        assert_problems(text, want);
    }
}

static void operators_are_checked(void **state)
{
    static const char *const cases[][3] = {
        {"[[\"/a\"]]", "/0", "a first-of list holds no list"},
        {"{\"at\":\"/a\",\"deflt\":\"x\"}", "/deflt", "unknown member (did you mean default?)"},
        {"{\"at\":\"/a\",\"default\":\"x\"}", "/default", "needs \"values\""},
        {"{\"header\":\"A\",\"take\":\"/x\"}", "/take", "needs \"at\", \"root\" or \"sum\""},
        {"{\"at\":\"/a\",\"strict\":true}", "/strict", "needs \"pick\""},
        {"{\"at\":\"/a\",\"split\":\"::\"}", "/split", "must be one ASCII character"},
        {"{\"at\":\"/a\",\"as\":\"title\"}", "/as",
         "\"title\" is not one of text, number, bool, lower, upper, unhtml, abs, minor, email"},
        {"{\"at\":\"/a\",\"values\":{\"x\":[]}}", "/values/x", "must be a text, a whole number, true or false, not a list"},
        {"{\"at\":\"/a\",\"pick\":{\"x\":1},\"take\":\"/b\"}", "/pick/x", "a pointer starts with \"/\" (did you mean \"/x\"?)"},
        {"{\"at\":\"/a\",\"unless\":1.5}", "/unless", "must be a text, a whole number, true or false, not a number"},
        {"{\"const\":null}", "/const", "must be a text, a whole number, true or false, not null"},
        {"{\"at\":\"/a\",\"exponents\":{\"EUR\":2}}", "/exponents", "needs \"currency\""},
        {"{\"at\":\"/a\",\"as\":\"minor\",\"currency\":\"/c\",\"exponents\":{\"XYZ\":2}}", "/exponents/XYZ",
         "\"XYZ\" is no currency"},
        {"{\"at\":\"/a\",\"as\":\"minor\",\"currency\":\"/c\",\"exponents\":{\"EUR\":9}}", "/exponents/EUR",
         "9 is not between 0 and 6"},
    };
    char text[2000], want[400];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text), FILE_WITH_OBJECT("\"contact.email\":%s"), cases[i][0]);
        snprintf(want, sizeof(want), "x.json#/objects/o/contact.email%s: %s\n", cases[i][1], cases[i][2]);
        assert_problems(text, want);
    }
}

/* Members of a value that need one another, and those of maps and records. */
static void references_are_checked(void **state)
{
    static const char *const cases[][3] = {
        {"{\"at\":\"/a\",\"root\":\"/b\"}", "", "a value has one of at, root, header, const, config, sum, join"},
        {"{\"root\":\"/a\",\"up\":1}", "/root", "stands alone: it starts at the whole body, \"at\" at the element"},
        {"{\"header\":\"X\",\"up\":1}", "/up", "needs \"at\", \"sum\" or \"root\""},
        {"{\"at\":\"/a\",\"up\":5}", "/up", "5 is not between 1 and 4"},
        {"{\"at\":\"/a\",\"up\":\"1\"}", "/up", "must be a whole number, not a text"},
        {"{\"join\":\" \"}", "", "\"of\" missing"},
        {"{\"join\":7,\"of\":[\"/a\"]}", "/join", "must be the text that stands between the parts, not a number"},
        {"{\"join\":\"\",\"of\":[]}", "/of", "a join has 1 to 16 values"},
        {"{\"at\":\"/a\",\"of\":[\"/b\"]}", "/of", "needs \"join\""},
        {"{\"at\":\"/a\",\"as\":\"minor\"}", "", "\"as\": \"minor\" and \"currency\" stand together"},
        {"{\"at\":\"/a\",\"currency\":\"/c\"}", "", "\"as\": \"minor\" and \"currency\" stand together"},
        {"{\"at\":\"/a\",\"as\":\"minor\",\"currency\":\"c\"}", "/currency", "a pointer starts with \"/\" (did you mean \"/c\"?)"},
        {"{\"at\":\"/a\",\"when\":{\"root\":\"/a\",\"at\":\"/b\",\"set\":true}}", "/when/root",
         "stands alone: it starts at the whole body, \"at\" at the element"},
    };
    char text[2000], want[400];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text), FILE_WITH_OBJECT("\"contact.email\":%s"), cases[i][0]);
        snprintf(want, sizeof(want), "x.json#/objects/o/contact.email%s: %s\n", cases[i][1], cases[i][2]);
        assert_problems(text, want);
    }
    assert_problems(
        FILE_WITH_OBJECT("\"contact.fields\":{\"*\":{\"at\":\"/a\",\"key\":\"/k\"}}"),
        "x.json#/objects/o/contact.fields/*: \"key\" and \"value\" stand together: the name and the value in an element of "
        "the list\n");
}

static void forms_of_the_body_are_checked(void **state)
{
    (void)state;
    assert_problems(FILE_WITH_PUSH("\"body\":\"xml\""),
                    "x.json#/push/body: \"xml\" is not one of json, form, json_or_form, json_or_base64, jwt\n");
    assert_problems(FILE_WITH_PUSH("\"decode\":\"/a\""), "x.json#/push/decode: must be a list, not a text\n");
    assert_problems(FILE_WITH_PUSH("\"decode\":[]"), "x.json#/push/decode: 1 to 6 pointers to texts that hold JSON\n");
    assert_problems(FILE_WITH_PUSH("\"decode\":[\"a\"]"),
                    "x.json#/push/decode/0: a pointer starts with \"/\" (did you mean \"/a\"?)\n");
    assert_problems(FILE_WITH_PUSH("\"each\":[\"/a\",7]"),
                    "x.json#/push/each/1: must be a pointer such as \"/customer/email\", not a number\n");
    assert_problems(FILE_WITH_PUSH("\"each\":[]"), "x.json#/push/each: 1 to 4 pointers, one a level\n");
    assert_problems(FILE_WITH_PUSH("\"max\":5"), "x.json#/push/max: needs \"each\"\n");
    assert_problems(FILE_WITH_PUSH("\"each\":\"/a\",\"max\":5000"), "x.json#/push/max: 5000 is not between 1 and 2500\n");
    assert_problems(FILE_WITH_PUSH("\"eahc\":\"/a\""), "x.json#/push/eahc: unknown member (did you mean each?)\n");
}

static void rules_that_fetch_are_checked(void **state)
{
    (void)state;
    assert_problems(FILE_WITH_TOPIC("{\"fetch\":\"custmer\",\"id\":\"/id\",\"event\":\"signup\"}"),
                    "x.json#/topics/t/fetch: no object \"custmer\" in objects (did you mean customer?)\n");
    assert_problems(FILE_WITH_TOPIC("{\"fetch\":\"customer\",\"event\":\"signup\"}"), "x.json#/topics/t: \"id\" missing\n");
    assert_problems(FILE_WITH_TOPIC("{\"fetch\":\"customer\",\"id\":\"/id\"}"), "x.json#/topics/t: \"event\" missing\n");
    assert_problems(FILE_WITH_TOPIC("{\"fetch\":[\"customer\"],\"id\":\"/id\",\"event\":\"signup\"}"),
                    "x.json#/topics/t/fetch: must be the name of one object, not a list\n");
    assert_problems(FILE_WITH_TOPIC("{\"fetch\":\"customer\",\"object\":\"customer\",\"id\":\"/id\",\"event\":\"signup\"}"),
                    "x.json#/topics/t/object: \"fetch\" names the object\n");
    assert_problems(FILE_WITH_TOPIC("{\"event\":\"signup\",\"object\":\"customer\",\"id\":\"/id\"}"),
                    "x.json#/topics/t/id: needs \"fetch\"\n");
    assert_problems(FILE_WITH_TOPIC("[{\"fetch\":\"customer\",\"id\":\"/a\",\"event\":\"signup\"},{\"fetch\":\"customer\",\"id\":"
                                    "\"/b\",\"event\":\"identify\"}]"),
                    "x.json#/topics/t: another topic fetches customer as signup: an object is one event\n");
}

static void names_of_topics_and_platforms_are_checked(void **state)
{
    (void)state;
    assert_problems(HEAD CONFIG "," PUSH ",\"objects\":{},\"topics\":{\"a*b\":[]}}",
                    "x.json#/topics/a*b: \"*\" stands at the end of a topic's name only\n");
    assert_problems(HEAD CONFIG "," PUSH ",\"objects\":{},\"topics\":{\"fetch:x\":[]}}",
                    "x.json#/topics/fetch:x: \"fetch:\" begins the topics of fetched documents\n");
    assert_problems(HEAD "\"aliases\":\"x\"," CONFIG "," PUSH "," TAIL, "x.json#/aliases: must be a list, not a text\n");
    assert_problems(HEAD "\"aliases\":[\"My Shop\"]," CONFIG "," PUSH "," TAIL,
                    "x.json#/aliases/0: a platform's name has 1 to 40 characters of a-z, 0-9 and -\n");
    assert_problems(HEAD "\"aliases\":[\"demo\"]," CONFIG "," PUSH "," TAIL, "x.json#/aliases/0: is the platform's own name\n");
    assert_problems(HEAD CONFIG ",\"push\":{\"each\":\"/l\"," VERIFY "," DELIVERY "},\"objects\":{\"o\":{}},\"topics\":{\"t\":{"
                                "\"batch\":\"/l\",\"type\":\"/t\",\"object\":\"o\"}}}",
                    "x.json#/topics/t: a batch and \"each\" of push do the same: one of them\n");
}

static void the_first_twenty_problems_are_told(void **state)
{
    struct buf text = BUF_INIT(8 << 10);
    struct problems problems;
    struct route *route;
    size_t lines = 0;

    (void)state;
    assert_int_equal(buf_append(&text, STR(HEAD CONFIG "," PUSH ",\"topics\":{},\"objects\":{\"o\":{\"contact.email\":\"x\"")), OK);
    for (int i = 0; i < 30; i++)
        assert_int_equal(buf_printf(&text, ",\"bad.%d\":\"/x\"", i), OK);
    assert_int_equal(buf_append(&text, STR("}}}")), OK);
    problems_init(&problems, STR("x.json"));
    assert_int_equal(route_load(buf_str(&text), &problems, &route), ERR_CONFIG);
    for (size_t i = 0; i < problems.text.len; i++)
        lines += problems.text.p[i] == '\n';
    assert_int_equal(lines, 20);
    assert_int_equal(problems.n, 31);
    problems_release(&problems);
    buf_release(&text);
}

static void depth_and_size_are_limited_N9(void **state)
{
    struct buf text = BUF_INIT(1 << 20);

    (void)state;
    assert_problems("{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", "x.json#: nested more than 16 deep\n");
    for (int i = 0; i < 270; i++)
        assert_int_equal(buf_printf(&text, "%1024s", ""), OK);
    assert_problems(buf_text(&text), "x.json: a route file has at most 256 KiB\n");
    buf_release(&text);
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[300];
    FILE *out;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
}

static void remove_dir(const char *dir)
{
    static const char *const names[] = {"a.json", "b.json", "ignored.txt"};
    char path[300];

    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

static void a_folder_adds_and_overrides(void **state)
{
    char dir[] = "/tmp/storehook-routes-XXXXXX";
    struct problems problems;
    struct routes *routes = NULL;
    size_t n = 0;

    (void)state;
    assert_non_null(mkdtemp(dir));
    write_file(dir, "a.json", VALID);
    write_file(dir, "b.json", "{\"route\":1,\"platform\":\"shopify\",\"title\":\"Mine\"," CONFIG "," PUSH "," TAIL);
    write_file(dir, "ignored.txt", "{");
    problems_init(&problems, STR("routes"));
    assert_int_equal(routes_load(dir, &routes, &problems), OK);
    assert_string_equal(route_title(routes_find(routes, STR("shopify"))), "Mine");
    assert_false(route_is_builtin(routes_find(routes, STR("shopify"))));
    assert_true(route_is_builtin(routes_find(routes, STR("woocommerce"))));
    assert_non_null(routes_find(routes, STR("demo")));
    assert_null(routes_find(routes, STR("nope")));
    assert_string_equal(routes_nearest(routes, STR("shopfy")), "shopify");
    assert_null(routes_nearest(routes, STR("something-else")));
    while (routes_at(routes, n) &&
           (n == 0 || strcmp(route_platform(routes_at(routes, n - 1)), route_platform(routes_at(routes, n))) < 0))
        n++;
    assert_null(routes_at(routes, n));
    assert_true(n >= 4);
    routes_free(routes);
    write_file(dir, "b.json", "{");
    routes = NULL;
    assert_int_equal(routes_load(dir, &routes, &problems), ERR_CONFIG);
    assert_null(routes);
    assert_true(str_find_str(buf_str(&problems.text), STR("/b.json:1:1: syntax: ")) < problems.text.len);
    assert_str(problems.file, "routes");
    remove_dir(dir);
    assert_int_equal(routes_load(dir, &routes, &problems), ERR_CONFIG);
    problems_release(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_valid_file_loads),
        cmocka_unit_test(syntax_errors_have_line_and_column),
        cmocka_unit_test(sections_are_checked),
        cmocka_unit_test(config_is_checked),
        cmocka_unit_test(push_is_checked),
        cmocka_unit_test(what_is_not_pushed_has_no_way_to_sign),
        cmocka_unit_test(what_proves_nothing_has_its_place),
        cmocka_unit_test(the_body_alone_is_no_dedupe_key_D6),
        cmocka_unit_test(send_templates_are_checked),
        cmocka_unit_test(topics_are_checked),
        cmocka_unit_test(targets_are_checked),
        cmocka_unit_test(words_of_a_choice_are_checked_at_load),
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(operators_are_checked),
        cmocka_unit_test(references_are_checked),
        cmocka_unit_test(forms_of_the_body_are_checked),
        cmocka_unit_test(rules_that_fetch_are_checked),
        cmocka_unit_test(names_of_topics_and_platforms_are_checked),
        cmocka_unit_test(the_first_twenty_problems_are_told),
        cmocka_unit_test(depth_and_size_are_limited_N9),
        cmocka_unit_test(a_folder_adds_and_overrides),
    };

    return cmocka_run_group_tests_name("route_load", tests, NULL, NULL);
}
