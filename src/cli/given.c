/* given.c -- owns the secrets and settings that a person gives for a source. */
#include "cli/given.h"

#include "base/encode.h"
#include "base/id.h"

enum { MADE_BYTES = 32 };

void given_release(struct given *given)
{
    for (size_t i = 0; i < given->n; i++)
        secret_free(given->owned[i]);
    *given = (struct given){.n = 0};
}

/* The config member that holds the secret of the first signature; the first secret when nothing is signed; or NULL. */
static const struct route_config *signing_secret(const struct route *route)
{
    const struct verify_spec *spec = route_verify_at(route, 0);
    const struct route_config *c;

    for (size_t i = 0; (c = route_config_at(route, i)); i++)
        if (c->secret && (!spec || str_eq(verify_spec_secret_name(spec), str_of(c->name))))
            return c;
    return NULL;
}

/* Splits NAME=PATH when the route has a secret of that name. */
static const struct route_config *named_secret(const struct route *route, const char *text, const char **path)
{
    struct str name = str_upto(str_of(text), str_find(str_of(text), '='));
    const struct route_config *c;

    for (size_t i = 0; text[name.len] && (c = route_config_at(route, i)); i++)
        if (c->secret && str_eq(name, str_of(c->name))) {
            *path = text + name.len + 1;
            return c;
        }
    *path = text;
    return signing_secret(route);
}

static void keep(struct given *out, const char *name, struct secret *secret)
{
    out->at[out->n] = (struct given_secret){.name = name, .secret = secret};
    out->owned[out->n++] = secret;
}

static bool has(const struct given *given, const char *name)
{
    for (size_t i = 0; i < given->n; i++)
        if (strcmp(given->at[i].name, name) == 0)
            return true;
    return false;
}

static int take_file(const struct route *route, const char *text, struct given *out)
{
    const char *path;
    const struct route_config *c = named_secret(route, text, &path);
    struct secret *secret = NULL;
    enum err err;

    if (!c)
        return cli_fail("%s takes no secret; leave --secret-file out", route_platform(route));
    if (has(out, c->name))
        return cli_wrong("the secret \"%s\" is given twice", c->name);
    if (out->n == SOURCE_SECRETS_MAX)
        return cli_wrong("more than %d secrets are given", SOURCE_SECRETS_MAX);
    err = secret_read_file(path, &secret);
    if (err == ERR_RANGE)
        return cli_fail("%s: the secret is empty, or longer than 4096 bytes; give another file", path);
    if (err)
        return cli_fail("%s: %s", path, err == ERR_NOT_FOUND ? "there is no such file" : err_text(err));
    keep(out, c->name, secret);
    return CLI_GO;
}

enum err given_make_secret(struct secret **out)
{
    static const struct str prefix = {.p = "whsec_", .len = 6};
    unsigned char key[MADE_BYTES];
    char text[sizeof("whsec_") + BASE64_LEN(MADE_BYTES)];
    enum err err;

    random_bytes(key, sizeof(key));
    memcpy(text, prefix.p, prefix.len);
    base64_encode(str_n(key, sizeof(key)), text + prefix.len);
    err = secret_new(str_of(text), out);
    explicit_bzero(key, sizeof(key));
    explicit_bzero(text, sizeof(text));
    return err;
}

/* No file was given for the signature's secret `c`. What is still missing afterwards source_check reports. */
static int take_elsewhere(struct cli *cli, const struct route_config *c, struct given *out)
{
    struct secret *secret = NULL;
    enum err err = OK;

    if (cli->secret) {
        secret = cli->secret;
        cli->secret = NULL;
    } else if (!c->required) {
        err = given_make_secret(&secret);
        out->made = secret;
    } else {
        err = cli_ask_secret(c->doc && *c->doc ? c->doc : c->name, &secret);
    }
    if (err == ERR_NOT_FOUND) /* no terminal */
        return CLI_GO;
    if (err == ERR_RANGE)
        return cli_fail("the secret is empty, or longer than 4096 bytes");
    if (err)
        return cli_fail_why(err, NULL);
    keep(out, c->name, secret);
    return CLI_GO;
}

int given_secrets(struct cli *cli, const struct route *route, const struct flag_values *files, struct given *out)
{
    const struct route_config *c = signing_secret(route);
    int code = CLI_GO;

    for (size_t i = 0; i < files->n && code == CLI_GO; i++)
        code = take_file(route, files->at[i], out);
    if (code == CLI_GO && c && !has(out, c->name))
        code = take_elsewhere(cli, c, out);
    return code;
}

int given_config(const struct flag_values *sets, json_t **out)
{
    json_t *config = json_object();

    for (size_t i = 0; i < sets->n; i++) {
        struct str pair = str_of(sets->at[i]), name = str_upto(pair, str_find(pair, '='));
        char *key = str_dup(name);
        int failed = name.len == pair.len || !key || json_object_set_new(config, key, json_str(str_from(pair, name.len + 1)));

        free(key);
        if (failed) {
            json_decref(config);
            return cli_wrong("--set takes NAME=VALUE, not \"%s\"", sets->at[i]);
        }
    }
    *out = config;
    return config ? CLI_GO : cli_fail_why(ERR_MEMORY, NULL);
}
