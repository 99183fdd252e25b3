/* tale_make.h -- owns what happens in the story, how often, and what it says. */
#ifndef TESTS_PROPERTY_TALE_MAKE_H
#define TESTS_PROPERTY_TALE_MAKE_H

#include "tale.h"

/* -- what is said ---------------------------------------------------------------------------------------------------------- */

static inline void remember(struct tale *t, int address, const char *state, int64_t at_us)
{
    int64_t *slot = NULL;

    if (strcmp(state, "unsubscribed") == 0)
        slot = address == NO_ADDRESS ? NULL : &t->restricted_us[address];
    else if (strcmp(state, "subscribed") == 0 || strcmp(state, "pending") == 0)
        slot = address == NO_ADDRESS ? &t->opted_in_by_id_us : &t->opted_in_us[address];
    if (slot && at_us > *slot)
        *slot = at_us;
}

/* Some equal, some long ago; never from the future, so that the model need not clamp them. */
static inline int64_t stated_at(struct tale *t)
{
    return t->now_us - (perhaps(t, 40) ? 0 : (1 + one_of(t, 20)) * INT64_C(3600) * US_PER_S);
}

static inline json_t *consent_new(struct tale *t, int address)
{
    static const char *const states[] = {"subscribed",   "unsubscribed", "pending",     "none",   "subscribed",
                                         "unsubscribed", "complaint",    "hard_bounce", "invalid"};
    const char *state = states[one_of(t, perhaps(t, 15) ? 9 : 6)];
    int64_t at = stated_at(t);
    json_t *consent = json_object();

    remember(t, address, state, at);
    member(consent, "state", json_string(state));
    member(consent, "at", time_json(at));
    member(consent, "source", json_string(perhaps(t, 50) ? "footer" : "account"));
    if (perhaps(t, 25))
        member(consent, "confirmed", json_true());
    return json_pack("{so}", "email", consent);
}

static inline json_t *value_or_null(struct tale *t, json_t *value, int absent, int null)
{
    int at = one_of(t, 100);

    if (at >= absent + null)
        return value;
    json_decref(value);
    return at < absent ? NULL : json_null();
}

static inline void tell_customer(struct tale *t, int place, int person)
{
    static const char *const types[] = {"signup", "customer_updated", "customer_updated", "identify", "form_signup"};
    static const char *const tags[] = {"vip", "club", "news", "b2b"};
    const char *type = types[one_of(t, 5)];
    int address = perhaps(t, 90) || person == ERASED_PERSON ? address_of(t, person) : NO_ADDRESS;
    bool guest = strcmp(type, "form_signup") == 0 && address != NO_ADDRESS && person != ERASED_PERSON && perhaps(t, 50);
    json_t *contact = contact_new(t, guest ? -1 : person, address), *event = event_new(t, place, type);

    member(contact, "first_name", value_or_null(t, words("Name %d", one_of(t, 9)), 30, 15));
    member(contact, "country", value_or_null(t, json_string("GB"), 60, 20));
    member(contact, "phone", value_or_null(t, words("+4670000000%d", one_of(t, 4)), 70, 10));
    if (perhaps(t, 40))
        member(contact, "fields", json_pack("{so}", "size", value_or_null(t, words("%d", one_of(t, 5)), 0, 20)));
    if (perhaps(t, 35))
        member(contact, "tags", json_pack("[s,s]", tags[one_of(t, 4)], tags[one_of(t, 4)]));
    if (perhaps(t, 45))
        member(contact, "consent", consent_new(t, address));
    if (person != ERASED_PERSON && perhaps(t, 25))
        member(event, "visitor_id", words("v%d", one_of(t, PERSONS)));
    member(event, "contact", contact);
    tell_event(t, place, event, address);
}

static inline void tell_consent(struct tale *t, int place, int person)
{
    bool on = perhaps(t, 50), all = !perhaps(t, 20);
    int address = perhaps(t, 75) || person == ERASED_PERSON ? address_of(t, person) : NO_ADDRESS;
    int64_t at = stated_at(t);
    json_t *event;

    if (perhaps(t, 30)) {
        json_t *contact = contact_new(t, address == NO_ADDRESS || perhaps(t, 30) ? person : -1, address);

        event = event_new(t, place, "consent_updated");
        member(contact, "consent", consent_new(t, address));
        member(event, "contact", contact);
    } else {
        event = event_new(t, place, on ? "subscribe" : "unsubscribe");
        member(event, "at", time_json(at));
        member(event, "channel", json_string(perhaps(t, 20) ? "all" : "email"));
        if (all)
            remember(t, address, on ? "subscribed" : "unsubscribed", at);
        else
            member(event, "list", json_string("vip"));
        member(event, "contact", contact_new(t, address == NO_ADDRESS ? person : -1, address));
    }
    tell_event(t, place, event, NO_ADDRESS);
}

