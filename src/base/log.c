/* log.c -- owns the log: one logfmt line an event on stderr, foreign bytes escaped, no bodies and no secrets. */
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 4096, VALUE_BYTES = 512 };

static enum log_level least_level = LOG_INFO;
static const char *role_name = "storehook";
static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_setup(enum log_level least, const char *role)
{
    least_level = least;
    role_name = role;
}

enum err log_level_parse(struct str s, enum log_level *out)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(*level_names); i++)
        if (str_eq(s, str_of(level_names[i]))) {
            *out = (enum log_level)i;
            return OK;
        }
    return ERR_SYNTAX;
}

bool log_enabled(enum log_level level)
{
    return level >= least_level;
}

/* A line under construction; one byte stays free for the newline. */
struct line {
    char bytes[LINE_BYTES];
    size_t len;
    bool full; /* something did not fit and was left out */
};

static void put(struct line *l, struct str s)
{
    l->full = l->full || s.len > sizeof(l->bytes) - 1 - l->len;
    if (l->full || s.len == 0)
        return;
    memcpy(l->bytes + l->len, s.p, s.len);
    l->len += s.len;
}

static bool needs_quotes(struct str s)
{
    if (s.len == 0)
        return true;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f)
            return true;
    }
    return false;
}

/* Bytes outside printable ASCII become \xNN, so no foreign byte can start a line or steer a terminal. */
static void put_value(struct line *l, struct str s)
{
    bool cut = s.len > VALUE_BYTES;

    if (!needs_quotes(s) && !cut) {
        put(l, s);
        return;
    }
    put(l, STR("\""));
    for (size_t i = 0; i < s.len && i < VALUE_BYTES; i++) {
        unsigned char c = (unsigned char)s.p[i];
        char hex[5];

        if (c == '"' || c == '\\') {
            put(l, STR("\\"));
            put(l, str_n(&s.p[i], 1));
        } else if (c < ' ' || c >= 0x7f) {
            snprintf(hex, sizeof(hex), "\\x%02x", c);
            put(l, str_n(hex, 4));
        } else {
            put(l, str_n(&s.p[i], 1));
        }
    }
    put(l, cut ? STR("...\"") : STR("\""));
}

static void put_number(struct line *l, const struct log_pair *pair)
{
    char text[24];
    int n = pair->kind == LOG_I64 ? snprintf(text, sizeof(text), "%" PRId64, pair->i)
                                  : snprintf(text, sizeof(text), "%" PRIu64, pair->u);

    put(l, str_n(text, (size_t)n));
}

/* A pair that does not fit is left out as a whole, with those after it: a line never ends inside quotes. */
static void put_pair(struct line *l, const struct log_pair *pair)
{
    size_t before = l->len;

    put(l, STR(" "));
    put(l, str_of(pair->key));
    put(l, STR("="));
    if (pair->kind == LOG_TEXT)
        put_value(l, pair->text);
    else
        put_number(l, pair);
    if (l->full)
        l->len = before;
}

static void put_time(struct line *l)
{
    struct timespec now;
    struct tm utc;
    char text[40];
    int n;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    n = snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", (utc.tm_year + 1900) % 10000, utc.tm_mon + 1,
                 utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000);
    put(l, str_n(text, (size_t)n));
}

void log_write(enum log_level level, const char *event, const struct log_pair *pairs)
{
    struct line l = {.len = 0};
    ssize_t written;

    put_time(&l);
    put(&l, STR(" "));
    put(&l, str_of(level_names[level]));
    put(&l, STR(" "));
    put(&l, str_of(role_name));
    put(&l, STR(": "));
    put(&l, str_of(event));
    for (; pairs->kind != LOG_END && !l.full; pairs++)
        put_pair(&l, pairs);
    l.bytes[l.len++] = '\n';
    written = write(STDERR_FILENO, l.bytes, l.len);
    (void)written; /* a log that cannot be written must not stop the service */
}
