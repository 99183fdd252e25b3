/* notice_target.c -- owns `storehook notice target`: add, list, show, rotate, enable, disable, remove. */
#include "base/timefmt.h"
#include "cli/given.h"
#include "cli/notice.h"
#include "cli/table.h"

enum { WHY_BYTES = 1024, GRACE_MS_DEFAULT = 24 * 3600000, GRACE_MS_MAX = 30 * 86400000LL };

/* --- list, show --------------------------------------------------------------------------------------------------------- */

static const char *state_of(const struct notice_target *t, int64_t now_us)
{
    if (!t->enabled)
        return t->disabled_why.len ? "disabled by its answer" : "disabled";
    return t->paused_until_us > now_us ? "paused" : t->failures ? "failing" : "enabled";
}

static json_t *list_types(struct str types)
{
    json_t *array = json_array();
    struct str word;

    while (array && str_split(&types, ' ', &word))
        if (json_array_append_new(array, json_str(word))) {
            json_decref(array);
            array = NULL;
        }
    return array;
}

/* Returns owned; NULL when the database or memory fails. */
static json_t *describe(struct store *store, const struct notice_target *t)
{
    struct notice_counts counts;

    if (notice_count(store, t->id, &counts))
        return NULL;
    return json_pack("{so so so sb ss so so so sI so so so sI sI sI}", "name", json_str(t->name), "url", json_str(t->url), "types",
                     list_types(t->types), "enabled", (int)t->enabled, "state", state_of(t, clock_wall_us(store->clock)),
                     "disabled_because", t->disabled_why.len ? json_str(t->disabled_why) : json_null(), "created_at",
                     json_time(t->created_at_us), "paused_until", json_time(t->paused_until_us), "failures_in_a_row",
                     (json_int_t)t->failures, "last_attempt_at", json_time(t->last_at_us), "last_delivered_at",
                     json_time(t->delivered_at_us), "last_error", t->last_error.len ? json_str(t->last_error) : json_null(),
                     "waiting", (json_int_t)counts.waiting, "failing", (json_int_t)counts.failing, "dead", (json_int_t)counts.dead);
}

static json_t *describe_all(struct notice_desk *desk)
{
    struct notice_target *targets = NULL;
    json_t *array = json_array();
    size_t n = 0;
    enum err err = notice_target_list(desk->store, &desk->arena, &targets, &n);

    for (size_t i = 0; i < n && !err; i++)
        if (json_array_append_new(array, describe(desk->store, &targets[i])))
            err = ERR_MEMORY;
    if (!err)
        return array;
    json_decref(array);
    return NULL;
}

static struct str number_text(const json_t *object, const char *key, char out[24])
{
    snprintf(out, 24, "%lld", (long long)json_integer_value(json_object_get(object, key)));
    return str_of(out);
}

static enum err add_row(struct table *t, const json_t *about)
{
    char waiting[24], dead[24];
    struct buf types = BUF_INIT(NOTICE_TARGET_TYPES_MAX + 1);
    const json_t *type;
    enum err err = OK;
    size_t i;

    json_array_foreach(json_object_get(about, "types"), i, type)
    {
        if (!err)
            err = buf_printf(&types, "%s%s", i ? " " : "", json_string_value(type));
    }
    if (!err)
        err = table_add(t, (const struct str[]){json_member_text(about, "name"), json_member_text(about, "state"),
                                                number_text(about, "waiting", waiting), number_text(about, "dead", dead),
                                                types.len ? buf_str(&types) : STR("all"), json_member_text(about, "url"),
                                                json_member_text(about, "last_error")});
    buf_release(&types);
    return err;
}

