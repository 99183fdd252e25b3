/* buf.c -- owns the growing byte buffer, born with its maximum. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = BUF_INIT(max_bytes);
}

void buf_release(struct buf *b)
{
    if (!b)
        return;
    free(b->p);
    *b = BUF_INIT(b->max);
}

void buf_wipe(struct buf *b)
{
    if (b && b->p)
        explicit_bzero(b->p, b->cap);
    buf_release(b);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->p)
        b->p[0] = '\0';
}

enum err buf_reserve(struct buf *b, size_t more)
{
    size_t max = b->max < SIZE_MAX ? b->max : SIZE_MAX - 1; /* one byte stays for the NUL */
    size_t need, cap;
    char *p;

    if (b->len > max || more > max - b->len)
        return ERR_TOO_LARGE;
    need = b->len + more + 1;
    if (need <= b->cap)
        return OK;
    cap = b->cap < 64 ? 64 : b->cap;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    if (cap > max + 1)
        cap = max + 1;
    p = realloc(b->p, cap);
    if (!p)
        return ERR_MEMORY;
    b->p = p;
    b->cap = cap;
    return OK;
}

enum err buf_append(struct buf *b, struct str s)
{
    enum err err = buf_reserve(b, s.len);

    if (err)
        return err;
    if (s.len)
        memcpy(b->p + b->len, s.p, s.len);
    b->len += s.len;
    b->p[b->len] = '\0';
    return OK;
}

enum err buf_append_c(struct buf *b, char c)
{
    return buf_append(b, (struct str){.p = &c, .len = 1});
}

enum err buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;
    enum err err = OK;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    if (n < 0)
        err = ERR_INTERNAL;
    else
        err = buf_reserve(b, (size_t)n);
    if (!err) {
        vsnprintf(b->p + b->len, (size_t)n + 1, format, again);
        b->len += (size_t)n;
    }
    va_end(again);
    return err;
}

enum err buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    enum err err;

    va_start(args, format);
    err = buf_vprintf(b, format, args);
    va_end(args);
    return err;
}

void buf_drop(struct buf *b, size_t n)
{
    if (n >= b->len) {
        buf_clear(b);
        return;
    }
    if (n == 0)
        return;
    memmove(b->p, b->p + n, b->len - n);
    b->len -= n;
    b->p[b->len] = '\0';
}

char *buf_take(struct buf *b)
{
    char *p;

    if (!b->p && buf_reserve(b, 0))
        return NULL;
    p = b->p;
    p[b->len] = '\0';
    *b = BUF_INIT(b->max);
    return p;
}
