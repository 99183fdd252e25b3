/* serve.c -- owns `storehook serve`: the receiver role. */
#include "cli/commands.h"

#include "engine/serve.h"

int cmd_serve(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "serve", "Receives deliveries over HTTPS and queues them, until SIGTERM. Prints \"ready https=<url>\" once it works.",
        "storehook serve --dir var", 0, 0};
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    return code == CLI_GO ? serve_main(cli->cfg, cli->json) : code;
}
