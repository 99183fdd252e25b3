/* account_show.c -- owns `storehook account show`: what an account holds, where it stands at its limit, what happened there. */
#include "cli/account.h"

#include "base/timefmt.h"
#include "cli/table.h"
#include "engine/figures_account.h"
#include "store/contact.h"
#include "store/source.h"

enum { EVENTS_SHOWN = 20, EVENTS_ARENA_BYTES = 1 << 20 };

int account_work_open(struct cli *cli, const char *name, struct account_work *w)
{
    int code = cli_open_store(cli, &w->store);

    if (code == CLI_GO && name)
        code = cli_find_account(w->store, name, &w->account);
    if (code == CLI_GO && name)
        store_enter(w->store, w->account.id);
    return code;
}

enum err account_describe(struct store *store, const struct account *account, json_t **out)
{
    struct source_list sources;
    uint64_t contacts = 0;
    json_t *limit = NULL;
    enum err err = source_list_load(store, &sources);

    *out = NULL;
    if (!err)
        err = contact_count(store, &contacts);
    if (!err)
        err = figures_limit(store, &limit);
    if (!err)
        *out = json_pack("{sI ss so sI sI}", "id", (json_int_t)account->id, "name", account->name, "created_at",
                         json_time(account->created_at_us), "sources", (json_int_t)sources.n, "contacts", (json_int_t)contacts);
    if (!err && (!*out || json_object_update(*out, limit)))
        err = ERR_MEMORY;
    json_decref(limit);
    source_list_release(&sources);
    return err;
}

/* What happened at the limit, the newest first. */
static enum err add_events(struct store *store, json_t *about)
{
    struct account_event *events = NULL;
    json_t *list = json_array();
    struct arena arena;
    size_t n = 0;
    enum err err = list ? OK : ERR_MEMORY;

    arena_init(&arena, EVENTS_ARENA_BYTES);
    if (!err)
        err = account_events(store, EVENTS_SHOWN, &arena, &events, &n);
    for (size_t i = 0; i < n && !err; i++)
        if (json_array_append_new(list, json_pack("{so so sI sI}", "at", json_time(events[i].at_us), "kind",
                                                  json_str(events[i].kind), "contacts", (json_int_t)events[i].contacts,
                                                  "contact_limit", (json_int_t)events[i].limit)))
            err = ERR_MEMORY;
    arena_release(&arena);
    if (json_object_set_new(about, "events", list))
        err = ERR_MEMORY;
    return err;
}

static long long number(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static void print_limit(const json_t *about)
{
    bool full = json_is_true(json_object_get(about, "full")), near = json_is_true(json_object_get(about, "near"));

    if (number(about, "contact_limit") == 0)
        puts("limit     none");
    else
        printf("limit     %lld%s\n", number(about, "contact_limit"), full ? ", reached" : near ? ", near" : "");
    printf("policy    %s", json_string_value(json_object_get(about, "policy")));
    if (number(about, "raise_step"))
        printf(", by %lld", number(about, "raise_step"));
    printf("\nover      %lld\n", number(about, "over"));
    printf("parked    %lld persons, %lld dead letters\n", number(about, "parked"), number(about, "parked_letters"));
}

static enum err print_events(const json_t *list)
{
    static const char *const columns[] = {"WHEN", "WHAT", "CONTACTS", "LIMIT", NULL};
    struct table *t = table_new(columns);
    const json_t *event;
    enum err err = t ? OK : ERR_MEMORY;
    size_t i;

    json_array_foreach(list, i, event)
    {
        char contacts[24], limit[24];

        snprintf(contacts, sizeof(contacts), "%lld", number(event, "contacts"));
        snprintf(limit, sizeof(limit), "%lld", number(event, "contact_limit"));
        if (!err)
            err = table_add(t, (const struct str[]){json_member_text(event, "at"), json_member_text(event, "kind"),
                                                    str_of(contacts), str_of(limit)});
    }
    if (!err && table_rows(t)) {
        putchar('\n');
        table_show(t);
    }
    table_free(t);
    return err;
}

static int print_account(const json_t *about)
{
    struct str created = json_member_text(about, "created_at");
    enum err err;

    printf("account   %s\n", json_string_value(json_object_get(about, "name")));
    printf("created   %.*s\n", STR_ARG(created.len ? created : STR("with the database")));
    printf("sources   %lld\n", number(about, "sources"));
    printf("contacts  %lld\n", number(about, "contacts"));
    print_limit(about);
    err = print_events(json_object_get(about, "events"));
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

int account_show_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "account show NAME", "Prints one account: how much it holds, where it stands at its limit, what happened there.",
        "storehook account show acme", 1, 1};
    struct account_work w = {.store = NULL};
    json_t *about = NULL;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code == CLI_GO)
        code = account_work_open(cli, argv[0], &w);
    if (code == CLI_GO && (account_describe(w.store, &w.account, &about) || add_events(w.store, about)))
        code = cli_fail("database: %s", db_trouble(w.store->db));
    if (code == CLI_GO)
        code = cli->json ? cli_print_json(json_incref(about)) : print_account(about);
    json_decref(about);
    store_close(w.store);
    return code;
}
