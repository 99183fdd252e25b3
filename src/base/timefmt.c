/* timefmt.c -- owns the text forms of a time: what platforms write, to microseconds UTC and back. */
#include "base/timefmt.h"

#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static const char *const format_names[TIME_FORMAT_COUNT] = {
    [TIME_ISO] = "iso",
    [TIME_ISO_LOCAL] = "iso_local",
    [TIME_SQL] = "sql",
    [TIME_UNIX] = "unix",
    [TIME_UNIX_MS] = "unix_ms",
    [TIME_RFC2822] = "rfc2822",
    [TIME_HTTP_DATE] = "http_date",
    [TIME_ANY] = "any",
};

enum err time_format_parse(struct str name, enum time_format *out)
{
    for (size_t i = 0; i < TIME_FORMAT_COUNT; i++)
        if (str_eq(name, str_of(format_names[i]))) {
            *out = (enum time_format)i;
            return OK;
        }
    return ERR_SYNTAX;
}

/* A reading position in the text; `bad` stays set once something did not fit. */
struct scan {
    struct str rest;
    bool bad;
};

static int digits(struct scan *s, size_t n)
{
    uint64_t value = 0;

    if (s->bad || s->rest.len < n || str_to_u64(str_upto(s->rest, n), &value)) {
        s->bad = true;
        return 0;
    }
    s->rest = str_from(s->rest, n);
    return (int)value;
}

static bool take(struct scan *s, char c)
{
    if (s->bad || s->rest.len == 0 || s->rest.p[0] != c)
        return false;
    s->rest = str_from(s->rest, 1);
    return true;
}

static void expect(struct scan *s, char c)
{
    if (!take(s, c))
        s->bad = true;
}

/* Reads ".123456789" to microseconds, dropping what is finer; 0 when there is none. */
static int fraction_us(struct scan *s)
{
    int us = 0, scale = 100000, seen = 0;

    if (!take(s, '.'))
        return 0;
    while (s->rest.len && s->rest.p[0] >= '0' && s->rest.p[0] <= '9') {
        us += (s->rest.p[0] - '0') * scale;
        scale /= 10;
        s->rest = str_from(s->rest, 1);
        seen++;
    }
    if (seen == 0 || seen > 9)
        s->bad = true;
    return us;
}

/* Reads Z, +hh:mm, +hhmm or -hh:mm; returns seconds east of UTC. */
static int zone_s(struct scan *s)
{
    int sign = 1, hours, minutes;

    if (take(s, 'Z'))
        return 0;
    if (take(s, '-'))
        sign = -1;
    else
        expect(s, '+');
    hours = digits(s, 2);
    take(s, ':');
    minutes = digits(s, 2);
    if (hours > 23 || minutes > 59)
        s->bad = true;
    return sign * (hours * 3600 + minutes * 60);
}

bool time_zone_check(struct str zone)
{
    struct scan s = {.rest = zone};

    (void)zone_s(&s);
    return !s.bad && s.rest.len == 0;
}

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static enum err to_us(const struct tm *t, int zone, int us, int64_t *out)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct tm copy = *t;
    int year = t->tm_year + 1900, last;

    if (year < 1970 || year > 9999 || t->tm_mon < 0 || t->tm_mon > 11)
        return ERR_RANGE;
    last = month_days[t->tm_mon] + (t->tm_mon == 1 && leap(year));
    if (t->tm_mday < 1 || t->tm_mday > last || t->tm_hour > 23 || t->tm_min > 59 || t->tm_sec > 60)
        return ERR_RANGE;
    *out = ((int64_t)timegm(&copy) - zone) * US_PER_S + us;
    return *out < 0 ? ERR_RANGE : OK;
}

static enum err parse_iso(struct str text, char between, bool with_zone, int64_t *out)
{
    struct scan s = {.rest = text, .bad = false};
    struct tm t = {0};
    int us, zone;

    t.tm_year = digits(&s, 4) - 1900;
    expect(&s, '-');
    t.tm_mon = digits(&s, 2) - 1;
    expect(&s, '-');
    t.tm_mday = digits(&s, 2);
    expect(&s, between);
    t.tm_hour = digits(&s, 2);
    expect(&s, ':');
    t.tm_min = digits(&s, 2);
    expect(&s, ':');
    t.tm_sec = digits(&s, 2);
    us = fraction_us(&s);
    zone = with_zone ? zone_s(&s) : 0;
    if (s.bad || s.rest.len)
        return ERR_SYNTAX;
    return to_us(&t, zone, us, out);
}

/* A date and, if there is one, a time and a zone, in the spellings that are met: see TIME_ANY. */
static enum err parse_any_date(struct str text, int64_t *out)
{
    struct scan s = {.rest = text, .bad = false};
    struct tm t = {0};
    int us = 0, zone = 0;

    t.tm_year = digits(&s, 4) - 1900;
    expect(&s, '-');
    t.tm_mon = digits(&s, 2) - 1;
    expect(&s, '-');
    t.tm_mday = digits(&s, 2);
    if (take(&s, 'T') || take(&s, ' ')) {
        t.tm_hour = digits(&s, 2);
        expect(&s, ':');
        t.tm_min = digits(&s, 2);
        expect(&s, ':');
        t.tm_sec = digits(&s, 2);
        us = fraction_us(&s);
        take(&s, ' ');
        zone = s.rest.len ? zone_s(&s) : 0;
    }
    if (s.bad || s.rest.len)
        return ERR_SYNTAX;
    return to_us(&t, zone, us, out);
}

