/* event.h -- owns the canonical event: its types, its members, and the name of each in route files. */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include "model/edit.h"

#include "base/err.h"

/* Type, name, alias or "". Source: facts on our push protocol; the next ones complete it for platforms' topics; those from EDITED on
 * are our own, nobody can push them. */
#define EVENT_TYPES(X)                                         \
    X(SIGNUP, "signup", "")                                    \
    X(FORM_SIGNUP, "form_signup", "")                          \
    X(CUSTOMER_UPDATED, "customer_updated", "contact_updated") \
    X(ORDER_CREATED, "order_created", "purchase")              \
    X(ORDER_UPDATED, "order_updated", "")                      \
    X(ORDER_REFUNDED, "order_refunded", "")                    \
    X(CART_UPDATED, "cart_updated", "")                        \
    X(CART_ABANDONED, "cart_abandoned", "")                    \
    X(PAGE_VISIT, "page_visit", "")                            \
    X(PRODUCT_VIEWED, "product_viewed", "")                    \
    X(IDENTIFY, "identify", "")                                \
    X(SUBSCRIBE, "subscribe", "")                              \
    X(UNSUBSCRIBE, "unsubscribe", "")                          \
    X(ERASE, "erase", "")                                      \
    X(PING, "ping", "")                                        \
    X(CONSENT_UPDATED, "consent_updated", "")                  \
    X(CUSTOMER_DELETED, "customer_deleted", "")                \
    X(CUSTOMER_MERGED, "customer_merged", "")                  \
    X(DATA_REQUEST, "data_request", "")                        \
    X(SOURCE_ERASE, "source_erase", "")                        \
    X(ACTIVITY, "activity", "")                                \
    X(IMPORTED, "imported", "")                                \
    X(EDITED, "edited", "")

enum event_type {
#define X(name, text, alias) EVENT_##name,
    EVENT_TYPES(X)
#undef X
        EVENT__COUNT,
    EVENT__NAMED = EVENT_EDITED /* types before it can be named by a platform */
};

/* How a member's text is read. Lists (items, refunds, tags) and maps (fields) stand beside the scalar members. */
enum member_type {
    MEMBER_TEXT,    /* any text; numbers keep their exact text */
    MEMBER_EMAIL,   /* text, trimmed; judged by model/email.h when applied */
    MEMBER_TIME,    /* microseconds UTC in .number */
    MEMBER_DECIMAL, /* decimal text such as "10.10"; judged by model/money.h when applied */
    MEMBER_BOOL,    /* 0 or 1 in .number */
    MEMBER_CHOICE   /* one of the row's words */
};

#define CONSENT_WORDS "subscribed pending unsubscribed none invalid complaint hard_bounce redacted"
#define SKIP_WORDS "relay draft private staff" /* model/skip.h */
#define ORDER_WORDS "pending paid completed cancelled refunded partially_refunded failed draft"

