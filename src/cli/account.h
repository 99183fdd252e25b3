/* account.h -- owns what the verbs of `storehook account` share. */
#ifndef CLI_ACCOUNT_H
#define CLI_ACCOUNT_H

#include "cli/open.h"
#include "store/account_limit.h"

int account_show_verb(struct cli *cli, int argc, char **argv);
int account_set_verb(struct cli *cli, int argc, char **argv);

/* What a verb works with. */
struct account_work {
    struct store *store;
    struct account account;
};
/* Opens the database, finds the account `name` (NULL: none) and enters it. Returns CLI_GO or the exit code. */
int account_work_open(struct cli *cli, const char *name, struct account_work *w);
/* What is told of an account; the store is in it. Returns owned. */
enum err account_describe(struct store *store, const struct account *account, json_t **out) MUST_CHECK;

/* What a person says of the limit; LIMIT_UNSAID and NULL: nothing. */
#define LIMIT_UNSAID INT64_MIN
struct limit_flags {
    int64_t limit, step;
    const char *policy;
};
#define LIMIT_FLAGS_NONE                                            \
    {                                                               \
        .limit = LIMIT_UNSAID, .step = LIMIT_UNSAID, .policy = NULL \
    }
/* The rows of these flags in a verb's table. */
#define LIMIT_FLAGS(f)                                                                                  \
    {"contact-limit", FLAG_INT, &(f).limit, "N", "contacts that it may have; 0: as many as there are"}, \
        {"policy", FLAG_TEXT, &(f).policy, "POLICY", "at the limit: stop, bill or auto_raise"},         \
    {                                                                                                   \
        "raise-step", FLAG_INT, &(f).step, "N", "auto_raise: by so many"                                \
    }
/* True when one is given. */
bool limit_flags_are_given(const struct limit_flags *f);
/* Holds them against what is there; `l` becomes what is wanted. Returns CLI_GO or the exit code. */
int limit_flags_apply(const struct limit_flags *f, struct account_limit *l);

#endif
