/* field_list.c -- owns `storehook field list`: every field with its personalisation tag, type, origin and count (AC-10). */
#include "cli/field.h"

#include "base/timefmt.h"
#include "cli/table.h"
#include "model/personal.h"

#include <inttypes.h>

/* What is shown besides the fields themselves. */
struct listing {
    struct field_desk desk;
    struct view_source *sources;
    size_t n_sources;
    struct field_count *counts;
    size_t n_counts;
    bool counted;
};

/* The database's order of names may be another, so all are looked at. */
static uint64_t count_of(const struct listing *l, struct str name)
{
    for (size_t i = 0; i < l->n_counts; i++)
        if (str_eq(l->counts[i].name, name))
            return l->counts[i].contacts;
    return 0;
}

/* One row: of the account, or of those that every contact has (`source` then says so). */
struct line {
    struct str name, source;
    const char *type;
    int64_t made_us;
};

typedef enum err each_line(void *arg, const struct listing *l, const struct line *line);

static enum err walk(const struct listing *l, each_line *each, void *arg)
{
    static const char *const whole[] = {"email", "full_name", NULL};
    const char *const *const lists[] = {whole, field_built_in_names()};
    enum err err = OK;

    for (size_t i = 0; i < 2; i++)
        for (const char *const *name = lists[i]; *name && !err; name++)
            err = each(arg, l, &(struct line){.name = str_of(*name), .source = STR("built in"), .type = "text"});
    for (size_t i = 0; i < l->desk.fields.n && !err; i++) {
        const struct account_field *f = &l->desk.fields.at[i];

        err = each(arg, l,
                   &(struct line){.name = f->name,
                                  .source = view_source_name(l->sources, l->n_sources, f->source_id),
                                  .type = field_type_name(f->type),
                                  .made_us = f->made_us});
    }
    return err;
}

static bool has_count(const struct listing *l, const struct line *line)
{
    return l->counted && !str_eq(line->name, STR("email")) && !str_eq(line->name, STR("full_name"));
}

static enum err add_json(void *arg, const struct listing *l, const struct line *line)
{
    char tag[PERSONAL_TAG_CHARS + 1];
    json_t *object = json_pack("{so ss ss so so}", "name", json_str(line->name), "tag", personal_tag(line->name, tag), "type",
                               line->type, "source", json_str(line->source), "created_at", json_time(line->made_us));

    if (has_count(l, line))
        json_object_set_new(object, "contacts", json_integer((json_int_t)count_of(l, line->name)));
    return json_array_append_new(arg, object) ? ERR_MEMORY : OK;
}

static enum err add_row(void *arg, const struct listing *l, const struct line *line)
{
    char tag[PERSONAL_TAG_CHARS + 1], contacts[24] = "-";

    if (has_count(l, line))
        snprintf(contacts, sizeof(contacts), "%" PRIu64, count_of(l, line->name));
    return table_add(
        arg, (struct str[]){line->name, str_of(personal_tag(line->name, tag)), str_of(line->type), line->source, str_of(contacts)});
}

static int print(const struct listing *l)
{
    static const char *const columns[] = {"NAME", "TAG", "TYPE", "MADE BY", "CONTACTS", NULL};
    struct table *t;
    json_t *list;
    enum err err;

    if (l->desk.cli->json) {
        list = json_array();
        err = walk(l, add_json, list);
        if (!err)
            return cli_print_json(list);
        json_decref(list);
        return cli_fail_why(err, NULL);
    }
    t = table_new(columns);
    err = t ? walk(l, add_row, t) : ERR_MEMORY;
    if (!err)
        table_show(t);
    table_free(t);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

int field_list_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "field list [--no-counts]",
        "Lists the fields of contacts: name, personalisation tag, type, who made it, and how many contacts\n"
        "have a value. Counting reads every stored value once.",
        NULL, 0, 0};
    struct listing l = {.counted = true};
    bool no_counts = false;
    const struct cli_flag flags[] = {{"no-counts", FLAG_ON, &no_counts, NULL, "do not count contacts"}, {0}};
    int code = cli_parse(cli, &page, flags, &argc, &argv);
    enum err err;

    if (code != CLI_GO)
        return code;
    code = field_desk_open(&l.desk, cli);
    if (code == CLI_GO) {
        l.counted = !no_counts;
        err = contact_sources(l.desk.store, 0, &l.desk.arena, &l.sources, &l.n_sources);
        if (!err && l.counted)
            err = field_counts(l.desk.store, &l.desk.arena, &l.counts, &l.n_counts);
        code = err ? cli_fail_why(err, NULL) : print(&l);
    }
    field_desk_close(&l.desk);
    return code;
}
