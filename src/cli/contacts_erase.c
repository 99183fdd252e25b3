/* contacts_erase.c -- owns `storehook contacts erase`: a person is erased for good, and the signed report of it is printed. */
#include "cli/contacts.h"

#include "cli/open.h"
#include "cli/operator.h"
#include "engine/erasure.h"
#include "engine/privacy_report.h"
#include "model/email.h"
#include "store/erase.h"

#include <unistd.h>

enum { WORK_BYTES = 64 << 20 };

/* One run of the command. */
struct erasing {
    struct cli *cli;
    struct store *store;
    struct seal *seal;
    struct arena arena;
    struct id request;
    const char *email;
    struct str key;      /* the address as it is stored */
    struct str operator; /* his name */
};

/* Dead letters and rejected deliveries that are kept for the doctor may speak of the person, too. */
static int finish_in_queue(struct erasing *e)
{
    struct erasure_removed removed;
    struct stream *stream = NULL;
    int code = cli_open_stream(e->cli, &stream);
    enum err err = code == CLI_GO ? erasure_finish(e->store, stream, e->seal, &removed) : OK;

    stream_close(stream);
    if (code != CLI_GO || err)
        return cli_fail("erased in the database, not yet in the queue%s%s; the drainer does it when it runs and reaches Redis",
                        err ? ": " : "", err ? err_text(err) : "");
    return EXIT_DONE;
}

static enum err erase_once(struct store *store, void *arg)
{
    struct erasing *e = arg;
    int64_t now = clock_wall_us(e->cli->clock);
    struct privacy_ask ask = {.by = e->operator, .asked_us = now };
    struct event_refs refs = {.email = e->key, .email_err = OK};
    struct arena work;
    enum err err;

    arena_init(&work, WORK_BYTES);
    err = erase_person(store, e->seal, &refs, &ask, now, &work, &e->request);
    arena_release(&work);
    return err;
}

static int erase_address(struct erasing *e)
{
    struct email email = {0};
    enum err err = email_normalise(str_of(e->email), &e->arena, &email);

    e->key = email.key;
    if (!err)
        err = store_transact(e->store, erase_once, e);
    if (err)
        return err == ERR_SYNTAX ? cli_fail("%s is not an e-mail address", e->email) : cli_fail_why(err, NULL);
    return EXIT_DONE;
}

static int print_report(struct erasing *e)
{
    struct privacy_request request;
    json_t *report = NULL;
    enum err err = privacy_get(e->store, id_str(&e->request), &e->arena, &request);

    if (!err)
        err = privacy_report(e->seal, &request, STR_NONE, &report);
    return err ? cli_fail_why(err, NULL) : cli_print_json(report);
}

/* Asks a person; scripts have no terminal and are not asked. */
static bool confirm(const char *email)
{
    char line[8];

    fprintf(stderr, "Erase %s for good? [y/N] ", email);
    return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static int erase(struct erasing *e)
{
    int code = cli_open_store(e->cli, &e->store);

    if (code == CLI_GO)
        code = cli_open_seal(e->cli, e->store, &e->seal);
    if (code == CLI_GO)
        code = erase_address(e);
    if (code == EXIT_DONE)
        code = finish_in_queue(e);
    if (code == EXIT_DONE && e->cli->json)
        code = print_report(e);
    else if (code == EXIT_DONE)
        printf("erased; `storehook privacy show %s` has the signed report\n", e->request.text);
    return code;
}

int contacts_erase(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "contacts erase EMAIL [--by NAME] [--yes]",
        "Erases a person for good: contact, orders, carts, visits, ledger. A keyed hash of the address stays, so that later\n"
        "imports and orders do not bring the person back. Dead letters and samples of rejected deliveries that hold the\n"
        "address go, too; what waits in the queue is dropped when it is applied. With --json the signed report is printed.",
        "storehook contacts erase zoe@example.com --yes", 1, 1};
    bool yes = false;
    const char *by = NULL;
    struct erasing e = {.cli = cli};
    const struct cli_flag flags[] = {{"yes", FLAG_ON, &yes, NULL, "do not ask"}, OPERATOR_FLAG(by), {0}};
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO)
        code = operator_name(by, &e.operator);
    if (code != CLI_GO)
        return code;
    e.email = argv[0];
    if (!yes && isatty(STDIN_FILENO) && !confirm(e.email))
        return cli_fail("not erased; give --yes to go on without the question");
    arena_init(&e.arena, WORK_BYTES);
    code = erase(&e);
    arena_release(&e.arena);
    seal_free(e.seal);
    store_close(e.store);
    return code;
}
