/* source_set.c -- owns `storehook source set`: how the carts of one source are waited for, and where its fields go. */
#include "base/setting.h"
#include "cli/source.h"

/* One thing that can be set; times in milliseconds. */
struct settable {
    const char *key, *range;
    int64_t least, most, fallback; /* fallback: what "default" stands for */
    int64_t *slot;
};

enum { MINUTE_MS = 60000, DAY_MS = 86400000, SETTABLES = 3, GIVEN_MAX = 200 };

/* Reads KEY=VALUE. CLI_GO or the exit code. */
static int set_one(const char *given, const struct settable *all)
{
    struct str text = str_of(given), value;
    size_t is = str_find(text, '=');
    int64_t ms = 0;

    for (size_t i = 0; i < SETTABLES; i++) {
        if (!str_eq(str_upto(text, is), str_of(all[i].key)) || is == text.len)
            continue;
        value = str_from(text, is + 1);
        if (str_eq(value, STR("default")))
            ms = all[i].fallback;
        else if (setting_parse_ms(value, &ms) || ms < all[i].least || ms > all[i].most)
            return cli_wrong("%s: give a time with its unit %s, such as 2h, or default", all[i].key, all[i].range);
        *all[i].slot = ms;
        return CLI_GO;
    }
    if (source_fields_is_key(text))
        return CLI_GO;
    return cli_wrong("\"%s\": give cart_delay=TIME, cart_cooldown=TIME, cart_back=TIME, mapping=auto|manual or field.NAME=FIELD",
                     given);
}

static int read_all(int argc, char **argv, struct source_carts *carts)
{
    const struct settable all[SETTABLES] = {
        {"cart_delay", "from 10m to 14d", 10 * MINUTE_MS, INT64_C(14) * DAY_MS, 0, &carts->delay_ms},
        {"cart_cooldown", "from 0s to 90d", 0, INT64_C(90) * DAY_MS, -1, &carts->cooldown_ms},
        {"cart_back", "from 0s to 3d", 0, INT64_C(3) * DAY_MS, 0, &carts->back_ms},
    };
    int code = CLI_GO;

    for (int i = 1; i < argc && code == CLI_GO; i++)
        code = set_one(argv[i], all);
    return code;
}

static bool has_fields(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (source_fields_is_key(str_of(argv[i])))
            return true;
    return false;
}

static int say(const struct cli *cli, const struct source *s, const struct source_carts *carts)
{
    if (!cli->json)
        return printf("source \"%s\" is set\n", s->name) < 0 ? cli_fail_why(ERR_IO, NULL) : EXIT_DONE;
    return cli_print_json(json_pack("{ss sI sI sI ss so}", "name", s->name, "cart_delay_ms", (json_int_t)carts->delay_ms,
                                    "cart_cooldown_ms", (json_int_t)carts->cooldown_ms, "cart_back_ms", (json_int_t)carts->back_ms,
                                    "mapping", field_map_is_manual(str_of(s->field_map)) ? "manual" : "auto", "fields",
                                    source_fields_json(s)));
}

int source_set_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "source set NAME KEY=VALUE...",
        "Sets how the carts of one source are waited for, and where its fields go. cart_delay: quiet time until a cart is "
        "abandoned (10m to 14d).\n"
        "cart_cooldown: time in which one abandoned cart a contact starts something (0s to 90d). cart_back: carts that were due "
        "this\n"
        "long before the source was added still start something (0s to 3d). The value `default` takes the setting of all sources.\n"
        "field.NAME=FIELD: what the platform calls NAME goes to that field of `storehook field list`; `default` keeps it under its "
        "own\n"
        "name again. mapping=manual: fields without such a line are not kept; mapping=auto: they are.",
        "storehook source set \"my shop\" cart_delay=2h field.note=remark mapping=manual", 2, GIVEN_MAX};
    struct source_work work = {.store = NULL};
    struct source_carts carts = {0};
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code == CLI_GO)
        code = read_all(argc, argv, &carts); /* before anything is opened: what is wrong is said at once */
    if (code == CLI_GO)
        code = source_fields_check(argc - 1, argv + 1);
    if (code == CLI_GO)
        code = source_work_open(cli, argv[0], &work);
    if (code == CLI_GO) {
        carts = (struct source_carts){work.source.cart_delay_ms, work.source.cart_cooldown_ms, work.source.cart_back_ms};
        code = read_all(argc, argv, &carts);
    }
    if (code == CLI_GO && source_set_carts(work.store, work.source.id, &carts))
        code = cli_fail("database: %s", db_trouble(work.store->db));
    if (code == CLI_GO && has_fields(argc, argv))
        code = source_fields_set(&work, argc - 1, argv + 1);
    if (code == CLI_GO)
        code = source_work_publish(&work);
    if (code == CLI_GO)
        code = say(cli, &work.source, &carts);
    source_work_close(&work);
    return code;
}
