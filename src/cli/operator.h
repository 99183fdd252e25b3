/* operator.h -- owns who is at the keyboard: the name that is noted down with what an operator does. */
#ifndef CLI_OPERATOR_H
#define CLI_OPERATOR_H

#include "cli/cli.h"

enum { OPERATOR_CHARS = 128 };

/* The row of the flag in a verb's table. */
#define OPERATOR_FLAG(by)                                                                     \
    {                                                                                         \
        "by", FLAG_TEXT, &(by), "NAME", "who does it, to be noted (default: the system user)" \
    }

/* The name given, else that of the process' user, else "operator"; cut to OPERATOR_CHARS bytes at a character's end. Returns `out`. */
char *operator_name(const char *given, char out[OPERATOR_CHARS + 1]);

#endif
