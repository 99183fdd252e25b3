/* db.h -- owns what the verbs of `storehook db` share: one function each. */
#ifndef CLI_DB_H
#define CLI_DB_H

#include "cli/cli.h"

int db_check(struct cli *cli, int argc, char **argv);
int db_partition(struct cli *cli, int argc, char **argv);
int db_copy(struct cli *cli, int argc, char **argv);

#endif
