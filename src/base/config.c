/* config.c -- owns the settings' values: defaults, then the file, then the environment, then flags; unknown keys stop the start. */
#include "base/config.h"

#include "base/json.h"
#include "base/setting.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 16 << 10, REASON_MAX_BYTES = 8 << 10, FILE_MAX_LINES = 10000 };

enum origin_kind { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

/* Where a value comes from; `line` counts only with FROM_FILE. */
struct origin {
    enum origin_kind kind;
    int line;
};

struct value {
    char *text; /* as written */
    char *path; /* SETTING_PATH: below `dir` */
    int64_t number;
    struct origin from;
};

struct config {
    char *file; /* NULL: none was read */
    struct value values[SET__COUNT];
};

static void value_release(struct value *v)
{
    if (v->text)
        explicit_bzero(v->text, strlen(v->text)); /* N10: it may be a secret */
    free(v->text);
    free(v->path);
    *v = (struct value){.text = NULL};
}

/* Appends "where: reason". */
static void refuse_value(const struct config *cfg, struct origin from, const struct buf *reason, struct buf *why)
{
    if (from.kind == FROM_FILE)
        setting_explain(why, "%s:%d: ", cfg->file, from.line);
    else if (from.kind == FROM_ENVIRONMENT)
        setting_explain(why, "environment: ");
    setting_explain(why, "%s", buf_text(reason));
}

static enum err set_value(struct config *cfg, enum setting s, struct str text, struct origin from, struct buf *why)
{
    struct value next = {.from = from};
    struct buf reason = BUF_INIT(REASON_MAX_BYTES);
    enum err err = setting_check(s, text, &next.number, &reason);

    if (err) {
        refuse_value(cfg, from, &reason, why);
        goto done;
    }
    next.text = str_dup(text);
    if (!next.text) {
        err = ERR_MEMORY;
        goto done;
    }
    value_release(&cfg->values[s]);
    cfg->values[s] = next;
done:
    buf_release(&reason);
    return err;
}

/* Puts relative paths below `dir`. */
static enum err resolve_paths(struct config *cfg)
{
    const char *dir = cfg->values[SET_DIR].text;

    for (size_t s = 0; s < SET__COUNT; s++) {
        struct value *v = &cfg->values[s];
        struct buf path = BUF_INIT(PATH_MAX_BYTES);
        enum err err = OK;

        if (setting_row((enum setting)s)->type != SETTING_PATH)
            continue;
        if (v->text[0] && v->text[0] != '/')
            err = buf_printf(&path, "%s/", dir);
        if (!err)
            err = buf_append(&path, str_of(v->text));
        if (!err) {
            free(v->path);
            v->path = buf_take(&path);
        }
        buf_release(&path);
        if (err || !v->path)
            return err ? err : ERR_MEMORY;
    }
    return OK;
}

/* One reading of a file: inih calls read_line and take_pair in turn. */
struct reading {
    struct config *cfg;
    FILE *in;
    int line;
    enum err err; /* the first; the rest of the file is not looked at */
    struct buf *why;
};

/* Gives inih one whole line, without leading blanks: an indented line is no continuation of the one before. */
static char *read_line(char *line, int room, void *stream)
{
    struct reading *r = stream;
    size_t len, blanks;

    if (r->err || !fgets(line, room, r->in))
        return NULL;
    r->line++;
    len = strlen(line);
    if ((len == 0 || line[len - 1] != '\n') && !feof(r->in)) {
        setting_explain(r->why, "%s:%d: line longer than %d bytes, or with a NUL byte", r->cfg->file, r->line, room - 2);
        r->err = ERR_CONFIG;
    } else if (r->line > FILE_MAX_LINES) {
        setting_explain(r->why, "%s: more than %d lines", r->cfg->file, FILE_MAX_LINES);
        r->err = ERR_CONFIG;
    }
    if (r->err)
        return NULL;
    blanks = strspn(line, " \t");
    memmove(line, line + blanks, len - blanks + 1);
    return line;
}

/* Cuts " # comment" off, as inih cuts " ; comment". */
static struct str without_comment(struct str value)
{
    size_t at = str_find_str(value, STR(" #"));

    return str_trim(str_upto(value, at));
}

static enum err unknown_key(const struct reading *r, const char *section, const char *name, const char *key)
{
    const char *near = setting_near(str_of(key));

