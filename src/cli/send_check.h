/* send_check.h -- owns what `storehook send --check` prints: what the receiver says that a delivery would mean. */
#ifndef CLI_SEND_CHECK_H
#define CLI_SEND_CHECK_H

#include "cli/cli.h"

/* Prints the answer of check mode, for people or as it is with --json. Returns the exit code: 0 when every event would apply. */
int send_check_print(const struct cli *cli, int status, struct str answer);

#endif
