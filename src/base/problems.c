/* problems.c -- owns the list of what is wrong with a file: place, reason, and what would be right. */
#include "base/problems.h"

enum { PROBLEMS_MAX_BYTES = 64 << 10, NEAREST_EDITS = 3 };

void problems_init(struct problems *p, struct str file)
{
    *p = (struct problems){.file = file, .text = BUF_INIT(PROBLEMS_MAX_BYTES), .n = 0};
}

void problems_release(struct problems *p)
{
    if (!p)
        return;
    buf_release(&p->text);
    p->n = 0;
}

void problems_add(struct problems *p, struct str pointer, const char *format, ...)
{
    size_t before = p->text.len;
    va_list args;
    enum err err;

    p->n++; /* counted even where the line does not fit: the file is refused all the same */
    if (p->n > PROBLEMS_MAX)
        return;
    if (pointer.p)
        err = buf_printf(&p->text, "%.*s#%.*s: ", STR_ARG(p->file), STR_ARG(pointer));
    else
        err = buf_printf(&p->text, "%.*s: ", STR_ARG(p->file));
    va_start(args, format);
    if (!err)
        err = buf_vprintf(&p->text, format, args);
    va_end(args);
    if (!err)
        err = buf_append_c(&p->text, '\n');
    if (err && p->text.p) { /* no half lines */
        p->text.len = before;
        p->text.p[before] = '\0';
    }
}

const char *nearest_name(struct str s, const char *const *names)
{
    size_t best = NEAREST_EDITS + 1;
    const char *nearest = NULL;

    for (; *names; names++) {
        size_t distance = str_distance(s, str_of(*names), NEAREST_EDITS);

        if (distance < best) {
            best = distance;
            nearest = *names;
        }
    }
    return nearest;
}
