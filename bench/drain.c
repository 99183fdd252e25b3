/* drain.c -- owns the measurement of the drainer: entries a second beside a bare batched write of the same rows, on each back end.
 * Usage: drain [--contacts N] [--entries N] [--batch N] [--only sqlite|postgres]. Files lie below BENCH_DIR (/tmp). */
#include "drain_bare.h"
#include "drain_fill.h"
#include "drain_stream.h"

#include "base/log.h"
#include "engine/drain_job.h"
#include "model/contact.h"
#include "store/erase.h"
#include "store/facts.h"
#include "store/scope.h"
#include "store/seen.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_CHARS = 200, LINE_CHARS = 800 };

/* -- where the time goes: the functions of each part are wrapped by the linker (Makefile), so the program itself measures nothing - */

enum section { IN_MAP, IN_LOAD, IN_APPLY, IN_SAVE, IN_WRITE, IN_COMMIT, SECTION__COUNT };
static const char *const section_names[SECTION__COUNT] = {"map", "load", "apply", "save", "write", "commit"};
static int64_t section_us[SECTION__COUNT];

#define TIMED(section, type, name, parameters, ...)                  \
    type __real_##name parameters;                                   \
    type __wrap_##name parameters;                                   \
    type __wrap_##name parameters                                    \
    {                                                                \
        int64_t start = clock_mono_us(&clock_system);                \
        type result = __real_##name(__VA_ARGS__);                    \
                                                                     \
        section_us[section] += clock_mono_us(&clock_system) - start; \
        return result;                                               \
    }

TIMED(IN_MAP, enum err, route_map,
      (const struct route *route, const struct entry *entry, const json_t *config, struct arena *arena, struct mapped *out,
       struct map_failure *failure),
      route, entry, config, arena, out, failure)
TIMED(IN_LOAD, enum err, job_want, (struct job * job), job)
TIMED(IN_LOAD, enum err, facts_load_wanted, (struct store * store), store)
TIMED(IN_LOAD, enum err, seen_take,
      (struct store * store, int64_t source_id, struct str key, struct str delivery_id, struct arena *arena, struct seen *out),
      store, source_id, key, delivery_id, arena, out)
TIMED(IN_LOAD, enum err, erase_when,
      (struct store * store, const struct seal *seal, const struct event_refs *refs, int64_t source_id, int64_t *at_us), store,
      seal, refs, source_id, at_us)
TIMED(IN_LOAD, enum err, scope_load,
      (struct store * store, const struct event *event, const struct event_refs *refs, int64_t source_id, struct arena *arena,
       struct scope *out),
      store, event, refs, source_id, arena, out)
TIMED(IN_APPLY, enum err, contact_apply,
      (struct scope * scope, const struct event_refs *refs, const struct event_context *ctx, const struct policy *policy,
       struct outcome *out),
      scope, refs, ctx, policy, out)
TIMED(IN_SAVE, enum err, scope_save,
      (struct store * store, const struct scope *scope, const struct event_context *ctx, struct str delivery_id), store, scope, ctx,
      delivery_id)
TIMED(IN_WRITE, enum err, facts_flush, (struct store * store), store)
TIMED(IN_COMMIT, enum err, db_commit, (struct db * db), db)

/* -- one back end ---------------------------------------------------------------------------------------------------------------- */

struct bench {
    const char *dir;
    int64_t contacts, entries;
    size_t batch;
    struct drain_parts parts;
    struct routes *routes;
    struct seal *seal;
};

/* One run: the drainer's database, the recorder's (the same one on SQLite), the bare one. */
struct run {
    const struct bench *bench;
    struct store *drained, *recorded;
    struct recorder recorder;
    struct bare bare;
    struct delivery_stream stream;
    struct arena work; /* a batch's deliveries and verdicts */
    int64_t drain_us, drain_cpu_us, bare_us, sections_us[SECTION__COUNT];
    int64_t n_entries, n_rows, n_refused, n_bytes;
    long rss_kb[3]; /* start, middle, end */
};

