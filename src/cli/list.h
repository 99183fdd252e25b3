/* list.h -- owns what the verbs of `storehook list` and the operator's other acts of consent share. */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include "cli/cli.h"
#include "engine/consent_act.h"

int list_subscribe_verb(struct cli *cli, int argc, char **argv);
int list_unsubscribe_verb(struct cli *cli, int argc, char **argv);
int list_confirm_verb(struct cli *cli, int argc, char **argv);

/* Acts in a transaction of its own and prints what the contact is now. Returns the exit code. */
int act_run(struct cli *cli, const struct consent_act *act);

#endif
