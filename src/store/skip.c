/* skip.c -- owns the list of addresses that are skipped (G5): the built-in one, and what the setting adds and takes out. */
#include "store/skip.h"

enum { WORD_SHOWN = 80 };

static enum err add(struct arena *arena, enum skip_reason reason, struct str pattern, const struct skip_rule **list)
{
    struct skip_rule *rule = arena_alloc(arena, sizeof(*rule));
    struct str copy = arena_str(arena, pattern);
    char *p = (char *)(uintptr_t)copy.p;

    if (!rule || !copy.p)
        return ERR_MEMORY;
    for (size_t i = 0; i < copy.len; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + ('a' - 'A'));
    *rule = (struct skip_rule){.next = *list, .reason = reason, .pattern = copy};
    *list = rule;
    return OK;
}

/* "relay marketplace.example.*", one a line; "#" begins a comment. */
static enum err add_builtin(struct arena *arena, const struct skip_rule **list)
{
    struct str rest = str_n(builtin_skips[0].text, builtin_skips[0].len), line;
    enum err err = OK;

    while (!err && str_split(&rest, '\n', &line)) {
        size_t cut = str_find(line, ' ');
        enum skip_reason reason = skip_reason_parse(str_upto(line, cut));

        if (reason != SKIP_NOTHING)
            err = add(arena, reason, str_trim(str_from(line, cut + 1)), list);
    }
    return err;
}

/* A rule that nothing fits any more. */
static bool take_out(const struct skip_rule *list, struct str pattern)
{
    for (const struct skip_rule *r = list; r; r = r->next)
        if (str_eq(r->pattern, pattern)) {
            ((struct skip_rule *)(uintptr_t)r)->pattern = STR("@");
            return true;
        }
    return false;
}

static enum err refuse(struct str word, const char *text, struct buf *why)
{
    return buf_printf(why, "contacts.skip \"%.*s\": %s", STR_ARG(str_upto(word, WORD_SHOWN)), text) ? ERR_MEMORY : ERR_CONFIG;
}

static enum err take_word(struct str word, struct arena *arena, const struct skip_rule **list, struct buf *why)
{
    size_t cut = str_find(word, ':');
    enum skip_reason reason = skip_reason_parse(str_upto(word, cut));
    struct str pattern = cut < word.len ? str_from(word, cut + 1) : STR_NONE;

    if (word.p[0] == '-')
        return take_out(*list, str_from(word, 1)) ? OK : refuse(word, "no built-in pattern is that; see docs/contacts.md", why);
    if (reason == SKIP_NOTHING || pattern.len == 0)
        return refuse(word, "give relay:, staff:, private: or draft: and an address or a domain, or - and a built-in pattern", why);
    return add(arena, reason, pattern, list);
}

enum err skip_load(struct str setting, struct arena *arena, const struct skip_rule **out, struct buf *why)
{
    struct str rest = setting, word;
    enum err err;

    *out = NULL;
    err = add_builtin(arena, out);
    while (!err && str_split(&rest, ' ', &word))
        if (word.len)
            err = take_word(word, arena, out, why);
    return err;
}
