/* source.h -- owns what the verbs of `storehook source` share. */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "cli/open.h"
#include "store/source.h"

int source_add_verb(struct cli *cli, int argc, char **argv);
int source_rotate_verb(struct cli *cli, int argc, char **argv);

/* What a verb that changes a source works with. */
struct source_work {
    struct store *store;
    struct stream *stream;
    struct source source; /* filled by source_work_open when a name is given */
};
/* Opens database and queue, and finds the source `name` (NULL: none). Returns CLI_GO or the exit code. */
int source_work_open(struct cli *cli, const char *name, struct source_work *work);
/* Publishes the snapshot after a change. Returns CLI_GO or the exit code. */
int source_work_publish(struct source_work *work);
void source_work_close(struct source_work *work);

#endif
