/* load.c -- owns a load of a whole database: many contacts, five events each, in any order, some of them twice, through drain_batch.
 * Usage: load [--contacts N] [--events N] [--batch N] [--dir DIR] [--url URL]. Then `storehook db check --dir DIR` finds nothing. */
#include "drain_fill.h"

#include "base/id.h"
#include "base/log.h"
#include "base/timefmt.h"
#include "engine/cart_sweep.h"
#include "engine/drain.h"
#include "store/master_key.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The queue is left out: it adds its own time and changes nothing of what a batch does. Events go to batches as claimed entries, as
 * the drainer has them. Two sources know the same people; about half of them also under another address, or as a guest.
 */
enum { PATH_CHARS = 300, BODY_BYTES = 4096, BATCH_ARENA_BYTES = 512 << 20, TELL_EVERY = 20, START_S = 1714557600 };

struct load {
    int64_t contacts, events;
    size_t batch;
    const char *dir, *url;
    struct drain_parts parts;
    struct routes *routes;
    struct seal *seal;
    struct arena arena;
    int64_t received_us, refused, kept, fired;
};

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench/load: %s: %s\n", what, why);
    exit(1);
}

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

/* The event that comes at place `i`: each once, in an order that mixes people and times. One in 97 is one that came before. */
static int64_t event_at(const struct load *l, int64_t i)
{
    static const int64_t step = 2654435761; /* a prime, so it walks through all of them */

    if (i % 97 == 96)
        i--;
    return (int64_t)((__int128)i * step % l->events);
}

static enum err person(struct buf *out, int64_t who, bool other_address, bool known)
{
    enum err err = buf_printf(out,
                              "\"contact\":{\"email\":\"%s%" PRId64 "@example%d.com\",\"first_name\":\"Maja\","
                              "\"last_name\":\"Lindqvist %" PRId64 "\",\"city\":\"Lund\",\"country\":\"SE\"",
                              other_address ? "new" : "user", who, (int)(who % 50), who);

    return err || !known ? err : buf_printf(out, ",\"external_id\":\"%" PRId64 "\"", who);
}

static enum err order(struct buf *out, int64_t who, const char *at, const char *status, const char *refunded)
{
    return buf_printf(out,
                      ",\"order\":{\"id\":\"o%" PRId64
                      "\",\"currency\":\"%s\",\"total\":\"%d.50\",\"status\":\"%s\",\"refunded\":\"%s\","
                      "\"cart_id\":\"k%" PRId64 "\",\"created_at\":\"%s\",\"updated_at\":\"%s\",\"items\":[{\"product_id\":\"%d\","
                      "\"name\":\"Stoneware mug, blue\",\"quantity\":\"2\",\"price\":\"19.50\"}]}",
                      who, who % 3 ? "EUR" : "SEK", (int)(who % 500), status, refunded, who, at, at, (int)(who % 300));
}

static enum err cart(struct buf *out, int64_t who, const char *at)
{
    return buf_printf(
        out,
        ",\"cart\":{\"id\":\"k%" PRId64 "\",\"currency\":\"EUR\",\"total\":\"39.00\",\"url\":\"https://demo.example/k\","
        "\"updated_at\":\"%s\",\"items\":[{\"product_id\":\"7\",\"name\":\"Mug\",\"quantity\":\"2\",\"price\":\"19.50\"}]}",
        who, at);
}

/* What people do after the first four events, by their number. */
static enum err last_event(struct buf *out, int64_t who, const char *at)
{
    enum err err;

    switch (who % 8) {
    case 0:
        err = buf_printf(out, "\"type\":\"unsubscribe\",\"at\":\"%s\",", at);
        return err ? err : person(out, who, false, false);
    case 1:
        err = buf_printf(out, "\"type\":\"contact_updated\",");
        return err ? err : person(out, who, true, true);
    case 2:
        err = buf_printf(out, "\"type\":\"order_updated\",");
        if (!err)
            err = person(out, who, false, true);
        if (!err)
            err = buf_append_c(out, '}');
        return err ? err : order(out, who, at, who % 16 == 2 ? "cancelled" : "partially_refunded", "3.25");
    case 3:
        err = buf_printf(out, "\"type\":\"purchase\",");
        if (!err)
            err = person(out, who, true, false);
        if (!err)
            err = buf_append_c(out, '}');
        return err ? err : order(out, who + INT64_C(1000000000), at, "paid", "0.00");
    default:
        err = buf_printf(out,
                         "\"type\":\"page_visit\",\"visitor_id\":\"v%" PRId64 "\",\"page\":{\"url\":\"https://demo.example/%d\"},",
                         who, (int)(who % 700));
        return err ? err : person(out, who, false, who % 2);
    }
}

