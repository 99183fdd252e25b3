/* handshake.h -- owns a platform's question "is this URL yours?": which requests ask it, and the answer. */
#ifndef ROUTE_HANDSHAKE_H
#define ROUTE_HANDSHAKE_H

#include "route/route.h"
#include "route/templates.h"

enum { HANDSHAKE_PARAMS_MAX = 8, HANDSHAKE_HEADERS_MAX = 8, HANDSHAKE_BODY_MAX_BYTES = 8 << 10 };

/* What a member or header must hold. */
enum param_kind { PARAM_TEXT, PARAM_DIGITS, PARAM_IS, PARAM_CONFIG, PARAM_SECRET };
struct handshake_param {
    struct str name, text; /* name: for JSON a pointer; text: of IS, or the config member's name */
    enum param_kind kind;
};
struct handshake_params {
    struct handshake_param at[HANDSHAKE_PARAMS_MAX];
    size_t n;
};

/* What the body must be. */
enum handshake_body { HANDSHAKE_EMPTY, HANDSHAKE_ANY_BODY, HANDSHAKE_FORM, HANDSHAKE_JSON };
/* Whether the request carries the platform's signature: ANY only where the handshake has a signature of its own. */
enum handshake_signed { HANDSHAKE_UNSIGNED, HANDSHAKE_SIGNED, HANDSHAKE_EITHER, HANDSHAKE_ANY };

struct handshake_header {
    struct str name;
    struct template value;
};

struct handshake {
    struct str method, content_type; /* content type without parameters; empty = any */
    const struct str *absent_headers;
    size_t n_absent;
    struct handshake_params headers, query, form, json;
    enum handshake_body body; /* FORM: exactly its members */
    enum handshake_signed is_signed;
    struct verify_spec *verify; /* the handshake's own signature, or NULL; owned */
    bool while_pending;
    struct str capture; /* config member that the secret becomes; empty: none */
    struct template capture_value;
    int status;
    const char *answer_type; /* NULL: no body */
    bool answer_is_json;
    struct template answer;
    struct handshake_header answer_headers[HANDSHAKE_HEADERS_MAX];
    size_t n_answer_headers;
};

struct handshakes {
    struct handshake *at;
    size_t n;
};

/* Reads the list; `out` is to be released also after a failure. */
bool handshakes_read(struct reader *r, const struct place *p, struct handshakes *out);
void handshakes_release(struct handshakes *handshakes);
/* As route_handshake. */
enum err handshakes_answer(const struct handshakes *handshakes, const struct handshake_request *request,
                           struct handshake_answer *answer) MUST_CHECK;

#endif
