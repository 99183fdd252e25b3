/* list.h -- owns the kind of a list: whether an opt-in to it waits for a confirmation (C8). */
#ifndef MODEL_LIST_H
#define MODEL_LIST_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* From `from_us` on the list is of this kind, until its next row. Only lists that are or were double have rows. */
struct list_kind {
    const struct list_kind *next;
    int64_t account_id;
    struct str list;
    int64_t from_us;
    bool is_double;
};

/*
 * True when an opt-in that was received at `received_us` waits for its confirmation. A list that no row names is single; so is
 * every list before its first row. What was received is judged by the kind of that moment for ever, so neither the order of
 * events nor a later change of the list matters (N5).
 */
bool list_is_double(const struct list_kind *kinds, int64_t account_id, struct str list, int64_t received_us);

enum { LIST_NAME_BYTES_MAX = 100 };
/* True for a name that a list can have: 1 to LIST_NAME_BYTES_MAX bytes of UTF-8, no control character, no blank at its ends. */
bool list_name_is_valid(struct str name);

#endif
