/* list.c -- owns the kind of a list: whether an opt-in to it waits for a confirmation (C8). */
#include "model/list.h"

bool list_is_double(const struct list_kind *kinds, int64_t account_id, struct str list, int64_t received_us)
{
    const struct list_kind *latest = NULL;

    for (const struct list_kind *k = kinds; k; k = k->next)
        if (k->account_id == account_id && k->from_us <= received_us && str_eq(k->list, list) &&
            (!latest || k->from_us >= latest->from_us))
            latest = k;
    return latest && latest->is_double;
}

bool list_name_is_valid(struct str name)
{
    if (name.len == 0 || name.len > LIST_NAME_BYTES_MAX || !str_is_utf8(name) || str_trim(name).len != name.len)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
            return false;
    return true;
}
