/* contacts_import.c -- owns `storehook contacts import`: flags, progress, and the report of what became of the rows. */
#include "cli/contacts.h"

#include "cli/open.h"
#include "cli/table.h"
#include "engine/csv_import.h"
#include "model/trigger.h"
#include "store/list.h"
#include "store/source.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WHY_BYTES = 8192, SHOWN_DEFAULT = 20, SHOWN_MAX = 10000, WAIT_MS = 60000, TEXT_BYTES = 1 << 20, PROGRESS_MS = 200 };

/* One import at work. */
struct import_work {
    struct cli *cli;
    const char *path, *list, *confirmed, *sms_confirmed, *separator, *on_add;
    struct flag_values maps;
    bool keep_fields, dry_run, fire, tty;
    int64_t wait_ms, shown_max;
    uint64_t size_bytes, shown;
    int64_t next_progress_us;
    json_t *rejects; /* of --json */
    bool no_memory;
    struct csv_import_plan plan;
    struct routes *routes;
    struct seal *seal;
    struct csv_import *import;
};

/* --- while it runs ---------------------------------------------------------------------------------------------------- */

static void clear_progress(const struct import_work *w)
{
    if (w->tty)
        fputs("\r\033[K", stderr);
}

static void show_reject(void *arg, const struct csv_reject *reject)
{
    struct import_work *w = arg;
    struct buf text = BUF_INIT(TEXT_BYTES);

    if (w->shown++ >= (uint64_t)w->shown_max)
        return;
    if (w->cli->json) {
        w->no_memory |=
            json_array_append_new(w->rejects, json_pack("{sI so so}", "line", (json_int_t)reject->line, "reason",
                                                        json_str(reject->reason), "detail", json_str(reject->detail))) != 0;
        return;
    }
    clear_progress(w);
    if (text_escape(reject->detail, false, &text))
        buf_clear(&text);
    printf("line %" PRIu64 ": %.*s: %s\n", reject->line, STR_ARG(reject->reason), buf_text(&text));
    buf_release(&text);
}

static void show_progress(void *arg, uint64_t bytes, const struct csv_sums *sums)
{
    struct import_work *w = arg;
    int64_t now_us = clock_mono_us(w->cli->clock);

    if (!w->tty || now_us < w->next_progress_us)
        return;
    w->next_progress_us = now_us + PROGRESS_MS * US_PER_MS;
    fprintf(stderr, "\r\033[K%" PRIu64 " rows, %" PRIu64 " rejected, %.0f %% of the file", sums->rows, sums->rejected,
            w->size_bytes ? 100.0 * (double)bytes / (double)w->size_bytes : 100.0);
    fflush(stderr);
}

static void say_no_drainer(void *arg)
{
    struct import_work *w = arg;

    clear_progress(w);
    fprintf(stderr, "storehook: no drainer runs, so rows wait in the queue; start `storehook up` or `storehook drain`\n");
}

/* --- before ----------------------------------------------------------------------------------------------------------- */

static bool is_cycle(struct str text)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    struct trigger_action action;
    struct arena arena;
    bool is;

    arena_init(&arena, WHY_BYTES);
    is = !trigger_action_read(text, &arena, &action, &why) && action.act == DO_CYCLE;
    arena_release(&arena);
    buf_release(&why);
    return is;
}

static int check_flags(struct import_work *w)
{
    struct str separator = str_of(w->separator);

    if (str_eq(separator, STR("tab")))
        separator = STR("\t");
    if (separator.len != 1 || memchr("\"\r\n", separator.p[0], 3))
        return cli_wrong("--separator %s: give one character, or tab", w->separator);
    w->plan.separator = separator.p[0];
    if (w->on_add && strcmp(w->on_add, "none") != 0 && !is_cycle(str_of(w->on_add)))
        return cli_wrong("--on-add %s: give none, cycle:NAME or cycle:NAME@DAY", w->on_add);
    if (w->shown_max < 0 || w->shown_max > SHOWN_MAX)
        return cli_wrong("--rejected must be between 0 and %d", SHOWN_MAX);
    if (w->wait_ms < 1)
        return cli_wrong("--wait must be at least 1ms");
    if (w->confirmed && str_trim(str_of(w->confirmed)).len == 0)
        return cli_wrong("--consent-confirmed: say who confirmed, when and how");
    if (w->sms_confirmed && str_trim(str_of(w->sms_confirmed)).len == 0)
        return cli_wrong("--sms-consent-confirmed: say who confirmed, when and how");
    if (w->list && !list_name_is_valid(str_of(w->list)))
        return cli_wrong("--list: a list's name has 1 to %d printable bytes, no blank at its ends", LIST_NAME_BYTES_MAX);
    return CLI_GO;
}

