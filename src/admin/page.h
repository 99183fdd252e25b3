/* page.h -- owns the admin page: the figures as one static HTML document. */
#ifndef ADMIN_PAGE_H
#define ADMIN_PAGE_H

#include "base/json.h"

/* Appends the document; every text in it is escaped. */
enum err page_write(const json_t *figures, struct buf *out) MUST_CHECK;

#endif
