/* source_rows.h -- owns what source.c and source_secret.c share: the rows that belong to a source. */
#ifndef STORE_SOURCE_ROWS_H
#define STORE_SOURCE_ROWS_H

#include "store/source.h"

/* Reads a text column into *out, which source_release frees. */
enum err source_take_column(struct db_stmt *st, int column, char **out) MUST_CHECK;
/* Fills the secrets and the old keys of a source that was read. */
enum err source_rows_load(struct store *store, struct source *s) MUST_CHECK;
/* Inside a transaction: forgets them. */
enum err source_rows_forget(struct store *store, int64_t source_id) MUST_CHECK;
/* Inside a transaction: seals the secret for its source and puts it in as `number`. */
enum err source_secret_put(struct store *store, const struct seal *seal, int64_t source_id, int64_t number,
                           const struct given_secret *given, int64_t now_us) MUST_CHECK;
/* The one number that a statement gives; $1 is the account, $2 the source unless it is 0. */
enum err source_ask_int(struct store *store, const char *sql, int64_t source_id, int64_t *out) MUST_CHECK;

#endif
