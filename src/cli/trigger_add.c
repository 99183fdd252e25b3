/* trigger_add.c -- owns `storehook trigger add`: flags into conditions and actions, checked before they are kept. */
#include "cli/trigger.h"

#include "base/problems.h"
#include "store/notice_target.h"

enum { WHY_BYTES = 4096, TEXT_BYTES = 64 << 10 };

/* What the flags say. */
struct plan {
    const char *name, *on, *source, *list, *url, *product, *amount, *tag_name;
    struct flag_values tags, no_tags, actions;
    bool first, mailable;
    struct trigger t;
    json_t *when, *acts;
};

static int find_source(const struct trigger_desk *d, const char *name, int64_t *id)
{
    *id = 0;
    for (size_t i = 0; i < d->n_sources; i++)
        if (str_eq(d->sources[i].name, str_of(name)))
            *id = d->sources[i].id;
    return *id ? CLI_GO : cli_fail("there is no source \"%s\"; `storehook source list` shows those there are", name);
}

static int set_text(json_t *object, const char *name, const char *text)
{
    if (text && (!str_is_utf8(str_of(text)) || json_object_set_new(object, name, json_string(text))))
        return cli_wrong("--%s must be UTF-8", name);
    return CLI_GO;
}

static json_t *texts(const struct flag_values *values)
{
    json_t *list = json_array();

    for (size_t i = 0; i < values->n; i++)
        json_array_append_new(list, json_str(str_of(values->at[i])));
    return list;
}

/* The conditions as they are kept. */
static int write_when(const struct trigger_desk *d, struct plan *p)
{
    int64_t source_id = 0;
    int code = p->source ? find_source(d, p->source, &source_id) : CLI_GO;

    p->when = json_object();
    if (source_id)
        json_object_set_new(p->when, "source", json_integer((json_int_t)source_id));
    if (code == CLI_GO)
        code = set_text(p->when, "list", p->list);
    if (code == CLI_GO)
        code = set_text(p->when, "url", p->url);
    if (code == CLI_GO)
        code = set_text(p->when, "product", p->product);
    if (code == CLI_GO)
        code = set_text(p->when, "amount", p->amount);
    if (code == CLI_GO)
        code = set_text(p->when, "tag_name", p->tag_name);
    if (p->first)
        json_object_set_new(p->when, "first", json_true());
    if (p->mailable)
        json_object_set_new(p->when, "mailable", json_true());
    if (p->tags.n)
        json_object_set_new(p->when, "tags", texts(&p->tags));
    if (p->no_tags.n)
        json_object_set_new(p->when, "no_tags", texts(&p->no_tags));
    return code;
}

static int find_kind(struct plan *p)
{
    const char *near;

    if (!p->on)
        return cli_wrong("--on is needed; `storehook trigger kinds` lists what can happen");
    if (!happening_parse(str_of(p->on), &p->t.on))
        return CLI_GO;
    near = nearest_name(str_of(p->on), happening_names());
    if (near)
        return cli_wrong("--on %s: unknown; did you mean \"%s\"?", p->on, near);
    return cli_wrong("--on %s: unknown; `storehook trigger kinds` lists what can happen", p->on);
}

/* A notice to a target that is not there would never be sent. */
static int check_targets(struct trigger_desk *d, const struct plan *p)
{
    for (size_t i = 0; i < p->t.n_actions; i++) {
        const struct trigger_action *a = &p->t.actions[i];
        struct notice_target target;
        enum err err = OK;

        if (a->act == DO_NOTICE && a->name.len)
            err = notice_target_find(d->store, a->name, &d->arena, &target);
        if (err == ERR_NOT_FOUND)
            return cli_fail("there is no target \"%.*s\" that a notice could go to; `storehook notice target add` makes one",
                            STR_ARG(a->name));
        if (err)
            return cli_fail("database: %s", db_trouble(d->store->db));
    }
    return CLI_GO;
}

