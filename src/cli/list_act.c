/* list_act.c -- owns the operator's acts of consent: `list subscribe|unsubscribe|confirm`, `contacts suppress|unsuppress`. */
#include "cli/list.h"

#include "base/timefmt.h"
#include "cli/contacts.h"
#include "cli/open.h"
#include "cli/operator.h"
#include "store/list.h"

enum { ARENA_BYTES = 64 << 20, TEXT_BYTES_MAX = 1000 };

static int check_text(const char *flag, const char *text)
{
    if (text && (strlen(text) > TEXT_BYTES_MAX || !str_is_utf8(str_of(text)) || str_trim(str_of(text)).len == 0))
        return cli_wrong("--%s: give 1 to %d bytes of UTF-8", flag, TEXT_BYTES_MAX);
    return CLI_GO;
}

/* `flag` is what the proof is called. */
static int check_act(const struct cli *cli, const char *at, const char *flag, const char *proof, const char *by,
                     struct consent_act *act)
{
    int code = check_text(flag, proof);

    if (code == CLI_GO)
        code = operator_name(by, &act->by);
    if (code == CLI_GO && at && (time_parse(str_of(at), TIME_ANY, &act->at_us) || act->at_us > clock_wall_us(cli->clock)))
        code = cli_wrong("--at %s: give a date or time of the past, such as 2024-05-02 or 2024-05-02T09:11:08Z", at);
    act->proof = str_of(proof);
    return code;
}

/* --- what came of it -------------------------------------------------------------------------------------------------- */

static const struct view_list *find_list(const struct contact_view *v, struct str name)
{
    for (size_t i = 0; i < v->n_lists; i++)
        if (str_eq(v->lists[i].list, name))
            return &v->lists[i];
    return NULL;
}

static const char *state_now(const struct consent_act *act, const struct contact_view *v)
{
    const struct view_list *list = act->list.len ? find_list(v, act->list) : NULL;

    return consent_state_name(list ? list->state : v->consent.state);
}

static void print_now(const struct consent_act *act, const struct consent_act_result *result, const struct contact_view *v)
{
    bool suppresses = act->kind == ACT_SUPPRESS || act->kind == ACT_UNSUPPRESS;

    if (suppresses)
        printf("%.*s: %s\n", STR_ARG(act->email), v->n_suppressions ? "suppressed" : "not suppressed");
    else
        printf("%.*s: %s%s%.*s%s\n", STR_ARG(act->email), state_now(act, v), act->list.len ? " on " : "", STR_ARG(act->list),
               result->changed || result->refused ? "" : ", as before");
    for (size_t i = 0; i < v->n_suppressions; i++)
        printf("suppressed: %.*s\n", STR_ARG(v->suppressions[i]));
    if (result->asks_list.len)
        printf("waits for a confirmation: nothing is mailed by this command; `storehook list confirm` notes it\n");
}

static int print_json(const struct contact_reader *r, const struct consent_act *act, const struct consent_act_result *result,
                      const struct contact_view *v)
{
    json_t *object = view_json(v, r->sources, r->n_sources);

    if (object && (json_object_set_new(object, "changed", json_boolean(result->changed)) ||
                   json_object_set_new(object, "refused", json_boolean(result->refused)) ||
                   json_object_set_new(object, "state", json_string(state_now(act, v))))) {
        json_decref(object);
        object = NULL;
    }
    return cli_print_json(object);
}

/* An address that nobody has yet can be suppressed, too. */
static int print_nobody(struct cli *cli, const struct consent_act *act, const struct consent_act_result *result)
{
    if (cli->json)
        return cli_print_json(json_pack("{sb sb}", "changed", (int)result->changed, "refused", 0));
    printf("%.*s: %s; no contact has this address yet\n", STR_ARG(act->email),
           act->kind == ACT_SUPPRESS ? "suppressed" : "not suppressed");
    return EXIT_DONE;
}

