/* up.c -- owns `storehook up`: the queue and every role on one machine, from the first start to the ordered stop. */
#include "cli/commands.h"
#include "cli/demo.h"
#include "cli/open.h"
#include "cli/up_port.h"
#include "engine/private_redis.h"
#include "engine/ready.h"
#include "engine/state.h"
#include "store/source.h"

#include "base/log.h"

#include <signal.h>
#include <unistd.h>

enum {
    WHY_BYTES = 8192,
    PATH_BYTES = 4096,
    STEP_MS = 20,
    N_SIGNALS = 3,
    ROLE_ARGS_MAX = 8,
    OLD_QUEUE_MS = 60000, /* for the server of an `up` that was killed to end */
    QUEUE_MS = 600000,    /* for the server to load what it kept */
    ROLES_MS = 120000,
    DEMO_MS = 5000,
    PORT_NOT_GIVEN = INT32_MIN
};

/*  OLD_QUEUE --nobody answers--> QUEUE --it answers--> ROLES --all ready--> [DEMO --applied-->] SERVING
 *  any --signal or failure--> STOPPING --last process ended--> the loop ends                            */
enum phase { PHASE_OLD_QUEUE, PHASE_QUEUE, PHASE_ROLES, PHASE_DEMO, PHASE_SERVING, PHASE_STOPPING };

/* Roles in the order of their stop: what accepts first, what it feeds last. */
static const struct {
    const char *name;
    int stop_rank;
    int64_t stop_timeout_ms; /* 0 = serve.stop_timeout and a little */
} role_rows[] = {
    {"serve", 1, 0},
    {"drain", 2, 60000},
    {"notify", 3, 15000},
    {"admin", 4, 10000},
};
enum { N_ROLES = sizeof(role_rows) / sizeof(*role_rows) };

/* Where a role really listens: setting that a restart gets, note for commands. */
static const struct {
    const char *key, *scheme, *variable, *note;
} report_rows[] = {
    {"https", "https://", "STOREHOOK_SERVE_LISTEN", STATE_HTTPS_URL},
    {"http", "http://", "STOREHOOK_SERVE_PLAIN_LISTEN", NULL},
    {"admin", "http://", "STOREHOOK_ADMIN_LISTEN", STATE_ADMIN_URL},
};
enum { REPORT_HTTPS, REPORT_HTTP, REPORT_ADMIN, N_REPORTS };

struct up {
    struct cli *cli;
    int lock;
    bool wants_demo, has_redis;
    enum phase phase;
    int64_t phase_ends_us; /* monotonic */
    int code;
    struct loop *loop;
    struct loop_timer *step;
    struct loop_signal *signals[N_SIGNALS];
    struct supervisor *supervisor;
    struct private_redis redis;
    char program[PATH_BYTES];
    char *args[N_ROLES][ROLE_ARGS_MAX];
    struct role roles[N_ROLES];
    struct buf urls[N_REPORTS], why;
    struct store *store;
    struct stream *stream;
    struct demo *demo;
};

static void all_stopped(void *arg)
{
    struct up *up = arg;

    loop_stop(up->loop);
}

static void stop(struct up *up, int code)
{
    if (up->phase == PHASE_STOPPING)
        return;
    up->phase = PHASE_STOPPING;
    up->code = code;
    loop_timer_stop(up->step);
    supervisor_stop(up->supervisor, all_stopped, up);
}

static void on_signal(void *arg)
{
    LOG(LOG_INFO, "stopping", KV_TEXT("by", "signal"));
    stop(arg, EXIT_DONE);
}

static void set_phase(struct up *up, enum phase phase, int64_t limit_ms)
{
    up->phase = phase;
    up->phase_ends_us = clock_mono_us(up->cli->clock) + limit_ms * US_PER_MS;
    loop_timer_start(up->step, STEP_MS);
}

static bool is_late(const struct up *up)
{
    return clock_mono_us(up->cli->clock) > up->phase_ends_us;
}

/* --- what roles report ------------------------------------------------------------------------------------------------ */