/* Reads one of twelve or seven names of three letters; returns its index. */
static int name_of_three(struct scan *s, const char *names)
{
    struct str all = str_of(names), three = str_upto(s->rest, 3);
    size_t at = three.len == 3 ? str_find_str(all, three) : all.len;

    if (s->bad || at == all.len || at % 3) {
        s->bad = true;
        return 0;
    }
    s->rest = str_from(s->rest, 3);
    return (int)(at / 3);
}

static enum err parse_mail_date(struct str text, bool gmt_only, int64_t *out)
{
    struct scan s = {.rest = text, .bad = false};
    struct tm t = {0};
    int zone = 0;

    if (str_find(text, ',') < text.len) {
        name_of_three(&s, "SunMonTueWedThuFriSat");
        expect(&s, ',');
        expect(&s, ' ');
    }
    t.tm_mday = s.rest.len > 1 && s.rest.p[1] == ' ' ? digits(&s, 1) : digits(&s, 2);
    expect(&s, ' ');
    t.tm_mon = name_of_three(&s, "JanFebMarAprMayJunJulAugSepOctNovDec");
    expect(&s, ' ');
    t.tm_year = digits(&s, 4) - 1900;
    expect(&s, ' ');
    t.tm_hour = digits(&s, 2);
    expect(&s, ':');
    t.tm_min = digits(&s, 2);
    expect(&s, ':');
    t.tm_sec = digits(&s, 2);
    expect(&s, ' ');
    if (str_eq(s.rest, STR("GMT")))
        s.rest = STR_NONE;
    else if (gmt_only)
        s.bad = true;
    else
        zone = zone_s(&s);
    if (s.bad || s.rest.len)
        return ERR_SYNTAX;
    return to_us(&t, zone, 0, out);
}

static enum err parse_unix(struct str text, int64_t unit_us, int64_t *out)
{
    struct scan s = {.rest = text, .bad = false};
    uint64_t n = 0;
    size_t whole = 0;
    int us = 0;
    enum err err;

    while (whole < text.len && text.p[whole] >= '0' && text.p[whole] <= '9')
        whole++;
    err = str_to_u64(str_upto(text, whole), &n);
    if (err)
        return err;
    s.rest = str_from(text, whole);
    if (unit_us == US_PER_S)
        us = fraction_us(&s);
    if (s.bad || s.rest.len)
        return ERR_SYNTAX;
    if (n > (uint64_t)(INT64_C(253402300799) * US_PER_S / unit_us))
        return ERR_RANGE;
    *out = (int64_t)n * unit_us + us;
    return OK;
}

/* Digits alone are seconds, from twelve digits on (the year 5138) milliseconds. */
static enum err parse_any(struct str text, int64_t *out)
{
    size_t whole = 0;

    while (whole < text.len && text.p[whole] >= '0' && text.p[whole] <= '9')
        whole++;
    if (whole == text.len || text.p[whole] == '.')
        return parse_unix(text, whole < 12 ? US_PER_S : US_PER_MS, out);
    if (whole == 4)
        return parse_any_date(text, out);
    return parse_mail_date(text, false, out);
}

enum err time_parse(struct str text, enum time_format format, int64_t *out_us)
{
    switch (format) {
    case TIME_ISO:
        return parse_iso(text, 'T', true, out_us);
    case TIME_ISO_LOCAL:
        return parse_iso(text, 'T', false, out_us);
    case TIME_SQL:
        return parse_iso(text, ' ', false, out_us);
    case TIME_UNIX:
        return parse_unix(text, US_PER_S, out_us);
    case TIME_UNIX_MS:
        return parse_unix(text, US_PER_MS, out_us);
    case TIME_RFC2822:
        return parse_mail_date(text, false, out_us);
    case TIME_HTTP_DATE:
        return parse_mail_date(text, true, out_us);
    case TIME_ANY:
        return parse_any(text, out_us);
    case TIME_FORMAT_COUNT:
        break;
    }
    return ERR_INTERNAL;
}

/* The four-digit years: 0001-01-01T00:00:00 to 9999-12-31T23:59:59.999999. */
static const int64_t first_us = INT64_C(-62135596800) * US_PER_S, last_us = INT64_C(253402300800) * US_PER_S - 1;

char *time_iso(int64_t us, char out[TIME_ISO_CHARS + 1])
{
    int64_t at = us < first_us ? first_us : us > last_us ? last_us : us;
    bool before = at % US_PER_S < 0; /* of 1970: the fraction counts up all the same */
    time_t seconds = at / US_PER_S - before;
    int fraction = (int)(at % US_PER_S + (before ? US_PER_S : 0));
    struct tm t;
    int n;

    gmtime_r(&seconds, &t);
    n = snprintf(out, TIME_ISO_CHARS + 1, "%04d-%02d-%02dT%02d:%02d:%02d", (t.tm_year + 1900) % 10000, t.tm_mon + 1, t.tm_mday,
                 t.tm_hour, t.tm_min, t.tm_sec);
    snprintf(out + n, (size_t)(TIME_ISO_CHARS + 1 - n), fraction ? ".%06dZ" : "Z", fraction);
    return out;
}
