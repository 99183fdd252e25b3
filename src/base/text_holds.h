/* text_holds.h -- owns finding a word in a text that may be written as URLs and JSON are. */
#ifndef BASE_TEXT_HOLDS_H
#define BASE_TEXT_HOLDS_H

#include "base/str.h"

/* True when `word` stands anywhere in `text`. ASCII letters' case is passed over; %40 and \u0040 stand for "@". Not for an empty
 * word. */
bool text_holds(struct str text, struct str word);

#endif
