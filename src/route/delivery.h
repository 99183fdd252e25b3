/* delivery.h -- owns what a route reads off a delivery as a whole: topic, dedupe key, the platform's time, headers to keep. */
#ifndef ROUTE_DELIVERY_H
#define ROUTE_DELIVERY_H

#include "model/entry.h"
#include "route/topic.h"

enum { DEDUPE_ALTERNATIVES_MAX = 4, DEDUPE_PARTS_MAX = 6 };

/* One part of a topic or of a dedupe key. */
enum part_kind { PART_VALUE, PART_JOINED_HEADERS, PART_BODY_DIGEST, PART_TOPIC };
struct part {
    enum part_kind kind;
    struct value_form value;   /* VALUE: header, pointer or constant */
    bool has_operators;        /* VALUE: more is done to it than finding it */
    const struct str *headers; /* JOINED_HEADERS */
    size_t n_headers;
    struct str join;
};

struct dedupe_alternative {
    struct part parts[DEDUPE_PARTS_MAX];
    size_t n;
};

/* Which element of the body is meant. */
struct element_place {
    bool is_one_of; /* false: the body is the one element */
    size_t index;
};

struct delivery_form {
    const struct part *topic; /* first that gives a text */
    size_t n_topic;
    struct dedupe_alternative dedupe[DEDUPE_ALTERNATIVES_MAX];
    size_t n_dedupe;
    struct value_form time;
    bool has_time;
    struct str keep[ENTRY_FIELDS_MAX]; /* headers named anywhere in the file, each once */
    size_t n_keep;
};

/* Each reads one member of the section "push". */
bool delivery_read_topic(struct reader *r, const struct place *p, struct delivery_form *out);
bool delivery_read_dedupe(struct reader *r, const struct place *p, struct delivery_form *out);
bool delivery_read_time(struct reader *r, const struct place *p, struct delivery_form *out);
bool delivery_read_keep(struct reader *r, const struct place *p, struct delivery_form *out);
/* Adds a header that the file reads from entries to those that are kept; ERR_TOO_MANY. */
enum err delivery_keep(struct delivery_form *form, struct str header) MUST_CHECK;
/* Adds all headers that topic, dedupe and time read. */
enum err delivery_keep_own(struct delivery_form *form) MUST_CHECK;

/* The topic, as far as the scope's headers and document say it; empty when they do not. */
enum err delivery_topic(const struct delivery_form *form, const struct scope *scope, struct str *out) MUST_CHECK;
/* The topic by headers and constants alone, without memory; joined headers give the topic of `topics` that they spell. STR_NONE
 * when only the body says it, the joined ones spell none, or something is done to the header's text. */
struct str delivery_header_topic(const struct delivery_form *form, const struct topics *topics, struct fields headers);
/*
 * The dedupe key: "topic|part|part", with "|" and "%" in parts escaped; the first alternative whose parts are all there, else the
 * entry's own id (D1, D2: the topic is always in it). An element's number is in it when no part is the element's own. Longer than
 * 200 bytes: its digest.
 */
enum err delivery_dedupe_key(const struct delivery_form *form, const struct scope *scope, struct str topic,
                             const struct entry *entry, struct element_place place, struct str *out) MUST_CHECK;
/* The platform's time of the delivery (O3), 0 when there is none or it cannot be read. */
enum err delivery_time(const struct delivery_form *form, const struct scope *scope, int64_t *out) MUST_CHECK;

#endif
