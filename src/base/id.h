/* id.h -- owns identifiers and randomness: time-ordered 128-bit ids, unguessable keys. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include "base/str.h"

enum { ID_CHARS = 32, KEY_CHARS = 26 };

/* A delivery's or contact's id: 32 lower-case hex digits, microseconds first, so that text order is time order.
 * Within one thread the first 65,536 ids of a microsecond still grow; between threads 48 random bits decide. */
struct id {
    char text[ID_CHARS + 1];
};

/* `wall_us` is the time that the id carries. */
struct id id_new(int64_t wall_us);
static inline struct str id_str(const struct id *id)
{
    return (struct str){.p = id->text, .len = ID_CHARS};
}

/* Writes 130 random bits as 26 characters [a-z2-7] and a NUL: the part of an endpoint's URL that nobody guesses. */
void key_new(char out[KEY_CHARS + 1]);
/* Fills `out` with bytes from the system's generator; aborts when there is none, as nothing safe can go on without. */
void random_bytes(void *out, size_t n);

#endif
