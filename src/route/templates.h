/* templates.h -- owns templates: text with {{name}}, {{name|filter}} and {{hmac...}}; no conditions, no arithmetic. */
#ifndef ROUTE_TEMPLATES_H
#define ROUTE_TEMPLATES_H

#include "route/read.h"

enum template_filter { FILTER_NONE, FILTER_ISO, FILTER_ISO_LOCAL, FILTER_SQL, FILTER_UNIX, FILTER_UNIX_MS, FILTER__COUNT };

struct template_hmac; /* template_hmac.h */

/* One piece: a literal, a name, or a digest. */
struct template_part {
    struct str text; /* literal or name */
    bool is_name;
    enum template_filter filter;
    const struct template_hmac *hmac; /* NULL: no digest */
};

struct template
{
    const struct template_part *parts;
    size_t n;
};

/* Reads a template whose names are all among `names` (NULL-terminated; one that ends with "." allows anything after it; "hmac."
 * allows digests). */
bool template_read(struct reader *r, const struct place *p, const char *const *names, struct template *out);
/* Reads the inside of one pair of braces: NAME or NAME|FILTER. */
bool template_read_name(struct reader *r, const struct place *p, struct str inner, const char *const *names,
                        struct template_part *out);

/* Says what a name stands for: text, or a time (microseconds UTC, for the filters). False when it has no value. */
struct template_value {
    struct str text;
    int64_t time_us;
    bool is_time;
    bool in_json; /* the text stands inside a JSON string: what is special there is escaped */
};
typedef bool template_lookup(void *arg, struct str name, struct template_value *out);

/* Appends the filled template. ERR_NOT_FOUND when a name has no value, ERR_TOO_LARGE, ERR_MEMORY. */
enum err template_fill(const struct template *t, template_lookup *lookup, void *arg, struct buf *out) MUST_CHECK;

#endif