static enum err body(struct buf *out, int64_t who, int64_t turn, const char *at)
{
    bool closed = turn >= 4 && (who % 8 == 2 || who % 8 == 3);
    enum err err = buf_printf(out, "{\"occurred_at\":\"%s\",", at);

    if (!err && turn == 0)
        err = buf_printf(out, "\"type\":\"signup\",\"visitor_id\":\"v%" PRId64 "\",", who);
    else if (!err && turn == 1)
        err = buf_printf(out, "\"type\":\"purchase\",");
    else if (!err && turn == 2)
        err = buf_printf(out, "\"type\":\"cart_updated\",");
    else if (!err && turn == 3)
        err = buf_printf(
            out, "\"type\":\"page_visit\",\"visitor_id\":\"v%" PRId64 "\",\"page\":{\"url\":\"https://demo.example/p\"},", who);
    if (!err)
        err = turn < 4 ? person(out, who, false, turn < 3) : last_event(out, who, at);
    if (!err && turn == 0)
        err = buf_printf(out, ",\"consent\":{\"email\":{\"state\":\"subscribed\",\"at\":\"%s\"}}", at);
    if (!err && !closed)
        err = buf_append_c(out, '}');
    if (!err && turn == 1)
        err = order(out, who, at, "paid", "0.00");
    if (!err && turn == 2)
        err = cart(out, who, at);
    return err ? err : buf_append_c(out, '}');
}

/* The entry as the receiver would have queued it. */
static enum err make(struct load *l, int64_t i, struct claimed *out)
{
    int64_t n = event_at(l, i), who = n % l->contacts, turn = n / l->contacts;
    struct field *header = arena_array(&l->arena, 1, sizeof(*header));
    struct id id = id_new(l->received_us += 1000);
    struct buf text = BUF_INIT(BODY_BYTES);
    char at[TIME_ISO_CHARS + 1], key[32];
    enum err err = header ? OK : ERR_MEMORY;

    time_iso((START_S + n % 100000 + turn * 200000) * US_PER_S, at);
    snprintf(key, sizeof(key), "e%" PRId64, n);
    if (!err)
        err = body(&text, who, turn, at);
    if (!err) {
        *header = (struct field){STR("webhook-id"), arena_str(&l->arena, str_of(key))};
        *out = (struct claimed){.deliveries = 1,
                                .entry = {.id = arena_str(&l->arena, id_str(&id)),
                                          .source_id = turn % 2 ? STR("2") : STR("1"),
                                          .received_at_us = l->received_us,
                                          .headers = {header, 1},
                                          .body = arena_str(&l->arena, buf_str(&text))}};
        err = out->entry.body.p && out->entry.id.p ? OK : ERR_MEMORY;
    }
    buf_release(&text);
    return err;
}

static void apply(struct load *l, int64_t from)
{
    struct claimed *claimed = arena_array(&l->arena, l->batch, sizeof(*claimed));
    const struct claimed **entries = arena_array(&l->arena, l->batch, sizeof(*entries));
    struct drain_verdict *verdicts = arena_array(&l->arena, l->batch, sizeof(*verdicts));
    size_t n = 0;

    if (!claimed || !entries || !verdicts)
        fail("batch", "out of memory");
    for (; n < l->batch && from + (int64_t)n < l->events; n++) {
        if (make(l, from + (int64_t)n, &claimed[n]))
            fail("event", "out of memory");
        entries[n] = &claimed[n];
    }
    if (drain_batch(&l->parts, entries, n, &l->arena, verdicts))
        fail("batch", db_trouble(l->parts.store->db));
    for (size_t i = 0; i < n; i++) {
        if (verdicts[i].reason.len && !l->refused++)
            fprintf(stderr, "the first refusal: %.*s: %.*s\n%.*s\n", STR_ARG(verdicts[i].reason), STR_ARG(verdicts[i].detail),
                    STR_ARG(claimed[i].entry.body));
        l->kept += verdicts[i].keep;
    }
}

static void sweep(struct load *l)
{
    struct cart_settings settings = {.delay_us = l->parts.cart_delay_us, .cooldown_us = 86400 * US_PER_S};
    struct cart_swept swept;

    if (cart_sweep(l->parts.store, &settings, CART_SWEEP_MAX, &swept))
        fail("carts", db_trouble(l->parts.store->db));
    l->fired += (int64_t)(swept.abandoned + swept.recovered);
}

