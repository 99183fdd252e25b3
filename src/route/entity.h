/* entity.h -- owns the decoding of HTML character references in names: each once, unknown ones as they are. */
#ifndef ROUTE_ENTITY_H
#define ROUTE_ENTITY_H

#include "base/arena.h"

/*
 * Decodes &name;, &#8211; and &#x2013; of `text` into the arena; text without "&" is borrowed. Known names: those of XML, of
 * Latin-1 (U+00A0 to U+00FF) and of common punctuation. References to NUL, surrogates, controls or past U+10FFFF stay as text.
 * ERR_MEMORY.
 */
enum err entity_decode(struct str text, struct arena *arena, struct str *out) MUST_CHECK;

#endif