    setting_explain(r->why, "%s:%d: unknown key %s ", r->cfg->file, r->line, name);
    if (section[0])
        setting_explain(r->why, "in section [%s]", section);
    else
        setting_explain(r->why, "before any [section]");
    if (near)
        setting_explain(r->why, "; did you mean %s?", near);
    return ERR_CONFIG;
}

static int take_pair(void *arg, const char *section, const char *name, const char *value)
{
    struct reading *r = arg;
    struct origin from = {.kind = FROM_FILE, .line = r->line};
    char key[SETTING_NAME_BYTES];
    enum setting s;

    if (r->err)
        return 0;
    snprintf(key, sizeof(key), "%s.%s", section, name);
    if (!setting_find(str_of(key), &s)) {
        r->err = unknown_key(r, section, name, key);
    } else if (r->cfg->values[s].from.kind == FROM_FILE) {
        setting_explain(r->why, "%s:%d: %s is set a second time, first in line %d", r->cfg->file, r->line, key,
                        r->cfg->values[s].from.line);
        r->err = ERR_CONFIG;
    } else {
        r->err = set_value(r->cfg, s, without_comment(str_of(value)), from, r->why);
    }
    return r->err == OK;
}

static enum err load_file(struct config *cfg, const char *path, struct buf *why)
{
    struct reading r = {.cfg = cfg, .why = why};
    int bad_line;

