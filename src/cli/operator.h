/* operator.h -- owns who is at the keyboard: the name that is noted down with what an operator does. */
#ifndef CLI_OPERATOR_H
#define CLI_OPERATOR_H

#include "cli/cli.h"

enum { OPERATOR_BYTES_MAX = 128 };

/* The row of the flag in a verb's table; `by` is NULL when it is not given. */
#define OPERATOR_FLAG(by)                                                                     \
    {                                                                                         \
        "by", FLAG_TEXT, &(by), "NAME", "who does it, to be noted (default: the system user)" \
    }

/* The name given, else that of the process' user, else "operator"; borrowed from the argument or the C library. CLI_GO, or the exit
 * code after it has said that the name is none. */
int operator_name(const char *given, struct str *out);

#endif
