/* db_check.c -- owns `storehook db check`: the whole contact database recomputed, with its findings. */
#include "cli/db.h"

#include "cli/open.h"
#include "cli/table.h"
#include "store/check.h"

#include <inttypes.h>
#include <unistd.h>

enum { PROGRESS_MS = 200, LINE_BYTES = 16384, FINDINGS_MAX = 10000 };

struct report {
    struct cli *cli;
    bool tty;
    int64_t next_progress_us;
    const char *step;
    size_t number, of;
    json_t *steps, *findings; /* with --json */
    enum err err;
};

static void clear_progress(const struct report *r)
{
    if (r->tty)
        fputs("\r\033[K", stderr);
}

static void show_progress(void *arg, uint64_t rows)
{
    struct report *r = arg;
    int64_t now_us = clock_mono_us(r->cli->clock);

    if (!r->tty || now_us < r->next_progress_us)
        return;
    r->next_progress_us = now_us + PROGRESS_MS * US_PER_MS;
    fprintf(stderr, "\r\033[K[%zu/%zu] %s: %" PRIu64 " rows", r->number, r->of, r->step, rows);
    fflush(stderr);
}

static void show_step(void *arg, const char *step, const char *about, size_t number, size_t of)
{
    struct report *r = arg;

    clear_progress(r);
    r->step = step;
    r->number = number;
    r->of = of;
    r->next_progress_us = 0;
    if (r->steps && json_array_append_new(r->steps, json_string(step)))
        r->err = ERR_MEMORY;
    if (!r->steps)
        printf("%-10s  %s\n", step, about);
    fflush(stdout);
    show_progress(r, 0);
}

static void show_finding(void *arg, const struct check_finding *f)
{
    struct report *r = arg;
    struct buf where = BUF_INIT(LINE_BYTES);
    json_t *found;

    clear_progress(r);
    if (text_escape(f->where, false, &where))
        buf_clear(&where);
    if (!r->steps) {
        printf("  account %" PRId64 ": %s: %s\n    %s\n", f->account_id, f->what, buf_text(&where), f->to_do);
    } else if (json_array_size(r->findings) < FINDINGS_MAX) {
        found = json_pack("{ss sI ss ss ss}", "check", f->step, "account", (json_int_t)f->account_id, "what", f->what, "where",
                          buf_text(&where), "to_do", f->to_do);
        if (json_array_append_new(r->findings, found))
            r->err = ERR_MEMORY;
    }
    buf_release(&where);
}

static int print_end(struct report *r, const struct check_sums *sums)
{
    int code = sums->findings ? EXIT_FAILED : EXIT_DONE;

    clear_progress(r);
    if (!r->steps) {
        printf("checked %" PRIu64 " contacts, %" PRIu64 " orders; derived %" PRIu64 " groups and %" PRIu64
               " carts anew; held %" PRIu64 " addresses against tombstones\n",
               sums->contacts, sums->orders, sums->groups, sums->carts, sums->addresses);
        printf("%" PRIu64 "%s finding%s\n", sums->findings, sums->capped ? " or more" : "", sums->findings == 1 ? "" : "s");
        return code;
    }
    if (cli_print_json(json_pack("{sO sI sI sI sI sI sb sO}", "checked", r->steps, "contacts", (json_int_t)sums->contacts, "orders",
                                 (json_int_t)sums->orders, "groups", (json_int_t)sums->groups, "carts", (json_int_t)sums->carts,
                                 "addresses", (json_int_t)sums->addresses, "capped", sums->capped, "findings", r->findings)))
        return EXIT_FAILED;
    return code;
}

static int run_check(struct report *r, struct store *store, const struct seal *seal)
{
    struct check_watch watch = {.step = show_step, .progress = show_progress, .found = show_finding, .arg = r};
    struct check_sums sums;
    enum err err = check_run(store, seal, config_int(r->cli->cfg, SET_DRAIN_CART_DELAY) * US_PER_MS, &watch, &sums);

    err = err ? err : r->err;
    clear_progress(r);
    if (err)
        return cli_fail("the check of %s did not end: %s; run it again", r->step ? r->step : "the database",
                        *db_trouble(store->db) ? db_trouble(store->db) : err_text(err));
    return print_end(r, &sums);
}

int db_check(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "db check",
        "Reads the whole contact database (db.url) and recomputes what is derived from it: who is one contact,\n"
        "sums of orders, timers of carts, references, consent, and that nothing of the erased is left. Changes\n"
        "nothing; drainers may go on. Prints what is checked and what is found, with what to do; the exit code\n"
        "is 1 when anything is found.",
        "storehook db check --config /etc/storehook.ini", 0, 0};
    struct report r = {.cli = cli};
    struct store *store = NULL;
    struct seal *seal = NULL;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code == CLI_GO)
        code = cli_open_store(cli, &store);
    if (code == CLI_GO)
        code = cli_open_seal(cli, store, &seal);
    if (code == CLI_GO) {
        r.tty = isatty(STDERR_FILENO) && !cli->json;
        r.steps = cli->json ? json_array() : NULL;
        r.findings = cli->json ? json_array() : NULL;
        code = run_check(&r, store, seal);
    }
    json_decref(r.steps);
    json_decref(r.findings);
    seal_free(seal);
    store_close(store);
    return code;
}