static void run(struct load *l)
{
    int64_t start = clock_mono_us(&clock_system), told = 0;

    for (int64_t i = 0; i < l->events; i += (int64_t)l->batch) {
        arena_reset(&l->arena);
        apply(l, i);
        sweep(l);
        if ((i + (int64_t)l->batch) * TELL_EVERY / l->events > told) {
            int64_t took = clock_mono_us(&clock_system) - start;

            told = (i + (int64_t)l->batch) * TELL_EVERY / l->events;
            printf("%3" PRId64 " %%  %" PRId64 " events, %.0f a second, %ld MB\n", told * 100 / TELL_EVERY, i + (int64_t)l->batch,
                   (double)(i + (int64_t)l->batch) * US_PER_S / (double)took, rss_kb() / 1024);
            fflush(stdout);
        }
    }
    printf("%" PRId64 " contacts, %" PRId64 " events in %.1f s: %.0f a second; %" PRId64 " refused, %" PRId64 " kept, %" PRId64
           " carts fired, %ld MB\n",
           l->contacts, l->events, (double)(clock_mono_us(&clock_system) - start) / US_PER_S,
           (double)l->events * US_PER_S / (double)(clock_mono_us(&clock_system) - start), l->refused, l->kept, l->fired,
           rss_kb() / 1024);
}

static void open_all(struct load *l)
{
    struct problems problems;
    struct buf why = BUF_INIT(4096);
    char key[PATH_CHARS], url[PATH_CHARS];
    struct store *store = NULL;
    enum err err;

    mkdir(l->dir, 0700);
    snprintf(key, sizeof(key), "%s/master.key", l->dir);
    snprintf(url, sizeof(url), "sqlite:%s/storehook.db", l->dir);
    problems_init(&problems, STR("routes"));
    err = seal_create(key);
    if ((err && err != ERR_EXISTS) || seal_load(STR_NONE, key, &l->seal) || routes_load(NULL, &l->routes, &problems))
        fail(key, buf_text(&problems.text));
    if (store_open_url(l->url ? l->url : url, 5000, &clock_system, &store, &why) || master_key_check(store, l->seal))
        fail("database", buf_text(&why));
    if (fill_source(store, 1, "storehook") || db_run(store->db, "UPDATE source SET key = 'one', name = 'one' WHERE id = 1", "") ||
        fill_source(store, 2, "storehook"))
        fail("sources", "load begins with an empty database");
    l->parts = (struct drain_parts){
        .store = store, .routes = l->routes, .seal = l->seal, .clock = &clock_system, .cart_delay_us = 3600 * US_PER_S, .tries = 5};
    problems_release(&problems);
    buf_release(&why);
}

static void read_flags(struct load *l, int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        int64_t number = strtoll(argv[i + 1], NULL, 10);

        if (strcmp(argv[i], "--contacts") == 0)
            l->contacts = number;
        else if (strcmp(argv[i], "--events") == 0)
            l->events = number;
        else if (strcmp(argv[i], "--batch") == 0)
            l->batch = (size_t)number;
        else if (strcmp(argv[i], "--dir") == 0)
            l->dir = argv[i + 1];
        else if (strcmp(argv[i], "--url") == 0)
            l->url = argv[i + 1];
    }
    if (l->events == 0)
        l->events = l->contacts * 5;
    if (l->contacts < 1 || l->events < l->contacts || l->batch < 1)
        fail("numbers", "at least one contact, one event each, and one entry a batch");
}

int main(int argc, char **argv)
{
    struct load l = {.contacts = 10000, .batch = 500, .received_us = (START_S + 20000000) * US_PER_S};
    char own[] = "/tmp/storehook-load-XXXXXX", line[PATH_CHARS];

    read_flags(&l, argc, argv);
    if (!l.dir)
        l.dir = mkdtemp(own);
    if (!l.dir)
        fail("directory", own);
    log_setup(LOG_ERROR, "load");
    arena_init(&l.arena, BATCH_ARENA_BYTES);
    open_all(&l);
    run(&l);
    store_close(l.parts.store);
    arena_release(&l.arena);
    routes_free(l.routes);
    seal_free(l.seal);
    snprintf(line, sizeof(line), "rm -r %s", own);
    return l.dir == own ? system(line) : 0;
}
