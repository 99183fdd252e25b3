/* up_port.h -- owns the port that `storehook up` receives on: as it was asked for, or any free one instead of the default. */
#ifndef CLI_UP_PORT_H
#define CLI_UP_PORT_H

#include "cli/cli.h"

/* Puts the port into serve.listen, here and for the role. Returns CLI_GO or the exit code. */
int up_set_port(struct cli *cli, int64_t port);
/* Notices a port that is taken before anything is started. The default gives way to any free port, with a line on stderr; one
 * that was asked for does not. Returns CLI_GO or the exit code. */
int up_choose_port(struct cli *cli);

#endif
