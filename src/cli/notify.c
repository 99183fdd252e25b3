/* notify.c -- owns `storehook notify`: the role that delivers notices. */
#include "cli/commands.h"

#include "engine/notify.h"

int cmd_notify(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"notify",
                                         "Delivers the notices that wait to their targets, tries again what fails, and gives up "
                                         "what fails for good, until SIGTERM.\n"
                                         "Several may run at once. Prints \"ready\" once it works.",
                                         "storehook notify --dir var", 0, 0};
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    return code == CLI_GO ? notify_main(cli->cfg, cli->clock, cli->json) : code;
}
