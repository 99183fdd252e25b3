/* open.c -- owns the opening of what commands work on, with the message when it fails. */
#include "cli/open.h"

#include "base/problems.h"
#include "engine/state.h"
#include "store/master_key.h"

#include <unistd.h>

enum { WHY_BYTES = 8192, NAMES_MAX = 200 };

int cli_find_account(struct store *store, const char *name, struct account *out)
{
    const char *names[NAMES_MAX + 1] = {NULL}, *near;
    struct account_list list = {.at = NULL};
    enum err err = account_find(store, str_of(name), out);
    int code;

    if (!err)
        return CLI_GO;
    if (err != ERR_NOT_FOUND || account_list_load(store, &list))
        return cli_fail("database: %s", db_trouble(store->db));
    for (size_t i = 0; i < list.n && i < NAMES_MAX; i++)
        names[i] = list.at[i].name;
    near = nearest_name(str_of(name), names);
    if (near)
        code = cli_fail("there is no account \"%s\"; did you mean \"%s\"?", name, near);
    else
        code = cli_fail("there is no account \"%s\"; `storehook account list` shows those there are", name);
    account_list_release(&list);
    return code;
}

static int enter_account(const char *name, struct store **store)
{
    struct account account;
    int code = cli_find_account(*store, name, &account);

    if (code == CLI_GO) {
        store_enter(*store, account.id);
        return CLI_GO;
    }
    store_close(*store);
    *store = NULL;
    return code;
}

int cli_open_store(struct cli *cli, struct store **out)
{
    const char *dir = config_text(cli->cfg, SET_DIR);
    struct buf why = BUF_INIT(WHY_BYTES);
    enum err err = store_open(cli->cfg, cli->clock, out, &why);
    int code = CLI_GO;

    if (err && access(dir, F_OK))
        code = cli_fail("%s: no such directory; start `storehook up --dir %s` first, or name another with --dir", dir, dir);
    else if (err)
        code = cli_fail_why(err, &why);
    else if (cli->account)
        code = enter_account(cli->account, out);
    buf_release(&why);
    return code;
}

int cli_open_stream(struct cli *cli, struct stream **out)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    enum err err = stream_open(cli->cfg, cli->clock, out, &why);
    int code = err ? cli_fail_why(err, &why) : CLI_GO;

    buf_release(&why);
    return code;
}

int cli_open_routes(struct cli *cli, struct routes **out)
{
    const char *dir = config_text(cli->cfg, SET_ROUTES_DIR);
    struct problems problems;
    enum err err;
    int code = CLI_GO;

    problems_init(&problems, str_of(dir));
    err = routes_load(dir, out, &problems);
    if (err && problems.n) {
        fputs(buf_text(&problems.text), stderr);
        code = cli_fail("%zu problem%s in the route files; `storehook route check FILE` checks one", problems.n,
                        problems.n == 1 ? "" : "s");
    } else if (err) {
        code = cli_fail_why(err, NULL);
    }
    problems_release(&problems);
    return code;
}

int cli_find_route(const struct routes *routes, const char *platform, const struct route **out)
{
    const char *near;

    *out = routes_find(routes, str_of(platform));
    if (*out)
        return CLI_GO;
    near = routes_nearest(routes, str_of(platform));
    if (near)
        return cli_fail("there is no platform \"%s\"; did you mean \"%s\"?", platform, near);
    return cli_fail("there is no platform \"%s\"; `storehook route list` shows those there are", platform);
}

static int load_seal(struct cli *cli, struct seal **out)
{
    const char *path = config_text(cli->cfg, SET_MASTER_KEY_FILE);
    enum err err = seal_load(str_of(config_text(cli->cfg, SET_MASTER_KEY)), path, out);

    if (!err)
        return CLI_GO;
    if (err == ERR_NOT_FOUND)
        return cli_fail("%s: there is no master key; the first `storehook up` makes one", path);
    if (err == ERR_CONFIG)
        return cli_fail("%s: others may read the master key; set its mode to 0600", path);
    return cli_fail("master key: %s", err_text(err));
}

int cli_open_seal(struct cli *cli, struct store *store, struct seal **out)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    struct seal *seal = NULL;
    int code = load_seal(cli, &seal);
    enum err err = code == CLI_GO ? master_key_check(store, seal) : OK;

    if (err == ERR_SEAL)
        state_explain_key(cli->cfg, &why);
    if (err)
        code = why.len ? cli_fail_why(err, &why) : cli_fail("database: %s", db_trouble(store->db));
    if (code == CLI_GO)
        *out = seal;
    else
        seal_free(seal);
    buf_release(&why);
    return code;
}

enum err cli_base_url(const struct cli *cli, struct buf *out)
{
    struct str base = str_of(config_text(cli->cfg, SET_PUBLIC_URL));
    enum err err;

    while (str_ends(base, STR("/")))
        base = str_upto(base, base.len - 1);
    err = base.len ? buf_append(out, base) : state_read(cli->cfg, STATE_HTTPS_URL, out);
    if (err == ERR_NOT_FOUND)
        err = buf_printf(out, "https://%s", config_text(cli->cfg, SET_SERVE_LISTEN));
    return err;
}

enum err cli_endpoint(const struct cli *cli, const struct source *source, struct buf *out)
{
    enum err err = cli_base_url(cli, out);

    return err ? err : buf_printf(out, "/in/%s", source->key);
}

enum err cli_own_ca(const struct cli *cli, struct buf *out)
{
    const char *cert = config_text(cli->cfg, SET_SERVE_CERT), *slash = strrchr(cert, '/');
    enum err err = buf_printf(out, "%.*sca.pem", slash ? (int)(slash - cert) + 1 : 0, cert);

    if (!err && access(buf_text(out), R_OK))
        buf_clear(out);
    return err;
}
