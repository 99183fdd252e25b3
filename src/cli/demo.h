/* demo.h -- owns the demo of `storehook up --demo`: sources of its own, one push of each kind, what they made. */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include "cli/open.h"

struct demo;

/* On a database without sources and contacts: adds the demo's sources. *out is NULL when there is something already.
 * Returns CLI_GO or the exit code. The caller frees *out. */
int demo_prepare(struct cli *cli, struct store *store, struct demo **out);
void demo_free(struct demo *demo);
/* Sends one signed push of each kind of every source to the receiver at `base` ("https://127.0.0.1:8443").
 * Returns CLI_GO or the exit code. */
int demo_send(struct cli *cli, struct demo *demo, struct str base);
/* Prints the endpoints and the contacts. Returns CLI_GO or the exit code. */
int demo_print(struct cli *cli, struct demo *demo);

#endif
