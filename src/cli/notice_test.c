/* notice_test.c -- owns `storehook notice test`: a signed test notice to a target, and what came back. */
#include "cli/notice.h"
#include "cli/table.h"
#include "engine/notify_try.h"

enum { WHY_BYTES = 1024, SAFE_BYTES = 16 * NOTIFY_TRY_ANSWER_BYTES };

static int print_json(const struct notice_desk *desk, const struct notify_trial *t)
{
    int code = cli_print_json(
        json_pack("{so ss sb so sI so so}", "target", json_str(desk->target.name), "id", t->id, "accepted", (int)t->taken, "status",
                  t->status ? json_integer(t->status) : json_null(), "took_ms", (json_int_t)(t->took_us / US_PER_MS), "error",
                  t->why.len ? json_str(buf_str(&t->why)) : json_null(), "answer", json_str(buf_str(&t->answer))));

    return code == EXIT_DONE && !t->taken ? EXIT_FAILED : code;
}

static int print_text(const struct notice_desk *desk, const struct notify_trial *t)
{
    struct buf answer = BUF_INIT(SAFE_BYTES);
    int code = EXIT_DONE;

    if (t->status)
        printf("target \"%s\" answered %d after %lld ms to %s\n", desk->target.name.p, t->status,
               (long long)(t->took_us / US_PER_MS), t->id);
    if (t->answer.len && !text_escape(buf_str(&t->answer), true, &answer))
        printf("%s\n", buf_text(&answer));
    fflush(stdout);
    if (!t->taken && t->status >= 300 && t->status < 400)
        code = cli_fail("that is no success: redirects are not followed; give the target the URL it redirects to");
    else if (!t->taken && t->status)
        code = cli_fail("that is no success: a receiver answers 2xx to what it has taken");
    else if (!t->taken)
        code = cli_fail("target \"%s\" could not be reached: %s", desk->target.name.p, buf_text(&t->why));
    buf_release(&answer);
    return code;
}

static int try_target(struct cli *cli, struct notice_desk *desk)
{
    struct notify_trial trial = {.why = BUF_INIT(WHY_BYTES), .answer = BUF_INIT(NOTIFY_TRY_ANSWER_BYTES)};
    struct notify_secrets secrets = {.n = 0};
    struct buf why = BUF_INIT(WHY_BYTES);
    enum err err = notify_secrets_load(desk->store, desk->seal, desk->target.id, &secrets);
    int code = err ? cli_fail_why(err, NULL) : CLI_GO;

    if (code == CLI_GO)
        err = notify_try(cli->cfg, &desk->options, desk->store, &desk->target, &secrets, &trial);
    if (code == CLI_GO && (err == ERR_FORBIDDEN || err == ERR_USAGE) &&
        http_agent_check_url(&desk->options, desk->target.url, &why))
        code = cli_fail("%s; notify.allow_http, notify.allow_private and notify.ports say what is allowed", buf_text(&why));
    else if (code == CLI_GO && err)
        code = cli_fail_why(err, NULL);
    if (code == CLI_GO)
        code = cli->json ? print_json(desk, &trial) : print_text(desk, &trial);
    notify_secrets_release(&secrets);
    buf_release(&trial.why);
    buf_release(&trial.answer);
    buf_release(&why);
    return code;
}

int notice_test_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "notice test TARGET",
        "Sends a signed notice of type \"test\" to the target, also to one that is disabled, and tells\n"
        "what came back. Fails when the answer is no success.",
        "storehook notice test crm", 1, 1};
    struct notice_desk desk = {.store = NULL};
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code != CLI_GO)
        return code;
    code = notice_desk_open(cli, argv[0], DESK_SEAL, &desk);
    if (code == CLI_GO)
        code = try_target(cli, &desk);
    notice_desk_close(&desk);
    return code;
}
