/* script_customers.h -- owns what the shops of the script say of customers and consent. */
#ifndef TESTS_PROPERTY_SCRIPT_CUSTOMERS_H
#define TESTS_PROPERTY_SCRIPT_CUSTOMERS_H

#include "script.h"

/* External ids repeat between shops, as they do. */
static inline long long external_id(int person)
{
    return 1000 + person;
}

static inline const char *first_name(struct script *s)
{
    static const char *const names[] = {"Maja", "Zoë", "Rosa", "Ueli", "Ngozi", "O'Brien"};

    return text_of(s, "%s %d", names[pick(s, 6)], pick(s, 1000));
}

static inline const char *phone(struct script *s, int person)
{
    return text_of(s, "+4670%07d", person * 3 + pick(s, 2));
}

static inline const char *tags(struct script *s)
{
    static const char *const words[] = {"", "club", "vip, club", "news", "b2b,  club , x", "vip"};

    return words[pick(s, 6)];
}

/* Where the account's mail goes: moves now and then, also to the household's address (M3). */
static inline int current_address(struct script *s, struct account *a, int person)
{
    if (!a->made || chance(s, 12))
        a->address = address_of(person, chance(s, 25) ? 2 : pick(s, 2));
    if (!a->made)
        a->made_us = s->now_us;
    a->made = true;
    return a->address;
}

static inline json_t *shopify_consent(struct script *s, int person, int address, bool sms)
{
    static const char *const states[] = {"subscribed", "unsubscribed", "pending", "not_subscribed", "subscribed", "unsubscribed"};
    const char *state = chance(s, 1) ? "invalid" : states[pick(s, 6)];
    int64_t at = consent_time(s, address);

    if (!sms)
        remember_consent(s, person, address, state, at);
    return json_pack("{s:s,s:s,s:s}", "state", state, "opt_in_level", chance(s, 20) ? "confirmed_opt_in" : "single_opt_in",
                     "consent_updated_at", iso(s, at));
}

static inline struct delivery *deliver_shopify(struct script *s, size_t source, const char *topic, json_t *body)
{
    struct delivery *d = deliver(s, source, topic, body);

    add_header(s, d, "X-Shopify-Shop-Domain", text_of(s, "shop%zu.myshopify.com", source));
    add_header(s, d, "X-Shopify-Event-Id", text_of(s, "event-%lld", (long long)++s->numbers));
    add_header(s, d, "X-Shopify-Triggered-At", iso(s, s->now_us));
    return d;
}

static inline void shopify_customer(struct script *s, size_t source, int person)
{
    struct account *a = &s->accounts[source][person];
    bool new = !a->made || a->gone;
    int address = current_address(s, a, person);
    json_t *body = json_pack("{s:I,s:s,s:s}", "id", (json_int_t)external_id(person), "created_at", iso(s, a->made_us), "updated_at",
                             iso(s, s->now_us));

    a->gone = false;
    if (!chance(s, 5))
        put_text(body, "email", address_typed(s, address));
    else
        address = NOBODY;
    put(body, "first_name", maybe(s, first_name(s), 20, 15));
    put(body, "last_name", maybe(s, text_of(s, "Last %d", pick(s, 100)), 20, 15));
    put(body, "phone", maybe(s, phone(s, person), 40, 20));
    put(body, "note", maybe(s, text_of(s, "note %d", pick(s, 100)), 40, 20));
    put(body, "tags", maybe(s, tags(s), 30, 0));
    if (chance(s, 30))
        put(body, "default_address", json_pack("{s:s,s:n,s:s}", "city", "Malmö", "company", "country_code", "SE"));
    if (chance(s, 50))
        put(body, "email_marketing_consent", chance(s, 10) ? json_null() : shopify_consent(s, person, address, false));
    if (chance(s, 15))
        put(body, "sms_marketing_consent", shopify_consent(s, person, NOBODY, true));
    deliver_shopify(s, source, new ? "customers/create" : "customers/update", body);
}

