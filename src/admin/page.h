/* page.h -- owns the admin page: the figures as one static HTML document. */
#ifndef ADMIN_PAGE_H
#define ADMIN_PAGE_H

#include "base/json.h"

/* Appends the document; every text in it is escaped. */
enum err page_write(const json_t *figures, struct buf *out) MUST_CHECK;

/* Appends what every document begins with, up to its first heading. */
enum err page_put_start(struct buf *out) MUST_CHECK;
/* Appends a text, escaped. */
enum err page_put_text(struct buf *out, struct str s) MUST_CHECK;

#endif
