/* file.h -- owns the reading of a whole file into a buffer. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"

/* Appends the file's bytes; "-" is standard input. The buffer has a text afterwards, also for an empty file.
 * ERR_NOT_FOUND, ERR_IO (errno says why), ERR_TOO_LARGE past the buffer's maximum, ERR_MEMORY. */
enum err file_read(const char *path, struct buf *out) MUST_CHECK;

#endif