static int print_list(const json_t *array)
{
    static const char *const columns[] = {"NAME", "STATE", "WAITING", "DEAD", "TYPES", "URL", "LAST ERROR", NULL};
    struct table *t = table_new(columns);
    const json_t *about;
    enum err err = t ? OK : ERR_MEMORY;
    size_t i;

    json_array_foreach(array, i, about)
    {
        if (!err)
            err = add_row(t, about);
    }
    if (!err && table_rows(t))
        table_show(t);
    else if (!err)
        puts("no targets; `storehook notice target add NAME URL` adds one");
    table_free(t);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static int list_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"notice target list", "Prints the targets, and what waits for each.", NULL, 0, 0};
    struct notice_desk desk = {.store = NULL};
    json_t *array = NULL;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code != CLI_GO)
        return code;
    code = notice_desk_open(cli, NULL, 0, &desk);
    if (code == CLI_GO && !(array = describe_all(&desk)))
        code = notice_desk_fail(&desk, ERR_DB);
    if (code == CLI_GO)
        code = cli->json ? cli_print_json(json_incref(array)) : print_list(array);
    json_decref(array);
    notice_desk_close(&desk);
    return code;
}

/* The secrets by number and time, never themselves (N10). */
static enum err add_secrets(struct notice_desk *desk, json_t *about)
{
    struct notice_secret secrets[NOTICE_SECRETS_MAX];
    json_t *array = json_array();
    size_t n = 0;
    enum err err = notice_target_secrets(desk->store, desk->target.id, &desk->arena, secrets, &n);

    for (size_t i = 0; i < n && !err; i++)
        if (json_array_append_new(array, json_pack("{sI so so}", "number", (json_int_t)secrets[i].number, "valid_from",
                                                   json_time(secrets[i].from_us), "valid_until", json_time(secrets[i].until_us))))
            err = ERR_MEMORY;
    if (!err && json_object_set(about, "secrets", array))
        err = ERR_MEMORY;
    json_decref(array);
    return err;
}

static void print_member(const char *name, const json_t *value)
{
    struct buf text = BUF_INIT(WHY_BYTES * 4), safe = BUF_INIT(WHY_BYTES * 16);
    enum err err = json_is_string(value) ? buf_append(&text, json_text(value)) : json_print(value, &text);

    if (!err && !text_escape(buf_str(&text), false, &safe))
        printf("%-18s %s\n", name, buf_text(&safe));
    buf_release(&text);
    buf_release(&safe);
}

static int print_target(const json_t *about)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)about, name, value) print_member(name, value);
    return EXIT_DONE;
}

static int show_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"notice target show NAME", "Prints one target, and how it does.",
                                         "storehook notice target show crm", 1, 1};
    struct notice_desk desk = {.store = NULL};
    json_t *about = NULL;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code != CLI_GO)
        return code;
    code = notice_desk_open(cli, argv[0], 0, &desk);
    if (code == CLI_GO && (!(about = describe(desk.store, &desk.target)) || add_secrets(&desk, about)))
        code = notice_desk_fail(&desk, ERR_DB);
    if (code == CLI_GO)
        code = cli->json ? cli_print_json(json_incref(about)) : print_target(about);
    json_decref(about);
    notice_desk_close(&desk);
    return code;
}

/* --- add, rotate -------------------------------------------------------------------------------------------------------- */

/* "a,b" as "a b". Returns CLI_GO or the exit code. */
static int parse_types(const char *text, struct buf *out)
{
    struct str rest = str_of(text), word;

    while (rest.len && str_split(&rest, ',', &word)) {
        word = str_trim(word);
        if (notice_type_check(word))
            return cli_wrong("\"%.*s\" is no type of notice; a type is words with dots between them, such as cart_abandoned",
                             STR_ARG(word));
        if (buf_printf(out, "%s%.*s", out->len ? " " : "", STR_ARG(word)))
            return cli_wrong("--types is too long");
    }
    return CLI_GO;
}

static int fail_secret(void)
{
    return cli_fail("a secret is \"whsec_\" and base64 of 24 to 64 bytes; without --secret-file one is made");
}

/* What was done; a secret that we made is shown this once. */
static int done(struct cli *cli, const char *name, const char *what, const struct secret *made)
{
    struct str secret = made ? secret_bytes(made) : STR_NONE;

    if (cli->json) {
        json_t *object = json_pack("{ss ss}", "name", name, "done", what);

        if (object && made && json_object_set_new(object, "secret", json_str(secret))) {
            json_decref(object);
            object = NULL;
        }
        return cli_print_json(object);
    }
    printf("target \"%s\" %s\n", name, what);
    if (made)
        printf("secret, shown this once: %.*s\n", STR_ARG(secret));
    return EXIT_DONE;
}

