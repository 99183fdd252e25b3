/* counters.h -- owns the counters: fixed names, added to without locks, summed when asked. */
#ifndef BASE_COUNTERS_H
#define BASE_COUNTERS_H

#include <stdint.h>

/* One row a counter: name as /metrics prints it (storehook_<name>_total), help. */
#define COUNTER_LIST(X)                                                       \
    X(CONNECTIONS, "connections", "connections accepted")                     \
    X(REQUESTS, "requests", "requests read")                                  \
    X(RECEIVED, "received", "deliveries received to the end")                 \
    X(STORED, "stored", "deliveries the queue confirmed")                     \
    X(REFUSED, "refused", "deliveries refused")                               \
    X(UNAVAILABLE, "unavailable", "deliveries answered 503")                  \
    X(CLAIMED, "claimed", "entries claimed from the queue")                   \
    X(APPLIED, "applied", "entries applied")                                  \
    X(DUPLICATES, "duplicates", "entries seen before")                        \
    X(STALE, "stale", "events older than what is known")                      \
    X(DEAD, "dead", "entries that became dead letters")                       \
    X(PARKED, "parked", "events that wait for room in their account")         \
    X(SKIPPED_RELAY, "skipped_relay", "events of relay addresses")            \
    X(SKIPPED_DRAFT, "skipped_draft", "draft orders")                         \
    X(SKIPPED_PRIVATE, "skipped_private", "events flagged as private")        \
    X(SKIPPED_STAFF, "skipped_staff", "events of the shop's own people")      \
    X(ORDERS_ANONYMOUS, "orders_anonymous", "orders without an address")      \
    X(VISITS, "visits", "visits the queue confirmed")                         \
    X(VISITS_DROPPED, "visits_dropped", "visits that were not kept")          \
    X(FIELDS_ASIDE, "fields_aside", "field texts of a wrong type")            \
    X(TRIGGERS_FIRED, "triggers_fired", "triggers that fired")                \
    X(CARTS_ABANDONED, "carts_abandoned", "carts recorded as abandoned")      \
    X(CARTS_QUIET, "carts_quiet", "carts recorded that started nothing")      \
    X(CARTS_RECOVERED, "carts_recovered", "abandoned carts that were bought") \
    X(NOTICES_DELIVERED, "notices_delivered", "notices delivered")            \
    X(NOTICES_FAILED, "notices_failed", "failed attempts at notices")         \
    X(NOTICES_DEAD, "notices_dead", "notices given up")

enum counter {
#define X(name, text, help) COUNTER_##name,
    COUNTER_LIST(X)
#undef X
        COUNTER__COUNT
};

/* One per process, safe from any thread. */
void counter_add(enum counter c, uint64_t n);
uint64_t counter_get(enum counter c);
const char *counter_name(enum counter c);
const char *counter_help(enum counter c);

enum { COUNTERS_TEXT_BYTES = 1024 };
/* Writes this process's counters that are not 0 as "name=value name=value ...", ended by a NUL; other processes read it. */
void counters_write(char out[COUNTERS_TEXT_BYTES]);

#endif
