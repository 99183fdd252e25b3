/* redis_fixture.h -- owns a private redis-server for a test: unix socket in a temporary folder, append-only file, no port. */
#ifndef TESTS_UNIT_REDIS_FIXTURE_H
#define TESTS_UNIT_REDIS_FIXTURE_H

#include "base/clock.h"
#include "base/config.h"

#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct redis_fixture {
    char dir[64], socket[96];
    pid_t pid; /* 0 = stopped */
};

/* Waits for `ms` on nothing but the clock of poll, between two looks at something that has no descriptor. */
static inline void redis_fixture_pause(int ms)
{
    (void)poll(NULL, 0, ms);
}

/* A connection of the test's own, to look at the server from outside. Fails the test when there is none within 10 s. */
static inline redisContext *redis_fixture_connect(const struct redis_fixture *f)
{
    for (int i = 0; i < 1000; i++) {
        redisContext *c = redisConnectUnix(f->socket);
        redisReply *reply = c && !c->err ? redisCommand(c, "PING") : NULL;
        bool ready = reply && reply->type == REDIS_REPLY_STATUS;

        freeReplyObject(reply);
        if (ready)
            return c;
        if (c)
            redisFree(c);
        redis_fixture_pause(10);
    }
    fail_msg("redis-server does not answer on %s", f->socket);
    return NULL;
}

/* Runs one command on a fresh connection; the caller frees the reply. */
static inline redisReply *redis_fixture_command(const struct redis_fixture *f, const char *format, ...)
{
    redisContext *c = redis_fixture_connect(f);
    redisReply *reply;
    va_list args;

    va_start(args, format);
    reply = redisvCommand(c, format, args);
    va_end(args);
    redisFree(c);
    assert_non_null(reply);
    return reply;
}

/* As redis_fixture_command, for commands that only have to work. */
#define REDIS_DO(f, ...)                                               \
    do {                                                               \
        redisReply *redis_do_ = redis_fixture_command(f, __VA_ARGS__); \
        if (redis_do_->type == REDIS_REPLY_ERROR)                      \
            fail_msg("redis: %s", redis_do_->str);                     \
        freeReplyObject(redis_do_);                                    \
    } while (0)

/* Starts the server (again) on the same folder and waits until it answers. */
static inline void redis_fixture_launch(struct redis_fixture *f)
{
    f->pid = fork();
    assert_true(f->pid >= 0);
    if (f->pid == 0) {
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", f->socket, "--dir", f->dir, "--appendonly", "yes",
               "--appendfsync", "always", "--maxmemory-policy", "noeviction", "--save", "", "--loglevel", "warning", "--logfile",
               "redis.log", "--enable-debug-command", "local", (char *)NULL);
        _exit(127);
    }
    redisFree(redis_fixture_connect(f));
}

/* Fails (does not skip) when redis-server is not installed. */
static inline void redis_fixture_start(struct redis_fixture *f)
{
    memset(f, 0, sizeof(*f));
    if (system("command -v redis-server >/dev/null"))
        fail_msg("redis-server is not installed: run make deps");
    snprintf(f->dir, sizeof(f->dir), "/tmp/storehook-redis-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->socket, sizeof(f->socket), "%s/redis.sock", f->dir);
    redis_fixture_launch(f);
}

/* Ends the server as `kill -9` does. */
static inline void redis_fixture_kill(struct redis_fixture *f)
{
    if (f->pid > 0) {
        kill(f->pid, SIGKILL);
        waitpid(f->pid, NULL, 0);
    }
    f->pid = 0;
}

static inline void redis_fixture_stop(struct redis_fixture *f)
{
    char command[192];

    redis_fixture_kill(f);
    /* A child that rewrites the file may still be taking its own away: the first rm then finds the folder changed. */
    snprintf(command, sizeof(command), "rm -rf '%s' 2>/dev/null || rm -rf '%s'", f->dir, f->dir);
    assert_int_equal(system(command), 0);
}

/* Returns owned: settings that lead to this server. */
static inline struct config *redis_fixture_config(const struct redis_fixture *f)
{
    struct config *cfg = NULL;
    struct buf why = BUF_INIT(512), url = BUF_INIT(256);

    assert_int_equal(config_load(NULL, &cfg, &why), OK);
    assert_int_equal(buf_printf(&url, "unix:%s", f->socket), OK);
    assert_int_equal(config_set(cfg, SET_REDIS_URL, buf_str(&url), &why), OK);
    assert_int_equal(config_set(cfg, SET_DIR, str_of(f->dir), &why), OK);
    buf_release(&url);
    buf_release(&why);
    return cfg;
}

static inline void redis_fixture_setting(struct config *cfg, enum setting s, const char *value)
{
    struct buf why = BUF_INIT(512);

    if (config_set(cfg, s, str_of(value), &why))
        fail_msg("%s", buf_text(&why));
    buf_release(&why);
}

#endif