static inline void shopify_consent_topic(struct script *s, size_t source, int person)
{
    struct account *a = &s->accounts[source][person];
    int address = chance(s, 60) ? current_address(s, a, person) : NOBODY;
    json_t *body = json_pack("{s:I}", "customer_id", (json_int_t)external_id(person));

    put_text(body, "email_address", address == NOBODY ? NULL : address_typed(s, address));
    put(body, "email_marketing_consent", shopify_consent(s, person, address, false));
    deliver_shopify(s, source, "customers_email_marketing_consent/update", body);
}

static inline void shopify_customer_deleted(struct script *s, size_t source, int person)
{
    s->accounts[source][person].gone = true;
    deliver_shopify(s, source, "customers/delete", json_pack("{s:I}", "id", (json_int_t)external_id(person)));
}

/* M5: the first into the second; the first is gone for good. */
static inline void shopify_customers_merged(struct script *s, size_t source, int gone, int kept_person)
{
    struct account *a = &s->accounts[source][gone];

    a->merged = a->closed = true;
    deliver_shopify(s, source, "customers/merge",
                    json_pack("{s:s,s:s,s:s}", "admin_graphql_api_customer_kept_id",
                              text_of(s, "gid://shopify/Customer/%lld", external_id(kept_person)),
                              "admin_graphql_api_customer_deleted_id", text_of(s, "gid://shopify/Customer/%lld", external_id(gone)),
                              "status", "completed"));
}

static inline struct delivery *deliver_woo(struct script *s, size_t source, const char *topic, json_t *body)
{
    struct delivery *d = deliver(s, source, topic, body);

    add_header(s, d, "X-WC-Webhook-Source", text_of(s, "https://shop%zu.example/", source));
    add_header(s, d, "X-WC-Webhook-ID", text_of(s, "%zu", strlen(topic)));
    add_header(s, d, "X-WC-Webhook-Delivery-ID", text_of(s, "%lld", (long long)++s->numbers));
    return d;
}

static inline void woo_customer(struct script *s, size_t source, int person)
{
    struct account *a = &s->accounts[source][person];
    bool new = !a->made;
    int address = current_address(s, a, person);
    json_t *body = json_pack("{s:I,s:s,s:s,s:s,s:s}", "id", (json_int_t)external_id(person), "email", address_text(s, address),
                             "date_created_gmt", iso_local(s, a->made_us), "date_modified_gmt", iso_local(s, s->now_us), "username",
                             text_of(s, "user%d", person));

    put(body, "first_name", maybe(s, first_name(s), 20, 0));
    put(body, "last_name", maybe(s, "Ferreira &amp; Filhos", 20, 0));
    put_text(body, "role", chance(s, 50) ? "customer" : "subscriber");
    put(body, "billing",
        json_pack("{s:s,s:s,s:s}", "company", "", "city", "Porto", "phone", chance(s, 50) ? phone(s, person) : ""));
    deliver_woo(s, source, new ? "customer.created" : "customer.updated", body);
}

/* Has no time in it, so it is the last that the shop says of the person (see script.h). */
static inline void woo_customer_deleted(struct script *s, size_t source, int person)
{
    s->accounts[source][person].gone = s->accounts[source][person].closed = true;
    deliver_woo(s, source, "customer.deleted", json_pack("{s:I}", "id", (json_int_t)external_id(person)));
}

static inline struct delivery *deliver_events(struct script *s, size_t source, json_t *event)
{
    struct delivery *d = deliver(s, source, "", chance(s, 30) ? json_pack("{s:[o]}", "events", event) : event);

    add_header(s, d, "webhook-id", text_of(s, "msg-%lld", (long long)++s->numbers));
    return d;
}

/* Returns owned: an event of now. */
static inline json_t *event_of(struct script *s, const char *type)
{
    return json_pack("{s:s,s:s,s:s}", "id", text_of(s, "ev-%lld", (long long)++s->numbers), "type", type, "occurred_at",
                     iso(s, s->now_us));
}

/* Returns owned. */
static inline json_t *contact_named(struct script *s, int person, int address)
{
    json_t *contact = json_object();

    if (person != NOBODY)
        put_text(contact, "external_id", text_of(s, "c-%d", person));
    if (address != NOBODY)
        put_text(contact, "email", address_text(s, address));
    return contact;
}

