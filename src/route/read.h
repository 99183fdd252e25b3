/* read.h -- owns the strict reading of a route file: a place in it, what may stand there, and the problem when it does not. */
#ifndef ROUTE_READ_H
#define ROUTE_READ_H

#include "base/arena.h"
#include "base/json.h"
#include "base/problems.h"

struct route_config;

/* Everything that a route keeps is in `arena`; texts are borrowed from the JSON, which lives as long. */
struct reader {
    struct arena *arena;
    struct problems *problems;
    bool no_memory;
    const struct route_config *config; /* what a source is given; read before what names it (config_ref.h) */
    size_t n_config;
    const char *no_config; /* why no value may read config here; NULL: it may */
};

/* Where a value stands; lives on the stack of the function that reads it. `json` is NULL when the member is absent. */
struct place {
    const struct place *up;
    const char *name; /* NULL: an element */
    size_t index;
    const json_t *json;
};

struct place place_member(const struct place *up, const char *name);
struct place place_element(const struct place *up, size_t index);
static inline bool place_given(const struct place *p)
{
    return p->json != NULL;
}

/* Adds a problem at the place's JSON pointer. */
void read_problem(struct reader *r, const struct place *p, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Adds "must be <wanted>, not <what is there>", or "missing" when nothing is. */
void read_unexpected(struct reader *r, const struct place *p, const char *wanted);
/* Writes the place's JSON pointer. */
enum err place_pointer(const struct place *p, struct buf *out) MUST_CHECK;

/* Returns zeroed memory of the route's arena for n elements, or NULL, which is noted in `no_memory`. */
void *read_array(struct reader *r, size_t n, size_t size);

/* Each of the following adds a problem and returns false (or the fallback) when another thing stands there. */
bool read_object(struct reader *r, const struct place *p);
bool read_list(struct reader *r, const struct place *p);
/* An object whose members are all among `known` (NULL-terminated); others are problems with a near-miss hint. */
bool read_members(struct reader *r, const struct place *p, const char *const *known);
/* A required text that is not empty; STR_NONE with a problem otherwise. */
struct str read_text(struct reader *r, const struct place *p);
/* A list of texts that are not empty. */
bool read_texts(struct reader *r, const struct place *p, const struct str **out, size_t *n);
/* A text, number, true or false as its text. */
bool read_scalar(struct reader *r, const struct place *p, struct str *out);
/* A scalar or a list of scalars. */
bool read_scalars(struct reader *r, const struct place *p, const struct str **out, size_t *n);
bool read_bool(struct reader *r, const struct place *p, bool fallback);
int64_t read_int(struct reader *r, const struct place *p, int64_t min, int64_t max, int64_t fallback);
/* A text of one ASCII character. */
bool read_char(struct reader *r, const struct place *p, char *out);
/* One of `names` (NULL-terminated); its index in *out. */
bool read_choice(struct reader *r, const struct place *p, const char *const *names, size_t *out);

#endif
