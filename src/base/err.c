/* err.c -- owns the list of errors: code, text, and the HTTP status a sender is told. */
#include "base/err.h"

#include <assert.h>
#include <ctype.h>
#include <stddef.h>

static const struct {
    const char *code, *text;
    int status;
} rows[] = {
#define X(code, text, status) [ERR_##code] = {#code, text, status},
    ERROR_LIST(X)
#undef X
};

const char *err_text(enum err err)
{
    assert(err < ERR__COUNT);
    return rows[err].text;
}

const char *err_name(enum err err)
{
    static _Thread_local char name[32];
    size_t i = 0;

    assert(err < ERR__COUNT);
    for (; rows[err].code[i] && i < sizeof(name) - 1; i++)
        name[i] = (char)tolower((unsigned char)rows[err].code[i]);
    name[i] = '\0';
    return name;
}

int err_http_status(enum err err)
{
    assert(err < ERR__COUNT);
    return rows[err].status;
}