static inline json_t *event_consent(struct script *s, int person, int address)
{
    static const char *const states[] = {"subscribed", "unsubscribed", "pending", "none"};
    const char *state = states[pick(s, 4)];
    int64_t at = consent_time(s, address);

    remember_consent(s, person, address, state, at);
    return json_pack("{s:{s:s,s:s,s:s}}", "email", "state", state, "at", iso(s, at), "source",
                     chance(s, 50) ? "footer" : "account");
}

static inline void push_customer(struct script *s, size_t source, int person)
{
    static const char *const types[] = {"customer_updated", "customer_updated", "identify", "signup", "form_signup"};
    struct account *a = &s->accounts[source][person];
    const char *type = a->made ? types[pick(s, 5)] : "signup";
    bool guest = strcmp(type, "form_signup") == 0 && chance(s, 50);
    int address = current_address(s, a, person);
    json_t *contact = contact_named(s, guest ? NOBODY : person, address), *event = event_of(s, type), *fields = json_object();

    put(contact, "first_name", maybe(s, first_name(s), 30, 15));
    put(contact, "phone", maybe(s, phone(s, person), 50, 20));
    put(contact, "country", maybe(s, "GB", 50, 20));
    put(fields, "Birthday", maybe(s, text_of(s, "1990-01-%02d", 1 + pick(s, 28)), 40, 20));
    put(contact, "fields", fields);
    if (chance(s, 40))
        put(contact, "tags", json_pack("[s,s]", chance(s, 50) ? "vip" : "club", "web"));
    if (chance(s, 45))
        put(contact, "consent", event_consent(s, person, address));
    if (chance(s, 25) || strcmp(type, "identify") == 0)
        put_text(event, "visitor_id", text_of(s, "v-%d", person + pick(s, 2)));
    put(event, "contact", contact);
    deliver_events(s, source, event);
}

static inline void push_consent(struct script *s, size_t source, int person)
{
    bool on = chance(s, 50), named = chance(s, 60);
    int address = address_of(person, pick(s, 3));
    int64_t at = consent_time(s, named ? address : NOBODY);
    json_t *event = event_of(s, on ? "subscribe" : "unsubscribe");

    put_text(event, "at", iso(s, at));
    put_text(event, "channel", chance(s, 20) ? "all" : "email");
    put_text(event, "source", chance(s, 50) ? "preference page" : "link");
    if (chance(s, 20)) /* of one list only (C10): says nothing of the others */
        put_text(event, "list", "vip");
    else
        remember_consent(s, person, named ? address : NOBODY, on ? "subscribed" : "unsubscribed", at);
    put(event, "contact", contact_named(s, named ? NOBODY : person, named ? address : NOBODY));
    deliver_events(s, source, event);
}

static inline void push_customer_deleted(struct script *s, size_t source, int person)
{
    json_t *event = event_of(s, "customer_deleted");

    s->accounts[source][person].gone = true;
    put(event, "contact", contact_named(s, person, NOBODY));
    deliver_events(s, source, event);
}

static inline void say_of_customer(struct script *s, size_t source, int person)
{
    static void (*const say[PLATFORMS])(struct script *, size_t, int) = {shopify_customer, woo_customer, push_customer};

    if (!s->accounts[source][person].closed)
        say[script_sources[source].platform](s, source, person);
}

static inline void say_deleted(struct script *s, size_t source, int person)
{
    static void (*const say[PLATFORMS])(struct script *, size_t, int) = {shopify_customer_deleted, woo_customer_deleted,
                                                                         push_customer_deleted};

    if (s->accounts[source][person].made && !s->accounts[source][person].closed)
        say[script_sources[source].platform](s, source, person);
}

static inline void say_consent(struct script *s, size_t source, int person)
{
    if (s->accounts[source][person].closed)
        return;
    if (script_sources[source].platform == SHOPIFY)
        shopify_consent_topic(s, source, person);
    else if (script_sources[source].platform == STOREHOOK)
        push_consent(s, source, person);
}

/* Two of one household, in one shop. */
static inline void say_merged(struct script *s, size_t source, int person)
{
    int other = person / HOUSEHOLD * HOUSEHOLD + pick(s, HOUSEHOLD);

    if (script_sources[source].platform == SHOPIFY && other != person && !s->accounts[source][person].closed &&
        !s->accounts[source][other].closed)
        shopify_customers_merged(s, source, person, other);
}

#endif
