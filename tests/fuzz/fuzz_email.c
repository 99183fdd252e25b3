/* fuzz_email.c -- holds the e-mail address to what its header promises, for any bytes. */
#include "model/email.h"

/* A broken promise ends the run, in every build. */
#define HOLDS(what)  \
    do {             \
        if (!(what)) \
            abort(); \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_key_byte(unsigned char c)
{
    return c > ' ' && c != 0x7f && !(c >= 'A' && c <= 'Z') && strchr("\"(),:;<>[]\\", c) == NULL;
}

static void check_key(struct str key)
{
    size_t at = str_find(key, '@'), i;

    HOLDS(key.len <= EMAIL_MAX_BYTES && at > 0 && at <= EMAIL_LOCAL_MAX_BYTES && at < key.len);
    for (i = 0; i < key.len; i++)
        HOLDS(is_key_byte((unsigned char)key.p[i]));
    for (i = at + 1; i < key.len; i++)
        HOLDS((unsigned char)key.p[i] < 0x80 && key.p[i] != '@');
    HOLDS(str_find(str_from(key, at), '.') < key.len - at);
    HOLDS(key.p[key.len] == '\0' && str_is_utf8(key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct email e, again;
    enum err err;

    arena_init(&arena, 1 << 16);
    err = email_normalise(str_n(data, size), &arena, &e);
    HOLDS(err == OK || (email_reason(err) != NULL && (err == ERR_NOT_FOUND) == (str_trim(str_n(data, size)).len == 0)));
    if (err == OK) {
        check_key(e.key);
        HOLDS(str_eq(e.shown, str_trim(str_n(data, size))));
        HOLDS(email_normalise(e.key, &arena, &again) == OK && str_eq(again.key, e.key));   /* M2: a key is its own key */
        HOLDS(email_normalise(e.shown, &arena, &again) == OK && str_eq(again.key, e.key)); /* N5: repetition changes nothing */
    }
    arena_release(&arena);
    return 0;
}
