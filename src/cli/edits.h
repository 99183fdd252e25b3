/* edits.h -- owns what the commands that edit contacts share: addresses given or in a file, progress, and the report. */
#ifndef CLI_EDITS_H
#define CLI_EDITS_H

#include "cli/cli.h"
#include "engine/edit_many.h"

/* Which contacts are meant. */
struct edit_targets {
    char **emails; /* borrowed */
    int n;
    const char *file; /* one address a line, "-" for stdin; NULL: none */
};

/*
 * Makes the edit to each of them, EDIT_MANY_MAX a transaction; addresses that were refused are said with their reason, the rest is counted.
 * `done` is a verb in the past for the report: "added". Returns the exit code: EXIT_FAILED when an address was refused.
 */
int cli_edit_all(struct cli *cli, struct store *store, struct edit *edit, const struct edit_targets *targets, const char *done);

#endif
