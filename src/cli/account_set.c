/* account_set.c -- owns `storehook account set`: how many contacts an account may have, and what happens then. */
#include "cli/account.h"

#define LIMIT_MAX INT64_C(1000000000000)

bool limit_flags_are_given(const struct limit_flags *f)
{
    return f->limit != LIMIT_UNSAID || f->step != LIMIT_UNSAID || f->policy;
}

static int take_policy(const char *word, struct account_limit *l)
{
    for (int p = 0; p < LIMIT_POLICIES; p++)
        if (strcmp(word, limit_policy_names[p]) == 0) {
            l->policy = (enum limit_policy)p;
            return CLI_GO;
        }
    return cli_wrong("--policy is stop, bill or auto_raise, not \"%s\"", word);
}

int limit_flags_apply(const struct limit_flags *f, struct account_limit *l)
{
    int code = f->policy ? take_policy(f->policy, l) : CLI_GO;

    if (code != CLI_GO)
        return code;
    if (f->limit != LIMIT_UNSAID && (f->limit < 0 || f->limit > LIMIT_MAX))
        return cli_wrong("--contact-limit is a number from 0 (no limit) to %lld", (long long)LIMIT_MAX);
    if (f->step != LIMIT_UNSAID && (f->step < 1 || f->step > LIMIT_MAX))
        return cli_wrong("--raise-step is a number from 1 to %lld", (long long)LIMIT_MAX);
    if (f->limit != LIMIT_UNSAID)
        l->limit = f->limit;
    if (f->step != LIMIT_UNSAID)
        l->raise_step = f->step;
    if (l->policy == LIMIT_AUTO_RAISE && l->raise_step == 0)
        return cli_wrong("auto_raise needs --raise-step N: by how many contacts the limit is raised each time");
    return CLI_GO;
}

static int say(const struct cli *cli, const struct account_work *w, const struct account_limit *l)
{
    if (cli->json)
        return cli_print_json(json_pack("{ss sI ss sI sI}", "name", w->account.name, "contact_limit", (json_int_t)l->limit,
                                        "policy", limit_policy_names[l->policy], "raise_step", (json_int_t)l->raise_step,
                                        "contacts", (json_int_t)l->contacts));
    if (l->limit)
        printf("account \"%s\" has %lld of %lld contacts; at the limit: %s\n", w->account.name, (long long)l->contacts,
               (long long)l->limit, limit_policy_names[l->policy]);
    else
        printf("account \"%s\" has no limit of contacts\n", w->account.name);
    return EXIT_DONE;
}

int account_set_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "account set NAME [--contact-limit N] [--policy stop|bill|auto_raise] [--raise-step N]",
        "Sets how many contacts an account may have, and what happens when it has them: `stop` adds nobody (who is new waits as a\n"
        "dead letter and enters by itself when there is room), `bill` goes on and counts what is over, `auto_raise` raises the "
        "limit.",
        "storehook account set acme --contact-limit 10000 --policy stop", 1, 1};
    struct limit_flags given = LIMIT_FLAGS_NONE;
    const struct cli_flag flags[] = {LIMIT_FLAGS(given), {NULL, FLAG_ON, NULL, NULL, NULL}};
    struct account_work w = {.store = NULL};
    struct account_limit wanted, now;
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO && !limit_flags_are_given(&given))
        code = cli_wrong("say what to set: --contact-limit, --policy or --raise-step");
    if (code == CLI_GO)
        code = account_work_open(cli, argv[0], &w);
    if (code == CLI_GO && account_limit_get(w.store, &wanted))
        code = cli_fail("database: %s", db_trouble(w.store->db));
    if (code == CLI_GO)
        code = limit_flags_apply(&given, &wanted);
    if (code == CLI_GO && account_limit_set(w.store, &wanted, &now))
        code = cli_fail("database: %s", db_trouble(w.store->db));
    if (code == CLI_GO)
        code = say(cli, &w, &now);
    store_close(w.store);
    return code;
}