static int keep(struct trigger_desk *d, struct plan *p)
{
    struct buf when = BUF_INIT(TEXT_BYTES), acts = BUF_INIT(TEXT_BYTES), why = BUF_INIT(WHY_BYTES);
    enum err err = json_print(p->when, &when);
    int code = CLI_GO;

    if (!err)
        err = json_print(p->acts, &acts);
    if (!err)
        err = trigger_read(buf_str(&when), buf_str(&acts), &d->arena, &p->t, &why);
    if (err == ERR_CONFIG)
        code = cli_wrong("%s", buf_text(&why));
    else if (!err)
        code = check_targets(d, p);
    if (!err && code == CLI_GO)
        err = trigger_add(d->store, str_of(p->name), p->t.on, buf_str(&when), buf_str(&acts));
    if (err == ERR_EXISTS)
        code = cli_fail("there is a trigger \"%s\" already; remove it first, or take another name", p->name);
    else if (err == ERR_TOO_MANY)
        code = cli_fail("there are %d triggers, which is the most there can be; remove one first", TRIGGERS_MAX);
    else if (err && err != ERR_CONFIG)
        code = cli_fail_why(err, NULL);
    buf_release(&when);
    buf_release(&acts);
    buf_release(&why);
    return code;
}

static int report(struct trigger_desk *d, const struct plan *p)
{
    struct trigger_row row;

    if (trigger_find(d->store, str_of(p->name), &d->arena, &row))
        return cli_fail("database: %s", db_trouble(d->store->db));
    if (d->cli->json)
        return cli_print_json(trigger_json(d, &row));
    printf("trigger \"%s\" is set on %s, for what happens from now on\n", p->name, p->on);
    return EXIT_DONE;
}

static int add(struct cli *cli, struct plan *p)
{
    struct trigger_desk d = {.store = NULL};
    int code = trigger_desk_open(&d, cli);

    if (code == CLI_GO)
        code = write_when(&d, p);
    p->acts = texts(&p->actions);
    if (code == CLI_GO)
        code = keep(&d, p);
    if (code == CLI_GO)
        code = report(&d, p);
    json_decref(p->when);
    json_decref(p->acts);
    trigger_desk_close(&d);
    return code;
}

int trigger_add_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "trigger add NAME --on KIND [CONDITION]... --do ACTION [--do ACTION]...",
        "When something of that kind happens to a contact and all conditions hold, the actions are done, once. `storehook trigger "
        "kinds`\n"
        "lists the kinds. Actions: tag:TAG, untag:TAG, list:LIST, unlist:LIST (no trigger undoes an unsubscription), cycle:NAME "
        "and cycle:NAME@DAY (a cycle of the mail system, for contacts "
        "that may be\n"
        "mailed), notice (to each target that wants the kind), notice:TARGET. History, imports, merges and replays fire nothing.",
        "storehook trigger add vip --on purchase --amount '>=100.00 EUR' --do tag:vip --do cycle:vip", 1, 1};
    struct plan p = {.name = NULL};
    const struct cli_flag flags[] = {
        {"on", FLAG_TEXT, &p.on, "KIND", "what is to happen"},
        {"do", FLAG_EACH, &p.actions, "ACTION", "what is done then"},
        {"source", FLAG_TEXT, &p.source, "NAME", "only what this source tells"},
        {"list", FLAG_TEXT, &p.list, "LIST", "only for this list: the one that is joined, or that consent is about"},
        {"url", FLAG_TEXT, &p.url, "PATTERN", "only pages like this; * is any text; from / on it is the path"},
        {"product", FLAG_TEXT, &p.product, "ID", "only with this product, variant or SKU"},
        {"amount", FLAG_TEXT, &p.amount, "AMOUNT", "only amounts like '>=10.00 EUR'; also >, <=, <, ="},
        {"first", FLAG_ON, &p.first, NULL, "only the first purchase of a contact, the first visit of such a page"},
        {"tag", FLAG_EACH, &p.tags, "TAG", "only contacts that have this tag"},
        {"no-tag", FLAG_EACH, &p.no_tags, "TAG", "only contacts that do not have this tag"},
        {"tag-name", FLAG_TEXT, &p.tag_name, "TAG", "of tag_added and tag_removed: which tag"},
        {"mailable", FLAG_ON, &p.mailable, NULL, "only contacts that may be mailed"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code != CLI_GO)
        return code;
    p.name = argv[0];
    if (!trigger_name_ok(str_of(p.name)))
        return cli_wrong("a trigger's name has 1 to %d bytes of UTF-8, no control characters, no blanks at its ends",
                         TRIGGER_NAME_MAX);
    code = find_kind(&p);
    if (code == CLI_GO && p.actions.n == 0)
        code = cli_wrong("--do is needed: what is to be done");
    return code == CLI_GO ? add(cli, &p) : code;
}
