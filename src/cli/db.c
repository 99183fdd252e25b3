/* db.c -- owns `storehook db`: bringing the contact database to this program's tables, and its other verbs. */
#include "cli/db.h"

#include "cli/commands.h"
#include "cli/open.h"
#include "store/schema.h"

/* Opening applies what is missing, or fails and says why. */
static int migrate(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "db migrate",
        "Brings the tables of the contact database (db.url) to those of this program, each step in a\n"
        "transaction of its own. Every role does so at its start; this is for doing it before. A database\n"
        "that is newer than the program is refused.",
        "storehook db migrate --config /etc/storehook.ini", 0, 0};
    const struct db_migration *last = &schema_migrations[schema_migrations_n - 1];
    struct store *store = NULL;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code == CLI_GO)
        code = cli_open_store(cli, &store);
    store_close(store);
    if (code != CLI_GO)
        return code;
    if (cli->json)
        return cli_print_json(json_pack("{si ss}", "migration", last->number, "name", last->name));
    printf("the database is at migration %d (%s), as this program needs it\n", last->number, last->name);
    return EXIT_DONE;
}

static const struct cli_command verbs[] = {
    {"migrate", migrate, "brings the tables to those of this program", NULL},
    {"copy", db_copy, "copies it into an empty database, of either back end", NULL},
    {"partition", db_partition, "parts the tables by account, for many accounts on PostgreSQL", NULL},
    {"check", db_check, "recomputes everything that is derived, and says what is wrong", NULL},
    {NULL, NULL, NULL, NULL},
};

int cmd_db(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "db", verbs, argc, argv);
}