static int report(struct cli *cli, struct store *store, const struct consent_act *act, const struct consent_act_result *result)
{
    struct contact_reader r;
    struct contact_view view;
    enum err err = contact_reader_init(&r, cli, store);
    int code;

    if (err)
        code = cli_fail_why(err, NULL);
    else if (result->contact_id.len == 0)
        code = print_nobody(cli, act, result);
    else
        code = contact_open(cli, &r, act->email.p, &view);
    if (code == CLI_GO && cli->json)
        code = print_json(&r, act, result, &view);
    else if (code == CLI_GO) {
        print_now(act, result, &view);
        code = EXIT_DONE;
    }
    contact_reader_release(&r);
    if (code == EXIT_DONE && result->refused)
        code = cli_fail("not changed: %s", act->proof.len || act->kind == ACT_UNSUBSCRIBE
                                               ? "what is on file is later, and a later word counts more; see `storehook why`"
                                               : "somebody unsubscribed is subscribed again only with --proof, which says how the "
                                                 "person opted in since then");
    return code;
}

static int fail_act(const struct consent_act *act, enum err err, struct store *store)
{
    if (err == ERR_SYNTAX)
        return cli_fail("%.*s is not an e-mail address", STR_ARG(act->email));
    if (err == ERR_RANGE)
        return cli_fail("\"%.*s\": a list's name has 1 to %d printable bytes, no blank at its ends", STR_ARG(act->list),
                        LIST_NAME_BYTES_MAX);
    if (err == ERR_NOT_FOUND)
        return cli_fail("no opt-in of %.*s to %.*s waits for a confirmation; `storehook contacts show` tells its state, `storehook "
                        "list subscribe` notes an opt-in",
                        STR_ARG(act->email), STR_ARG(act->list));
    return *db_trouble(store->db) ? cli_fail("database: %s", db_trouble(store->db)) : cli_fail_why(err, NULL);
}

static int commit(struct cli *cli, struct store *store, const struct seal *seal, const struct consent_act *act)
{
    struct consent_act_result result;
    struct list_row list;
    struct arena arena;
    enum err err = OK;
    int code;

    arena_init(&arena, ARENA_BYTES);
    if (act->list.len)
        err = list_find(store, act->list, &arena, &list);
    if (err == ERR_NOT_FOUND) {
        arena_release(&arena);
        return cli_fail("there is no list \"%.*s\"; `storehook list list` shows all, `storehook list add` makes one",
                        STR_ARG(act->list));
    }
    if (!err)
        err = consent_act_commit(store, seal, act, &arena, &result);
    if (err)
        code = fail_act(act, err, store);
    else if (result.erased)
        code = cli_fail(
            "the person was erased and is not mailed; only an opt-in of their own since then brings them back, which `storehook "
            "list subscribe` notes with --proof and --at");
    else
        code = report(cli, store, act, &result);
    arena_release(&arena);
    return code;
}

int act_run(struct cli *cli, const struct consent_act *act)
{
    struct store *store = NULL;
    struct seal *seal = NULL;
    int code = cli_open_store(cli, &store);

    if (code == CLI_GO)
        code = cli_open_seal(cli, store, &seal);
    if (code == CLI_GO)
        code = commit(cli, store, seal, act);
    seal_free(seal);
    store_close(store);
    return code;
}

/* --- the verbs -------------------------------------------------------------------------------------------------------- */

#define AT_FLAG(at)                                                              \
    {                                                                            \
        "at", FLAG_TEXT, &(at), "TIME", "when the person said so (default: now)" \
    }

int list_subscribe_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "list subscribe EMAIL LIST [--proof TEXT [--at TIME] [--confirmed]] [--by NAME]",
        "Notes that a person opted in to a list; makes the contact if there is none. With --proof it counts as the person's own\n"
        "opt-in of that time; without it, only where nothing else was ever said: nobody is brought back who unsubscribed.\n"
        "On a double opt-in list the contact is pending until it is confirmed.",
        "storehook list subscribe zoe@example.com newsletter --proof \"card 17 of the fair\" --at 2024-05-02", 2, 2};
    const char *at = NULL, *proof = NULL, *by = NULL;
    struct consent_act act = {.kind = ACT_SUBSCRIBE};
    const struct cli_flag flags[] = {{"proof", FLAG_TEXT, &proof, "TEXT", "how one knows: form, card, recording"},
                                     AT_FLAG(at),
                                     {"confirmed", FLAG_ON, &act.confirmed, NULL, "the person has confirmed the address already"},
                                     OPERATOR_FLAG(by),
                                     {0}};
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO && !proof && (at || act.confirmed))
        code = cli_wrong("--%s needs --proof: say how one knows of the person's consent", at ? "at" : "confirmed");
    if (code == CLI_GO)
        code = check_act(cli, at, "proof", proof, by, &act);
    if (code != CLI_GO)
        return code;
    act.email = str_of(argv[0]);
    act.list = str_of(argv[1]);
    return act_run(cli, &act);
}