/* Remembers where a role listens, so that a restart listens there again and commands find it. */
static enum err take_report(struct up *up, size_t row, struct str url)
{
    struct buf *known = &up->urls[row];
    enum err err;

    buf_clear(known);
    err = buf_append(known, url);
    if (!err && str_starts(url, str_of(report_rows[row].scheme)) &&
        setenv(report_rows[row].variable, buf_text(known) + strlen(report_rows[row].scheme), 1))
        err = ERR_MEMORY;
    if (!err && report_rows[row].note)
        err = state_write(up->cli->cfg, report_rows[row].note, buf_str(known));
    return err;
}

static void role_reported(void *arg, const struct role *role, struct str line)
{
    struct up *up = arg;
    struct str word;

    LOG(LOG_INFO, "role ready", KV_TEXT("role", role->name));
    while (str_split(&line, ' ', &word)) {
        struct str key = str_upto(word, str_find(word, '='));

        for (size_t i = 0; i < N_REPORTS; i++)
            if (str_eq(key, str_of(report_rows[i].key)) && take_report(up, i, str_from(word, key.len + 1)))
                stop(up, cli_fail("%s: what `%s` reported cannot be kept", config_text(up->cli->cfg, SET_DIR), role->name));
    }
}

static void role_failed(void *arg, const struct role *role)
{
    struct up *up = arg;

    if (up->phase == PHASE_STOPPING)
        return;
    if (role == &up->redis.role)
        stop(up, cli_fail("the queue did not start; %s/redis.log says why", config_text(up->cli->cfg, SET_DIR)));
    else
        stop(up, cli_fail("`%s` did not start; the line above says why", role->name));
}

/* --- the steps of the start -------------------------------------------------------------------------------------------- */

static void start_queue(struct up *up)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    enum err err = up->has_redis ? supervisor_start(up->supervisor, &up->redis.role, &why) : OK;

    if (err == ERR_NOT_FOUND)
        stop(up, cli_fail("%s; install it (Debian: redis-server), or set up.redis_server", buf_text(&why)));
    else if (err)
        stop(up, cli_fail_why(err, &why));
    else
        set_phase(up, PHASE_QUEUE, QUEUE_MS);
    buf_release(&why);
}

static void step_old_queue(struct up *up)
{
    if (!up->has_redis || !private_redis_answers(up->cli->cfg))
        start_queue(up);
    else if (is_late(up))
        stop(up, cli_fail("another Redis answers on %s/redis.sock; stop it first", config_text(up->cli->cfg, SET_DIR)));
    else
        loop_timer_start(up->step, STEP_MS);
}

static void start_roles(struct up *up)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    enum err err = OK;

    if (up->has_redis)
        supervisor_mark_ready(up->supervisor, &up->redis.role);
    for (size_t i = 0; i < N_ROLES && !err; i++)
        err = supervisor_start(up->supervisor, &up->roles[i], &why);
    if (err)
        stop(up, cli_fail_why(err, &why));
    else
        set_phase(up, PHASE_ROLES, ROLES_MS);
    buf_release(&why);
}

/* The queue answers: brings the database to this program's schema, and tells the receivers their sources. */
static int prepare_database(struct up *up)
{
    int code = cli_open_store(up->cli, &up->store);
    struct seal *seal = NULL;
    enum err err;

    if (code == CLI_GO)
        code = cli_open_seal(up->cli, up->store, &seal);
    seal_free(seal);
    if (code == CLI_GO && up->wants_demo)
        code = demo_prepare(up->cli, up->store, &up->demo);
    if (code != CLI_GO)
        return code;
    err = source_publish(up->store, up->stream);
    return err ? cli_fail("the receivers cannot be told their sources: %s", err_text(err)) : CLI_GO;
}

static void step_queue(struct up *up)
{
    enum err err;
    int code;

    buf_clear(&up->why);
    err = stream_open(up->cli->cfg, up->cli->clock, &up->stream, &up->why);
    if (err && err != ERR_QUEUE_UNSAFE && !is_late(up)) {
        loop_timer_start(up->step, STEP_MS);
        return;
    }
    code = err ? cli_fail_why(err, &up->why) : prepare_database(up);
    if (code == CLI_GO)
        start_roles(up);
    else
        stop(up, code);
}

