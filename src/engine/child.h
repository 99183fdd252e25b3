/* child.h -- owns the start of a child process: its own process group, its end with ours, its standard output as a pipe. */
#ifndef ENGINE_CHILD_H
#define ENGINE_CHILD_H

#include "base/buf.h"

#include <sys/types.h>

struct child_plan {
    char *const *argv;     /* argv[0] is looked for in PATH unless it has a slash */
    const char *directory; /* to run in; NULL = ours */
    bool reports;          /* its standard output is a pipe to us; else it is our standard error */
};

/*
 * Starts it. The child is the leader of a process group of its own, so that Ctrl-C reaches us only and the order of the stop is
 * ours; the kernel sends it SIGTERM when we die. *out is the non-blocking end of its standard output, -1 when it does not report.
 * ERR_NOT_FOUND when there is no such program, ERR_IO; `why` says what.
 */
enum err child_start(const struct child_plan *plan, pid_t *pid, int *out, struct buf *why) MUST_CHECK;

#endif