static inline json_t *amount(int64_t minor)
{
    return words("%lld.%02lld", (long long)(minor / 100), (long long)(minor % 100));
}

static inline void tell_order(struct tale *t, int place, int person)
{
    static const char *const statuses[] = {"pending", "paid",      "completed", "paid",
                                           "failed",  "cancelled", "refunded",  "partially_refunded"};
    int number = one_of(t, TALE_ORDERS), address = address_of(t, person);
    struct tale_order *o = &t->orders[number];
    struct order_state *said = &o->said[o->n];
    bool refund = o->n && perhaps(t, 25);
    json_t *event, *order = json_object();

    place = o->n ? o->place : place;
    o->place = place;
    if (o->n == ORDER_STATES_MAX)
        return;
    event = event_new(t, place, refund ? "order_refunded" : perhaps(t, 40) ? "order_created" : "order_updated");
    *said = (struct order_state){
        .total = 500 + one_of(t, 5000), .refunded = refund ? 1 + one_of(t, 4000) : -1, .status = statuses[one_of(t, 8)]};
    member(order, "id", words("o%d", number));
    member(order, "currency", json_string(place == 1 ? "USD" : "EUR"));
    member(order, "updated_at", time_json(clock_of(t, place)));
    if (refund) {
        member(order, "refunded", amount(said->refunded));
    } else {
        member(order, "total", amount(said->total));
        member(order, "status", json_string(said->status));
        member(order, "created_at", time_json(t->now_us - number * US_PER_S));
        member(order, "accepts_marketing", json_boolean(perhaps(t, 40)));
        member(order, "items", json_pack("[{s:s,s:s,s:s}]", "product_id", "7", "quantity", "1", "price", "9.50"));
        if (perhaps(t, 50))
            member(order, "cart_id", words("k%d", one_of(t, 6)));
    }
    member(event, "order", order);
    member(event, "contact", contact_new(t, perhaps(t, 60) ? person : -1, address));
    said->received_us = tell_event(t, place, event, refund ? NO_ADDRESS : address)->received_us;
    said->at_us = believed(t, clock_of(t, place), said->received_us);
    o->n++;
}

static inline void tell_cart(struct tale *t, int place, int person)
{
    json_t *event = event_new(t, place, perhaps(t, 80) ? "cart_updated" : "cart_abandoned"), *cart = json_object();
    int address = address_of(t, person);

    member(cart, "id", words("k%d", one_of(t, 6)));
    member(cart, "currency", json_string("EUR"));
    member(cart, "total", amount(one_of(t, 9000)));
    member(cart, "updated_at", time_json(clock_of(t, place)));
    member(cart, "items", perhaps(t, 85) ? json_pack("[{s:s,s:s}]", "product_id", "7", "quantity", "2") : json_array());
    member(event, "cart", cart);
    if (perhaps(t, 40))
        member(event, "visitor_id", words("v%d", one_of(t, PERSONS)));
    if (perhaps(t, 70))
        member(event, "contact", contact_new(t, perhaps(t, 50) ? person : -1, address));
    tell_event(t, place, event, NO_ADDRESS);
}

static inline void tell_visit(struct tale *t, int place, int person)
{
    json_t *event = event_new(t, place, perhaps(t, 70) ? "page_visit" : "product_viewed");

    member(event, "visitor_id", words("v%d", one_of(t, PERSONS)));
    if (perhaps(t, 30))
        member(event, "contact", contact_new(t, person, NO_ADDRESS));
    member(event, "page", json_pack("{so}", "url", words("https://shop.example/%d", one_of(t, 9))));
    member(event, "product", json_pack("{ss}", "id", "7"));
    tell_event(t, place, event, NO_ADDRESS);
}

static inline void tell_gone(struct tale *t, int place, int person)
{
    json_t *event = event_new(t, place, perhaps(t, 60) ? "customer_deleted" : "customer_merged");
    json_t *contact = contact_new(t, person, NO_ADDRESS);

    member(contact, "merged_id", words("c%d", (person + 1) % ERASED_PERSON));
    member(event, "contact", contact);
    tell_event(t, place, event, NO_ADDRESS);
}