static long rss_kb(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long all = 0, resident = 0;

    if (f && fscanf(f, "%ld %ld", &all, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int64_t cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench/drain: %s: %s\n", what, why);
    exit(1);
}

static void command(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void command(const char *format, ...)
{
    char line[LINE_CHARS];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (system(line))
        fail("command failed", line);
}

static struct store *open_store(const char *url)
{
    struct buf why = BUF_INIT(4096);
    struct store *store = NULL;

    if (store_open_url(url, 5000, &clock_system, &store, &why))
        fail("database", buf_text(&why));
    buf_release(&why);
    return store;
}

static void fill_database(const struct bench *b, const char *url)
{
    struct store *store = open_store(url);

    if (fill(store, b->contacts))
        fail("fill", db_trouble(store->db));
    store_close(store);
}

static enum err drain(const struct bench *b, struct store *store, const struct claimed *const *entries, size_t n,
                      struct arena *arena, struct drain_verdict *verdicts)
{
    struct drain_parts parts = b->parts;

    parts.store = store;
    return drain_batch(&parts, entries, n, arena, verdicts);
}

static void drain_timed(struct run *r, const struct claimed *const *entries, size_t n, struct drain_verdict *verdicts)
{
    int64_t start = clock_mono_us(&clock_system), cpu = cpu_us();

    memset(section_us, 0, sizeof(section_us));
    if (drain(r->bench, r->drained, entries, n, &r->work, verdicts))
        fail("drain_batch", db_trouble(r->drained->db));
    r->drain_us += clock_mono_us(&clock_system) - start;
    r->drain_cpu_us += cpu_us() - cpu;
    for (int i = 0; i < SECTION__COUNT; i++)
        r->sections_us[i] += section_us[i];
    for (size_t i = 0; i < n; i++)
        if (verdicts[i].keep || verdicts[i].reason.len) {
            if (r->n_refused++ == 0)
                fprintf(stderr, "first refusal: %.*s: %.*s\n", STR_ARG(verdicts[i].reason), STR_ARG(verdicts[i].detail));
        }
}

static void bare_timed(struct run *r)
{
    int64_t start;

    if (!rows_read(&r->recorder))
        fail("recorder", sqlite3_errmsg(r->recorder.db));
    for (int i = 0; i < r->recorder.n_tables; i++)
        r->n_rows += (int64_t)r->recorder.tables[i].n_rows;
    start = clock_mono_us(&clock_system);
    if (!bare_write(&r->bare, &r->recorder))
        fail("bare write", r->bare.server ? PQerrorMessage(r->bare.server) : sqlite3_errmsg(r->bare.file));
    r->bare_us += clock_mono_us(&clock_system) - start;
}

/* The same deliveries, first through the drainer, then their rows through the bare write. */
static void run_batch(struct run *r)
{
    size_t n = r->bench->batch;
    struct claimed *entries;
    const struct claimed **list;
    struct drain_verdict *verdicts;

    arena_reset(&r->work);
    entries = arena_array(&r->work, n, sizeof(*entries));
    list = arena_array(&r->work, n, sizeof(*list));
    verdicts = arena_array(&r->work, n, sizeof(*verdicts));
    for (size_t i = 0; i < n; i++) {
        if (!entries || !list || !verdicts || stream_next(&r->stream, &r->work, &entries[i]))
            fail("memory", "for a batch");
        list[i] = &entries[i];
        r->n_bytes += (int64_t)entries[i].entry.body.len;
    }
    rows_forget(&r->recorder);
    if (r->recorded != r->drained && drain(r->bench, r->recorded, list, n, &r->work, verdicts))
        fail("recorder", db_trouble(r->recorded->db));
    drain_timed(r, list, n, verdicts);
    bare_timed(r);
    r->n_entries += (int64_t)n;
}

static void report(const struct run *r, const char *name)
{
    double entries = (double)r->n_entries, drained = entries * 1e6 / (double)r->drain_us, bare = entries * 1e6 / (double)r->bare_us;
    int64_t rest = r->drain_us;

    printf("%s: %lld contacts, %lld entries of %lld bytes, batches of %zu, %.1f rows an entry%s\n", name,
           (long long)r->bench->contacts, (long long)r->n_entries, (long long)(r->n_bytes / r->n_entries), r->bench->batch,
           (double)r->n_rows / entries, r->n_refused ? ", SOME REFUSED" : "");
    printf("  drainer    %8.0f entries/s   %.0f us an entry, %.0f of them processor time here\n", drained, 1e6 / drained,
           (double)r->drain_cpu_us / entries);
    printf("  bare write %8.0f entries/s   the same rows, the same batches and sync setting\n", bare);
    printf("  ratio      %8.1f %%\n  an entry's us:", drained * 100 / bare);
    for (int i = 0; i < SECTION__COUNT; i++) {
        printf(" %s %.1f,", section_names[i], (double)r->sections_us[i] / entries);
        rest -= r->sections_us[i];
    }
    printf(" rest %.1f\n  memory: %ld, %ld, %ld KB at start, middle, end\n", (double)rest / entries, r->rss_kb[0], r->rss_kb[1],
           r->rss_kb[2]);
    fflush(stdout);
}

static void run(const struct bench *b, struct run *r, const char *name)
{
    int64_t batches = b->entries / (int64_t)b->batch;

    r->bench = b;
    r->stream = (struct delivery_stream){.random = 42, .contacts = b->contacts};
    arena_init(&r->work, 1 << 30);
    if (!rows_watch(&r->recorder))
        fail("recorder", sqlite3_errmsg(r->recorder.db));
    run_batch(r); /* warms the caches */
    *r = (struct run){.bench = b,
                      .drained = r->drained,
                      .recorded = r->recorded,
                      .recorder = r->recorder,
                      .bare = r->bare,
                      .stream = r->stream,
                      .work = r->work};
    r->rss_kb[0] = rss_kb();
    for (int64_t i = 0; i < batches; i++) {
        run_batch(r);
        if (i == batches / 2)
            r->rss_kb[1] = rss_kb();
    }
    r->rss_kb[2] = rss_kb();
    report(r, name);
    if (r->recorded != r->drained)
        store_close(r->recorded);
    store_close(r->drained);
    bare_close(&r->bare);
    rows_release(&r->recorder);
    arena_release(&r->work);
}

static void run_sqlite(const struct bench *b)
{
    char url[PATH_CHARS], path[PATH_CHARS];
    struct run r = {.bench = b};

    snprintf(url, sizeof(url), "sqlite:%s/drained.db", b->dir);
    snprintf(path, sizeof(path), "%s/bare.db", b->dir);
    fill_database(b, url);
    command("cp %s/drained.db %s", b->dir, path);
    r.drained = r.recorded = open_store(url);
    r.recorder.db = rows_last_opened;
    if (!bare_open_file(&r.bare, path))
        fail("bare database", path);
    run(b, &r, "SQLite");
}

/* The tests' server, with commits that wait for the disk again, and memory of a usual size. */
static void start_server(const char *dir, bool again)
{
    static const char *const settings[] = {"fsync = on", "full_page_writes = on", "shared_buffers = '512MB'",
                                           "max_wal_size = '4GB'"};
    char place[PATH_CHARS];
    PGconn *conn;

    command("tests/private-postgres start %s >/dev/null", dir);
    if (again)
        return;
    snprintf(place, sizeof(place), "host=%s user=storehook dbname=postgres", dir);
    conn = PQconnectdb(place);
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
        char sql[100];

        snprintf(sql, sizeof(sql), "ALTER SYSTEM SET %s", settings[i]);
        if (!bare_done(PQexec(conn, sql)))
            fail("server", sql);
    }
    PQfinish(conn);
    command("tests/private-postgres kill %s", dir);
    start_server(dir, true);
}

static void server_command(const char *dir, const char *sql)
{
    char place[PATH_CHARS];
    PGconn *conn;

    snprintf(place, sizeof(place), "host=%s user=storehook dbname=postgres", dir);
    conn = PQconnectdb(place);
    if (!bare_done(PQexec(conn, sql)))
        fail("server", sql);
    PQfinish(conn);
}

static void run_postgres(const struct bench *b)
{
    char dir[PATH_CHARS - 40], place[PATH_CHARS], url[PATH_CHARS + 20];
    struct run r = {.bench = b};

    snprintf(dir, sizeof(dir), "%s/server", b->dir);
    start_server(dir, false);
    command("tests/private-postgres make %s drained", dir);
    snprintf(url, sizeof(url), "postgres:host=%s user=storehook dbname=drained", dir);
    fill_database(b, url);
    server_command(dir, "CREATE DATABASE bare TEMPLATE drained");
    server_command(dir, "CHECKPOINT");
    r.drained = open_store(url);
    if (db_run(r.drained->db, "ANALYZE", ""))
        fail("analyze", db_trouble(r.drained->db));
    snprintf(url, sizeof(url), "sqlite:%s/recorder.db", b->dir);
    fill_database(b, url);
    r.recorded = open_store(url);
    r.recorder.db = rows_last_opened;
    snprintf(place, sizeof(place), "host=%s user=storehook dbname=bare", dir);
    if (!bare_open_server(&r.bare, place) || !bare_command(&r.bare, "ANALYZE"))
        fail("bare database", place);
    run(b, &r, "PostgreSQL");
    command("tests/private-postgres stop %s", dir);
}

static int64_t option(int argc, char **argv, const char *name, int64_t otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return strtoll(argv[i + 1], NULL, 10);
    return otherwise;
}

static bool wants(int argc, char **argv, const char *which)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--only") == 0)
            return strcmp(argv[i + 1], which) == 0;
    return true;
}

static void set_up(struct bench *b)
{
    struct problems problems;
    unsigned char key[32];
    char hex[65];

    random_bytes(key, sizeof(key));
    for (size_t i = 0; i < sizeof(key); i++)
        snprintf(hex + 2 * i, 3, "%02x", key[i]);
    problems_init(&problems, STR("routes"));
    if (routes_load(NULL, &b->routes, &problems) || seal_load(str_of(hex), "", &b->seal))
        fail("routes", buf_text(&problems.text));
    problems_release(&problems);
    b->parts = (struct drain_parts){
        .routes = b->routes, .seal = b->seal, .clock = &clock_system, .cart_delay_us = 3600 * US_PER_S, .tries = 5};
    log_setup(LOG_ERROR, "bench");
    sqlite3_auto_extension((void (*)(void))rows_note_connection);
}

int main(int argc, char **argv)
{
    char dir[PATH_CHARS - 80];
    struct bench b = {.dir = dir,
                      .contacts = option(argc, argv, "--contacts", 20000),
                      .entries = option(argc, argv, "--entries", 10000),
                      .batch = (size_t)option(argc, argv, "--batch", 200)};

    snprintf(dir, sizeof(dir), "%s/storehook-bench-XXXXXX", getenv("BENCH_DIR") ? getenv("BENCH_DIR") : "/tmp");
    if (!mkdtemp(dir) || chmod(dir, 0755))
        fail("directory", dir);
    set_up(&b);
    if (wants(argc, argv, "sqlite"))
        run_sqlite(&b);
    if (wants(argc, argv, "postgres"))
        run_postgres(&b);
    routes_free(b.routes);
    seal_free(b.seal);
    command("rm -rf %s", dir);
    return 0;
}
