/* operator.c -- owns who is at the keyboard: the name that is noted down with what an operator does. */
#include "cli/operator.h"

#include <pwd.h>
#include <unistd.h>

char *operator_name(const char *given, char out[OPERATOR_CHARS + 1])
{
    const struct passwd *user = given && *given ? NULL : getpwuid(getuid());
    const char *name = given && *given ? given : user && user->pw_name[0] ? user->pw_name : "operator";
    struct str s = str_upto(str_of(name), OPERATOR_CHARS);

    while (s.len && !str_is_utf8(s))
        s.len--;
    memcpy(out, s.p, s.len);
    out[s.len] = '\0';
    return out;
}