/* Enum suffix, name in route files and in the push protocol, type, words of a choice. */
#define EVENT_MEMBERS(X)                                                                \
    X(ID, "id", MEMBER_TEXT, "")                                                        \
    X(OCCURRED_AT, "occurred_at", MEMBER_TIME, "")                                      \
    X(BACKFILL, "backfill", MEMBER_BOOL, "")                                            \
    X(VISITOR_ID, "visitor_id", MEMBER_TEXT, "")                                        \
    X(CHANNEL, "channel", MEMBER_CHOICE, "email sms all")                               \
    X(AT, "at", MEMBER_TIME, "")                                                        \
    X(SOURCE, "source", MEMBER_TEXT, "")                                                \
    X(LIST, "list", MEMBER_TEXT, "")                                                    \
    X(SKIP, "skip", MEMBER_CHOICE, SKIP_WORDS)                                          \
    X(CONTACT_EXTERNAL_ID, "contact.external_id", MEMBER_TEXT, "")                      \
    X(CONTACT_MERGED_ID, "contact.merged_id", MEMBER_TEXT, "")                          \
    X(CONTACT_EMAIL, "contact.email", MEMBER_EMAIL, "")                                 \
    X(CONTACT_PHONE, "contact.phone", MEMBER_TEXT, "")                                  \
    X(CONTACT_FIRST_NAME, "contact.first_name", MEMBER_TEXT, "")                        \
    X(CONTACT_LAST_NAME, "contact.last_name", MEMBER_TEXT, "")                          \
    X(CONTACT_FULL_NAME, "contact.full_name", MEMBER_TEXT, "")                          \
    X(CONTACT_COMPANY, "contact.company", MEMBER_TEXT, "")                              \
    X(CONTACT_LOCALE, "contact.locale", MEMBER_TEXT, "")                                \
    X(CONTACT_COUNTRY, "contact.country", MEMBER_TEXT, "")                              \
    X(CONTACT_CITY, "contact.city", MEMBER_TEXT, "")                                    \
    X(CONTACT_CREATED_AT, "contact.created_at", MEMBER_TIME, "")                        \
    X(CONTACT_UPDATED_AT, "contact.updated_at", MEMBER_TIME, "")                        \
    X(CONSENT_EMAIL_STATE, "contact.consent.email.state", MEMBER_CHOICE, CONSENT_WORDS) \
    X(CONSENT_EMAIL_AT, "contact.consent.email.at", MEMBER_TIME, "")                    \
    X(CONSENT_EMAIL_SOURCE, "contact.consent.email.source", MEMBER_TEXT, "")            \
    X(CONSENT_EMAIL_CONFIRMED, "contact.consent.email.confirmed", MEMBER_BOOL, "")      \
    X(CONSENT_SMS_STATE, "contact.consent.sms.state", MEMBER_CHOICE, CONSENT_WORDS)     \
    X(CONSENT_SMS_AT, "contact.consent.sms.at", MEMBER_TIME, "")                        \
    X(CONSENT_SMS_SOURCE, "contact.consent.sms.source", MEMBER_TEXT, "")                \
    X(FORM_ID, "form.id", MEMBER_TEXT, "")                                              \
    X(FORM_NAME, "form.name", MEMBER_TEXT, "")                                          \
    X(ORDER_ID, "order.id", MEMBER_TEXT, "")                                            \
    X(ORDER_NUMBER, "order.number", MEMBER_TEXT, "")                                    \
    X(ORDER_CART_ID, "order.cart_id", MEMBER_TEXT, "")                                  \
    X(ORDER_CHECKOUT_ID, "order.checkout_id", MEMBER_TEXT, "")                          \
    X(ORDER_STATUS, "order.status", MEMBER_CHOICE, ORDER_WORDS)                         \
    X(ORDER_CURRENCY, "order.currency", MEMBER_TEXT, "")                                \
    X(ORDER_TOTAL, "order.total", MEMBER_DECIMAL, "")                                   \
    X(ORDER_TAX, "order.tax", MEMBER_DECIMAL, "")                                       \
    X(ORDER_SHIPPING, "order.shipping", MEMBER_DECIMAL, "")                             \
    X(ORDER_DISCOUNT, "order.discount", MEMBER_DECIMAL, "")                             \
    X(ORDER_REFUNDED, "order.refunded", MEMBER_DECIMAL, "")                             \
    X(ORDER_SHOWN_CURRENCY, "order.presentment_currency", MEMBER_TEXT, "")              \
    X(ORDER_SHOWN_TOTAL, "order.presentment_total", MEMBER_DECIMAL, "")                 \
    X(ORDER_CREATED_AT, "order.created_at", MEMBER_TIME, "")                            \
    X(ORDER_UPDATED_AT, "order.updated_at", MEMBER_TIME, "")                            \
    X(ORDER_URL, "order.url", MEMBER_TEXT, "")                                          \
    X(ORDER_TEST, "order.test", MEMBER_BOOL, "")                                        \
    X(ORDER_MARKETING, "order.accepts_marketing", MEMBER_BOOL, "")                      \
    X(CART_ID, "cart.id", MEMBER_TEXT, "")                                              \
    X(CART_CART_ID, "cart.cart_id", MEMBER_TEXT, "")                                    \
    X(CART_CURRENCY, "cart.currency", MEMBER_TEXT, "")                                  \
    X(CART_TOTAL, "cart.total", MEMBER_DECIMAL, "")                                     \
    X(CART_URL, "cart.url", MEMBER_TEXT, "")                                            \
    X(CART_CREATED_AT, "cart.created_at", MEMBER_TIME, "")                              \
    X(CART_UPDATED_AT, "cart.updated_at", MEMBER_TIME, "")                              \
    X(CART_COMPLETED_AT, "cart.completed_at", MEMBER_TIME, "")                          \
    X(CART_ABANDONED_AT, "cart.abandoned_at", MEMBER_TIME, "")                          \
    X(PAGE_URL, "page.url", MEMBER_TEXT, "")                                            \
    X(PAGE_TITLE, "page.title", MEMBER_TEXT, "")                                        \
    X(PAGE_REFERRER, "page.referrer", MEMBER_TEXT, "")                                  \
    X(PRODUCT_ID, "product.id", MEMBER_TEXT, "")                                        \
    X(PRODUCT_VARIANT_ID, "product.variant_id", MEMBER_TEXT, "")                        \
    X(PRODUCT_NAME, "product.name", MEMBER_TEXT, "")                                    \
    X(PRODUCT_PRICE, "product.price", MEMBER_DECIMAL, "")                               \
    X(PRODUCT_CURRENCY, "product.currency", MEMBER_TEXT, "")                            \
    X(PRODUCT_URL, "product.url", MEMBER_TEXT, "")                                      \
    X(PRODUCT_IMAGE, "product.image", MEMBER_TEXT, "")                                  \
    X(ACTIVITY_NAME, "activity.name", MEMBER_TEXT, "")                                  \
    X(ACTIVITY_TEXT, "activity.text", MEMBER_TEXT, "")                                  \
    X(ACTIVITY_URL, "activity.url", MEMBER_TEXT, "")