static int open_file(struct import_work *w)
{
    struct stat info;

    w->plan.file = fopen(w->path, "rb");
    if (!w->plan.file)
        return cli_fail("%s: %s", w->path, strerror(errno));
    if (fstat(fileno(w->plan.file), &info) || !S_ISREG(info.st_mode))
        return cli_fail("%s: an import reads a file twice, so it must be a regular file; write it to one first", w->path);
    w->size_bytes = (uint64_t)info.st_size;
    return CLI_GO;
}

/* A list that is not there is made, as with a source that names one. */
static int make_list(struct import_work *w)
{
    enum err err = list_add(w->plan.store, str_of(w->list), STR_NONE, false);

    return err && err != ERR_EXISTS ? cli_fail("database: %s", db_trouble(w->plan.store->db)) : CLI_GO;
}

static int open_work(struct import_work *w)
{
    int code = open_file(w);

    if (code == CLI_GO)
        code = cli_open_routes(w->cli, &w->routes);
    if (code == CLI_GO)
        code = cli_open_store(w->cli, &w->plan.store);
    if (code == CLI_GO)
        code = cli_open_seal(w->cli, w->plan.store, &w->seal);
    if (code == CLI_GO && !w->dry_run)
        code = cli_open_stream(w->cli, &w->plan.stream);
    if (code == CLI_GO && !w->dry_run && w->list)
        code = make_list(w);
    w->plan.list = str_of(w->list);
    w->plan.confirmed = str_of(w->confirmed);
    w->plan.sms_confirmed = str_of(w->sms_confirmed);
    w->plan.mapping = (struct csv_mapping){.maps = w->maps.at, .n_maps = w->maps.n, .keep_fields = w->keep_fields};
    w->plan.fire = w->fire;
    w->plan.on_add = w->on_add && strcmp(w->on_add, "none") != 0 ? str_of(w->on_add) : STR_NONE;
    w->plan.wait_ms = w->wait_ms;
    w->plan.routes = w->routes;
    w->plan.seal = w->seal;
    w->plan.clock = w->cli->clock;
    w->plan.watch = (struct csv_watch){.reject = show_reject, .progress = show_progress, .no_drainer = say_no_drainer, .arg = w};
    return code;
}

static void close_work(struct import_work *w)
{
    csv_import_free(w->import);
    stream_close(w->plan.stream);
    seal_free(w->seal);
    store_close(w->plan.store);
    routes_free(w->routes);
    json_decref(w->rejects);
    if (w->plan.file)
        fclose(w->plan.file);
}

static void print_name(const char *before, struct str name, struct str target)
{
    struct buf text = BUF_INIT(TEXT_BYTES);

    if (text_escape(name, false, &text))
        buf_clear(&text);
    printf("%s\"%s\"", before, buf_text(&text));
    if (target.len)
        printf(" -> %.*s\n", STR_ARG(target));
    buf_release(&text);
}

static bool says(const struct csv_columns *columns, const char *member)
{
    for (size_t i = 0; i < columns->n; i++)
        if (columns->at[i].kind == COLUMN_MEMBER && strcmp(columns->at[i].member, member) == 0)
            return true;
    return false;
}

