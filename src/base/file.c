/* file.c -- owns the reading of a whole file into a buffer. */
#include "base/file.h"

#include <errno.h>
#include <stdio.h>

enum err file_read(const char *path, struct buf *out)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char piece[16384];
    enum err err = OK;
    int why = 0;
    size_t n;

    if (!in)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    while (!err && (n = fread(piece, 1, sizeof(piece), in)) > 0)
        err = buf_append(out, str_n(piece, n));
    if (!err && ferror(in)) {
        why = errno;
        err = ERR_IO;
    }
    if (!err)
        err = buf_append(out, STR("")); /* an empty file has a text too */
    if (in != stdin)
        fclose(in);
    errno = why ? why : errno;
    return err;
}
