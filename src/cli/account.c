/* account.c -- owns `storehook account`: add, list, show, remove. */
#include "base/timefmt.h"
#include "cli/commands.h"
#include "cli/open.h"
#include "cli/table.h"
#include "store/contact.h"
#include "store/source.h"

/* What a verb works with. */
struct account_work {
    struct store *store;
    struct account account;
};

/* Opens the database and finds the account `name` (NULL: none). Returns CLI_GO or the exit code. */
static int open_work(struct cli *cli, const char *name, struct account_work *w)
{
    int code = cli_open_store(cli, &w->store);

    if (code == CLI_GO && name)
        code = cli_find_account(w->store, name, &w->account);
    if (code == CLI_GO && name)
        store_enter(w->store, w->account.id);
    return code;
}

/* --- show ------------------------------------------------------------------------------------------------------------- */

/* What is told of an account; the store is in it. */
static enum err describe(struct store *store, const struct account *account, json_t **out)
{
    struct source_list sources;
    uint64_t contacts = 0;
    enum err err = source_list_load(store, &sources);

    if (!err)
        err = contact_count(store, &contacts);
    *out = err ? NULL
               : json_pack("{sI ss so sI sI}", "id", (json_int_t)account->id, "name", account->name, "created_at",
                           json_time(account->created_at_us), "sources", (json_int_t)sources.n, "contacts", (json_int_t)contacts);
    source_list_release(&sources);
    return err || *out ? err : ERR_MEMORY;
}

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static int print_account(const json_t *about)
{
    struct str created = json_member_text(about, "created_at");

    printf("account   %s\n", json_string_value(json_object_get(about, "name")));
    printf("created   %.*s\n", STR_ARG(created.len ? created : STR("with the database")));
    printf("sources   %lld\n", (long long)number(about, "sources"));
    printf("contacts  %lld\n", (long long)number(about, "contacts"));
    return EXIT_DONE;
}

static int account_show_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"account show NAME", "Prints one account and how much it holds.",
                                         "storehook account show acme", 1, 1};
    struct account_work w = {.store = NULL};
    json_t *about = NULL;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code == CLI_GO)
        code = open_work(cli, argv[0], &w);
    if (code == CLI_GO && describe(w.store, &w.account, &about))
        code = cli_fail("database: %s", db_trouble(w.store->db));
    if (code == CLI_GO)
        code = cli->json ? cli_print_json(json_incref(about)) : print_account(about);
    json_decref(about);
    store_close(w.store);
    return code;
}

/* --- list ------------------------------------------------------------------------------------------------------------- */

static enum err describe_all(struct store *store, json_t *array)
{
    struct account_list list;
    json_t *about = NULL;
    enum err err = account_list_load(store, &list);

    for (size_t i = 0; i < list.n && !err; i++) {
        store_enter(store, list.at[i].id);
        err = describe(store, &list.at[i], &about);
        if (!err && json_array_append_new(array, about))
            err = ERR_MEMORY;
    }
    account_list_release(&list);
    return err;
}

static int print_list(const json_t *array)
{
    static const char *const columns[] = {"ID", "NAME", "SOURCES", "CONTACTS", NULL};
    struct table *t = table_new(columns);
    const json_t *about;
    enum err err = t ? OK : ERR_MEMORY;
    size_t i;

    json_array_foreach(array, i, about)
    {
        char id[24], sources[24], contacts[24];

        snprintf(id, sizeof(id), "%lld", (long long)number(about, "id"));
        snprintf(sources, sizeof(sources), "%lld", (long long)number(about, "sources"));
        snprintf(contacts, sizeof(contacts), "%lld", (long long)number(about, "contacts"));
        if (!err)
            err =
                table_add(t, (const struct str[]){str_of(id), json_member_text(about, "name"), str_of(sources), str_of(contacts)});
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
        code = open_work(cli, NULL, &w);
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
        "account add NAME",
        "Makes an account: sources, contacts and lists of its own, that no other account sees. Commands work in it with\n"
        "--account NAME. A name has up to 64 letters, digits, '.', '_' and '-'.",
        "storehook account add acme", 1, 1};
    struct account_work w = {.store = NULL};
    int code = cli_parse(cli, &page, NULL, &argc, &argv);
    enum err err;

    if (code == CLI_GO && !account_name_is_valid(str_of(argv[0])))
        code = cli_wrong("a name has up to %d letters, digits, '.', '_' and '-'", ACCOUNT_NAME_MAX);
    if (code == CLI_GO)
        code = open_work(cli, NULL, &w);
    if (code != CLI_GO)
        return code;
    err = account_add(w.store, str_of(argv[0]), &w.account);
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
        code = open_work(cli, argv[0], &w);
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
    {"show", account_show_verb, "prints one account", NULL},
    {"remove", account_remove_verb, "removes an empty account", NULL},
    {NULL, NULL, NULL, NULL},
};

int cmd_account(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "account", verbs, argc, argv);
}
