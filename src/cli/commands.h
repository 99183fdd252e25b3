/* commands.h -- owns the list of commands: one row each, from which main.c makes its table. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

/* Name, group in the help, one line. A command is `int cmd_<name>(struct cli *cli, int argc, char **argv)`. */
#define COMMANDS(X)                                                                        \
    X(up, "run", "runs everything on this machine: the queue and every role")              \
    X(serve, "run", "receives deliveries over HTTPS and queues them")                      \
    X(drain, "run", "takes entries out of the queue and applies them to contacts")         \
    X(notify, "run", "delivers notices to their targets as signed webhooks")               \
    X(admin, "run", "serves the admin page, figures and metrics")                          \
    X(source, "set up", "connects stores and services: add, list, rotate, remove")         \
    X(account, "set up", "parts the installation among tenants, each with its limit")      \
    X(list, "set up", "makes lists, and notes who joins, confirms and leaves")             \
    X(trigger, "set up", "says what is done when something happens")                       \
    X(notice, "set up", "says where notices go, and shows what became of them")            \
    X(config, "set up", "shows and checks the settings")                                   \
    X(db, "set up", "checks the contact database, and brings it to this program's tables") \
    X(contacts, "look", "lists, shows, exports, imports and erases contacts")              \
    X(field, "look", "lists fields, sets their values, renders personalisation tags")      \
    X(tag, "look", "gives contacts tags, lists and shows tags")                            \
    X(why, "look", "tells what made a contact as it is")                                   \
    X(merge, "look", "makes two contacts one")                                             \
    X(unmerge, "look", "undoes a merge of the last seven days")                            \
    X(privacy, "look", "lists what persons asked for: data, erasure; signed reports")      \
    X(stats, "look", "shows queue, roles and counters")                                    \
    X(fetch, "look", "lists the objects that are to be fetched")                           \
    X(doctor, "look", "explains why deliveries of a source were rejected")                 \
    X(dead, "look", "shows, replays or drops dead letters")                                \
    X(route, "try", "lists, shows, checks and tries the files that describe platforms")    \
    X(replay, "try", "runs a script of deliveries and prints the contacts it ends in")     \
    X(send, "try", "sends deliveries signed as a platform signs them")

#define X(name, group, help) int cmd_##name(struct cli *cli, int argc, char **argv);
COMMANDS(X)
#undef X

#endif