/* What each column is taken for; those that are not are listed once (GR-25, GR-29). */
static void print_columns(const struct import_work *w, struct arena *arena)
{
    const struct csv_columns *columns = csv_import_columns(w->import);
    size_t ignored = 0;

    for (size_t i = 0; i < columns->n; i++)
        if (columns->at[i].kind != COLUMN_IGNORED)
            print_name("column ", columns->at[i].name, csv_column_target(&columns->at[i], arena));
    for (size_t i = 0; i < columns->n; i++)
        if (columns->at[i].kind == COLUMN_IGNORED)
            print_name(ignored++ ? ", " : "not taken: ", columns->at[i].name, STR_NONE);
    if (ignored)
        puts("; --fields keeps such columns as fields csv_NAME, --map says what one is");
    if (says(columns, "contact.consent.email.state") && !w->confirmed)
        puts("consent: only refusals are taken; --consent-confirmed \"who, when, how\" takes \"subscribed\" as well");
    if (says(columns, "contact.consent.sms.state") && !w->sms_confirmed)
        puts("consent to text messages: only refusals are taken; --sms-consent-confirmed \"who, when, how\" takes the rest");
    fflush(stdout);
}

/* --- after ------------------------------------------------------------------------------------------------------------ */

static json_t *columns_json(const struct import_work *w, struct arena *arena)
{
    const struct csv_columns *columns = csv_import_columns(w->import);
    json_t *list = json_array();

    for (size_t i = 0; list && i < columns->n; i++)
        if (json_array_append_new(list, json_pack("{so so}", "column", json_str(columns->at[i].name), "member",
                                                  json_str(csv_column_target(&columns->at[i], arena))))) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static json_t *reasons_json(const struct csv_sums *sums)
{
    json_t *object = json_object();

    for (size_t i = 0; object && i < sums->n_reasons; i++)
        if (json_object_set_new(object, sums->reasons[i].name, json_integer((json_int_t)sums->reasons[i].rows))) {
            json_decref(object);
            object = NULL;
        }
    return object;
}

static json_t *report_json(const struct import_work *w, struct arena *arena)
{
    const struct csv_sums *s = csv_import_sums(w->import);

    if (w->no_memory)
        return NULL;
    return json_pack("{ss sb so sI sI sI sI sI sI sI so sO}", "import", csv_import_id(w->import), "dry_run", (int)w->dry_run,
                     "columns", columns_json(w, arena), "rows", (json_int_t)s->rows, "new", (json_int_t)s->fates[ROW_NEW],
                     "updated", (json_int_t)s->fates[ROW_UPDATED], "unchanged", (json_int_t)s->fates[ROW_UNCHANGED], "before",
                     (json_int_t)s->before, "consent_refused", (json_int_t)s->consent_refused, "rejected", (json_int_t)s->rejected,
                     "reasons", reasons_json(s), "rejects", w->rejects);
}

static void print_sums(const struct import_work *w)
{
    const struct csv_sums *s = csv_import_sums(w->import);

    if (w->shown > (uint64_t)w->shown_max)
        printf("and %" PRIu64 " more rejected rows; --rejected N lists more\n", w->shown - (uint64_t)w->shown_max);
    printf("%s%" PRIu64 " rows: %" PRIu64 " new, %" PRIu64 " updated, %" PRIu64 " unchanged, %" PRIu64
           " taken by this import before, %" PRIu64 " rejected\n",
           w->dry_run ? "dry run, nothing is changed; " : "", s->rows, s->fates[ROW_NEW], s->fates[ROW_UPDATED],
           s->fates[ROW_UNCHANGED], s->before, s->rejected);
    for (size_t i = 0; i < s->n_reasons; i++)
        printf("  %s: %" PRIu64 "\n", s->reasons[i].name, s->reasons[i].rows);
    if (s->consent_refused)
        printf("consent kept as it was for %" PRIu64 " rows: no import relaxes it\n", s->consent_refused);
}

static int report(struct import_work *w, struct arena *arena)
{
    const struct csv_sums *s = csv_import_sums(w->import);

    clear_progress(w);
    if (w->cli->json) {
        int code = cli_print_json(report_json(w, arena));

        if (code != EXIT_DONE)
            return code;
    } else {
        print_sums(w);
    }
    if (s->rejected == 0)
        return EXIT_DONE;
    return cli_fail("%" PRIu64 " of %" PRIu64 " rows %s; correct them and import the file again", s->rejected, s->rows,
                    w->dry_run ? "would be rejected" : "were rejected, the others were taken");
}

/* What stopped it, and that the same command goes on. */
static int fail_run(struct import_work *w, enum err err, const struct buf *why)
{
    const struct csv_sums *s = csv_import_sums(w->import);

    clear_progress(w);
    if (err == ERR_TIMEOUT)
        return cli_fail("no drainer applied anything for %" PRId64
                        " s; rows of this file wait in the queue. Start `storehook up` or"
                        " `storehook drain`, then give the same command again: no row is taken twice",
                        w->wait_ms / 1000);
    return cli_fail("%s; stopped after %" PRIu64 " rows. Give the same command again: no row is taken twice",
                    why->len ? buf_text(why) : err_text(err), s->rows);
}

static int run(struct import_work *w)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    struct arena arena;
    enum err err = csv_import_new(&w->plan, &w->import, &why);
    int code;

    arena_init(&arena, 64 << 20);
    if (err == ERR_CONFIG && why.len)
        code = cli_fail("%s: %s", w->path, buf_text(&why));
    else if (err)
        code = cli_fail_why(err, &why);
    else {
        if (!w->cli->json)
            print_columns(w, &arena);
        err = csv_import_run(w->import, &why);
        code = err ? fail_run(w, err, &why) : report(w, &arena);
    }
    arena_release(&arena);
    buf_release(&why);
    return code;
}

