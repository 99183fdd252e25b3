/* notice.h -- owns what the verbs of `storehook notice` share: the database, the rules of targets, a target by its name. */
#ifndef CLI_NOTICE_H
#define CLI_NOTICE_H

#include "cli/cli.h"
#include "cli/open.h"
#include "engine/notify_message.h"
#include "store/notice_list.h"

struct notice_desk {
    struct store *store;
    struct seal *seal; /* NULL unless asked for */
    struct arena arena;
    struct address_guard guard;
    struct http_agent_options options; /* what a target may be */
    struct notice_target target;
};
enum { DESK_SEAL = 1 };
/* Opens it, and finds the target of that name (NULL: none). Returns CLI_GO or the exit code; close it in any case. */
int notice_desk_open(struct cli *cli, const char *target, int flags, struct notice_desk *desk);
void notice_desk_close(struct notice_desk *desk);
/* The exit code of an error of the database. */
int notice_desk_fail(const struct notice_desk *desk, enum err err);

/* The command's second level: `notice target ...`. */
int notice_target_verbs(struct cli *cli, int argc, char **argv);
int notice_send_verb(struct cli *cli, int argc, char **argv);
int notice_test_verb(struct cli *cli, int argc, char **argv);

#endif
