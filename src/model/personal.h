/* personal.h -- owns personalisation tags: %NAME% and %NAME|default% in a text, replaced by a contact's values (F3). */
#ifndef MODEL_PERSONAL_H
#define MODEL_PERSONAL_H

#include "base/buf.h"

/* The value of a field, by its name in lower case; an empty one gives the default. ERR_NOT_FOUND when there is no such field: then the
 * text stays as it is. */
typedef enum err personal_value(void *arg, struct str name, struct str *value);

/* How values are written; the text around them is never changed. */
enum personal_form { PERSONAL_PLAIN, PERSONAL_HTML };

/*
 * Appends `text` with its tags replaced. A tag is '%', a name of A-Z, 0-9 and '_' that begins with a letter, perhaps '|' and a
 * default without '%' and line ends, and '%'. Values are not read for tags again.
 * Errors: ERR_TOO_LARGE past the buffer's maximum, ERR_MEMORY, those of `value` but ERR_NOT_FOUND.
 */
enum err personal_render(struct str text, enum personal_form form, personal_value *value, void *arg, struct buf *out) MUST_CHECK;

/* Writes the tag of a field: "%SIZE%". */
enum { PERSONAL_TAG_CHARS = 162 };
const char *personal_tag(struct str name, char out[PERSONAL_TAG_CHARS + 1]);

#endif
