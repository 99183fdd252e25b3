/* ask.c -- owns the question for a secret on the terminal: without echo, twice. */
#include "cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

enum { SECRET_BYTES_MAX = 4096, N_SIGNALS = 4 };

static const int ending[N_SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static volatile sig_atomic_t caught;

static void catch_signal(int number)
{
    caught = number;
}

/* Reads up to a newline; what is longer than the buffer is refused by its length. */
static size_t read_line(char *line, size_t size)
{
    size_t n = 0;
    char c;

    while (n < size && !caught && read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
        line[n++] = c;
    return n;
}

static enum err ask_once(const char *question, const char *again, struct secret **out)
{
    char line[SECRET_BYTES_MAX + 1];
    size_t n;
    enum err err;

    fprintf(stderr, "%s%s: ", question, again);
    n = read_line(line, sizeof(line));
    fputc('\n', stderr);
    err = caught ? ERR_CLOSED : secret_new(str_n(line, n), out);
    explicit_bzero(line, sizeof(line));
    return err;
}

static enum err ask_twice(const char *question, struct secret **out)
{
    struct secret *first = NULL, *second = NULL;
    enum err err = ask_once(question, "", &first);

    if (!err)
        err = ask_once(question, ", once more", &second);
    if (err == ERR_RANGE && first)
        err = ERR_EXISTS;
    if (!err && !ct_equal(secret_bytes(first), secret_bytes(second)))
        err = ERR_EXISTS;
    secret_free(second);
    if (err)
        secret_free(first);
    else
        *out = first;
    return err;
}

enum err cli_ask_secret(const char *question, struct secret **out)
{
    struct sigaction before[N_SIGNALS], hold = {.sa_handler = catch_signal};
    struct termios shown, silent;
    enum err err = ERR_IO;

    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &shown))
        return ERR_NOT_FOUND;
    caught = 0;
    for (size_t i = 0; i < N_SIGNALS; i++)
        sigaction(ending[i], &hold, &before[i]);
    silent = shown;
    silent.c_lflag &= (tcflag_t)~ECHO;
    if (!tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)) {
        err = ask_twice(question, out);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    }
    for (size_t i = 0; i < N_SIGNALS; i++)
        sigaction(ending[i], &before[i], NULL);
    if (caught)
        raise(caught);
    return err;
}
