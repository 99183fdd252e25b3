/* db_partition.c -- owns `storehook db partition`: tables in parts by account. */
#include "cli/db.h"

#include "cli/open.h"
#include "store/partition.h"

enum { WHY_BYTES = 8192 };

int db_partition(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "db partition",
        "Parts the tables that grow with contacts into eight by account (PostgreSQL only), with their rows and\n"
        "indexes, all or nothing. It is for installations with many accounts; with one account all rows stay in\n"
        "one part and every statement costs more. Stop all roles first. There is no way back but `db copy`. Run\n"
        "it again after an upgrade: new tables are whole.",
        "storehook db partition --config /etc/storehook.ini", 0, 0};
    struct buf why = BUF_INIT(WHY_BYTES);
    struct store *store = NULL;
    size_t n = 0;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);
    enum err err = OK;

    if (code == CLI_GO)
        code = cli_open_store(cli, &store);
    if (code == CLI_GO)
        err = partition_tables(store->db, &n, &why);
    store_close(store);
    if (code == CLI_GO && err)
        code = cli_fail_why(err, &why);
    buf_release(&why);
    if (code != CLI_GO)
        return code;
    if (cli->json)
        return cli_print_json(json_pack("{sI si}", "tables", (json_int_t)n, "partitions", PARTITIONS));
    printf("%zu tables were parted; each has %d parts\n", n, PARTITIONS);
    return EXIT_DONE;
}
