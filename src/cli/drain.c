/* drain.c -- owns `storehook drain`: the drainer role. */
#include "cli/commands.h"

#include "engine/drain.h"

int cmd_drain(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "drain", "Takes entries out of the queue and applies them to the contacts, until SIGTERM. Prints \"ready\" once it works.",
        "storehook drain --dir var", 0, 0};
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    return code == CLI_GO ? drain_main(cli->cfg, cli->clock, cli->json) : code;
}
