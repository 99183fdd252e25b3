/* field_render.c -- owns `storehook field render`: a text with its personalisation tags replaced by a contact's values (AC-09). */
#include "cli/field.h"

#include "base/file.h"
#include "model/personal.h"

#include <stdio.h>

enum { TEXT_BYTES_MAX = 8 << 20, OUT_BYTES_MAX = 64 << 20, UNKNOWN_MAX = 20 };

/* One text at work. */
struct render {
    struct field_desk desk;
    struct contact_reader reader;
    struct contact_view view;
    struct buf full_name;
    struct buf unknown[UNKNOWN_MAX]; /* tags that name no field, each once */
    size_t n_unknown;
};

static enum err note_unknown(struct render *r, struct str name)
{
    for (size_t i = 0; i < r->n_unknown; i++)
        if (str_eq(buf_str(&r->unknown[i]), name))
            return ERR_NOT_FOUND;
    if (r->n_unknown < UNKNOWN_MAX) {
        r->unknown[r->n_unknown] = BUF_INIT(FIELD_NAME_BYTES_MAX + 1);
        if (buf_append(&r->unknown[r->n_unknown++], name))
            return ERR_MEMORY;
    }
    return ERR_NOT_FOUND;
}

static enum err value_of(void *arg, struct str name, struct str *value)
{
    struct render *r = arg;
    const struct contact_view *v = &r->view;
    const struct {
        struct str name, value;
    } own[] = {{STR("email"), v->email},
               {STR("first_name"), v->first_name},
               {STR("last_name"), v->last_name},
               {STR("full_name"), buf_str(&r->full_name)},
               {STR("phone"), v->phone}};

    for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
        if (str_eq(name, own[i].name)) {
            *value = own[i].value;
            return OK;
        }
    for (size_t i = 0; i < v->n_fields; i++)
        if (str_eq(name, v->fields[i]->name)) {
            *value = v->fields[i]->value;
            return OK;
        }
    *value = STR_NONE;
    return field_desk_has(&r->desk, name) ? OK : note_unknown(r, name);
}

static int print(struct render *r, const struct buf *out)
{
    char tag[PERSONAL_TAG_CHARS + 1];
    json_t *unknown;

    if (r->desk.cli->json) {
        unknown = json_array();
        for (size_t i = 0; i < r->n_unknown; i++)
            json_array_append_new(unknown, json_string(personal_tag(buf_str(&r->unknown[i]), tag)));
        return cli_print_json(json_pack("{so so}", "text", json_str(buf_str(out)), "unknown", unknown));
    }
    for (size_t i = 0; i < r->n_unknown; i++)
        fprintf(stderr, "storehook: %s names no field, it stays as it is; `storehook field list` shows the tags there are\n",
                personal_tag(buf_str(&r->unknown[i]), tag));
    return fwrite(buf_text(out), 1, out->len, stdout) == out->len && putchar('\n') != EOF ? EXIT_DONE : cli_fail_why(ERR_IO, NULL);
}

static int render(struct render *r, const char *who, struct str text, bool html)
{
    struct buf out = BUF_INIT(OUT_BYTES_MAX);
    int code = contact_open(r->desk.cli, &r->reader, who, &r->view);
    enum err err;

    if (code != CLI_GO)
        return code;
    r->full_name = BUF_INIT(FIELD_VALUE_BYTES_MAX * 2 + 1);
    err = buf_printf(&r->full_name, "%.*s%s%.*s", STR_ARG(r->view.first_name),
                     r->view.first_name.len && r->view.last_name.len ? " " : "", STR_ARG(r->view.last_name));
    if (!err)
        err = personal_render(text, html ? PERSONAL_HTML : PERSONAL_PLAIN, value_of, r, &out);
    code = err ? cli_fail_why(err, NULL) : print(r, &out);
    buf_release(&out);
    buf_release(&r->full_name);
    for (size_t i = 0; i < r->n_unknown; i++)
        buf_release(&r->unknown[i]);
    return code;
}

/* Reads the text. CLI_GO or the exit code. */
static int read_text(const char *path, struct buf *text)
{
    enum err err = file_read(path, text);

    if (err)
        return cli_fail("%s: %s (a text has at most 8 MiB)", path, err_text(err));
    return str_is_utf8(buf_str(text)) ? CLI_GO : cli_fail("%s is not UTF-8", path);
}

int field_render_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"field render EMAIL TEXT, or field render EMAIL --file FILE",
                                         "Prints a text with its personalisation tags replaced by the contact's values: "
                                         "%FIRST_NAME%, or %FIRST_NAME|friend% to say\n"
                                         "what stands there when the contact has no value. `field list` shows the tags.",
                                         "storehook field render zoe@example.com \"Hello %FIRST_NAME|friend%\"", 1, 2};
    const char *path = NULL;
    bool html = false;
    const struct cli_flag flags[] = {{"file", FLAG_TEXT, &path, "FILE", "read the text from FILE; - is stdin"},
                                     {"html", FLAG_ON, &html, NULL, "the text is HTML: values are escaped"},
                                     {0}};
    struct render r = {.n_unknown = 0};
    struct buf text = BUF_INIT(TEXT_BYTES_MAX);
    int code = cli_parse(cli, &page, flags, &argc, &argv);
    enum err err;

    if (code != CLI_GO)
        return code;
    if ((argc == 2) == (path != NULL))
        return cli_wrong("give the text, or --file FILE");
    code = path ? read_text(path, &text) : CLI_GO;
    if (code == CLI_GO)
        code = field_desk_open(&r.desk, cli);
    if (code == CLI_GO) {
        err = contact_reader_init(&r.reader, cli, r.desk.store);
        code = err ? cli_fail_why(err, NULL) : render(&r, argv[0], path ? buf_str(&text) : str_of(argv[1]), html);
        contact_reader_release(&r.reader);
    }
    field_desk_close(&r.desk);
    buf_release(&text);
    return code;
}
