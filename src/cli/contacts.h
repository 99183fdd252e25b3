/* contacts.h -- owns what other commands show of contacts: the reader of many contacts, and the table. */
#ifndef CLI_CONTACTS_H
#define CLI_CONTACTS_H

#include "cli/cli.h"
#include "store/contact.h"

int contacts_list(struct cli *cli, int argc, char **argv);
int contacts_timeline(struct cli *cli, int argc, char **argv);
int contacts_conflicts(struct cli *cli, int argc, char **argv);
int contacts_erase(struct cli *cli, int argc, char **argv);
int contacts_token(struct cli *cli, int argc, char **argv);
int contacts_import(struct cli *cli, int argc, char **argv);
int contacts_suppress(struct cli *cli, int argc, char **argv);
int contacts_unsuppress(struct cli *cli, int argc, char **argv);

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

struct contact_filter;
/* A walk through contacts in the order of their making. */
struct contact_walk {
    struct str after;                                  /* go on after the contact with this id; empty: from the start */
    size_t max;                                        /* contacts handed on; 0 = all */
    const struct contact_filter *filter;               /* contacts_filter.h; NULL: all pass */
    void (*progress)(const struct contact_walk *walk); /* now and then; may be NULL */
    /* What came of it: */
    size_t read, found; /* contacts looked at and handed on */
    struct id last;     /* the last one that was handed on */
    bool more;          /* there are more that pass than `max` */
};
/* Hands on the contacts that pass, until `max` or the first error of `each`. */
enum err contact_reader_each(struct contact_reader *r, struct contact_walk *walk,
                             enum err (*each)(void *arg, const struct contact_view *view), void *arg) MUST_CHECK;

/* Prints the table of `contacts list`. Returns the exit code. */
int contacts_print_table(struct cli *cli, struct contact_walk *walk);

/* Prints everything that is stored about one person, as one JSON object (X5). Returns the exit code. */
int contacts_print_bundle(struct cli *cli, const char *who);
/* Returns owned: one line of the ledger, as `storehook why --json` has it. */
json_t *why_line_json(const struct contact_reader *r, const struct ledger_line *line);

/* Finds and loads one contact by address or id; says what is wrong. CLI_GO or the exit code. */
int contact_open(struct cli *cli, struct contact_reader *r, const char *text, struct contact_view *out);

#endif
