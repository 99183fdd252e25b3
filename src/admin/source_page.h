/* source_page.h -- owns the page of one source: what the doctor says of it. */
#ifndef ADMIN_SOURCE_PAGE_H
#define ADMIN_SOURCE_PAGE_H

#include "base/json.h"

/* Appends the document for a report (engine/doctor_report.h); every text in it is escaped. */
enum err source_page_write(const json_t *report, struct buf *out) MUST_CHECK;

#endif