static void announce(struct up *up)
{
    size_t row = up->urls[REPORT_HTTPS].len ? REPORT_HTTPS : REPORT_HTTP;

    ready_print(
        up->cli->json,
        (const struct ready_part[]){{report_rows[row].key, buf_str(&up->urls[row])}, {"admin", buf_str(&up->urls[REPORT_ADMIN])}},
        2);
}

static void start_serving(struct up *up)
{
    demo_free(up->demo);
    up->demo = NULL;
    stream_close(up->stream);
    up->stream = NULL;
    store_close(up->store);
    up->store = NULL;
    up->phase = PHASE_SERVING;
}

/* A demo that fails says so; the service goes on. */
static void start_demo(struct up *up)
{
    struct str base = buf_str(&up->urls[REPORT_HTTPS]);

    if (up->demo && base.len && demo_send(up->cli, up->demo, base) == CLI_GO)
        set_phase(up, PHASE_DEMO, DEMO_MS);
    else
        start_serving(up);
}

static void step_roles(struct up *up)
{
    if (!supervisor_all_ready(up->supervisor) && !is_late(up)) {
        loop_timer_start(up->step, STEP_MS);
        return;
    }
    if (is_late(up)) {
        stop(up, cli_fail("not every role became ready in time; the log says what they wait for"));
        return;
    }
    announce(up);
    start_demo(up);
}

/* Entries leave their lane after the commit (N3): empty lanes mean that all is applied. */
static void step_demo(struct up *up)
{
    struct stream_stats stats;
    enum err err = stream_stats(up->stream, &stats);
    uint64_t left = 0;

    for (int lane = 0; lane < LANE__COUNT && !err; lane++)
        left += stats.lanes[lane].waiting;
    if (!err && left && !is_late(up)) {
        loop_timer_start(up->step, STEP_MS);
        return;
    }
    if (err || left)
        cli_fail("the demo's deliveries were not applied in time; `storehook stats` shows where they wait");
    else if (!up->cli->json) /* then one line is all there is */
        demo_print(up->cli, up->demo);
    fflush(stdout);
    start_serving(up);
}

static void step(void *arg)
{
    static void (*const steps[])(struct up * up) = {
        [PHASE_OLD_QUEUE] = step_old_queue, [PHASE_QUEUE] = step_queue, [PHASE_ROLES] = step_roles, [PHASE_DEMO] = step_demo};
    struct up *up = arg;

    if (up->phase < sizeof(steps) / sizeof(*steps))
        steps[up->phase](up);
}

/* --- before the loop ---------------------------------------------------------------------------------------------------- */

/* The same program with the same --dir or --config. */
static void plan_roles(struct up *up)
{
    const struct config *cfg = up->cli->cfg;

    for (size_t i = 0; i < N_ROLES; i++) {
        int64_t stop_ms = role_rows[i].stop_timeout_ms;
        char **at = up->args[i];

        *at++ = up->program;
        *at++ = (char *)(uintptr_t)role_rows[i].name;
        if (up->cli->dir) {
            *at++ = (char *)(uintptr_t) "--dir";
            *at++ = (char *)(uintptr_t)up->cli->dir;
        }
        if (up->cli->file && up->cli->file != buf_text(&up->cli->path)) {
            *at++ = (char *)(uintptr_t) "--config";
            *at++ = (char *)(uintptr_t)up->cli->file;
        }
        up->roles[i] = (struct role){.name = role_rows[i].name,
                                     .plan = {.argv = up->args[i], .reports = true},
                                     .copies = strcmp(role_rows[i].name, "drain") ? 1 : (int)config_int(cfg, SET_UP_DRAINERS),
                                     .stop_rank = role_rows[i].stop_rank,
                                     .stop_timeout_ms = stop_ms ? stop_ms : config_int(cfg, SET_SERVE_STOP_TIMEOUT) + 5000};
    }
}

