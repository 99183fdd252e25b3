/* field.c -- owns `storehook field`: add, type, set, release. */
#include "cli/field.h"

#include "cli/commands.h"
#include "cli/edits.h"
#include "cli/open.h"

#include "base/problems.h"

enum { ARENA_BYTES = 256 << 20, TARGETS_MAX = 1000, NAME_SHOWN = 200 };

int field_desk_open(struct field_desk *d, struct cli *cli)
{
    int code;
    enum err err;

    *d = (struct field_desk){.cli = cli};
    arena_init(&d->arena, ARENA_BYTES);
    code = cli_open_store(cli, &d->store);
    if (code != CLI_GO)
        return code;
    err = field_list_load(d->store, &d->arena, &d->fields);
    return err ? cli_fail_why(err, NULL) : CLI_GO;
}

void field_desk_close(struct field_desk *d)
{
    arena_release(&d->arena);
    store_close(d->store);
}

bool field_desk_has(const struct field_desk *d, struct str name)
{
    if (field_list_find(&d->fields, name))
        return true;
    for (const char *const *one = field_built_in_names(); *one; one++)
        if (str_eq(name, str_of(*one)))
            return true;
    return false;
}

int field_desk_unknown(const struct field_desk *d, struct str name)
{
    const char *names[FIELDS_MAX + 16] = {NULL}, *near;
    struct str shown = str_upto(name, NAME_SHOWN);
    size_t n = 0;

    for (size_t i = 0; i < d->fields.n; i++)
        names[n++] = d->fields.at[i].name.p; /* the arena's copies end with NUL */
    for (const char *const *one = field_built_in_names(); *one; one++)
        names[n++] = *one;
    near = nearest_name(name, names);
    if (near)
        return cli_fail("there is no field \"%.*s\"; did you mean %s?", STR_ARG(shown), near);
    return cli_fail("there is no field \"%.*s\"; `storehook field list` shows those there are, `field add` makes one",
                    STR_ARG(shown));
}

static int no_such_type(const char *text)
{
    return cli_wrong("--type %s: give text, number, date or bool", text);
}

static int say_done(struct cli *cli, struct str name, enum field_type type, const char *done)
{
    if (cli->json)
        return cli_print_json(json_pack("{so ss ss}", "name", json_str(name), "type", field_type_name(type), "done", done));
    return printf("field %.*s (%s) %s\n", STR_ARG(name), field_type_name(type), done) < 0 ? cli_fail_why(ERR_IO, NULL) : EXIT_DONE;
}

static int add(struct field_desk *d, struct str name, enum field_type type)
{
    enum err err = field_add(d->store, name, type);

    switch (err) {
    case OK:
        return say_done(d->cli, name, type, "added");
    case ERR_RANGE:
        return cli_wrong("a field's name has 1 to %d characters of a-z, 0-9 and _, a letter first", FIELD_NAME_BYTES_MAX);
    case ERR_EXISTS:
        return cli_fail("there is a field %.*s already; `storehook field type` changes its type", STR_ARG(name));
    case ERR_TOO_MANY:
        return cli_fail("there are %d fields already", FIELDS_MAX);
    default:
        return cli_fail("database: %s", db_trouble(d->store->db));
    }
}

static int field_add_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "field add NAME [--type text|number|date|bool]",
        "Adds a field of your own. Values are set with `field set`, by an import, or by a source whose\n"
        "mapping leads there (`source set`).",
        "storehook field add loyalty_points --type number", 1, 1};
    const char *type_text = "text";
    const struct cli_flag flags[] = {{"type", FLAG_TEXT, &type_text, "TYPE", "which texts it takes (default text)"}, {0}};
    enum field_type type = FIELD_TEXT;
    struct field_desk d;
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code != CLI_GO)
        return code;
    if (field_type_parse(str_of(type_text), &type))
        return no_such_type(type_text);
    code = field_desk_open(&d, cli);
    if (code == CLI_GO)
        code = add(&d, str_of(argv[0]), type);
    field_desk_close(&d);
    return code;
}

static int field_type_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "field type NAME text|number|date|bool",
        "Says which texts a field takes, also one that a source made. Values that do not fit stay stored and do not show.",
        "storehook field type birthday date", 2, 2};
    enum field_type type = FIELD_TEXT;
    struct field_desk d;
    enum err err;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code != CLI_GO)
        return code;
    if (field_type_parse(str_of(argv[1]), &type))
        return no_such_type(argv[1]);
    code = field_desk_open(&d, cli);
    if (code == CLI_GO) {
        err = field_set_type(d.store, str_of(argv[0]), type);
        if (err == ERR_NOT_FOUND && field_is_built_in(str_of(argv[0])))
            code = cli_fail("%s is a field of every contact, its type does not change", argv[0]);
        else if (err == ERR_NOT_FOUND)
            code = field_desk_unknown(&d, str_of(argv[0]));
        else
            code = err ? cli_fail("database: %s", db_trouble(d.store->db)) : say_done(cli, str_of(argv[0]), type, "set");
    }
    field_desk_close(&d);
    return code;
}

