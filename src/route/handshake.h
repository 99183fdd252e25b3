/* handshake.h -- owns a platform's question "is this URL yours?": which requests ask it, and the answer. */
#ifndef ROUTE_HANDSHAKE_H
#define ROUTE_HANDSHAKE_H

#include "route/route.h"
#include "route/templates.h"

enum { HANDSHAKE_PARAMS_MAX = 8 };

/* What a query or form member must hold. */
enum param_kind { PARAM_TEXT, PARAM_DIGITS, PARAM_IS, PARAM_CONFIG };
struct handshake_param {
    struct str name, text; /* text: of IS, or the config member's name */
    enum param_kind kind;
};

struct handshake {
    struct str method, content_type; /* content type without parameters; empty = any */
    const struct str *absent_headers;
    size_t n_absent;
    struct handshake_param query[HANDSHAKE_PARAMS_MAX], form[HANDSHAKE_PARAMS_MAX];
    size_t n_query, n_form;
    bool has_form; /* then the body is exactly these members */
    int status;
    const char *answer_type;
    struct template answer;
};

struct handshakes {
    const struct handshake *at;
    size_t n;
};

bool handshakes_read(struct reader *r, const struct place *p, struct handshakes *out);
/* True when one matches and its answer was written. */
bool handshakes_answer(const struct handshakes *handshakes, const struct handshake_request *request, int *status,
                       const char **content_type, struct buf *answer);

#endif
