/* str.h -- owns the borrowed byte string: pointer and length, not NUL-terminated. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrowed bytes. `p` may be NULL only when `len` is 0. */
struct str {
    const char *p;
    size_t len;
};

/* A literal as str, without a run through strlen. */
#define STR(literal) ((struct str){.p = ("" literal), .len = sizeof(literal) - 1})
#define STR_NONE ((struct str){.p = NULL, .len = 0})
/* For printf: "%.*s" takes STR_ARG(s). */
#define STR_ARG(s) (int)(s).len, ((s).p ? (s).p : "")

static inline struct str str_of(const char *z)
{
    return (struct str){.p = z, .len = z ? strlen(z) : 0};
}

static inline struct str str_n(const void *p, size_t len)
{
    return (struct str){.p = (const char *)p, .len = len};
}

bool str_eq(struct str a, struct str b);
/* Compares ASCII letters without regard to case (header names, host names). */
bool str_eq_nocase(struct str a, struct str b);
/* Orders like memcmp, the shorter first when one is a prefix of the other. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Goes on with the hash `h` over s (FNV-1a). STR_HASH begins one. For tables, not for secrets. */
#define STR_HASH UINT64_C(14695981039346656037)
uint64_t str_hash(uint64_t h, struct str s);
/* Returns the offset of the first `c`, or s.len when there is none. */
size_t str_find(struct str s, char c);
/* Returns the offset of `needle`, or s.len when there is none. */
size_t str_find_str(struct str s, struct str needle);
/* Returns s from offset `from` on; empty when from >= len. */
struct str str_from(struct str s, size_t from);
/* Returns the first `n` bytes of s, or all of it. */
struct str str_upto(struct str s, size_t n);
/* Returns s without leading and trailing space, TAB, CR and LF. */
struct str str_trim(struct str s);
/* Cuts the part before the next `sep` off `*rest` into `*part`; false when nothing is left. */
bool str_split(struct str *rest, char sep, struct str *part);
/* Parses 1*DIGIT, nothing else, no overflow. ERR_SYNTAX or ERR_RANGE. */
enum err str_to_u64(struct str s, uint64_t *out) MUST_CHECK;
/* Parses [-]1*DIGIT. ERR_SYNTAX or ERR_RANGE. */
enum err str_to_i64(struct str s, int64_t *out) MUST_CHECK;
/* Returns owned: a NUL-terminated copy, or NULL when memory is out. The caller frees it. */
char *str_dup(struct str s) MUST_CHECK;
/* True when s is well-formed UTF-8 (no surrogates, no overlong forms). NUL counts as valid here. */
bool str_is_utf8(struct str s);
/* Edit distance with early exit: the near-miss hint of settings and route files. Returns > `max` as max + 1. */
size_t str_distance(struct str a, struct str b, size_t max);

#endif
