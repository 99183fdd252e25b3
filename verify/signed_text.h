/* signed_text.h -- owns the signed-text template: which parts of a request are signed, in which order. */
#ifndef VERIFY_SIGNED_TEXT_H
#define VERIFY_SIGNED_TEXT_H

#include "base/fields.h"

enum { SIGNED_PARTS_MAX = 12 };

enum part_kind { PART_LITERAL, PART_BODY, PART_TIMESTAMP, PART_ID, PART_URL, PART_URL_UNESCAPED, PART_METHOD, PART_HEADER };

struct signed_part {
    enum part_kind kind;
    struct str text; /* the literal, or the header's name */
};

/* A template such as "{timestamp}.{body}", compiled. Borrows the text it was compiled from. */
struct signed_text {
    struct signed_part at[SIGNED_PARTS_MAX];
    size_t n;
    size_t body; /* index of {body}: parts before it are known before the body comes */
};

/*
 * Compiles literals and {body} {timestamp} {id} {url} {url_unescaped} {method} {header:Name}. {body} must stand exactly once.
 * {url_unescaped} is the URL with the escapes decoded of those characters that may stand unescaped in a query (: / ? @ ! $ ' ( )
 * * , ;), as one platform signs it. On ERR_SYNTAX `*why` is a static text.
 */
enum err signed_text_compile(struct str text, struct signed_text *out, const char **why) MUST_CHECK;
/* True when a part of that kind is in the template. */
bool signed_text_has(const struct signed_text *t, enum part_kind kind);

/* What the parts other than the body stand for. Borrowed. */
struct signed_values {
    struct str method, url, timestamp, id;
    struct fields headers;
};
/* Takes the next piece of the signed text. */
typedef enum err signed_sink(void *arg, struct str piece);
/* Gives the parts [from, to) to `sink`, except the body. */
enum err signed_text_expand(const struct signed_text *t, size_t from, size_t to, const struct signed_values *values,
                            signed_sink *sink, void *arg) MUST_CHECK;

#endif
