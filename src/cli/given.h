/* given.h -- owns the secrets and settings that a person gives for a source: from files, the environment, or the terminal; never
 * from an argument, which others can see (N10). */
#ifndef CLI_GIVEN_H
#define CLI_GIVEN_H

#include "cli/cli.h"
#include "store/source.h"

/* A secret in the form of Standard Webhooks: whsec_ and the base64 of 32 random bytes. Returns owned. */
enum err given_make_secret(struct secret **out) MUST_CHECK;

struct given {
    struct given_secret at[SOURCE_SECRETS_MAX];
    struct secret *owned[SOURCE_SECRETS_MAX];
    size_t n;
    const struct secret *made; /* one of `owned` that we made ourselves and must show once; NULL when all were given */
};
void given_release(struct given *given);

/*
 * Takes the secrets of --secret-file (PATH, or NAME=PATH where the platform has several). Without one for the signature:
 * STOREHOOK_SECRET, else a new one where the route does not require it to be given, else a question on the terminal.
 * Returns CLI_GO or the exit code.
 */
int given_secrets(struct cli *cli, const struct route *route, const struct flag_values *files, struct given *out);
/* Makes the object of --set NAME=VALUE. Returns CLI_GO or the exit code. */
int given_config(const struct flag_values *sets, json_t **out);

#endif
