/* figures_account.c -- owns the figures of accounts: contacts, what is to be fetched, where they stand at their limit. */
#include "engine/figures_account.h"

#include "store/account.h"
#include "store/account_limit.h"
#include "store/contact.h"
#include "store/parked.h"

enum err figures_limit(struct store *store, json_t **out)
{
    struct account_limit l = {.limit = 0};
    struct parked_counts parked = {.persons = 0};
    enum err err = account_limit_get(store, &l);

    if (!err)
        err = parked_count(store, &parked);
    *out = err ? NULL
               : json_pack("{sI ss sI sI sb sb sI sI}", "contact_limit", (json_int_t)l.limit, "policy",
                           limit_policy_names[l.policy], "raise_step", (json_int_t)l.raise_step, "over",
                           (json_int_t)(l.limit && l.contacts > l.limit ? l.contacts - l.limit : 0), "near", (int)(l.near_us > 0),
                           "full", (int)(l.full_us > 0), "parked", (json_int_t)parked.persons, "parked_letters",
                           (json_int_t)parked.letters);
    return err || *out ? err : ERR_MEMORY;
}

/* One whose limit says something: it has one, or somebody waits. */
static enum err list_account(struct store *store, uint64_t contacts, json_t *list)
{
    struct account account;
    json_t *about = NULL;
    enum err err = account_get(store, store->account_id, &account);

    if (!err)
        err = figures_limit(store, &about);
    if (!err &&
        (json_integer_value(json_object_get(about, "contact_limit")) || json_integer_value(json_object_get(about, "parked")))) {
        if (json_object_set_new(about, "name", json_string(account.name)) ||
            json_object_set_new(about, "contacts", json_integer((json_int_t)contacts)) || json_array_append(list, about))
            err = ERR_MEMORY;
    }
    json_decref(about);
    return err;
}

static enum err add_account(struct store *store, void *arg)
{
    struct figures_accounts *sums = arg;
    uint64_t contacts = 0;
    struct fetch_counts counts;
    enum err err = contact_count(store, &contacts);

    if (!err)
        err = fetch_count(store, 0, &counts);
    if (!err)
        err = list_account(store, contacts, sums->limits);
    if (err)
        return err;
    sums->contacts += contacts;
    sums->fetches.waiting += counts.waiting;
    sums->fetches.failing += counts.failing;
    sums->fetches.gone += counts.gone;
    if (counts.oldest_at_us && (!sums->fetches.oldest_at_us || counts.oldest_at_us < sums->fetches.oldest_at_us))
        sums->fetches.oldest_at_us = counts.oldest_at_us;
    return OK;
}

enum err figures_accounts(struct store *store, struct figures_accounts *out)
{
    *out = (struct figures_accounts){.limits = json_array()};
    return out->limits ? account_each(store, add_account, out) : ERR_MEMORY;
}
