/* open.h -- owns the opening of what commands work on, with the message when it fails. */
#ifndef CLI_OPEN_H
#define CLI_OPEN_H

#include "cli/cli.h"
#include "model/field.h"
#include "model/source.h"
#include "queue/stream.h"
#include "route/route.h"
#include "store/account.h"

/* Each returns CLI_GO, or the exit code after it has said what is wrong. Returns owned through `out`. The store works in the account
 * that --account names, else in the first one. */
int cli_open_store(struct cli *cli, struct store **out);
int cli_open_stream(struct cli *cli, struct stream **out);
int cli_open_routes(struct cli *cli, struct routes **out);
/* Loads the master key and holds it against the database. */
int cli_open_seal(struct cli *cli, struct store *store, struct seal **out);
/* Finds an account that is not removed by its name, or says which there are. */
int cli_find_account(struct store *store, const char *name, struct account *out);
/* Borrows the platform's route through `out`; else it says so, with the nearest name. */
int cli_find_route(const struct routes *routes, const char *platform, const struct route **out);

/* Appends what is in front of every endpoint: storehook.public_url, else where a running `up` listens, else serve.listen. */
enum err cli_base_url(const struct cli *cli, struct buf *out) MUST_CHECK;
/* Appends the URL that the platform calls. */
enum err cli_endpoint(const struct cli *cli, const struct source *source, struct buf *out) MUST_CHECK;
/* Appends the file of our own certificate authority, which stands beside the server's certificate; nothing when there is none. */
enum err cli_own_ca(const struct cli *cli, struct buf *out) MUST_CHECK;

#endif
