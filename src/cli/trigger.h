/* trigger.h -- owns what the verbs of `storehook trigger` share. */
#ifndef CLI_TRIGGER_H
#define CLI_TRIGGER_H

#include "cli/open.h"
#include "store/contact.h"
#include "store/trigger.h"

/* What one verb works with. Zeroed by trigger_desk_open. */
struct trigger_desk {
    struct cli *cli;
    struct store *store;
    struct arena arena;
    struct view_source *sources;
    size_t n_sources;
};
/* Returns CLI_GO or the exit code. Close it in either case. */
int trigger_desk_open(struct trigger_desk *d, struct cli *cli);
void trigger_desk_close(struct trigger_desk *d);
/* The name of a source that is there no more is "(removed)". */
struct str trigger_source(const struct trigger_desk *d, int64_t id);

/* "the name is not known", with the nearest. Returns the exit code. */
int trigger_unknown(struct trigger_desk *d, const char *name);
/* Returns owned: one trigger as `trigger show --json` prints it, without its firings; NULL when memory is out. */
json_t *trigger_json(const struct trigger_desk *d, const struct trigger_row *row);

int trigger_add_verb(struct cli *cli, int argc, char **argv);
int trigger_show_verb(struct cli *cli, int argc, char **argv);
int trigger_test_verb(struct cli *cli, int argc, char **argv);

#endif
