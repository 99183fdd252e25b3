/* contacts.h -- owns what other commands show of contacts: the reader of many contacts, and the table. */
#ifndef CLI_CONTACTS_H
#define CLI_CONTACTS_H

#include "cli/cli.h"
#include "store/contact.h"

int contacts_token(struct cli *cli, int argc, char **argv);
int contacts_import(struct cli *cli, int argc, char **argv);

/* A reader of contacts, one after the other in bounded memory. */
struct contact_reader {
    struct store *store;
    struct view_source *sources;
    size_t n_sources;
    struct arena fixed, work; /* for the sources; for one contact */
};

/* Borrows store. Errors: those of the database. */
enum err contact_reader_init(struct contact_reader *r, struct cli *cli, struct store *store) MUST_CHECK;
void contact_reader_release(struct contact_reader *r);
/* Calls `each` for up to `max` contacts after the id `after` (empty: from the start); stops at the first error. */
enum err contact_reader_each(struct contact_reader *r, struct str after, size_t max,
                             enum err (*each)(void *arg, const struct contact_view *view), void *arg) MUST_CHECK;

/* Prints the table of `contacts list`, at most `max` rows. Returns the exit code. */
int contacts_print_table(struct cli *cli, size_t max);

/* Finds and loads one contact by address or id; says what is wrong. CLI_GO or the exit code. */
int contact_open(struct cli *cli, struct contact_reader *r, const char *text, struct contact_view *out);

#endif
