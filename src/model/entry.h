/* entry.h -- owns the entry: a delivery, or a polled record, as it stands in a stream. */
#ifndef MODEL_ENTRY_H
#define MODEL_ENTRY_H

#include "base/fields.h"
#include "base/str.h"

enum { ENTRY_FORMAT = 1, ENTRY_FIELDS_MAX = 32 };

/* Lanes in the order of urgency. */
enum lane { LANE_URGENT, LANE_LIVE, LANE_BULK, LANE__COUNT };
const char *lane_name(enum lane lane);
enum err lane_parse(struct str name, enum lane *out) MUST_CHECK;

/* A delivery; or a secret that a handshake made: the topic is its name, the body its sealed text. A first secret counts only
 * while the source has none of that name. A visit is the unsigned word of a browser, of low trust: it may say what model/browser.h
 * allows, nothing else. */
enum entry_kind { ENTRY_DELIVERY, ENTRY_SECRET, ENTRY_FIRST_SECRET, ENTRY_VISIT, ENTRY_KIND__COUNT };

/* All text is borrowed. */
struct entry {
    enum entry_kind kind;
    struct str id;        /* delivery id, 32 hex digits, grows with time */
    struct str source_id; /* the source's id in the database, decimal */
    struct str topic;     /* empty when only the body says it */
    int64_t received_at_us;
    int64_t signed_at_us; /* 0 when nothing signed says */
    struct str content_type;
    struct fields headers; /* the few that the route file names */
    struct str body;       /* raw bytes */
    bool replay;           /* comes from a dead letter: the "seen" record does not stop it */
    bool fire;             /* the operator wants triggers to fire for it, although it is a replay, an import or history (T1) */
    struct str on_add; /* of an import's row: what is done with a contact that it adds, as "cycle:welcome@3" (T3); empty: nothing */
    enum lane lane;
};

#endif
