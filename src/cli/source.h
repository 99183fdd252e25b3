/* source.h -- owns what the verbs of `storehook source` share. */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "cli/given.h"
#include "cli/open.h"

/* More than a verb takes: so that a secret among the arguments gets an answer of its own, and is not repeated. */
enum { ARGUMENTS_MAX = 16 };

int source_add_verb(struct cli *cli, int argc, char **argv);
int source_rotate_verb(struct cli *cli, int argc, char **argv);
int source_show_verb(struct cli *cli, int argc, char **argv);
int source_set_verb(struct cli *cli, int argc, char **argv);
int source_visits_verb(struct cli *cli, int argc, char **argv);

/* The keys of `source set` that say where the source's fields go: "field.NAME=FIELD" and "mapping=...". */
bool source_fields_is_key(struct str given);
/* Holds those among the arguments against their form. CLI_GO or the exit code. */
int source_fields_check(int argc, char **argv);
struct source_work;
/* Makes the changes that they ask for, in the database and in work->source. CLI_GO or the exit code. */
int source_fields_set(struct source_work *work, int argc, char **argv);
/* Returns owned: name -> field, as mapped. */
json_t *source_fields_json(const struct source *s);
void source_fields_print(const struct source *s);

/* Appends what is pasted into the shop's pages, or nothing when the source takes no visits. */
enum err source_snippet(const struct cli *cli, const struct source *s, struct buf *out) MUST_CHECK;

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
/* Returns owned: the source without anything secret: ids and validity of the secrets only (N10). NULL when memory is out. */
json_t *source_describe(const struct cli *cli, const struct source *s);

/* What a verb that takes secrets works with. */
struct secret_work {
    struct routes *routes;
    const struct route *route;
    struct seal *seal;
    struct given given;
    json_t *config;
    struct source_work at;
};
void secret_work_close(struct secret_work *w);

#endif