int list_unsubscribe_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"list unsubscribe EMAIL [LIST] [--at TIME] [--proof TEXT] [--by NAME]",
                                         "Notes that a person wants no more mail: of one list, or, without one, of any (C10).",
                                         "storehook list unsubscribe zoe@example.com --proof \"said so on the telephone\"", 1, 2};
    const char *at = NULL, *proof = NULL, *by = NULL;
    struct consent_act act = {.kind = ACT_UNSUBSCRIBE};
    const struct cli_flag flags[] = {AT_FLAG(at), {"proof", FLAG_TEXT, &proof, "TEXT", "how one knows"}, OPERATOR_FLAG(by), {0}};
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO)
        code = check_act(cli, at, "proof", proof, by, &act);
    if (code != CLI_GO)
        return code;
    act.email = str_of(argv[0]);
    act.list = argc > 1 ? str_of(argv[1]) : STR_NONE;
    return act_run(cli, &act);
}

int list_confirm_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "list confirm EMAIL LIST [--at TIME] [--proof TEXT] [--by NAME]",
        "Notes that a person confirmed an opt-in that waits on a double opt-in list: pending becomes subscribed.",
        "storehook list confirm zoe@example.com newsletter --proof \"followed the link\"", 2, 2};
    const char *at = NULL, *proof = NULL, *by = NULL;
    struct consent_act act = {.kind = ACT_CONFIRM};
    const struct cli_flag flags[] = {AT_FLAG(at), {"proof", FLAG_TEXT, &proof, "TEXT", "how one knows"}, OPERATOR_FLAG(by), {0}};
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO)
        code = check_act(cli, at, "proof", proof, by, &act);
    if (code != CLI_GO)
        return code;
    act.email = str_of(argv[0]);
    act.list = str_of(argv[1]);
    return act_run(cli, &act);
}

int contacts_suppress(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"contacts suppress EMAIL --reason TEXT [--by NAME]",
                                         "Keeps an address from being mailed whatever its consent, until `contacts unsuppress`. "
                                         "The address need not be a contact's.",
                                         "storehook contacts suppress zoe@example.com --reason \"lawyer's letter of 2 May\"", 1, 1};
    const char *reason = NULL, *by = NULL;
    struct consent_act act = {.kind = ACT_SUPPRESS};
    const struct cli_flag flags[] = {{"reason", FLAG_TEXT, &reason, "TEXT", "why; kept in the ledger"}, OPERATOR_FLAG(by), {0}};
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO && !reason)
        code = cli_wrong("--reason is missing; usage: storehook %s", page.usage);
    if (code == CLI_GO)
        code = check_act(cli, NULL, "reason", reason, by, &act);
    if (code != CLI_GO)
        return code;
    act.email = str_of(argv[0]);
    return act_run(cli, &act);
}

int contacts_unsuppress(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"contacts unsuppress EMAIL [--reason TEXT] [--by NAME]",
                                         "Lifts what `contacts suppress` did, nothing else: a complaint stays for ever, a hard "
                                         "bounce is lifted by a later confirmed\n"
                                         "opt-in of the person alone. Consent stays as it is.",
                                         "storehook contacts unsuppress zoe@example.com --reason \"settled\"", 1, 1};
    const char *reason = NULL, *by = NULL;
    struct consent_act act = {.kind = ACT_UNSUPPRESS};
    const struct cli_flag flags[] = {{"reason", FLAG_TEXT, &reason, "TEXT", "why; kept in the ledger"}, OPERATOR_FLAG(by), {0}};
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO)
        code = check_act(cli, NULL, "reason", reason, by, &act);
    if (code != CLI_GO)
        return code;
    act.email = str_of(argv[0]);
    return act_run(cli, &act);
}
