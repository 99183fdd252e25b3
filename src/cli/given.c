/* given.c -- owns the secrets and settings that a person gives for a source. */
#include "cli/given.h"

#include "base/encode.h"
#include "base/id.h"

#include <sys/stat.h>
#include <unistd.h>

enum { MADE_BYTES = 32, NAMES_BYTES = 4096 };

void given_release(struct given *given)
{
    for (size_t i = 0; i < given->n; i++)
        secret_free(given->owned[i]);
    *given = (struct given){.n = 0};
}

/* The secret that is meant where none is named: the only one, or of several the only one that is required. */
static const struct route_config *only_secret(const struct route *route, size_t *n)
{
    const struct route_config *c, *any = NULL, *required = NULL;
    size_t n_required = 0;

    *n = 0;
    for (size_t i = 0; (c = route_config_at(route, i)); i++) {
        if (!c->secret)
            continue;
        any = c;
        required = c->required ? c : required;
        n_required += c->required;
        (*n)++;
    }
    return *n == 1 ? any : n_required == 1 ? required : NULL;
}

const struct route_config *given_named(const struct route *route, const char *text, const char **place)
{
    struct str name = str_upto(str_of(text), str_find(str_of(text), '='));
    const struct route_config *c;

    for (size_t i = 0; text[name.len] && (c = route_config_at(route, i)); i++)
        if (c->secret && str_eq(name, str_of(c->name))) {
            *place = text + name.len + 1;
            return c;
        }
    *place = text;
    return NULL;
}

