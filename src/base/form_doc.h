/* form_doc.h -- owns the document that a urlencoded form spells: a[b][c]=v nests, a[]=v makes lists, every value a string. */
#ifndef BASE_FORM_DOC_H
#define BASE_FORM_DOC_H

#include "base/form.h"
#include "base/jdoc.h"

/* Deeper names and more pairs are refused (N9). */
enum { FORM_DOC_DEPTH_MAX = 16, FORM_DOC_PAIRS_MAX = 5000 };

/*
 * Reads a urlencoded body as a document whose root is an object; nodes are in the arena. "a[b]" is the member b of a, "a[]" the
 * next element of the list a; members that are numbered 0, 1, 2... in order are a list as well. A name whose brackets do not
 * close one after the other up to its end is a plain name.
 * Refused: what form_parse refuses, a name that comes twice or is both a value and a map, bytes that are no UTF-8.
 * Errors: ERR_SYNTAX, ERR_UTF8, ERR_DUPLICATE, ERR_DEPTH, ERR_TOO_LARGE, ERR_MEMORY; `why` gets the reason, with the number of
 * the pair, from 1, in `at` (0: the form as a whole).
 */
enum err form_doc_parse(struct arena *arena, struct str text, const struct jnode **out, struct jdoc_error *why) MUST_CHECK;

#endif
