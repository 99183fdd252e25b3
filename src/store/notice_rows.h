/* notice_rows.h -- owns how a row of a target is read, for the files that select it. */
#ifndef STORE_NOTICE_ROWS_H
#define STORE_NOTICE_ROWS_H

#include "store/notice_target.h"
#include "store/row.h"

/* In the order of notice_target_read. */
#define NOTICE_TARGET_COLUMNS                                                                                                     \
    "id, name, url, types, enabled, disabled_why, created_at_us, failures, paused_until_us, last_status, last_error, last_at_us," \
    " delivered_at_us"

void notice_target_read(struct row *r, struct notice_target *out);

#endif
