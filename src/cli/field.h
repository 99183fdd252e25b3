/* field.h -- owns what the verbs of `storehook field` share. */
#ifndef CLI_FIELD_H
#define CLI_FIELD_H

#include "cli/contacts.h"
#include "store/field.h"

/* What one verb works with. */
struct field_desk {
    struct cli *cli;
    struct store *store;
    struct arena arena;
    struct field_list fields;
};

/* Opens the database and loads the fields. Returns CLI_GO or the exit code; field_desk_close is called in any case. */
int field_desk_open(struct field_desk *d, struct cli *cli);
void field_desk_close(struct field_desk *d);
/* True for a field of the account or one that every contact has and that can be set. */
bool field_desk_has(const struct field_desk *d, struct str name);
/* Says that there is no such field, with the nearest name. Returns the exit code. */
int field_desk_unknown(const struct field_desk *d, struct str name);

int field_list_verb(struct cli *cli, int argc, char **argv);
int field_render_verb(struct cli *cli, int argc, char **argv);

#endif
