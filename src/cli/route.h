/* route.h -- owns what the verbs of `storehook route` share. */
#ifndef CLI_ROUTE_H
#define CLI_ROUTE_H

#include "cli/open.h"

/* Loads one route file; its problems go to stderr. Returns CLI_GO or the exit code. Returns owned through `out`. */
int route_open_file(const char *path, struct route **out);
/* `storehook route try`. */
int route_try_verb(struct cli *cli, int argc, char **argv);

/* Takes `mapped` (route/mapped_json.h), NULL when memory is out; prints it as a table. Returns the exit code. */
int route_print_mapped(json_t *mapped);

#endif
