/* timefmt.h -- owns the text forms of a time: what platforms write, to microseconds UTC and back. */
#ifndef BASE_TIMEFMT_H
#define BASE_TIMEFMT_H

#include "base/str.h"

/* Formats of facts/connectors.md. Those without a zone are read as UTC. */
enum time_format {
    TIME_ISO,       /* 2024-05-02T09:11:08[.fraction](Z|+hh:mm|+hhmm|-hh:mm); a zone is required */
    TIME_ISO_LOCAL, /* 2024-05-02T09:11:08[.fraction], no zone */
    TIME_SQL,       /* 2024-05-02 09:11:08[.fraction], no zone */
    TIME_UNIX,      /* seconds, decimal digits, optional fraction */
    TIME_UNIX_MS,   /* milliseconds, decimal digits */
    TIME_RFC2822,   /* Thu, 02 May 2024 09:11:08 +0000 */
    TIME_HTTP_DATE, /* Thu, 02 May 2024 09:11:08 GMT */
    TIME_ANY,       /* any of these by its look, also a day alone, 'T' or a blank before the time, a blank before the zone */
    TIME_FORMAT_COUNT
};

/* Parses the format's name as route files write it: "iso", "iso_local", "sql", "unix", "unix_ms", "rfc2822", "http_date",
 * "any". */
enum err time_format_parse(struct str name, enum time_format *out) MUST_CHECK;
/* Parses the whole of `text`. ERR_SYNTAX for another form, ERR_RANGE for dates that do not exist or years outside 1970..9999. */
enum err time_parse(struct str text, enum time_format format, int64_t *out_us) MUST_CHECK;
/* True for Z, +hh:mm, +hhmm or -hh:mm. */
bool time_zone_check(struct str zone);

enum { TIME_ISO_CHARS = 27 };
/* Writes 2024-05-02T09:11:08.123456Z, or without the fraction when it is zero, and a NUL; returns `out`.
 * A time outside the years 1..9999 is written as the nearest inside. */
char *time_iso(int64_t us, char out[TIME_ISO_CHARS + 1]);

#endif
