/* child.c -- owns the start of a child process: its own process group, its end with ours, its standard output as a pipe. */
#include "engine/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Both ends of a pipe; -1 when closed. */
struct channel {
    int read, write;
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static bool open_channel(struct channel *c)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return false;
    *c = (struct channel){ends[0], ends[1]};
    return true;
}

/* In the child: never returns. What fails is told to the parent as an errno through `failed`, which exec closes. */
static void become(const struct child_plan *plan, pid_t parent, int out, int failed)
{
    static const int reset[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD};
    ssize_t told;
    int error;

    for (size_t i = 0; i < sizeof(reset) / sizeof(*reset); i++)
        signal(reset[i], SIG_DFL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* it died before the line above */
        _exit(1);
    if (dup2(out, STDOUT_FILENO) >= 0 && (!plan->directory || chdir(plan->directory) == 0))
        execvp(plan->argv[0], plan->argv);
    error = errno;
    told = write(failed, &error, sizeof(error));
    (void)told; /* the parent sees the end of the pipe then */
    _exit(127);
}

/* Reads the errno of a start that failed, 0 when exec closed the pipe. */
static int start_error(int fd)
{
    int error = 0;
    ssize_t n;

    do
        n = read(fd, &error, sizeof(error));
    while (n < 0 && errno == EINTR);
    return n == sizeof(error) ? error : 0;
}

static enum err say(struct buf *why, const char *what, int error)
{
    enum err err = buf_printf(why, "%s cannot be started: %s", what, strerror(error));

    return err ? err : error == ENOENT ? ERR_NOT_FOUND : ERR_IO;
}

enum err child_start(const struct child_plan *plan, pid_t *pid, int *out, struct buf *why)
{
    struct channel failed = {-1, -1}, output = {-1, -1};
    pid_t parent = getpid(), child = -1;
    int error = 0;

    if (!open_channel(&failed) || (plan->reports && !open_channel(&output)))
        goto done;
    child = fork();
    if (child == 0)
        become(plan, parent, plan->reports ? output.write : STDERR_FILENO, failed.write);
    if (child < 0)
        goto done;
    close_end(&failed.write);
    error = start_error(failed.read);
    if (error) {
        waitpid(child, NULL, 0);
        child = -1;
        errno = error;
        goto done;
    }
    if (plan->reports && fcntl(output.read, F_SETFL, O_NONBLOCK) == 0) {
        *out = output.read;
        output.read = -1;
    } else {
        *out = -1;
    }
    *pid = child;
done:
    error = errno;
    close_end(&failed.read);
    close_end(&failed.write);
    close_end(&output.read);
    close_end(&output.write);
    return child > 0 ? OK : say(why, plan->argv[0], error);
}
