/* dead.h -- owns what the verbs of `storehook dead` share: which letters are meant, and a walk through them. */
#ifndef CLI_DEAD_H
#define CLI_DEAD_H

#include "cli/open.h"

/* One walk through the dead letters. */
struct dead_walk {
    struct cli *cli;
    struct store *store;
    struct stream *stream;
    struct arena arena; /* of the current page */
    struct dead_filter filter;
    char source_id[24]; /* what filter.source_id borrows */
    int64_t account_id; /* only letters of its sources; 0 = any */
    size_t left;        /* letters still to be visited */
};

/* What a person may say to choose letters. */
struct dead_choice {
    const char *reason, *source; /* NULL = any */
    bool all;
};

/* Opens database and queue; turns the source's name into its id. Returns CLI_GO or the exit code. */
int dead_open(struct cli *cli, const struct dead_choice *choice, struct dead_walk *walk);
void dead_close(struct dead_walk *walk);
/* Calls `visit` for each letter that matches, at most `max` (0: as many as there were at the start, so that letters that come
 * back are not met again). Stops when visit returns something else than CLI_GO. */
int dead_each(struct dead_walk *walk, size_t max, int (*visit)(struct dead_walk *walk, const struct dead_letter *letter, void *arg),
              void *arg);
/* Returns owned: the letter as an object, without headers and body. NULL when memory is out. */
json_t *dead_describe(struct dead_walk *walk, const struct dead_letter *letter);
/* Finds the letter of that id, of the account that is meant. Returns CLI_GO or the exit code. */
int dead_find(struct dead_walk *walk, const char *id, struct dead_letter *out);
/* Appends the name of the letter's source, or its id when there is none of that id. */
enum err dead_source_name(struct dead_walk *walk, const struct dead_letter *letter, struct buf *out) MUST_CHECK;

int dead_show_verb(struct cli *cli, int argc, char **argv);

#endif
