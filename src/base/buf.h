/* buf.h -- owns the growing byte buffer, born with its maximum. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"
#include "base/str.h"

#include <stdarg.h>
#include <stddef.h>

/* `p[len]` is always NUL once anything was appended, so buf_text works; NUL may also be inside. */
struct buf {
    char *p;
    size_t len, cap;
    size_t max; /* bytes that `len` never passes (N9) */
};

/* An empty buffer that may grow to `max_bytes`; allocates nothing yet. */
#define BUF_INIT(max_bytes) ((struct buf){.p = NULL, .len = 0, .cap = 0, .max = (max_bytes)})
void buf_init(struct buf *b, size_t max_bytes);
/* Frees the bytes; the buffer is empty and usable again. NULL is fine. */
void buf_release(struct buf *b);
/* As buf_release, after wiping the bytes: for buffers that held a secret. Reserve its whole size first: growing leaves copies. */
void buf_wipe(struct buf *b);
/* Forgets the content, keeps the memory. */
void buf_clear(struct buf *b);
/* Makes room for `more` bytes after len. ERR_TOO_LARGE past the maximum, ERR_MEMORY. */
enum err buf_reserve(struct buf *b, size_t more) MUST_CHECK;
/* `s` does not lie in the buffer itself: growing may move it. */
enum err buf_append(struct buf *b, struct str s) MUST_CHECK;
enum err buf_append_c(struct buf *b, char c) MUST_CHECK;
enum err buf_printf(struct buf *b, const char *format, ...) MUST_CHECK __attribute__((format(printf, 2, 3)));
enum err buf_vprintf(struct buf *b, const char *format, va_list args) MUST_CHECK __attribute__((format(printf, 2, 0)));
/* Drops the first `n` bytes (n <= len) by moving the rest down. */
void buf_drop(struct buf *b, size_t n);
/* Borrows the content; valid until the next change. */
static inline struct str buf_str(const struct buf *b)
{
    return (struct str){.p = b->p, .len = b->len};
}
/* Borrows the content as C text; "" when empty. */
static inline const char *buf_text(const struct buf *b)
{
    return b->p ? b->p : "";
}
/* Returns owned: the NUL-terminated bytes, which the caller frees; the buffer is empty afterwards. NULL when memory is out. */
char *buf_take(struct buf *b);

#endif