/* A row of a file: says what it wants of consent, and relaxes nothing (C4). */
static inline void tell_row(struct tale *t, int person)
{
    static const char *const states[] = {"subscribed", "unsubscribed", "pending", "none"};
    int address = address_of(t, person);
    const char *state = states[one_of(t, 4)];
    int64_t at = stated_at(t);
    json_t *row = json_object();

    if (strcmp(state, "unsubscribed") == 0)
        remember(t, address, state, at);
    member(row, "import", json_string("file-1"));
    member(row, "row", json_integer(++t->numbers));
    member(row, "contact.email", address_json(t, address));
    member(row, "contact.first_name", words("Row %d", one_of(t, 9)));
    member(row, "contact.tags", json_string("imported,vip"));
    member(row, "contact.updated_at", time_json(t->now_us));
    member(row, "contact.consent.email.state", json_string(state));
    member(row, "contact.consent.email.at", time_json(at));
    member(row, "confirmed", json_string("paper forms"));
    tell_event(t, PLACE_IMPORT, row, address);
}

/* -- what the operator does ------------------------------------------------------------------------------------------------ */

static inline int known_address(struct tale *t)
{
    for (int i = 0; i < 20; i++) {
        int address = one_of(t, ADDRESSES);

        if (t->told_of[address] < TALE_STEPS && address / 2 != ERASED_PERSON)
            return address;
    }
    return NO_ADDRESS;
}

static inline void act(struct tale *t, json_t *step, int left, int right)
{
    struct tale_step *s = &t->at[t->n++];

    *s = (struct tale_step){.step = step, .is_act = true, .received_us = t->now_us};
    s->needs[0] = t->told_of[left];
    s->needs[1] = t->told_of[right];
    member(step, "at", time_json(t->now_us + INT64_C(40) * 86400 * US_PER_S + (int64_t)t->n * US_PER_S));
}

static inline void act_merge(struct tale *t)
{
    int left = known_address(t), right = known_address(t);
    char a[32], b[32];

    if (left != NO_ADDRESS && right != NO_ADDRESS && left != right)
        act(t, json_pack("{s:[s,s]}", "merge", address_name(left, a), address_name(right, b)), left, right);
}

static inline void act_edit(struct tale *t)
{
    static const struct {
        const char *kind, *name;
    } kinds[] = {
        {"tag_add", "vip"},         {"tag_remove", "vip"},        {"field_set", "first_name"}, {"field_release", "first_name"},
        {"list_subscribe", "news"}, {"list_unsubscribe", "news"}, {"list_unsubscribe", ""}};
    int address = known_address(t), kind = one_of(t, 7);
    char name[32];

    if (address != NO_ADDRESS)
        act(t,
            json_pack("{s:s,s:s,s:s,s:s}", "edit", kinds[kind].kind, "email", address_name(address, name), "name", kinds[kind].name,
                      "value", perhaps(t, 70) ? "By hand" : ""),
            address, address);
}

/* -- the story ------------------------------------------------------------------------------------------------------------- */

static inline void tell_something(struct tale *t)
{
    int place = one_of(t, PLACE_IMPORT), person = one_of(t, ERASED_PERSON), what = one_of(t, 100);

    if (perhaps(t, 6)) {
        person = ERASED_PERSON;
        place = 0;
        what = one_of(t, 45);
    }
    if (what < 34)
        tell_customer(t, place, person);
    else if (what < 45)
        tell_consent(t, place, person);
    else if (what < 63)
        tell_order(t, place, person);
    else if (what < 72)
        tell_cart(t, place, person);
    else if (what < 79)
        tell_visit(t, place, person);
    else if (what < 86)
        tell_gone(t, place, person);
    else if (what < 92)
        tell_row(t, person);
    else if (what < 96)
        act_merge(t);
    else
        act_edit(t);
}

/* X2, X3: the last that is said of that person; whatever comes later was said before. */
static inline void tell_erasure(struct tale *t)
{
    json_t *event;

    t->now_us += 600 * US_PER_S;
    event = event_new(t, 0, "erase");
    member(event, "contact", contact_new(t, ERASED_PERSON, ERASED_PERSON * 2));
    tell_event(t, 0, event, NO_ADDRESS);
}

static inline void tale_make(struct tale *t, uint64_t seed)
{
    int64_t grid = (1 + (int64_t)(seed % 7)) * 60 * US_PER_S; /* of the fixed story: how coarse its clocks are */

    *t = (struct tale){
        .random = seed * UINT64_C(0x2545f4914f6cdd1d) + 1, .fixed = seed % 2 == 0, .now_us = INT64_C(1714521600) * US_PER_S};
    for (size_t i = 0; i < ADDRESSES; i++)
        t->told_of[i] = TALE_STEPS;
    while (t->n < TALE_STEPS - 1) {
        if (!t->fixed)
            t->now_us += (1 + one_of(t, 900)) * US_PER_S;
        else if (perhaps(t, 50))
            t->now_us += grid;
        tell_something(t);
    }
    tell_erasure(t);
}

static inline void tale_release(struct tale *t)
{
    for (size_t i = 0; i < t->n; i++)
        json_decref(t->at[i].step);
}

#endif
