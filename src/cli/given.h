/* given.h -- owns the secrets and settings that a person gives for a source: from files, the environment, stdin or the terminal;
 * never from an argument, which others can see (N10). */
#ifndef CLI_GIVEN_H
#define CLI_GIVEN_H

#include "cli/cli.h"
#include "store/source.h"

/* 32 random bytes in the form that the way to sign wants (whsec_ and base64, base64, or hex). Returns owned.
 * ERR_NOT_IMPLEMENTED when the platform itself makes it, as one half of a pair of keys. */
enum err given_make_secret(const struct verify_spec *spec, struct secret **out) MUST_CHECK;

struct given {
    struct given_secret at[SOURCE_SECRETS_MAX];
    struct secret *owned[SOURCE_SECRETS_MAX];
    size_t n;
    const struct secret *made; /* one of `owned` that we made ourselves and must show once; NULL when all were given */
};
void given_release(struct given *given);

/* Splits NAME=PLACE when the route has a secret of that name; else the whole text is the place, and NULL is returned. */
const struct route_config *given_named(const struct route *route, const char *text, const char **place);

/* What the flags say about secrets. */
struct given_flags {
    struct flag_values files, variables; /* PATH or NAME=PATH; VARIABLE or NAME=VARIABLE */
    const char *name; /* config member that is meant where none is named; NULL: the only one, or the one required */
    bool generate;
    bool one_will_do; /* where one is given, that of the signature is not asked for */
};
/* The rows of these flags in a verb's table. */
#define GIVEN_FLAGS(given)                                                                                                      \
    {"secret-file", FLAG_EACH, &(given).files, "FILE", "file with the secret, - for stdin; NAME=FILE where there are several"}, \
        {"secret-env", FLAG_EACH, &(given).variables, "VAR", "environment variable with the secret; or NAME=VAR"},              \
    {                                                                                                                           \
        "generate", FLAG_ON, &(given).generate, NULL, "make a secret, show it once"                                             \
    }

/*
 * Takes the secrets. Where a platform has several and it is not clear which one is meant, says so (exit 2). Without one: STOREHOOK_SECRET, else none where the platform brings it in a handshake, else
 * a new one where the route does not require it to be given, else a question on the terminal. Returns CLI_GO or the exit code.
 */
int given_secrets(struct cli *cli, const struct route *route, const struct given_flags *flags, struct given *out);
/* Reads one secret from a file, or from stdin when the path is "-"; says on stderr when everybody may read the file. Returns CLI_GO
 * or the exit code. */
int given_read_file(const char *path, struct secret **out);
/* Says why a secret is never an argument; what was given is not repeated. Returns the exit code. */
int given_refuse_argument(void);
/* Makes the object of --set NAME=VALUE. Returns CLI_GO or the exit code. */
int given_config(const struct flag_values *sets, json_t **out);

#endif
