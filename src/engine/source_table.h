/* source_table.h -- owns one snapshot of sources as a table: read from its text, looked up by key, counted by its users. */
#ifndef ENGINE_SOURCE_TABLE_H
#define ENGINE_SOURCE_TABLE_H

#include "engine/sources.h"

struct source_table;

/* Reads {"sources":[...]}. Borrows routes and seal. One source that cannot be read is logged and left out. Returns owned, with
 * one use. Errors: ERR_SYNTAX, ERR_MEMORY. */
enum err source_table_new(struct str json, const struct routes *routes, const struct seal *seal,
                          struct source_table **out) MUST_CHECK;
/* Finds by the endpoint's key, or by the public key. NULL when there is no enabled source of that key, or the key was replaced and
 * its time is over at the wall time `now_us`. Does not count as a use. */
struct live_source *source_table_find(struct source_table *t, struct str key, bool is_public, int64_t now_us);
void source_table_use(struct source_table *t);
/* Frees the table with its last use. NULL is fine. */
void source_table_release(struct source_table *t);
size_t source_table_n(const struct source_table *t);
/* Opens the first secret that there is: ERR_SEAL when the master key is another one than the snapshot was made under. */
enum err source_table_try_seal(const struct source_table *t) MUST_CHECK;

/* Opens the secrets and prepares them for each way to sign of the platform; at the first use, so that a snapshot of many
 * sources does not stop the loop. The result is in live->err. */
void live_source_prepare(struct live_source *live);
/* The source's config with the defaults of its route. Borrows `live`. */
struct verify_config live_source_config(const struct live_source *live);
/* The first way to sign that applies to the request, or NULL. Of a prepared source. */
const struct source_signing *live_source_signing(const struct live_source *live, const struct verify_request *request);

#endif
