/* id.c -- owns identifiers and randomness: time-ordered 128-bit ids, unguessable keys. */
#include "base/id.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *out, size_t n)
{
    unsigned char *p = out;

    while (n) {
        ssize_t got = getrandom(p, n < 256 ? n : 256, 0);

        if (got < 0 && errno == EINTR) /* only while the kernel still gathers entropy after boot */
            continue;
        if (got <= 0)
            abort();
        p += got;
        n -= (size_t)got;
    }
}

struct id id_new(int64_t wall_us)
{
    static _Thread_local int64_t last_us;
    static _Thread_local uint16_t count;
    struct id id;
    uint64_t noise = 0;

    count = wall_us == last_us ? (uint16_t)(count + 1) : 0;
    last_us = wall_us;
    random_bytes(&noise, 6);
    snprintf(id.text, sizeof(id.text), "%016" PRIx64 "%04x%012" PRIx64, (uint64_t)wall_us, (unsigned)count,
             noise & UINT64_C(0xffffffffffff));
    return id;
}

void key_new(char out[KEY_CHARS + 1])
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char noise[KEY_CHARS];

    random_bytes(noise, sizeof(noise));
    for (size_t i = 0; i < KEY_CHARS; i++)
        out[i] = digits[noise[i] & 31];
    out[KEY_CHARS] = '\0';
}