    cfg->file = str_dup(str_of(path));
    if (!cfg->file)
        return ERR_MEMORY;
    r.in = fopen(path, "re");
    if (!r.in) {
        bool absent = errno == ENOENT;

        setting_explain(why, "%s: cannot be read: %s", path, strerror(errno));
        return absent ? ERR_NOT_FOUND : ERR_CONFIG;
    }
    bad_line = ini_parse_stream(read_line, &r, take_pair, &r);
    if (!r.err && ferror(r.in)) {
        setting_explain(why, "%s: cannot be read: %s", path, strerror(errno));
        r.err = ERR_CONFIG;
    } else if (!r.err && bad_line) {
        setting_explain(why, "%s:%d: neither [section] nor key = value", path, bad_line);
        r.err = ERR_CONFIG;
    }
    fclose(r.in);
    return r.err;
}

/* Tries SECTION_KEY, and the key alone for those who left the section out. */
static const char *near_variable(struct str rest)
{
    char name[SETTING_NAME_BYTES], *underscore;
    const char *near = NULL;

    snprintf(name, sizeof(name), ".%.*s", STR_ARG(str_upto(rest, sizeof(name) - 2)));
    for (char *c = name; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    underscore = strchr(name, '_');
    if (underscore) {
        *underscore = '.';
        near = setting_near(str_of(name + 1));
        *underscore = '_';
    }
    return near ? near : setting_near(str_of(name));
}

static enum err unknown_variable(struct str name, struct buf *why)
{
    const char *near = near_variable(str_from(name, strlen(setting_environment_prefix)));
    char meant[SETTING_NAME_BYTES];

    setting_explain(why, "environment: unknown variable %.*s", STR_ARG(name));
    if (near) {
        setting_environment_name(near, meant);
        setting_explain(why, "; did you mean %s?", meant);
    }
    return ERR_CONFIG;
}

static enum err load_variable(struct config *cfg, struct str name, struct str value, struct buf *why)
{
    struct origin from = {.kind = FROM_ENVIRONMENT, .line = 0};
    char known[SETTING_NAME_BYTES];

    for (size_t s = 0; s < SET__COUNT; s++) {
        setting_environment_name(setting_row((enum setting)s)->key, known);
        if (str_eq(name, str_of(known)))
            return set_value(cfg, (enum setting)s, value, from, why);
    }
    return unknown_variable(name, why);
}

static enum err load_environment(struct config *cfg, struct buf *why)
{
    for (char **at = environ; at && *at; at++) {
        struct str pair = str_of(*at), name = str_upto(pair, str_find(pair, '='));
        enum err err;

        if (!str_starts(name, str_of(setting_environment_prefix)))
            continue;
        err = load_variable(cfg, name, str_from(pair, name.len + 1), why);
        if (err)
            return err;
    }
    return OK;
}

static enum err load_defaults(struct config *cfg, struct buf *why)
{
    struct origin from = {.kind = FROM_DEFAULT, .line = 0};
    enum err err = OK;

    for (size_t s = 0; s < SET__COUNT && !err; s++)
        err = set_value(cfg, (enum setting)s, str_of(setting_row((enum setting)s)->fallback), from, why);
    return err;
}

enum err config_load(const char *path, struct config **out, struct buf *why)
{
    struct config *cfg = calloc(1, sizeof(*cfg));
    enum err err;

    if (!cfg)
        return ERR_MEMORY;
    err = load_defaults(cfg, why);
    if (!err && path)
        err = load_file(cfg, path, why);
    if (!err)
        err = load_environment(cfg, why);
    if (!err)
        err = resolve_paths(cfg);
    if (err)
        goto done;
    *out = cfg;
    cfg = NULL;
done:
    config_free(cfg);
    return err;
}

void config_free(struct config *cfg)
{
    if (!cfg)
        return;
    for (size_t s = 0; s < SET__COUNT; s++)
        value_release(&cfg->values[s]);
    free(cfg->file);
    free(cfg);
}

enum err config_set(struct config *cfg, enum setting s, struct str value, struct buf *why)
{
    struct origin from = {.kind = FROM_FLAG, .line = 0};
    enum err err = set_value(cfg, s, value, from, why);

    return err ? err : resolve_paths(cfg);
}

const char *config_text(const struct config *cfg, enum setting s)
{
    return setting_row((enum setting)s)->type == SETTING_PATH ? cfg->values[s].path : cfg->values[s].text;
}

int64_t config_int(const struct config *cfg, enum setting s)
{
    return cfg->values[s].number;
}

bool config_is_default(const struct config *cfg, enum setting s)
{
    return cfg->values[s].from.kind == FROM_DEFAULT;
}

/* A default is no secret: it stands in the help. */
static const char *shown_value(const struct config *cfg, enum setting s)
{
    const struct value *v = &cfg->values[s];
    bool secret = (setting_row(s)->flags & SETTING_SECRET) && v->from.kind != FROM_DEFAULT && v->text[0];

    return secret ? "***" : v->text; /* N10 */
}

static enum err append_origin(const struct config *cfg, struct origin from, struct buf *out)
{
    static const char *const words[] = {"default", "", "environment", "flag"};

    if (from.kind == FROM_FILE)
        return buf_printf(out, "%s:%d", cfg->file, from.line);
    return buf_append(out, str_of(words[from.kind]));
}

static enum err show_text(const struct config *cfg, struct buf *out)
{
    enum err err = OK;

    for (size_t i = 0; i < SET__COUNT && !err; i++) {
        enum setting s = (enum setting)i;
        const struct setting_row *row = setting_row(s);

        err = buf_printf(out, "%s = %s  # %s (default %s; from ", row->key, shown_value(cfg, s), row->help,
                         row->fallback[0] ? row->fallback : "empty");
        if (!err)
            err = append_origin(cfg, cfg->values[s].from, out);
        if (!err)
            err = buf_append(out, STR(")\n"));
    }
    return err;
}

/* Returns owned; NULL when memory is out. */
static json_t *value_json(const struct config *cfg, enum setting s)
{
    struct buf origin = BUF_INIT(PATH_MAX_BYTES);
    json_t *value = NULL;

    if (append_origin(cfg, cfg->values[s].from, &origin) == OK)
        value = json_pack("{s:o, s:s, s:o, s:s}", "value", json_str(str_of(shown_value(cfg, s))), "default",
                          setting_row(s)->fallback, "from", json_str(buf_str(&origin)), "help", setting_row(s)->help);
    buf_release(&origin);
    return value;
}

static enum err show_json(const struct config *cfg, struct buf *out)
{
    json_t *all = json_object();
    enum err err = all ? OK : ERR_MEMORY;

    for (size_t s = 0; s < SET__COUNT && !err; s++)
        if (json_object_set_new(all, setting_row((enum setting)s)->key, value_json(cfg, (enum setting)s)))
            err = ERR_MEMORY;
    if (!err)
        err = json_print_pretty(all, out);
    json_decref(all);
    return err;
}

enum err config_show(const struct config *cfg, bool as_json, struct buf *out)
{
    return as_json ? show_json(cfg, out) : show_text(cfg, out);
}

/* Every line is a comment that shows the default: the sample as it stands changes nothing. */
static enum err sample_text(struct buf *out)
{
    struct str section = STR_NONE;
    enum err err = buf_printf(out,
                              "# Settings of storehook. Each line shows the default; take the # away to change it.\n"
                              "# Also from the environment: %sSECTION_KEY, such as %sSERVE_LISTEN.\n",
                              setting_environment_prefix, setting_environment_prefix);

    for (size_t s = 0; s < SET__COUNT && !err; s++) {
        const struct setting_row *row = setting_row((enum setting)s);
        struct str key = str_of(row->key), at = str_upto(key, str_find(key, '.'));

        if (!str_eq(at, section))
            err = buf_printf(out, "\n[%.*s]\n", STR_ARG(at));
        section = at;
        if (!err)
            err = buf_printf(out, "# %s\n# %s = %s\n", row->help, key.p + at.len + 1, row->fallback);
    }
    return err;
}

/* Returns owned; NULL when memory is out. */
static json_t *row_json(const struct setting_row *row)
{
    static const char *const types[] = {"text", "int", "bool", "bytes", "time", "path"};
    bool has_bounds = row->type != SETTING_TEXT && row->type != SETTING_PATH && row->type != SETTING_BOOL;

    return json_pack("{ss ss ss so so ss}", "name", row->key, "type", types[row->type], "default", row->fallback, "min",
                     has_bounds ? json_integer(row->least) : json_null(), "max", has_bounds ? json_integer(row->most) : json_null(),
                     "help", row->help);
}

static enum err sample_json(struct buf *out)
{
    json_t *all = json_array();
    enum err err = all ? OK : ERR_MEMORY;

    for (size_t s = 0; s < SET__COUNT && !err; s++)
        if (json_array_append_new(all, row_json(setting_row((enum setting)s))))
            err = ERR_MEMORY;
    if (!err)
        err = json_print_pretty(all, out);
    json_decref(all);
    return err;
}

enum err config_sample(bool as_json, struct buf *out)
{
    return as_json ? sample_json(out) : sample_text(out);
}
