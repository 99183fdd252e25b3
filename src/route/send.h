/* send.h -- owns the example deliveries of a platform: its headers and bodies, for `storehook send` and the demo. */
#ifndef ROUTE_SEND_H
#define ROUTE_SEND_H

#include "route/route.h"
#include "route/templates.h"

struct send_header {
    const char *name;
    struct template value;
};

struct send_form {
    struct send_header headers[ROUTE_SEND_FIELDS_MAX];
    size_t n_headers;
    const json_t *examples; /* topic -> body, borrowed from the file's JSON */
    bool demo;              /* the demo sends them */
    bool as_form;           /* bodies go out urlencoded: {"a": {"b": 1}, "l": [2]} as a[b]=1&l[]=2 */
};

bool send_read(struct reader *r, const struct place *p, struct send_form *out);
enum err send_headers(const struct send_form *form, const struct route_send *send, struct buf *values,
                      struct field out[ROUTE_SEND_FIELDS_MAX], size_t *n) MUST_CHECK;
enum err send_example(const struct send_form *form, const struct route_send *send, struct buf *body) MUST_CHECK;
struct str send_topic(const struct send_form *form, size_t i);

#endif
