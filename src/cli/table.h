/* table.h -- owns the table on a terminal: aligned columns, cut to its width, foreign bytes made harmless. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "base/buf.h"

#include <stdio.h>

enum { TABLE_COLUMNS_MAX = 12 };

struct table;

/* `columns` are literals, NULL-terminated, at most TABLE_COLUMNS_MAX. Returns owned; NULL when memory is out. */
struct table *table_new(const char *const *columns);
void table_free(struct table *t);
/* Adds a row: one cell a column, copied. */
enum err table_add(struct table *t, const struct str *cells) MUST_CHECK;
size_t table_rows(const struct table *t);
/* Prints heads and rows. `width` in characters: the widest columns are cut until it fits; 0 = no cut. */
void table_print(const struct table *t, FILE *out, size_t width);
/* As table_print on stdout, cut to the terminal, not cut when stdout is none. */
void table_show(const struct table *t);

/* Appends `s` so that no byte of it can steer a terminal: what is no printable UTF-8 becomes \xNN. Newline and TAB stay when
 * `lines` is true. */
enum err text_escape(struct str s, bool lines, struct buf *out) MUST_CHECK;
/* Prints `s` as text_escape writes it; what is too long for the memory there is, not at all. */
void text_print(struct str s, bool lines, FILE *out);

#endif
