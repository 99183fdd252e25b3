/* signed_text.h -- owns the signed-text template: which parts of a request are signed, in which order. */
#ifndef VERIFY_SIGNED_TEXT_H
#define VERIFY_SIGNED_TEXT_H

#include "base/buf.h"
#include "base/fields.h"
#include "base/form.h"

enum { SIGNED_PARTS_MAX = 12 };

enum part_kind {
    PART_LITERAL,
    PART_TIMESTAMP,
    PART_ID,
    PART_METHOD,
    PART_URL,
    PART_URL_DECODED,
    PART_HEADER,
    PART_QUERY,
    PART_QUERY_REST,
    PART_CONFIG,
    PART_BODY,
    PART_WHOLE, /* from here on: made of the whole body */
    PART_BODY_BASE64 = PART_WHOLE,
    PART_BODY_CRC32,
    PART_BODY_SORTED,
    PART_FORM_SORTED,
    PART_FORM_PHP,
    PART_AT,
    PART__COUNT
};

struct signed_part {
    enum part_kind kind;
    struct str text; /* the literal, or the name of the header, member or config */
};

/* A template such as "{timestamp}.{body}", compiled. Borrows the text it was compiled from. */
struct signed_text {
    struct signed_part at[SIGNED_PARTS_MAX];
    size_t n;
    bool is_fed;  /* {body} stands in it once, and no other part needs the body: parts before it are known before the body comes */
    size_t body;  /* index of {body}, when is_fed */
    unsigned has; /* a bit for each kind that is in it */
};

/*
 * Compiles literals and {body} {timestamp} {id} {method} {url} {url.decoded} {header.NAME} {query.NAME} {query.rest}
 * {config.NAME} {body.base64} {body.crc32} {body.sorted} {form.sorted} {form.php} {at:/name}; docs/signatures.md says what each
 * stands for. On ERR_SYNTAX `*why` is a static text.
 */
enum err signed_text_compile(struct str text, struct signed_text *out, const char **why) MUST_CHECK;
/* True when a part of that kind is in the template. */
static inline bool signed_text_has(const struct signed_text *t, enum part_kind kind)
{
    return t->has >> kind & 1;
}
/* True when a part of the template comes from the body. */
bool signed_text_has_body(const struct signed_text *t);
/* True when a part of the template is made of the body as a form. */
bool signed_text_has_form(const struct signed_text *t);

/* What the parts other than those of the body stand for. Borrowed. */
struct signed_values {
    struct str method, url, timestamp, id, query_rest;
    struct fields headers;
    const struct form *query;                          /* taken apart */
    const struct form *form;                           /* the body, when a part needs it so */
    struct str skip;                                   /* the form member that is the signature, not a part of the text */
    const char *(*config)(void *arg, struct str name); /* NULL: nothing is set */
    void *config_arg;
};
/* Takes the next piece of the signed text. */
typedef enum err signed_sink(void *arg, struct str piece);
/*
 * Gives the parts [from, to), none of which needs the body, to `sink`.
 * ERR_SIGNATURE_MISSING, _REPEATED for a member of the query; ERR_SIGNATURE when a config member is not set.
 */
enum err signed_text_expand(const struct signed_text *t, size_t from, size_t to, const struct signed_values *values,
                            signed_sink *sink, void *arg) MUST_CHECK;
/* Appends the whole text to `out`. As signed_text_expand; ERR_SIGNATURE_MALFORMED when the body is not what a part needs. */
enum err signed_text_whole(const struct signed_text *t, const struct signed_values *values, struct str body,
                           struct buf *out) MUST_CHECK;

/* form_text.c: each name and value, the pairs sorted, one that is there twice taken once: name, value, name, value... */
enum err form_text_sorted(const struct form *form, struct str skip, struct buf *out) MUST_CHECK;
/* As PHP's serialize() prints the array of texts, sorted by name. ERR_SIGNATURE_MALFORMED for a name that is there twice. */
enum err form_text_php(const struct form *form, struct str skip, struct buf *out) MUST_CHECK;
/* json_text.c: the JSON printed again without blanks, members sorted by name. ERR_SIGNATURE_MALFORMED when it is no JSON. */
enum err json_text_sorted(struct str body, struct buf *out) MUST_CHECK;
/*
 * json_member.c: finds the member `name` of the object that `body` is, and walks over all the rest without building anything.
 * A text of printable ASCII without escapes, or a whole number; borrowed from `body`. ERR_SIGNATURE_MALFORMED for anything else,
 * a member that is absent or there twice, and a body past the limits.
 */
enum err json_member_scan(struct str body, struct str name, struct str *out) MUST_CHECK;

#endif