/* As it was when the desk was opened. */
static enum field_type type_of(const struct field_desk *d, struct str name)
{
    const struct account_field *field = field_list_find(&d->fields, name);

    return field ? field->type : FIELD_TEXT;
}

static int field_remove_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "field remove NAME",
        "Removes a field of which nothing is stored: one that was added by mistake. Looks through the values of all contacts.",
        NULL, 1, 1};
    struct field_desk d;
    enum err err;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code != CLI_GO)
        return code;
    code = field_desk_open(&d, cli);
    if (code == CLI_GO) {
        err = field_remove(d.store, str_of(argv[0]));
        if (err == ERR_EXISTS)
            code = cli_fail("%s is in use: a contact has, or had, a value of it, or `source set` leads to it", argv[0]);
        else if (err == ERR_NOT_FOUND)
            code = field_desk_unknown(&d, str_of(argv[0]));
        else
            code = err ? cli_fail("database: %s", db_trouble(d.store->db))
                       : say_done(cli, str_of(argv[0]), type_of(&d, str_of(argv[0])), "removed");
    }
    field_desk_close(&d);
    return code;
}

/* -- values by hand ------------------------------------------------------------------------------------------------------- */

/* Holds the value against the field. CLI_GO or the exit code. */
static int check_value(const struct field_desk *d, struct str name, struct str value)
{
    const struct account_field *field = field_list_find(&d->fields, name);

    if (!field_desk_has(d, name))
        return field_desk_unknown(d, name);
    if (value.len > FIELD_VALUE_BYTES_MAX)
        return cli_wrong("the value has more than %d bytes", FIELD_VALUE_BYTES_MAX);
    if (!str_is_utf8(value))
        return cli_wrong("the value is not UTF-8");
    if (field && value.len && !field_fits(field->type, value))
        return cli_fail("%.*s is a %s field: give %s", STR_ARG(name), field_type_name(field->type), field_type_help(field->type));
    return CLI_GO;
}

static int change(struct cli *cli, const struct cli_page *page, enum edit_kind kind, const char *done, int argc, char **argv)
{
    struct edit edit = {.kind = kind};
    struct edit_targets targets = {.n = 0};
    const struct cli_flag flags[] = {{"file", FLAG_TEXT, &targets.file, "FILE", "addresses, one a line; - reads stdin"}, {0}};
    int values = kind == EDIT_FIELD_SET ? 2 : 1, code = cli_parse(cli, page, flags, &argc, &argv);
    struct field_desk d;

    if (code != CLI_GO)
        return code;
    if (argc != values + !targets.file)
        return cli_wrong("give %s, or --file FILE in place of the address; `storehook field --help`",
                         kind == EDIT_FIELD_SET ? "EMAIL NAME VALUE" : "EMAIL NAME");
    targets.emails = argv;
    targets.n = targets.file ? 0 : 1;
    edit.name = str_of(argv[targets.n]);
    edit.value = kind == EDIT_FIELD_SET ? str_of(argv[targets.n + 1]) : STR_NONE;
    code = field_desk_open(&d, cli);
    if (code == CLI_GO)
        code = check_value(&d, edit.name, edit.value);
    if (code == CLI_GO)
        code = cli_edit_all(cli, d.store, &edit, &targets, done);
    field_desk_close(&d);
    return code;
}

static int field_set_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "field set EMAIL NAME VALUE, or field set --file FILE NAME VALUE",
        "Sets a field of contacts by hand. What you set goes before what any source says, also later, until `field release`.\n"
        "An empty VALUE shows the field empty. A VALUE that begins with - comes last, after --.",
        "storehook field set zoe@example.com company \"Zoe & Sons\"", 2, 3};

    return change(cli, &page, EDIT_FIELD_SET, "set", argc, argv);
}

static int field_release_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"field release EMAIL NAME, or field release --file FILE NAME",
                                         "Takes back what was set by hand: the latest of what the sources say shows again.",
                                         "storehook field release zoe@example.com company", 1, 2};

    return change(cli, &page, EDIT_FIELD_RELEASE, "released", argc, argv);
}

static const struct cli_command verbs[] = {
    {"list", field_list_verb, "lists the fields with their personalisation tags", NULL},
    {"add", field_add_verb, "adds a field of your own", NULL},
    {"type", field_type_verb, "says which texts a field takes", NULL},
    {"remove", field_remove_verb, "removes one of which nothing is stored", NULL},
    {"set", field_set_verb, "sets a contact's value by hand", NULL},
    {"release", field_release_verb, "takes that back", NULL},
    {"render", field_render_verb, "replaces personalisation tags by a contact's values", NULL},
    {NULL, NULL, NULL, NULL},
};

int cmd_field(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "field", verbs, argc, argv);
}
