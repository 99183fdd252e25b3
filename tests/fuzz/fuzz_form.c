/* fuzz_form.c -- feeds arbitrary bytes to the form decoder; what it takes must encode to the same pairs again. */
#include "base/buf.h"
#include "base/form.h"

#include <stdlib.h>

static const struct form_limits limits = {.max_bytes = 4096, .max_pairs = 100};

static enum err encode(struct str text, struct buf *out)
{
    enum err err = OK;

    for (size_t i = 0; i < text.len && !err; i++)
        err = buf_printf(out, "%%%02x", (unsigned)(unsigned char)text.p[i]);
    return err;
}

static enum err encode_form(const struct form *form, struct buf *out)
{
    enum err err = OK;

    for (size_t i = 0; i < form->n && !err; i++) {
        err = i ? buf_append_c(out, '&') : OK;
        if (!err)
            err = encode(form_name(form, i), out);
        if (!err)
            err = buf_append_c(out, '=');
        if (!err)
            err = encode(form_value(form, i), out);
    }
    return err;
}

static void check_same(const struct form *a, const struct form *b)
{
    if (a->n != b->n)
        abort();
    for (size_t i = 0; i < a->n; i++)
        if (!str_eq(form_name(a, i), form_name(b, i)) || !str_eq(form_value(a, i), form_value(b, i)))
            abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct form form, again;
    struct buf text = BUF_INIT(1 << 16);

    if (form_parse(str_n(data, size), &limits, &form) == OK && !encode_form(&form, &text)) {
        const struct form_limits wider = {.max_bytes = text.max, .max_pairs = limits.max_pairs};

        if (form_parse(buf_str(&text), &wider, &again) != OK)
            abort();
        check_same(&form, &again);
        form_release(&again);
    }
    form_release(&form);
    buf_release(&text);
    return 0;
}
