/* entry.c -- owns the names of the lanes. */
#include "model/entry.h"

static const char *const lanes[LANE__COUNT] = {
    [LANE_URGENT] = "urgent",
    [LANE_LIVE] = "live",
    [LANE_BULK] = "bulk",
};

const char *lane_name(enum lane lane)
{
    return lanes[lane];
}

enum err lane_parse(struct str name, enum lane *out)
{
    for (size_t i = 0; i < LANE__COUNT; i++)
        if (str_eq(name, str_of(lanes[i]))) {
            *out = (enum lane)i;
            return OK;
        }
    return ERR_NOT_FOUND;
}
