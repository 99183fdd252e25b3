/* fill.c -- owns the filling of {{config.NAME}} in the texts of one push.verify element. */
#include "verify/scheme.h"

enum { TEXT_MAX_BYTES = 4096 };

#define OPENING STR("{{config.")
#define CLOSING STR("}}")

bool fill_is_needed(const json_t *element)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)element, name, value)
    {
        struct str text = json_text(value);

        if (str_find_str(text, OPENING) < text.len)
            return true;
    }
    return false;
}

static struct str config_value(const struct verify_config *config, struct str name)
{
    return str_of(config && config->get ? config->get(config->arg, name) : NULL);
}

/* Appends `text` with its config members filled in; one that is not set is empty. */
static enum err fill_text(struct str text, const struct verify_config *config, struct buf *out)
{
    enum err err = OK;

    while (!err && text.len) {
        size_t open = str_find_str(text, OPENING), close;

        err = buf_append(out, str_upto(text, open));
        text = str_from(text, open);
        close = str_find_str(text, CLOSING);
        if (err || text.len == 0)
            break;
        if (close == text.len)
            return ERR_SYNTAX;
        err = buf_append(out, config_value(config, str_n(text.p + OPENING.len, close - OPENING.len)));
        text = str_from(text, close + CLOSING.len);
    }
    return err;
}

/* Sets one member of `filled`, or leaves it out when its text is empty. */
static enum err fill_member(const char *name, json_t *value, const struct verify_config *config, json_t *filled)
{
    struct buf text = BUF_INIT(TEXT_MAX_BYTES);
    enum err err = OK;

    if (!json_is_string(value))
        return json_object_set(filled, name, value) ? ERR_MEMORY : OK;
    err = fill_text(json_text(value), config, &text);
    if (!err && (text.len || json_text(value).len == 0))
        err = json_object_set_new(filled, name, json_str(buf_str(&text))) ? ERR_MEMORY : OK;
    buf_release(&text);
    return err;
}

enum err fill_element(const json_t *element, struct str pointer, const struct verify_config *config, struct problems *problems,
                      json_t **out)
{
    json_t *filled = json_object(), *value;
    const char *name;
    enum err err = filled ? OK : ERR_MEMORY;

    json_object_foreach((json_t *)(uintptr_t)element, name, value)
    {
        if (err)
            break;
        err = fill_member(name, value, config, filled);
    }
    if (err == ERR_SYNTAX || err == ERR_TOO_LARGE) {
        problems_add(problems, pointer,
                     err == ERR_SYNTAX ? "\"{{\" without \"}}\"" : "a text with its config is longer than 4096 bytes");
        err = ERR_CONFIG;
    }
    if (err) {
        json_decref(filled);
        return err;
    }
    *out = filled;
    return OK;
}
