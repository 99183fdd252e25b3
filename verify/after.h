/* after.h -- owns what is held against a request once its signature has passed: who it is meant for, and a time in its body. */
#ifndef VERIFY_AFTER_H
#define VERIFY_AFTER_H

#include "verify/verify.h"

enum { EXPECT_MAX = 4, EXPECT_POINTERS_MAX = 4 };

/* What must equal a config member of the source, where that is set: the first of the pointers that is there, or a header, or a
 * member of the form. */
struct expectation {
    struct str at[EXPECT_POINTERS_MAX];
    size_t n_at;
    struct str header, form, config;
};

struct after {
    struct expectation expect[EXPECT_MAX];
    size_t n_expect;
    struct str timestamp_at; /* pointer; empty = none */
};

/*
 * Judges a verified request; `body` is what the pointers look into. *signed_at_us gets the time at timestamp_at.
 * ERR_RECIPIENT; ERR_TIMESTAMP_MALFORMED when there is a time that is none. A body that is no JSON has no time.
 */
enum err after_check(const struct after *after, int timestamp_format, const struct verify_request *request, struct str body,
                     int64_t *signed_at_us) MUST_CHECK;

#endif
