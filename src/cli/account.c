/* account.c -- owns `storehook account`: add, list, remove. */
#include "cli/account.h"

#include "cli/commands.h"
#include "cli/table.h"

/* --- list ------------------------------------------------------------------------------------------------------------- */

static enum err describe_all(struct store *store, json_t *array)
{
    struct account_list list;
    json_t *about = NULL;
    enum err err = account_list_load(store, &list);

    for (size_t i = 0; i < list.n && !err; i++) {
        store_enter(store, list.at[i].id);
        err = account_describe(store, &list.at[i], &about);
        if (!err && json_array_append_new(array, about))
            err = ERR_MEMORY;
    }
    account_list_release(&list);
    return err;
}

static int print_list(const json_t *array)
{
    static const char *const columns[] = {"ID", "NAME", "SOURCES", "CONTACTS", "LIMIT", "POLICY", "PARKED", NULL};
    static const char *const keys[] = {"id", "sources", "contacts", "contact_limit", "parked"};
    struct table *t = table_new(columns);
    const json_t *about;
    enum err err = t ? OK : ERR_MEMORY;
    size_t i;

    json_array_foreach(array, i, about)
    {
        char texts[5][24];
        bool limited = json_integer_value(json_object_get(about, "contact_limit")) > 0;

        for (size_t k = 0; k < 5; k++)
            snprintf(texts[k], sizeof(texts[k]), "%lld", (long long)json_integer_value(json_object_get(about, keys[k])));
        if (!err)
            err = table_add(t, (const struct str[]){str_of(texts[0]), json_member_text(about, "name"), str_of(texts[1]),
                                                    str_of(texts[2]), limited ? str_of(texts[3]) : STR("-"),
                                                    limited ? json_member_text(about, "policy") : STR("-"), str_of(texts[4])});
    }
    if (!err)
        table_show(t);
    table_free(t);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static int account_list_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"account list", "Prints the accounts.", NULL, 0, 0};
    struct account_work w = {.store = NULL};
    json_t *array = json_array();
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code == CLI_GO)
        code = account_work_open(cli, NULL, &w);
    if (code == CLI_GO && describe_all(w.store, array))
        code = cli_fail("database: %s", db_trouble(w.store->db));
    if (code == CLI_GO)
        code = cli->json ? cli_print_json(json_incref(array)) : print_list(array);
    json_decref(array);
    store_close(w.store);
    return code;
}

/* --- add, remove ------------------------------------------------------------------------------------------------------ */

/* Says what was done with the account. */
static int done(const struct cli *cli, const struct account *account, const char *what)
{
    if (cli->json)
        return cli_print_json(json_pack("{sI ss ss}", "id", (json_int_t)account->id, "name", account->name, "done", what));
    printf("account \"%s\" %s\n", account->name, what);
    return EXIT_DONE;
}

static int account_add_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "account add NAME [--contact-limit N] [--policy stop|bill|auto_raise] [--raise-step N]",
        "Makes an account: sources, contacts and lists of its own, that no other account sees. Commands work in it with\n"
        "--account NAME. A name has up to 64 letters, digits, '.', '_' and '-'.",
        "storehook account add acme --contact-limit 10000", 1, 1};
    struct limit_flags given = LIMIT_FLAGS_NONE;
    const struct cli_flag flags[] = {LIMIT_FLAGS(given), {NULL, FLAG_ON, NULL, NULL, NULL}};
    struct account_limit limit = {.policy = LIMIT_STOP}, now;
    struct account_work w = {.store = NULL};
    int code = cli_parse(cli, &page, flags, &argc, &argv);
    enum err err;

    if (code == CLI_GO && !account_name_is_valid(str_of(argv[0])))
        code = cli_wrong("a name has up to %d letters, digits, '.', '_' and '-'", ACCOUNT_NAME_MAX);
    if (code == CLI_GO)
        code = limit_flags_apply(&given, &limit);
    if (code == CLI_GO)
        code = account_work_open(cli, NULL, &w);
    if (code != CLI_GO)
        return code;
    err = account_add(w.store, str_of(argv[0]), &w.account);
    if (!err && limit_flags_are_given(&given)) {
        store_enter(w.store, w.account.id);
        err = account_limit_set(w.store, &limit, &now);
    }
    if (err == ERR_EXISTS)
        code = cli_fail("there is an account \"%s\" already", argv[0]);
    else if (err == ERR_TOO_MANY)
        code = cli_fail("there are %d accounts already, more are not possible", ACCOUNTS_MAX);
    else
        code = err ? cli_fail("database: %s", db_trouble(w.store->db)) : done(cli, &w.account, "added");
    store_close(w.store);
    return code;
}

static int account_remove_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"account remove NAME",
                                         "Removes an account that has no sources and no contacts any more. The name is free again.",
                                         "storehook account remove acme", 1, 1};
    struct account_work w = {.store = NULL};
    int code = cli_parse(cli, &page, NULL, &argc, &argv);
    enum err err;

    if (code == CLI_GO)
        code = account_work_open(cli, argv[0], &w);
    if (code == CLI_GO) {
        err = account_remove(w.store, w.account.id);
        if (err == ERR_RANGE)
            code = cli_fail("\"%s\" is the account that every installation has; it stays", argv[0]);
        else if (err == ERR_EXISTS)
            code = cli_fail("\"%s\" has sources or contacts; remove them first: `storehook source remove NAME --account %s`,"
                            " `storehook contacts erase EMAIL --account %s`",
                            argv[0], argv[0], argv[0]);
        else
            code = err ? cli_fail("database: %s", db_trouble(w.store->db)) : done(cli, &w.account, "removed");
    }
    store_close(w.store);
    return code;
}

static const struct cli_command verbs[] = {
    {"add", account_add_verb, "makes an account", NULL},
    {"list", account_list_verb, "prints the accounts", NULL},
    {"show", account_show_verb, "prints one account, its limit, and what happened there", NULL},
    {"set", account_set_verb, "changes how many contacts it may have, and what happens then", NULL},
    {"remove", account_remove_verb, "removes an empty account", NULL},
    {NULL, NULL, NULL, NULL},
};

int cmd_account(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "account", verbs, argc, argv);
}
