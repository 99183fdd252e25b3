/* every_order.h -- owns the walk through every order of a few numbers. */
#ifndef TESTS_UNIT_EVERY_ORDER_H
#define TESTS_UNIT_EVERY_ORDER_H

#include <stdbool.h>
#include <stddef.h>

/* Steps to the next order of n numbers; false after the last one. */
static inline bool next_order(size_t *order, size_t n)
{
    size_t i = n - 1, j = n - 1, last;

    while (i > 0 && order[i - 1] >= order[i])
        i--;
    if (i == 0)
        return false;
    while (order[j] <= order[i - 1])
        j--;
    last = order[i - 1];
    order[i - 1] = order[j];
    order[j] = last;
    for (j = n - 1; i < j; i++, j--) {
        last = order[i];
        order[i] = order[j];
        order[j] = last;
    }
    return true;
}

#endif
