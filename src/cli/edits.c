/* edits.c -- owns what the commands that edit contacts share: addresses given or in a file, progress, and the report. */
#include "cli/edits.h"

#include "cli/table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_BYTES = 1024, SHOWN_MAX = 20, PROGRESS_MS = 200 };

/* One run over all addresses. */
struct run {
    struct cli *cli;
    struct store *store;
    struct edit *edit;
    struct arena arena; /* the addresses of the transaction in hand */
    struct str emails[EDIT_MANY_MAX];
    size_t n;
    struct edit_sums sums;
    json_t *refused; /* of --json */
    bool no_memory, tty;
    int64_t next_progress_us;
};

static void note_refused(void *arg, struct str email, enum err why)
{
    struct run *r = arg;
    const char *reason = why == ERR_NOT_FOUND ? "no contact has this address" : "no e-mail address";
    struct buf text = BUF_INIT(LINE_BYTES * 4);

    if (r->sums.refused > SHOWN_MAX)
        return;
    if (r->cli->json) {
        r->no_memory |= json_array_append_new(r->refused, json_pack("{so ss}", "email", json_str(email), "reason", reason)) != 0;
        return;
    }
    if (text_escape(email, false, &text))
        buf_clear(&text);
    fprintf(stderr, "%s%s: %s\n", r->tty ? "\r\033[K" : "", buf_text(&text), reason);
    buf_release(&text);
}

static void show_progress(struct run *r)
{
    int64_t now_us = clock_mono_us(r->cli->clock);

    if (!r->tty || now_us < r->next_progress_us)
        return;
    r->next_progress_us = now_us + PROGRESS_MS * US_PER_MS;
    fprintf(stderr, "\r\033[K%" PRIu64 " contacts, %" PRIu64 " refused", r->sums.asked, r->sums.refused);
    fflush(stderr);
}

static enum err flush(struct run *r)
{
    enum err err = edit_many(r->store, r->edit, r->emails, r->n, &r->sums, note_refused, r);

    r->n = 0;
    arena_reset(&r->arena);
    show_progress(r);
    return err;
}

static enum err take(struct run *r, struct str email)
{
    if (email.len == 0)
        return OK;
    r->emails[r->n] = arena_str(&r->arena, email);
    if (!r->emails[r->n++].p)
        return ERR_MEMORY;
    return r->n == EDIT_MANY_MAX ? flush(r) : OK;
}

/* A line that is too long is no address: its first part is refused as such, the rest passed over. */
static enum err take_file(struct run *r, FILE *file)
{
    char line[LINE_BYTES];
    bool within = false;
    enum err err = OK;

    while (!err && fgets(line, sizeof(line), file)) {
        struct str text = str_of(line);
        bool whole = str_ends(text, STR("\n"));

        if (!within)
            err = take(r, str_trim(text));
        within = !whole;
    }
    return err ? err : ferror(file) ? ERR_IO : OK;
}

static enum err take_all(struct run *r, const struct edit_targets *t, FILE *file)
{
    enum err err = OK;

    for (int i = 0; i < t->n && !err; i++)
        err = take(r, str_trim(str_of(t->emails[i])));
    if (!err && file)
        err = take_file(r, file);
    if (!err && r->n)
        err = flush(r);
    if (r->tty)
        fputs("\r\033[K", stderr);
    return err;
}

static int report(struct run *r, const char *done)
{
    int code = EXIT_DONE;

    if (r->cli->json)
        code = cli_print_json(json_pack("{so sI sI sI sO}", "name", json_str(r->edit->name), done, (json_int_t)r->sums.changed,
                                        "unchanged", (json_int_t)r->sums.same, "refused", (json_int_t)r->sums.refused, "refusals",
                                        r->refused));
    else
        printf("%s for %" PRIu64 " contacts, %" PRIu64 " were so before\n", done, r->sums.changed, r->sums.same);
    if (code == EXIT_DONE && r->sums.refused)
        code = cli_fail("%" PRIu64 " of %" PRIu64 " addresses were refused; the others are done", r->sums.refused, r->sums.asked);
    return code;
}

static int fail(const struct run *r, enum err err)
{
    if (err == ERR_IO)
        return cli_fail("the file cannot be read to its end; %" PRIu64 " contacts are done", r->sums.changed + r->sums.same);
    return err == ERR_DB_BUSY || err == ERR_DB_DOWN || err == ERR_DB
               ? cli_fail("database: %s; %" PRIu64 " addresses are done", db_trouble(r->store->db), r->sums.asked)
               : cli_fail_why(err, NULL);
}

int cli_edit_all(struct cli *cli, struct store *store, struct edit *edit, const struct edit_targets *targets, const char *done)
{
    struct run r = {.cli = cli, .store = store, .edit = edit, .refused = json_array(), .tty = isatty(STDERR_FILENO) == 1};
    FILE *file = NULL;
    enum err err;
    int code;

    edit->at_us = clock_wall_us(cli->clock);
    edit->by = STR("operator");
    if (targets->file) {
        file = strcmp(targets->file, "-") == 0 ? stdin : fopen(targets->file, "re");
        if (!file) {
            json_decref(r.refused);
            return cli_fail("%s: %s", targets->file, strerror(errno));
        }
    }
    arena_init(&r.arena, (size_t)EDIT_MANY_MAX * LINE_BYTES * 2);
    err = take_all(&r, targets, file);
    if (!err && (r.no_memory || !r.refused))
        err = ERR_MEMORY;
    code = err ? fail(&r, err) : report(&r, done);
    if (file && file != stdin)
        fclose(file);
    arena_release(&r.arena);
    json_decref(r.refused);
    return code;
}
