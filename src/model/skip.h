/* skip.h -- owns which events are about nobody to write to: relays of marketplaces, drafts, private orders, staff (G5). */
#ifndef MODEL_SKIP_H
#define MODEL_SKIP_H

#include "base/str.h"

#include <stdbool.h>

/* Suffix, name in route files and settings, what it means. */
#define SKIP_REASONS(X)                                             \
    X(RELAY, "relay", "an address that a marketplace passes on")    \
    X(DRAFT, "draft", "an order that was never placed")             \
    X(PRIVATE, "private", "an order that was taken off the person") \
    X(STAFF, "staff", "somebody who works in the shop")
enum skip_reason {
    SKIP_NOTHING,
#define X(suffix, name, meaning) SKIP_##suffix,
    SKIP_REASONS(X)
#undef X
        SKIP__COUNT
};
const char *skip_reason_name(enum skip_reason reason);
/* SKIP_NOTHING for another word. */
enum skip_reason skip_reason_parse(struct str name);

/* Addresses that are skipped: "ada@shop.example", "shop.example" with all below it, "marketplace.example.*". Lower case. */
struct skip_rule {
    const struct skip_rule *next;
    enum skip_reason reason;
    struct str pattern;
};
/* Why the address (its key) is skipped. */
enum skip_reason skip_find(const struct skip_rule *rules, struct str email);

#endif
