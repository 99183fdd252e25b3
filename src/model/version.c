/* version.c -- owns the order of two statements about one thing: provider time, source rank, receipt (O1, O2, F2). */
#include "model/version.h"

int version_cmp(struct version a, struct version b)
{
    if (!version_is_set(a) || !version_is_set(b))
        return version_is_set(a) - version_is_set(b);
    if (a.at_us != b.at_us)
        return a.at_us < b.at_us ? -1 : 1;
    if (a.rank != b.rank)
        return a.rank < b.rank ? -1 : 1;
    return str_cmp(a.receipt, b.receipt);
}

bool version_replaces(struct version next, struct version now)
{
    return version_cmp(next, now) > 0;
}
