/* jdoc_rules.h -- owns the checks that the foreign document's parser leaves to us; for src/base/jdoc* only. */
#ifndef BASE_JDOC_RULES_H
#define BASE_JDOC_RULES_H

#include "base/jdoc.h"

/* True when s is a number of RFC 8259, section 6. */
bool jdoc_is_number(struct str s);
/* ERR_DUPLICATE when two members of the object have one name; ERR_MEMORY. */
enum err jdoc_check_duplicates(struct arena *arena, const struct jnode *object) MUST_CHECK;

#endif
