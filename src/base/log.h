/* log.h -- owns the log: one logfmt line an event on stderr, foreign bytes escaped, no bodies and no secrets. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum log_kind { LOG_END, LOG_TEXT, LOG_I64, LOG_U64 };
/* One key=value pair; made by the KV_ macros. */
struct log_pair {
    enum log_kind kind;
    const char *key; /* a literal of ours: [a-z0-9_]+ */
    struct str text;
    int64_t i;
    uint64_t u;
};

#define KV_STR(k, v) ((struct log_pair){.kind = LOG_TEXT, .key = (k), .text = (v)})
#define KV_TEXT(k, v) ((struct log_pair){.kind = LOG_TEXT, .key = (k), .text = str_of(v)})
#define KV_INT(k, v) ((struct log_pair){.kind = LOG_I64, .key = (k), .i = (int64_t)(v)})
#define KV_UINT(k, v) ((struct log_pair){.kind = LOG_U64, .key = (k), .u = (uint64_t)(v)})
#define KV_ERR(e) ((struct log_pair){.kind = LOG_TEXT, .key = "error", .text = str_of(err_text(e))})

/* Process-wide, set once at start: the least level written, and the role's name ("serve") that each line carries. */
void log_setup(enum log_level least, const char *role);
/* Parses "debug", "info", "warn", "error". */
enum err log_level_parse(struct str s, enum log_level *out) MUST_CHECK;
bool log_enabled(enum log_level level);
/* Writes one line with a single write(2): time, level, role, event text, then the pairs up to LOG_END. Cuts a value at
 * 512 bytes; pairs past a line of 4 KiB are left out. Never fails, never blocks on anything but stderr. */
void log_write(enum log_level level, const char *event, const struct log_pair *pairs);

/* LOG(LOG_INFO, "delivery accepted", KV_STR("id", id), KV_INT("bytes", n)); at least one pair. */
#define LOG(level, event, ...)                                                                  \
    do {                                                                                        \
        if (log_enabled(level))                                                                 \
            log_write(level, event, (const struct log_pair[]){__VA_ARGS__, {.kind = LOG_END}}); \
    } while (0)

#endif