enum member {
#define X(name, path, type, words) M_##name,
    EVENT_MEMBERS(X)
#undef X
        M__COUNT
};

/* F1: absent leaves, null clears. */
enum presence { ABSENT = 0, CLEARED, PRESENT };

struct value {
    enum presence is;
    struct str text; /* TEXT, EMAIL, DECIMAL, CHOICE */
    int64_t number;  /* TIME (microseconds), BOOL */
};

/* contact.fields and form.fields: name -> value. */
struct event_field {
    struct str name;
    struct value value; /* text */
};

/* order.items and cart.items. Texts may be empty. */
#define ITEM_MEMBERS(X) \
    X(product_id)       \
    X(variant_id)       \
    X(sku)              \
    X(name)             \
    X(quantity)         \
    X(price)            \
    X(url)              \
    X(image)            \
    X(categories)
struct event_item {
#define X(name) struct str name;
    ITEM_MEMBERS(X)
#undef X
};

/* order.refunds: what a refund of its own id took back. */
struct event_refund {
    struct str id, amount;
    int64_t at_us; /* 0 = unknown */
};

/* One event. Everything is borrowed from the arena it was mapped into. */
struct event {
    enum event_type type;
    struct value m[M__COUNT];
    enum presence tags_are, items_are, refunds_are;
    struct str *tags; /* contact.tags */
    size_t n_tags;
    struct event_field *fields; /* contact.fields, already named as the contact's field */
    size_t n_fields;
    struct event_field *form_fields; /* form.fields; of EVENT_IMPORTED: fields of the account, by their own names */
    size_t n_form_fields;
    struct event_item *items; /* order.items or cart.items, by the event's type */
    size_t n_items;
    struct event_refund *refunds;
    size_t n_refunds;
    const struct edit *edit; /* of EVENT_EDITED; NULL else */
};

/* Finds a type that a platform can name, by name or alias. ERR_NOT_FOUND. */
enum err event_type_parse(struct str name, enum event_type *out) MUST_CHECK;
const char *event_type_name(enum event_type type);
/* The names of the types that event_type_parse finds, NULL-terminated, without the aliases. */
const char *const *event_type_names(void);
/* Finds a scalar member by its name in route files. ERR_NOT_FOUND. */
enum err event_member_parse(struct str name, enum member *out) MUST_CHECK;
const char *event_member_name(enum member member);
enum member_type event_member_type(enum member member);
/* The words of a choice, separated by blanks; "" for other types. */
const char *event_member_words(enum member member);
/* True when `word` is one of the member's words. */
bool event_member_allows(enum member member, struct str word);
/* True for names that identify ("id", "order.cart_id"): never cleared, an empty one is no id. */
bool event_member_is_id(enum member member);
/* True for "contact." members, and for those of them that state consent: consent is never cleared (C13). */
bool event_member_is_contact(enum member member);
bool event_member_is_consent(enum member member);
/* All member names, NULL-terminated, lists and maps ("order.items", "contact.fields") included: for near-miss hints. */
const char *const *event_member_names(void);

#endif