static int check_url(const struct notice_desk *desk, const char *url)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    enum err err = strlen(url) > NOTICE_TARGET_URL_MAX ? ERR_TOO_LARGE : http_agent_check_url(&desk->options, str_of(url), &why);
    int code = CLI_GO;

    if (err == ERR_TOO_LARGE)
        code = cli_fail("a URL has at most %d bytes", NOTICE_TARGET_URL_MAX);
    else if (err == ERR_FORBIDDEN)
        code = cli_fail("%s; notify.allow_http, notify.allow_private and notify.ports say what is allowed", buf_text(&why));
    else if (err)
        code = cli_fail_why(err, &why);
    buf_release(&why);
    return code;
}

static int add(struct cli *cli, struct notice_desk *desk, const struct notice_target_plan *plan)
{
    struct secret *secret = NULL;
    enum err err = notice_target_add(desk->store, desk->seal, plan, &secret);
    int code;

    if (err == ERR_EXISTS)
        code = cli_fail("there is a target \"%.*s\" already", STR_ARG(plan->name));
    else if (err == ERR_TOO_MANY)
        code = cli_fail("there are %d targets already, more are not possible", NOTICE_TARGETS_MAX);
    else if (err == ERR_SYNTAX)
        code = fail_secret();
    else
        code = err ? notice_desk_fail(desk, err) : done(cli, plan->name.p, "added", plan->secret ? NULL : secret);
    secret_free(secret);
    return code;
}

static int add_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "notice target add NAME URL [--types TYPE,TYPE] [--secret-file FILE]",
        "Sends notices to a URL from now on, each signed with a secret that the receiver must know. The secret is made and shown\n"
        "once, unless --secret-file gives it. A name has up to 64 letters, digits, '.', '_' and '-'.",
        "storehook notice target add crm https://crm.example/hooks --types cart_abandoned,purchase", 2, 2};
    const char *types = "", *file = NULL;
    const struct cli_flag flags[] = {
        {"types", FLAG_TEXT, &types, "TYPES", "only these types of notices, separated by commas (default: all)"},
        {"secret-file", FLAG_TEXT, &file, "FILE", "file with the secret (whsec_...), - for stdin"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct notice_desk desk = {.store = NULL};
    struct buf wanted = BUF_INIT(NOTICE_TARGET_TYPES_MAX);
    struct secret *given = NULL;
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code != CLI_GO)
        return code;
    code = parse_types(types, &wanted);
    if (code == CLI_GO && !notice_target_name_is_valid(str_of(argv[0])))
        code = cli_wrong("a name has up to %d letters, digits, '.', '_' and '-'", NOTICE_TARGET_NAME_MAX);
    if (code == CLI_GO && file)
        code = given_read_file(file, &given);
    if (code == CLI_GO)
        code = notice_desk_open(cli, NULL, DESK_SEAL, &desk);
    if (code == CLI_GO)
        code = check_url(&desk, argv[1]);
    if (code == CLI_GO)
        code = add(cli, &desk,
                   &(struct notice_target_plan){
                       .name = str_of(argv[0]), .url = str_of(argv[1]), .types = buf_str(&wanted), .secret = given});
    secret_free(given);
    buf_release(&wanted);
    notice_desk_close(&desk);
    return code;
}

static int rotate(struct cli *cli, struct notice_desk *desk, const struct secret *given, int64_t grace_ms)
{
    struct secret *secret = NULL;
    enum err err = notice_target_rotate(desk->store, desk->seal, desk->target.id, given, grace_ms, &secret);
    int code;

    if (err == ERR_TOO_MANY)
        code = cli_fail("%d secrets are still valid; wait for one to end, or end them all with --grace 0s", NOTICE_SECRETS_MAX);
    else if (err == ERR_SYNTAX)
        code = fail_secret();
    else
        code = err ? notice_desk_fail(desk, err)
                   : done(cli, desk->target.name.p, "signs with a new secret, and with the old one until it ends",
                          given ? NULL : secret);
    secret_free(secret);
    return code;
}

