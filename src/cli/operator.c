/* operator.c -- owns who is at the keyboard: the name that is noted down with what an operator does. */
#include "cli/operator.h"

#include <pwd.h>
#include <unistd.h>

int operator_name(const char *given, struct str *out)
{
    const struct passwd *user = given ? NULL : getpwuid(geteuid());

    *out = str_of(given ? given : user && user->pw_name && user->pw_name[0] ? user->pw_name : "operator");
    if (out->len > OPERATOR_BYTES_MAX || !str_is_utf8(*out) || str_trim(*out).len == 0)
        return cli_wrong("--by: give a name of 1 to %d bytes of UTF-8", OPERATOR_BYTES_MAX);
    return CLI_GO;
}