static enum err prepare(struct up *up)
{
    struct cli *cli = up->cli;
    ssize_t n = readlink("/proc/self/exe", up->program, sizeof(up->program) - 1);
    enum err err = state_lock(cli->cfg, &up->lock, &up->why);

    if (!err && cli->queue_noted) /* by an `up` that is no more */
        err = config_set(cli->cfg, SET_REDIS_URL, STR("unix:redis.sock"), &up->why);
    if (!err)
        err = state_prepare(cli->cfg, &up->why);
    if (err)
        return err;
    if (n <= 0)
        return ERR_IO;
    up->program[n] = '\0';
    up->has_redis = private_redis_wanted(cli->cfg);
    if (up->has_redis)
        err = private_redis_prepare(cli->cfg, &up->redis, &up->why);
    plan_roles(up);
    return err;
}

static const struct supervisor_handler handler = {.reported = role_reported, .failed = role_failed};

static enum err make_loop(struct up *up)
{
    static const int signals[N_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    enum err err = loop_new(&up->loop);

    for (size_t i = 0; i < N_SIGNALS && !err; i++)
        err = loop_signal_new(up->loop, signals[i], on_signal, up, &up->signals[i]);
    if (!err)
        err = loop_timer_new(up->loop, step, up, &up->step);
    return err ? err : supervisor_new(up->loop, up->cli->clock, &handler, up, &up->supervisor);
}

static void release(struct up *up)
{
    demo_free(up->demo);
    stream_close(up->stream);
    store_close(up->store);
    supervisor_free(up->supervisor);
    loop_timer_free(up->step);
    for (size_t i = 0; i < N_SIGNALS; i++)
        loop_signal_free(up->signals[i]);
    loop_free(up->loop);
    if (up->has_redis)
        private_redis_release(&up->redis, up->cli->cfg);
    for (size_t i = 0; i < N_REPORTS; i++) {
        if (report_rows[i].note && up->lock >= 0)
            state_forget(up->cli->cfg, report_rows[i].note);
        buf_release(&up->urls[i]);
    }
    buf_release(&up->why);
    if (up->lock >= 0)
        close(up->lock);
}

static int run(struct up *up)
{
    enum err err = prepare(up);
    int code = err ? CLI_GO : up_choose_port(up->cli);

    if (code != CLI_GO)
        return code;
    if (!err)
        err = make_loop(up);
    if (err)
        return cli_fail_why(err, &up->why);
    set_phase(up, PHASE_OLD_QUEUE, OLD_QUEUE_MS);
    err = loop_run(up->loop);
    return err ? cli_fail_why(err, NULL) : up->code;
}

int cmd_up(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "up [--port N] [--demo]",
        "Runs everything on this machine until Ctrl-C or SIGTERM: a queue of its own, the receiver, the drainers, the delivery of\n"
        "notices and the admin page, with their state below --dir. Prints one line \"ready https=URL admin=URL\" once every role "
        "is ready.",
        "storehook up --dir var --port 8443", 0, 0};
    int64_t port = PORT_NOT_GIVEN;
    struct up up = {.cli = cli, .lock = -1, .why = BUF_INIT(WHY_BYTES), .code = EXIT_FAILED};
    const struct cli_flag flags[] = {
        {"port", FLAG_INT, &port, "N",
         "port of HTTPS (default: as serve.listen says, else 8443 or any free one); 0 = any free one"},
        {"demo", FLAG_ON, &up.wants_demo, NULL, "on an empty database: adds sources and sends them a few deliveries"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO && port != PORT_NOT_GIVEN && (port < 0 || port > 65535))
        code = cli_wrong("--port must be between 0 and 65535, not %lld", (long long)port);
    if (code == CLI_GO && port != PORT_NOT_GIVEN)
        code = up_set_port(cli, port);
    if (code != CLI_GO)
        return code;
    for (size_t i = 0; i < N_REPORTS; i++)
        up.urls[i] = BUF_INIT(PATH_BYTES);
    code = run(&up);
    release(&up);
    return code;
}
