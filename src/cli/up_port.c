/* up_port.c -- owns the port that `storehook up` receives on: as it was asked for, or any free one instead of the default. */
#include "cli/up_port.h"

#include "net/server.h"

#include <unistd.h>

enum { WHY_BYTES = 8192 };

int up_set_port(struct cli *cli, int64_t port)
{
    struct str listen = str_of(config_text(cli->cfg, SET_SERVE_LISTEN));
    struct buf address = BUF_INIT(WHY_BYTES), why = BUF_INIT(WHY_BYTES);
    size_t colon = listen.len;
    enum err err;

    while (colon && listen.p[colon - 1] != ':')
        colon--;
    err = buf_printf(&address, "%.*s%lld", STR_ARG(colon ? str_upto(listen, colon) : STR("127.0.0.1:")), (long long)port);
    if (!err)
        err = config_set(cli->cfg, SET_SERVE_LISTEN, buf_str(&address), &why);
    if (!err && setenv("STOREHOOK_SERVE_LISTEN", buf_text(&address), 1))
        err = ERR_MEMORY;
    if (err)
        cli_fail_why(err, &why);
    buf_release(&address);
    buf_release(&why);
    return err ? EXIT_FAILED : CLI_GO;
}

int up_choose_port(struct cli *cli)
{
    struct str listen = str_of(config_text(cli->cfg, SET_SERVE_LISTEN));
    struct buf bound = BUF_INIT(WHY_BYTES), why = BUF_INIT(WHY_BYTES);
    int fd = -1, code = CLI_GO;
    enum err err = listen.len ? net_listen_alone(listen, &fd, &bound, &why) : OK;

    if (fd >= 0)
        close(fd);
    if (err == ERR_EXISTS && config_is_default(cli->cfg, SET_SERVE_LISTEN)) {
        fprintf(stderr, "storehook: %.*s is taken by another program; taking any free port\n", STR_ARG(listen));
        code = up_set_port(cli, 0);
    } else if (err == ERR_EXISTS) {
        code =
            cli_fail("%.*s is taken by another program; stop that, or choose another --port (0 = any free one)", STR_ARG(listen));
    } else if (err) {
        code = cli_fail_why(err, &why);
    }
    buf_release(&bound);
    buf_release(&why);
    return code;
}
