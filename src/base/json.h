/* json.h -- owns our own JSON (routes, config values, API, output): jansson with our rules, and JSON pointers in errors. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/str.h"

#include <jansson.h> /* its home: others include base/json.h */

/* Parses with duplicates refused. On ERR_SYNTAX `where` (may be NULL) gets "line:column: reason". Returns owned: json_decref. */
enum err json_parse(struct str text, json_t **out, struct buf *where) MUST_CHECK;
/* Appends the value's compact text, keys in insertion order. */
enum err json_print(const json_t *value, struct buf *out) MUST_CHECK;
/* As json_print, keys sorted by their bytes: one text for one value, to be signed. */
enum err json_print_sorted(const json_t *value, struct buf *out) MUST_CHECK;
/* As json_print, indented by two blanks. */
enum err json_print_pretty(const json_t *value, struct buf *out) MUST_CHECK;
/* Returns owned: a string value of s; bytes that are not UTF-8 become U+FFFD. NULL when memory is out. */
json_t *json_str(struct str s);
/* Borrows: the text of a string value; STR_NONE for any other. */
struct str json_text(const json_t *value);
/* Borrows: the text of object[key]; STR_NONE when absent or no string. */
struct str json_member_text(const json_t *object, const char *key);

/* The time as text (time_iso), null for 0 and before. Returns owned. */
json_t *json_time(int64_t us);

#endif
