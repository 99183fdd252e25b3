/* form_text.c -- owns the texts that are made of a urlencoded body's pairs. */

/*
 * Sources: twilio-python, request_validator.py (names and values sorted, repeated values once); the verifiers of Paddle Classic
 * that facts/signatures.md names (PHP's serialize of the other fields, sorted by name, all texts).
 */
#include "verify/signed_text.h"

#include <stdlib.h>

struct pair {
    struct str name, value;
};

static int by_name_and_value(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int names = str_cmp(x->name, y->name);

    return names ? names : str_cmp(x->value, y->value);
}

/* Returns owned: the pairs but those named `skip`, sorted. */
static enum err sorted_pairs(const struct form *form, struct str skip, struct pair **out, size_t *n)
{
    struct pair *pairs = calloc(form->n ? form->n : 1, sizeof(*pairs));

    if (!pairs)
        return ERR_MEMORY;
    *n = 0;
    for (size_t i = 0; i < form->n; i++)
        if (skip.len == 0 || !str_eq(form_name(form, i), skip))
            pairs[(*n)++] = (struct pair){form_name(form, i), form_value(form, i)};
    qsort(pairs, *n, sizeof(*pairs), by_name_and_value);
    *out = pairs;
    return OK;
}

enum err form_text_sorted(const struct form *form, struct str skip, struct buf *out)
{
    struct pair *pairs = NULL;
    size_t n = 0;
    enum err err = sorted_pairs(form, skip, &pairs, &n);

    for (size_t i = 0; i < n && !err; i++) {
        if (i && by_name_and_value(&pairs[i - 1], &pairs[i]) == 0)
            continue;
        err = buf_append(out, pairs[i].name);
        if (!err)
            err = buf_append(out, pairs[i].value);
    }
    free(pairs);
    return err;
}

static enum err append_text(struct buf *out, struct str text)
{
    enum err err = buf_printf(out, "s:%zu:\"", text.len);

    if (!err)
        err = buf_append(out, text);
    return err ? err : buf_append(out, STR("\";"));
}

enum err form_text_php(const struct form *form, struct str skip, struct buf *out)
{
    struct pair *pairs = NULL;
    size_t n = 0;
    enum err err = sorted_pairs(form, skip, &pairs, &n);

    if (!err)
        err = buf_printf(out, "a:%zu:{", n);
    for (size_t i = 0; i < n && !err; i++) {
        if (i && str_eq(pairs[i - 1].name, pairs[i].name))
            err = ERR_SIGNATURE_MALFORMED;
        if (!err)
            err = append_text(out, pairs[i].name);
        if (!err)
            err = append_text(out, pairs[i].value);
    }
    if (!err)
        err = buf_append_c(out, '}');
    free(pairs);
    return err;
}
