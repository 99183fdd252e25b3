/* copy_tables.h -- owns what a copy knows of tables: columns, keys, an order in which references hold; and reading them in pages. */
#ifndef STORE_COPY_TABLES_H
#define STORE_COPY_TABLES_H

#include "base/arena.h"
#include "base/buf.h"
#include "db/db.h"

enum { COPY_COLUMNS_MAX = 64, COPY_TABLES_MAX = 200, COPY_KEY_MAX = 8 };

struct copy_table {
    struct str name;
    struct str columns[COPY_COLUMNS_MAX];
    bool is_text[COPY_COLUMNS_MAX];
    int key[COPY_KEY_MAX]; /* columns of the primary key, in its order */
    size_t n_columns, n_key;
    bool emitted;
};

/* Reads the tables, those that others refer to first; the record of migrations is none of them. In the arena.
 * Errors: ERR_CONFIG with `why`, those of db_step, ERR_MEMORY. */
enum err copy_tables_read(struct db *db, struct arena *arena, struct copy_table **out, size_t *n, struct buf *why) MUST_CHECK;

/* Gets each row of a table in the order of its key: one value a column, p NULL for NULL. */
typedef enum err copy_row(void *arg, const struct copy_table *table, const struct str *values);
/* Reads a table in pages whose memory is bounded. */
enum err copy_read(struct db *db, const struct copy_table *table, copy_row *each, void *arg) MUST_CHECK;

#endif
