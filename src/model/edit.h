/* edit.h -- owns the edit: one thing that the operator or a trigger changes about a contact. */
#ifndef MODEL_EDIT_H
#define MODEL_EDIT_H

#include "model/field.h"

#include <stdint.h>

/* Suffix, what the ledger says, the rule that it follows. */
#define EDIT_KINDS(X)                        \
    X(TAG_ADD, "tag added", "F5")            \
    X(TAG_REMOVE, "tag removed", "F5")       \
    X(FIELD_SET, "field set", "F2")          \
    X(FIELD_RELEASE, "field released", "F2") \
    X(LIST_SUBSCRIBE, "subscribed", "C4")    \
    X(LIST_UNSUBSCRIBE, "unsubscribed", "C2")

enum edit_kind {
#define X(suffix, what, rule) EDIT_##suffix,
    EDIT_KINDS(X)
#undef X
        EDIT_KIND__COUNT
};

/* Borrowed. */
struct edit {
    enum edit_kind kind;
    struct str email; /* of the contact, in any spelling */
    struct str name;  /* of the tag, the field or the list; EDIT_LIST_UNSUBSCRIBE: empty = all lists (C10) */
    struct str value; /* EDIT_FIELD_SET: its text; empty: the field is shown empty, whatever a source says */
    int64_t at_us;    /* when it was decided: of two edits of one thing the later counts, whichever is applied first (N5) */
    struct str by;    /* who: "operator", "trigger welcome"; for the ledger */
};

/* Longest tag, bytes. */
enum { TAG_BYTES_MAX = 255 };
/* True for a tag that can be kept: 1 to TAG_BYTES_MAX bytes of UTF-8, no control character, no blank at its ends. */
bool tag_is_valid(struct str tag);

#endif
