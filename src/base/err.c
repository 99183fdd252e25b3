/* err.c -- owns the list of errors: code, text, and the HTTP status a sender is told. */
#include "base/err.h"

#include <assert.h>
#include <ctype.h>
#include <pthread.h>
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

/* The codes in lower case; written once, read-only afterwards. */
static char names[ERR__COUNT][32];

static void names_fill(void)
{
    for (size_t e = 0; e < ERR__COUNT; e++)
        for (size_t i = 0; rows[e].code[i] && i < sizeof(names[e]) - 1; i++)
            names[e][i] = (char)tolower((unsigned char)rows[e].code[i]);
}

const char *err_name(enum err err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    assert(err < ERR__COUNT);
    pthread_once(&once, names_fill);
    return names[err];
}

int err_http_status(enum err err)
{
    assert(err < ERR__COUNT);
    return rows[err].status;
}