static int rotate_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "notice target rotate NAME [--secret-file FILE] [--grace TIME]",
        "Signs with a new secret. The old one signs, too, for the grace time: a receiver that knows either accepts.",
        "storehook notice target rotate crm --grace 7d", 1, 1};
    const char *file = NULL;
    int64_t grace_ms = GRACE_MS_DEFAULT;
    const struct cli_flag flags[] = {
        {"secret-file", FLAG_TEXT, &file, "FILE", "file with the new secret, - for stdin (default: one is made)"},
        {"grace", FLAG_MS, &grace_ms, "TIME", "how long the old secret signs, too (default 24h, at most 30d)"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct notice_desk desk = {.store = NULL};
    struct secret *given = NULL;
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code != CLI_GO)
        return code;
    if (grace_ms < 0 || grace_ms > GRACE_MS_MAX)
        return cli_wrong("--grace must be between 0s and 30d");
    if (file)
        code = given_read_file(file, &given);
    if (code == CLI_GO)
        code = notice_desk_open(cli, argv[0], DESK_SEAL, &desk);
    if (code == CLI_GO)
        code = rotate(cli, &desk, given, grace_ms);
    secret_free(given);
    notice_desk_close(&desk);
    return code;
}

/* --- enable, disable, remove -------------------------------------------------------------------------------------------- */

static int set_enabled(struct cli *cli, const struct cli_page *page, bool enabled, int argc, char **argv)
{
    struct notice_desk desk = {.store = NULL};
    int code = cli_parse(cli, page, NULL, &argc, &argv);
    enum err err;

    if (code != CLI_GO)
        return code;
    code = notice_desk_open(cli, argv[0], 0, &desk);
    if (code == CLI_GO) {
        err = notice_target_set_enabled(desk.store, desk.target.id, enabled, STR(""));
        code = err ? notice_desk_fail(&desk, err) : done(cli, argv[0], enabled ? "enabled" : "disabled", NULL);
    }
    notice_desk_close(&desk);
    return code;
}

static int enable_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"notice target enable NAME",
                                         "Sends to the target again: what waited for it goes out, a pause is over.",
                                         "storehook notice target enable crm", 1, 1};

    return set_enabled(cli, &page, true, argc, argv);
}

static int disable_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "notice target disable NAME",
        "Sends nothing to the target until it is enabled. What waits for it goes on waiting, for notify.give_up at most; no new\n"
        "notices are made for it but those that name it.",
        "storehook notice target disable crm", 1, 1};

    return set_enabled(cli, &page, false, argc, argv);
}

static int remove_target(struct cli *cli, struct notice_desk *desk, bool force)
{
    struct notice_counts counts;
    enum err err = notice_count(desk->store, desk->target.id, &counts);

    if (!err && counts.waiting + counts.dead && !force)
        return cli_fail("%lld notices wait for \"%s\" and %lld are dead; they would be lost: deliver or drop them first, or remove "
                        "it with --force",
                        (long long)counts.waiting, desk->target.name.p, (long long)counts.dead);
    if (!err)
        err = notice_target_remove(desk->store, desk->target.id);
    return err ? notice_desk_fail(desk, err) : done(cli, desk->target.name.p, "removed", NULL);
}

static int remove_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"notice target remove NAME [--force]",
                                         "Forgets a target, its secrets, and what was delivered to it.",
                                         "storehook notice target remove crm", 1, 1};
    bool force = false;
    const struct cli_flag flags[] = {
        {"force", FLAG_ON, &force, NULL, "also with notices that wait or are dead: they are lost"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct notice_desk desk = {.store = NULL};
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code != CLI_GO)
        return code;
    code = notice_desk_open(cli, argv[0], 0, &desk);
    if (code == CLI_GO)
        code = remove_target(cli, &desk, force);
    notice_desk_close(&desk);
    return code;
}

static const struct cli_command verbs[] = {
    {"add", add_verb, "sends notices to a URL from now on", NULL},
    {"list", list_verb, "prints the targets", NULL},
    {"show", show_verb, "prints one, and how it does", NULL},
    {"rotate", rotate_verb, "signs with a new secret", NULL},
    {"enable", enable_verb, "sends to it again", NULL},
    {"disable", disable_verb, "sends nothing to it", NULL},
    {"remove", remove_verb, "forgets it", NULL},
    {NULL, NULL, NULL, NULL},
};

int notice_target_verbs(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "notice target", verbs, argc, argv);
}
