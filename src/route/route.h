/* route.h -- owns the route: everything the program knows about one platform, loaded from its file, applied to entries (N11). */
#ifndef ROUTE_ROUTE_H
#define ROUTE_ROUTE_H

#include "base/arena.h"
#include "base/fields.h"
#include "base/json.h"
#include "base/problems.h"
#include "model/entry.h"
#include "model/event.h"
#include "verify/verify.h"

struct route;  /* one platform; read-only after load, any thread */
struct routes; /* all of them */

/* Loads the built-in routes, then every *.json of `dir` (NULL or "": none), which add or override by platform name.
 * ERR_CONFIG with every problem in `problems`. Returns owned. */
enum err routes_load(const char *dir, struct routes **out, struct problems *problems) MUST_CHECK;
void routes_free(struct routes *routes);
/* Finds a platform by its name or an alias. Borrows; NULL when there is none. */
const struct route *routes_find(const struct routes *routes, struct str platform);
/* Borrows the i-th in order of platform name; NULL past the end. */
const struct route *routes_at(const struct routes *routes, size_t i);
/* The nearest platform name for a hint, or NULL. */
const char *routes_nearest(const struct routes *routes, struct str platform);

/* Checks one file (`storehook route check`). Returns owned. */
enum err route_load(struct str text, struct problems *problems, struct route **out) MUST_CHECK;
void route_free(struct route *route);

const char *route_platform(const struct route *route); /* short name, as the file is called */
const char *route_title(const struct route *route);    /* its own spelling, for people */
const char *route_setup(const struct route *route);    /* where in the shop's admin the URL is pasted; "" when nowhere */
const struct str *route_aliases(const struct route *route, size_t *n); /* other names of the platform */
bool route_is_builtin(const struct route *route);
/* The file's text, for `route show`. */
struct str route_text(const struct route *route);

/* What a source must be given. */
struct route_config {
    const char *name, *doc;
    bool required, secret;
    const char *fallback; /* default, or NULL */
};
const struct route_config *route_config_at(const struct route *route, size_t i); /* NULL past the end */
/* The default of a member that is no secret; NULL when there is none. */
const char *route_config_default(const struct route *route, struct str name);

enum { ROUTE_VERIFY_MAX = 8 };
/* The i-th way to sign, NULL past the end; at most ROUTE_VERIFY_MAX. */
const struct verify_spec *route_verify_at(const struct route *route, size_t i);
/* The first way to sign that applies to the request, or NULL: then its index in *index is untouched. */
const struct verify_spec *route_verify_for(const struct route *route, const struct verify_request *request, size_t *index);

/* The topic as far as headers say it; STR_NONE when only the body does. Borrows from the headers or the arena-free route. */
struct str route_header_topic(const struct route *route, struct fields headers);
/* Lane of a topic; LANE_LIVE for one that is not in the file, LANE_BULK for a fetched document. */
enum lane route_lane(const struct route *route, struct str topic);
/* Copies those of `headers` that the route names into out, in order; returns how many. Borrows. */
size_t route_keep_headers(const struct route *route, struct fields headers, struct field out[ENTRY_FIELDS_MAX]);
/* Status and body of the success answer; status 0 = the receiver's own default. */
int route_answer(const struct route *route, struct str *content_type, struct str *body);

/* The methods of deliveries, for the Allow field: "POST" or "POST, GET". */
const char *route_methods(const struct route *route);
bool route_takes_method(const struct route *route, struct str method);

/* A request that may be no delivery but a question of the platform: is this URL yours? All is borrowed. */
struct handshake_request {
    struct str method, query, content_type, body;
    struct str url;    /* of the endpoint as the platform knows it; may be empty */
    struct str random; /* text that nobody can guess, new for each request */
    struct fields headers;
    bool is_unsigned; /* it carries no signature that a delivery would need */
    bool is_verified; /* it carries one, which is right */
    /* What the source was given: a config text, or NULL; the newest valid secret, owned (ERR_NOT_FOUND when there is none). */
    const char *(*config)(void *arg, struct str name);
    enum err (*secret)(void *arg, struct str name, struct secret **out);
    /* Holds the request against a handshake's own way to sign, with the source's valid secrets. */
    enum err (*verify)(void *arg, const struct verify_spec *spec);
    void *arg;
};
/* What is to be sent as it is. The secret is to be kept before (N1). Texts are borrowed from the route. */
struct handshake_answer {
    int status;
    const char *content_type; /* NULL: no body */
    struct buf body, headers; /* headers: complete lines, each with CRLF */
    struct str capture;       /* config member that `secret` becomes; empty: none */
    struct buf secret;
    bool first_only; /* it becomes so only while the source has no secret of that name */
};
void handshake_answer_init(struct handshake_answer *answer);
/* Wipes. */
void handshake_answer_release(struct handshake_answer *answer);
/*
 * Fills `answer`, when one of the route's handshakes matches; nothing of the request is queued then.
 * Errors: ERR_NOT_FOUND when it is none of them; else why one that it resembles is refused: ERR_FORBIDDEN (not the word that the
 * source was given), ERR_SIGNATURE... (its own signature; or no secret is pending), ERR_CONFIG (the answer needs the public URL,
 * which is not set), ERR_MEMORY.
 */
