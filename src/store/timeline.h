/* timeline.h -- owns what happened with one contact, in order: orders, carts, visits, consent, activities, what was sent. */
#ifndef STORE_TIMELINE_H
#define STORE_TIMELINE_H

#include "model/view.h"
#include "store/store.h"

/* What kind of moment it is; the names are those of timeline_kind_name. */
enum timeline_kind {
    MOMENT_CREATED,
    MOMENT_ORDER,
    MOMENT_REFUND,
    MOMENT_CART,
    MOMENT_CART_ABANDONED,
    MOMENT_CART_RECOVERED,
    MOMENT_PAGE_VISIT,
    MOMENT_PRODUCT_VIEWED,
    MOMENT_CONSENT,
    MOMENT_ACTIVITY,
    MOMENT_TRIGGER,
    MOMENT_CYCLE,
    MOMENT_NOTICE,
    MOMENT_CHANGE,
    MOMENT__COUNT
};
const char *timeline_kind_name(enum timeline_kind kind);
/* ERR_NOT_FOUND. */
enum err timeline_kind_parse(struct str name, enum timeline_kind *out) MUST_CHECK;

/* One moment. Texts are in the arena. */
struct moment {
    enum timeline_kind kind;
    int64_t at_us, source_id;
    struct str ref;  /* the order, cart, product, list or field concerned; may be empty */
    struct str text; /* what there is to say of it */
    struct str url;
};

/* Which moments: of one kind or, with MOMENT__COUNT, of all; before `before_us` (0: up to now); the latest `max`. */
struct timeline_filter {
    enum timeline_kind kind;
    int64_t before_us;
    size_t max;
};
enum { TIMELINE_MAX = 10000 };

/*
 * The latest moments that pass, the newest first. `facts` and `view` are those of contact_load_facts. Of the ledger the latest
 * TIMELINE_MAX lines are read, of visits all. Errors: those of the database, ERR_MEMORY.
 */
enum err timeline_load(struct store *store, const struct scope *facts, const struct contact_view *view,
                       const struct timeline_filter *filter, struct arena *arena, struct moment **out, size_t *n) MUST_CHECK;

#endif
