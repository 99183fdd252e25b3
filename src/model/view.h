/* view.h -- owns the contact as a reader sees it: derived from the facts, never stored (K4, C1, M7). */
#ifndef MODEL_VIEW_H
#define MODEL_VIEW_H

#include "base/json.h"
#include "model/contact.h"
#include "model/money.h"

/* What the view needs to know of a source. Texts are borrowed; a source that is gone has the name "(removed)". */
struct view_source {
    int64_t id;
    struct str name, platform;
    int64_t cart_delay_us;    /* CA3 */
    int64_t cart_cooldown_us; /* CA9; 0 = none, -1 = the setting's */
    int64_t cart_first_us;    /* carts that were due before do not fire (CA14) */
    bool enabled;             /* neither disabled nor removed */
    struct str list;          /* that its contacts join; empty = none */
};

struct view_list {
    struct str list;
    enum consent_state state;
    int64_t since_us;
    bool mailable; /* subscribed, and nothing keeps the address from being mailed */
};

/* A tag, and a source that says it; SOURCE_OPERATOR for the operator and triggers (F5). */
struct view_tag {
    struct str tag;
    int64_t source_id;
};

struct view_consent {
    enum consent_state state;
    int64_t at_us; /* 0 = no time known */
    int64_t source_id;
    struct str basis;
    bool confirmed;
};

enum cart_state { CART_ACTIVE, CART_ABANDONED, CART_RECOVERED, CART_COMPLETED, CART_CLOSED };
const char *cart_state_name(enum cart_state state);

struct view_cart {
    const struct cart *cart;
    enum cart_state state;
    int64_t due_us;               /* shown: when an active cart becomes abandoned; 0 = never */
    int64_t fire_us;              /* when its abandonment is to be recorded; 0 = never, or recorded already */
    const struct order *order;    /* that completed or recovered it; NULL: none that is known */
    const struct cart_firing *of; /* the last abandonment that was recorded and not answered by FIRING_RECOVERED; NULL: none */
};
/* Which quiet time of the cart it is (struct cart_firing). */
int64_t cart_episode(const struct cart *c);

enum cart_action { CART_SLEEP, CART_LOOK_LATER, CART_RECORD_ABANDONED, CART_RECORD_RECOVERED };
/* What a look at a cart finds. */
struct cart_finding {
    enum cart_action action;
    int64_t look_us;         /* CART_LOOK_LATER: when, also in the past: then it has its turn among those that are due */
    enum firing_quiet quiet; /* CART_RECORD_ABANDONED */
};
/*
 * Decides what is to be done with a cart that was to be looked at `look_us`, now (CA3, CA5, CA8, CA9, CA12, CA14). Pure.
 * `source` may be NULL: it is gone, nothing fires any more. `firings` are those of the contact.
 */
struct cart_finding cart_find(const struct view_cart *v, const struct view_source *source, const struct cart_firing *firings,
                              int64_t look_us, int64_t now_us);

struct view_order {
    const struct order *order;
    struct str status;     /* what shows: the later of state and late status; refunds considered */
    int64_t refunded, net; /* minor units */
    bool counted;          /* K8 */
    bool over_refunded;    /* K5 */
};

enum { VIEW_CURRENCIES_MAX = 32, VIEW_PRODUCTS_MAX = 1000 };

/* What the contact bought or looked at of one product, over all orders that count, or all visits that are kept. */
struct view_product {
    int64_t source_id;
    struct str product_id, variant_id, sku, name; /* name: as it was last told; looked at: product and name only */
    int64_t quantity_micro;                       /* bought: the sum, in millionths, as goods are sold by weight, too */
    uint64_t times;                               /* orders, or views */
    int64_t last_us;
};

struct contact_view {
    struct str id;
    struct str email, first_name, last_name, phone;
    int64_t created_us, updated_us;
    bool archived, mailable;
    struct view_consent consent, sms;
    struct view_list *lists;
    size_t n_lists;
    struct str *suppressions;
    size_t n_suppressions;
    struct str *tags; /* sorted, each once */
    size_t n_tags;
    struct view_tag *tag_owners; /* sorted by tag and source: one row for each source that says a tag */
    size_t n_tag_owners;
    const struct contact_field **fields; /* sorted by name, each once */
    size_t n_fields;
    const struct contact_field **shown; /* all that show, names and phone included, as they are in `fields` */
    size_t n_shown;
    const struct contact_field **asides; /* later texts that are none of their field's type (F4); sorted by name, each once */
    size_t n_asides;
    const struct customer **customers; /* living, identified; sorted by source, external id */
    size_t n_customers;
    struct view_order *orders; /* newest first */
    size_t n_orders;
    struct money net[VIEW_CURRENCIES_MAX]; /* K3: one sum a currency, sorted by code */
    size_t n_net, orders_counted;
    int64_t last_order_us;
    struct view_cart *carts; /* newest first */
    size_t n_carts;
    uint64_t visits;
    int64_t last_visit_us;
    struct str last_url;
    struct view_product *bought, *viewed; /* the latest first, at most VIEW_PRODUCTS_MAX; for recommendations */
    size_t n_bought, n_viewed;
};

#define PURCHASE_STATES "paid completed" /* the default */

/* The facts of one contact, whole: `facts` has its customers, addresses, claims, fields, consents, suppressions, orders, refunds and carts;
 * `cart_orders` the orders of any contact that name one of those carts (CA6). Visits are filled in by view_visit, products by
 * view_products. */
struct view_input {
    struct str id;
    const char *purchase_states; /* order states that count as a purchase, separated by blanks (K8); refunded ones always do */
    const struct scope *facts;
    const struct order *cart_orders;
    const struct field_types *field_types; /* NULL: every field takes any text */
    const struct view_source *sources;
    size_t n_sources;
    struct arena *arena;
};

/* Pure. ERR_MEMORY. */
enum err view_build(const struct view_input *in, struct contact_view *out) MUST_CHECK;
/* The tags alone, with their owners. ERR_MEMORY. */
enum err view_tags(const struct view_input *in, struct contact_view *out) MUST_CHECK;
/* Counts one visit of the contact; of those of products, remembers the product. Texts are copied to the arena. ERR_MEMORY. */
enum err view_visit(struct contact_view *view, const struct visit *visit, struct arena *arena) MUST_CHECK;
/* Sorts what was looked at, and sums up what was bought from the orders that count (GR-46). After all visits. ERR_MEMORY. */
enum err view_products(struct contact_view *view, struct arena *arena) MUST_CHECK;
/* Returns owned: what was bought and looked at, as a member of view_json. */
json_t *view_products_json(const struct contact_view *view, const struct view_source *sources, size_t n_sources);
/* Returns owned: the object of `contacts show --json`; NULL when memory is out. */
json_t *view_json(const struct contact_view *view, const struct view_source *sources, size_t n_sources);
/* Borrows the name of a source for people; "operator" for SOURCE_OPERATOR. */
struct str view_source_name(const struct view_source *sources, size_t n, int64_t id);

#endif
