/* trigger_show.c -- owns `storehook trigger show`: one trigger, its counters and its latest firings. */
#include "cli/trigger.h"

#include "base/timefmt.h"
#include "cli/table.h"

#include <inttypes.h>

enum { FIRINGS_DEFAULT = 20, FIRINGS_MAX = 10000, TEXT_BYTES = 64 << 10 };

/* One trigger, and what is shown of it. */
struct shown {
    struct trigger_row row;
    struct trigger_firing *firings;
    size_t n;
};

static json_t *firing_json(const struct trigger_desk *d, const struct trigger_firing *f)
{
    return json_pack("{so so so so so so}", "at", json_time(f->at_us), "fired_at", json_time(f->fired_us), "contact",
                     json_str(f->contact_id), "source", json_str(trigger_source(d, f->source_id)), "effect", json_str(f->effect),
                     "did", json_str(f->did));
}

static int show_json(const struct trigger_desk *d, const struct shown *s)
{
    json_t *object = trigger_json(d, &s->row), *list = json_array();

    for (size_t i = 0; i < s->n; i++)
        json_array_append_new(list, firing_json(d, &s->firings[i]));
    if (!object || json_object_set_new(object, "firings", list)) {
        json_decref(object);
        return cli_fail_why(ERR_MEMORY, NULL);
    }
    return cli_print_json(object);
}

static enum err print_value(const char *name, json_t *value)
{
    struct buf text = BUF_INIT(TEXT_BYTES), safe = BUF_INIT(TEXT_BYTES);
    enum err err = json_is_string(value) ? buf_append(&text, json_text(value)) : json_print(value, &text);

    if (!err)
        err = text_escape(buf_str(&text), false, &safe);
    if (!err)
        printf("%-14s%s\n", name, buf_text(&safe));
    buf_release(&text);
    buf_release(&safe);
    return err;
}

static enum err print_head(const struct trigger_desk *d, const struct trigger_row *row)
{
    static const char *const members[] = {"name", "on", "when", "do", "enabled", "created_at", "fired", "last_fired_at"};
    json_t *object = trigger_json(d, row);
    enum err err = object ? OK : ERR_MEMORY;

    for (size_t i = 0; i < sizeof(members) / sizeof(*members) && !err; i++)
        err = print_value(members[i], json_object_get(object, members[i]));
    json_decref(object);
    return err;
}

static int show_text(const struct trigger_desk *d, const struct shown *s)
{
    static const char *const columns[] = {"HAPPENED", "FIRED", "SOURCE", "CONTACT", "DID", NULL};
    struct table *t = table_new(columns);
    enum err err = t ? print_head(d, &s->row) : ERR_MEMORY;

    for (size_t i = 0; i < s->n && !err; i++) {
        const struct trigger_firing *f = &s->firings[i];
        char at[TIME_ISO_CHARS + 1], fired[TIME_ISO_CHARS + 1];

        time_iso(f->at_us - f->at_us % US_PER_S, at);
        time_iso(f->fired_us - f->fired_us % US_PER_S, fired);
        err = table_add(t, (const struct str[]){str_of(at), str_of(fired), trigger_source(d, f->source_id), f->contact_id, f->did});
    }
    if (!err && s->n) {
        puts("");
        table_show(t);
    }
    table_free(t);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static int load(struct trigger_desk *d, const char *name, size_t max, struct shown *s)
{
    enum err err = trigger_find(d->store, str_of(name), &d->arena, &s->row);

    if (err == ERR_NOT_FOUND)
        return trigger_unknown(d, name);
    if (!err)
        err = trigger_firings(d->store, s->row.id, max, &d->arena, &s->firings, &s->n);
    return err ? cli_fail("database: %s", db_trouble(d->store->db)) : CLI_GO;
}

int trigger_show_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"trigger show NAME [--firings N]",
                                         "Prints a trigger, how often it has fired, and the latest firings with what each did.",
                                         "storehook trigger show welcome", 1, 1};
    int64_t max = FIRINGS_DEFAULT;
    const struct cli_flag flags[] = {
        {"firings", FLAG_INT, &max, "N", "at most so many firings (default 20)"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct trigger_desk d = {.store = NULL};
    struct shown s = {.n = 0};
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO && (max < 0 || max > FIRINGS_MAX))
        code = cli_wrong("--firings must be between 0 and %d", FIRINGS_MAX);
    if (code != CLI_GO)
        return code;
    code = trigger_desk_open(&d, cli);
    if (code == CLI_GO)
        code = load(&d, argv[0], (size_t)max, &s);
    if (code == CLI_GO)
        code = cli->json ? show_json(&d, &s) : show_text(&d, &s);
    trigger_desk_close(&d);
    return code;
}