enum err route_handshake(const struct route *route, const struct handshake_request *request,
                         struct handshake_answer *answer) MUST_CHECK;
/* True when a handshake of the route has that method: only then is it worth asking. */
bool route_has_handshake(const struct route *route, struct str method);
/* True when a handshake of the route makes a secret of that name. */
bool route_captures(const struct route *route, struct str secret);

/* What an example delivery is filled with. */
struct route_send {
    struct str topic, id, email; /* id: of the event */
    uint64_t n;                  /* a number that differs from delivery to delivery */
    int64_t now_us;
    struct str secret; /* for platforms that put it into the body */
};
enum { ROUTE_SEND_FIELDS_MAX = 12 };
/* The headers that the platform sends besides those of the signature. Names are borrowed from the route, values from `values`. */
enum err route_send_headers(const struct route *route, const struct route_send *send, struct buf *values,
                            struct field out[ROUTE_SEND_FIELDS_MAX], size_t *n) MUST_CHECK;
/* The content type of the example bodies. */
struct str route_send_content_type(const struct route *route);
/* Appends an example body for the topic to the empty `body`. ERR_NOT_FOUND when the file has none for it. */
enum err route_send_example(const struct route *route, const struct route_send *send, struct buf *body) MUST_CHECK;
/* True when the demo sends the route's examples. */
bool route_in_demo(const struct route *route);
/* The i-th topic that has an example, in the file's order; STR_NONE past the end. */
struct str route_send_topic(const struct route *route, size_t i);

/* One event of a batch, or one element of a body, that cannot be mapped: it alone becomes a dead letter, the others apply. */
struct map_reject {
    size_t index;       /* in the batch, or of the element */
    const char *reason; /* static: mapping, unknown_topic */
    struct str detail;
};
/* The topic of an entry that holds a fetched document is "fetch:<object>". No route file and no header may say one. */
#define ROUTE_TOPIC_FETCH "fetch:"
/* "Fetch this object": the delivery says that it changed, not how. */
struct map_fetch {
    const char *object; /* a mapping of the route file */
    struct str id;      /* the platform's id of it */
};
/* What one element of the body means; a body without "each" is one. Its events, rejects and fetches stand one after the other in
 * the lists of the whole. */
struct map_part {
    size_t index;           /* of the element */
    struct str topic;       /* as found */
    struct str dedupe_key;  /* D1, D2: never empty; the topic is part of it */
    int64_t provider_at_us; /* the platform's time of the delivery (O3: trigger header), 0 = none */
    size_t n_events, n_rejects, n_fetches;
};
/* What an entry means. Lives in the arena. */
struct mapped {
    struct str topic, dedupe_key; /* those of the first part; an empty list of elements has no part and no key */
    int64_t provider_at_us;
    struct map_part *parts;
    size_t n_parts;
    struct event *events;
    size_t *places; /* of each event: its number in the delivery, the same at every mapping */
    size_t n;
    struct map_reject *rejects;
    size_t n_rejects;
    struct map_fetch *fetches;
    size_t n_fetches;
};
/* Why an entry cannot be mapped: the dead letter's reason and its sentence. */
struct map_failure {
    const char *reason; /* static: not_json, unknown_topic, mapping, too_large */
    struct str detail;  /* in the arena, or static: what, where */
};
/* An arena of this maximum holds whatever an entry within the limits needs; a smaller one turns large bodies into too_large. */
enum { ROUTE_MAP_ARENA_BYTES = 64 << 20 };
/*
 * Maps the raw body to events: topic, dedupe key, objects. Pure. 0 events is fine (a ping, a topic that says nothing).
 * `config` is what the source was given, name -> text; NULL: nothing, so that the file's defaults apply.
 * Null in the contact's members clears them (F1) only in events about the customer; an order, cart or page view holds a copy
 * of the customer, and what is empty there says nothing.
 * Errors: ERR_SYNTAX with `failure` filled, and topic and dedupe key in `out` as far as they are known; ERR_MEMORY.
 */
enum err route_map(const struct route *route, const struct entry *entry, const json_t *config, struct arena *arena,
                   struct mapped *out, struct map_failure *failure) MUST_CHECK;

#endif
