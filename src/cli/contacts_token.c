/* contacts_token.c -- owns `storehook contacts token`: the text that ties who follows a mailing's link to its contact. */
#include "cli/contacts.h"
#include "cli/open.h"
#include "model/visit_token.h"

enum { DAYS_DEFAULT = 30, DAYS_MAX = 365, ARENA_BYTES = 1 << 20 };

/* Finds the contact's id. CLI_GO or the exit code. */
static int find(struct store *store, const char *text, struct arena *arena, struct str *id)
{
    enum err err = contact_find(store, str_of(text), arena, id);

    if (err == ERR_NOT_FOUND)
        return cli_fail("there is no contact \"%s\"; `storehook contacts list` shows those there are", text);
    return err ? cli_fail("database: %s", db_trouble(store->db)) : CLI_GO;
}

int contacts_token(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "contacts token EMAIL [--days N]",
        "Makes the text for links in your own mailings: https://shop.example/page?storehook=TOKEN. Who follows the link is tied "
        "to\n"
        "the contact by the script on the page. Whoever is given the link is taken for the contact, so let it end early.",
        "storehook contacts token zoe@example.com --days 7", 1, 1};
    int64_t days = DAYS_DEFAULT, ends_us;
    const struct cli_flag flags[] = {{"days", FLAG_INT, &days, "N", "how long it is valid (default 30)"}, {0}};
    char token[VISIT_TOKEN_CHARS + 1];
    struct store *store = NULL;
    struct seal *seal = NULL;
    struct str id = STR_NONE;
    struct arena arena;
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    arena_init(&arena, ARENA_BYTES);
    if (code == CLI_GO && (days < 1 || days > DAYS_MAX))
        code = cli_wrong("--days must be between 1 and %d", DAYS_MAX);
    if (code == CLI_GO)
        code = cli_open_store(cli, &store);
    if (code == CLI_GO)
        code = find(store, argv[0], &arena, &id);
    if (code == CLI_GO)
        code = cli_open_seal(cli, store, &seal);
    ends_us = clock_wall_us(cli->clock) + days * 86400 * US_PER_S;
    if (code == CLI_GO && visit_token_make(seal, id, ends_us, token))
        code = cli_fail_why(ERR_INTERNAL, NULL);
    if (code == CLI_GO && cli->json)
        code = cli_print_json(
            json_pack("{ss ss# sI}", "token", token, "contact_id", id.p, (int)id.len, "ends_at_us", (json_int_t)ends_us));
    else if (code == CLI_GO)
        code = puts(token) < 0 ? cli_fail_why(ERR_IO, NULL) : EXIT_DONE;
    seal_free(seal);
    store_close(store);
    arena_release(&arena);
    return code;
}