/* Says that it is not clear which secret is meant, and which there are. */
static int refuse_unnamed(const struct route *route)
{
    struct buf names = BUF_INIT(NAMES_BYTES);
    const struct route_config *c;
    enum err err = OK;
    int code;

    for (size_t i = 0; (c = route_config_at(route, i)) && !err; i++)
        if (c->secret)
            err = buf_printf(&names, "%s%s", names.len ? ", " : "", c->name);
    code = err ? cli_fail_why(err, NULL)
               : cli_wrong(
                     "%s has several secrets; say which one: --secret-file NAME=FILE (or --secret-env NAME=VAR, or --secret NAME "
                     "for one that is asked for or made) with one of %s",
                     route_platform(route), buf_text(&names));
    buf_release(&names);
    return code;
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

int given_refuse_argument(void)
{
    return cli_wrong(
        "a secret is never an argument: every process of this machine can read it, and shells write it down; give it "
        "with --secret-file FILE, --secret-env VAR, --secret-file - (stdin) or at the question, and have a new one made");
}

/* What cannot be meant as a file's or a variable's name, as far as one can tell; it must not be repeated on the terminal. */
static bool looks_like_secret(const char *text)
{
    struct str s = str_of(text);

    return str_starts(s, STR("whsec_")) || (s.len >= 16 && str_find(s, '.') == s.len && str_find(s, '/') > 0);
}

static int fail_secret(enum err err, const char *from)
{
    if (err == ERR_RANGE)
        return cli_fail("%s: the secret is empty, or longer than 4096 bytes; give another", from);
    if (err == ERR_EXISTS)
        return cli_fail("the two are not the same; nothing is changed");
    if (err == ERR_NOT_FOUND)
        return looks_like_secret(from) ? given_refuse_argument() : cli_fail("%s: there is no such file", from);
    return cli_fail("%s: %s", from, err_text(err));
}

static void warn_when_open(const char *path)
{
    struct stat st;

    if (!stat(path, &st) && S_ISREG(st.st_mode) && st.st_mode & S_IROTH)
        fprintf(stderr, "storehook: warning: everybody may read %s; `chmod 600 %s`\n", path, path);
}

int given_read_file(const char *path, struct secret **out)
{
    bool is_stdin = strcmp(path, "-") == 0;
    enum err err = is_stdin && isatty(STDIN_FILENO) ? cli_ask_secret("secret", out)
                   : is_stdin                       ? secret_read_fd(STDIN_FILENO, out)
                                                    : secret_read_file(path, out);

    if (err)
        return fail_secret(err, is_stdin ? "stdin" : path);
    if (!is_stdin)
        warn_when_open(path);
    return CLI_GO;
}

/* Takes it out of the environment, so that no child inherits it. STOREHOOK_SECRET is taken out already. */
static int read_variable(struct cli *cli, const char *name, struct secret **out)
{
    char *text = getenv(name);
    enum err err;

    if (cli->secret && strcmp(name, "STOREHOOK_SECRET") == 0) {
        *out = cli->secret;
        cli->secret = NULL;
        return CLI_GO;
    }
    if (!text)
        return looks_like_secret(name) ? given_refuse_argument() : cli_fail("there is no environment variable %s", name);
    err = secret_new_line(str_of(text), out);
    explicit_bzero(text, strlen(text));
    unsetenv(name);
    return err ? fail_secret(err, name) : CLI_GO;
}

static int check_room(const struct route_config *c, const struct route *route, const struct given *out)
{
    size_t n;

    if (!c && !only_secret(route, &n) && n)
        return refuse_unnamed(route);
    if (!c)
        return cli_fail("%s takes no secret; leave it out", route_platform(route));
    if (has(out, c->name))
        return cli_wrong("the secret \"%s\" is given twice", c->name);
    return out->n == SOURCE_SECRETS_MAX ? cli_wrong("more than %d secrets are given", SOURCE_SECRETS_MAX) : CLI_GO;
}

/* Takes one secret from where `text` ([NAME=]PLACE) says. */
static int take_given(struct cli *cli, const struct route *route, const struct route_config *usual, const char *text, bool is_file,
                      struct given *out)
{
    const char *place;
    const struct route_config *named = given_named(route, text, &place), *c = named ? named : usual;
    struct secret *secret = NULL;
    int code = check_room(c, route, out);

    if (code == CLI_GO)
        code = is_file ? given_read_file(place, &secret) : read_variable(cli, place, &secret);
    if (code == CLI_GO)
        keep(out, c->name, secret);
    return code;
}

/* The first way to sign that uses the secret, or NULL. */
static const struct verify_spec *spec_of(const struct route *route, const char *name)
{
    const struct verify_spec *spec;

    for (size_t i = 0; (spec = route_verify_at(route, i)); i++)
        if (str_eq(verify_spec_secret_name(spec), str_of(name)))
            return spec;
    return NULL;
}

static enum err make_hex(const unsigned char *key, struct secret **out)
{
    char text[2 * MADE_BYTES + 1];
    enum err err;

    hex_encode(str_n(key, MADE_BYTES), text);
    err = secret_new(str_of(text), out);
    explicit_bzero(text, sizeof(text));
    return err;
}

static enum err make_base64(const unsigned char *key, struct str prefix, struct secret **out)
{
    char text[sizeof("whsec_") + BASE64_LEN(MADE_BYTES)];
    enum err err;

    memcpy(text, prefix.p, prefix.len);
    base64_encode(str_n(key, MADE_BYTES), text + prefix.len);
    err = secret_new(str_of(text), out);
    explicit_bzero(text, sizeof(text));
    return err;
}

enum err given_make_secret(const struct verify_spec *spec, struct secret **out)
{
    struct str form = spec ? str_of(verify_spec_secret_form(spec)) : STR("text");
    unsigned char key[MADE_BYTES];
    enum err err;

    random_bytes(key, sizeof(key));
    if (str_eq(form, STR("whsec")))
        err = make_base64(key, STR("whsec_"), out);
    else if (str_eq(form, STR("base64")))
        err = make_base64(key, STR(""), out);
    else if (str_eq(form, STR("hex")) || str_eq(form, STR("text")) || str_eq(form, STR("html")))
        err = make_hex(key, out);
    else
        err = ERR_NOT_IMPLEMENTED;
    explicit_bzero(key, sizeof(key));
    return err;
}

/* No place was named for the secret `c`. What is still missing afterwards source_check reports. */
static int take_elsewhere(struct cli *cli, const struct route *route, const struct route_config *c, bool generate,
                          struct given *out)
{
    struct secret *secret = NULL;
    enum err err = OK;

    if (!generate && !cli->secret && route_captures(route, str_of(c->name)))
        return CLI_GO; /* the platform brings it in a handshake */
    if (!generate && cli->secret) {
        secret = cli->secret;
        cli->secret = NULL;
    } else if (generate || !c->required) {
        err = given_make_secret(spec_of(route, c->name), &secret);
        out->made = secret;
    } else {
        err = cli_ask_secret(c->doc && *c->doc ? c->doc : c->name, &secret);
    }
    if (err == ERR_NOT_FOUND) /* no terminal */
        return CLI_GO;
    if (err == ERR_NOT_IMPLEMENTED)
        return cli_fail("%s makes \"%s\" itself; copy it from there", route_title(route), c->name);
    if (err)
        return fail_secret(err, "terminal");
    keep(out, c->name, secret);
    return CLI_GO;
}

static int usual_secret(const struct route *route, const char *name, const struct route_config **out)
{
    const struct route_config *c;
    size_t n;

    *out = only_secret(route, &n);
    if (!name)
        return CLI_GO;
    for (size_t i = 0; (c = route_config_at(route, i)); i++)
        if (c->secret && strcmp(c->name, name) == 0) {
            *out = c;
            return CLI_GO;
        }
    if (looks_like_secret(name))
        return given_refuse_argument();
    return cli_fail("%s has no secret of that name; --secret takes a name (see `storehook route show %s`), never the secret",
                    route_platform(route), route_platform(route));
}

/* True when one of the route's secrets comes in a handshake, so that a source may be added without any. */
static bool captures_any(const struct route *route)
{
    const struct route_config *c;

    for (size_t i = 0; (c = route_config_at(route, i)); i++)
        if (c->secret && route_captures(route, str_of(c->name)))
            return true;
    return false;
}

/* Nothing was named where there are several secrets. */
static int check_unnamed(const struct cli *cli, const struct route *route, const struct given_flags *flags, const struct given *out)
{
    size_t n;

    if (only_secret(route, &n) || n == 0)
        return flags->generate ? cli_fail("%s takes no secret; leave --generate out", route_platform(route)) : CLI_GO;
    return flags->generate || (out->n == 0 && (cli->secret || !captures_any(route))) ? refuse_unnamed(route) : CLI_GO;
}

int given_secrets(struct cli *cli, const struct route *route, const struct given_flags *flags, struct given *out)
{
    const struct route_config *c = NULL;
    int code = usual_secret(route, flags->name, &c);

    for (size_t i = 0; i < flags->files.n && code == CLI_GO; i++)
        code = take_given(cli, route, c, flags->files.at[i], true, out);
    for (size_t i = 0; i < flags->variables.n && code == CLI_GO; i++)
        code = take_given(cli, route, c, flags->variables.at[i], false, out);
    if (code == CLI_GO && !c)
        return check_unnamed(cli, route, flags, out);
    if (code == CLI_GO && flags->generate && has(out, c->name))
        return cli_wrong("--generate makes the secret \"%s\", and one is given", c->name);
    if (code == CLI_GO && !has(out, c->name) && (flags->generate || out->n == 0 || !flags->one_will_do))
        code = take_elsewhere(cli, route, c, flags->generate, out);
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