int contacts_import(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "contacts import FILE.csv [--map \"Column=member\"]... [--fields] [--list LIST] [--consent-confirmed TEXT] [--dry-run]",
        "Takes the rows of a CSV file as contacts. The first row names the columns: as `contacts export --format csv` does, or by\n"
        "common names; --map says the others. No import relaxes consent; the same file again changes nothing. No trigger fires\n"
        "for a row and no cycle is started, unless --fire-triggers and --on-add say so.",
        "storehook contacts import contacts.csv --list newsletter --dry-run", 1, 1};
    struct import_work w = {.cli = cli, .separator = ",", .wait_ms = WAIT_MS, .shown_max = SHOWN_DEFAULT};
    const struct cli_flag flags[] = {
        {"map", FLAG_EACH, &w.maps, "COLUMN=MEMBER", "what a column is: contact.email, contact.fields.NAME..., or ignore"},
        {"fields", FLAG_ON, &w.keep_fields, NULL, "keep columns that mean nothing else as fields csv_NAME"},
        {"list", FLAG_TEXT, &w.list, "LIST", "list that the contacts join"},
        {"consent-confirmed", FLAG_TEXT, &w.confirmed, "TEXT", "who knows of the persons' consent, since when and how"},
        {"sms-consent-confirmed", FLAG_TEXT, &w.sms_confirmed, "TEXT", "the same of their consent to text messages"},
        {"on-add", FLAG_TEXT, &w.on_add, "none|cycle:NAME[@DAY]",
         "start a cycle for contacts that are added, and may be mailed (default none)"},
        {"fire-triggers", FLAG_ON, &w.fire, NULL, "triggers fire for the rows (default: for none)"},
        {"separator", FLAG_TEXT, &w.separator, "C", "what parts the cells: one character, or tab (default ,)"},
        {"dry-run", FLAG_ON, &w.dry_run, NULL, "say what would be new, updated and rejected; change nothing"},
        {"rejected", FLAG_INT, &w.shown_max, "N", "list at most N rejected rows (default 20)"},
        {"wait", FLAG_MS, &w.wait_ms, "TIME", "give up when no row was applied for so long (default 60s)"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO) {
        w.path = argv[0];
        w.tty = isatty(STDERR_FILENO) && !cli->json;
        w.rejects = json_array();
        code = w.rejects ? check_flags(&w) : cli_fail_why(ERR_MEMORY, NULL);
    }
    if (code == CLI_GO)
        code = open_work(&w);
    if (code == CLI_GO)
        code = run(&w);
    close_work(&w);
    return code;
}
