/* drain_stream.h -- owns the deliveries of bench/drain: what a shop with many customers sends, some 6 KB each, made up. */
#ifndef BENCH_DRAIN_STREAM_H
#define BENCH_DRAIN_STREAM_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/timefmt.h"
#include "queue/stream.h"

enum { SHOP = 1, PLUGIN = 2, STREAM_BODY_BYTES = 64 << 10, STREAM_START_S = 1714557600 };

/* Which deliveries come, of a hundred; one in ten is of a customer that is new. */
enum delivery_kind { SENDS_ORDER, SENDS_CUSTOMER, SENDS_CART, SENDS_VISIT, SENDS__COUNT };
static const struct {
    const char *topic;
    int percent;
    size_t bytes; /* with the rest of the body, which nobody reads */
} delivery_kinds[SENDS__COUNT] = {
    [SENDS_ORDER] = {"orders/create", 35, 7400},
    [SENDS_CUSTOMER] = {"customers/update", 25, 6000},
    [SENDS_CART] = {"checkouts/update", 20, 6600},
    [SENDS_VISIT] = {NULL, 20, 3000},
};

/* What is sent next; the same for every run. */
struct delivery_stream {
    uint64_t random;
    int64_t contacts; /* customers 0 ... contacts - 1 are there at first */
    int64_t n;        /* deliveries so far */
};

static inline int64_t stream_pick(struct delivery_stream *s, int64_t below)
{
    s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((s->random >> 33) % (uint64_t)below);
}

static inline enum delivery_kind stream_kind(struct delivery_stream *s)
{
    int64_t roll = stream_pick(s, 100);
    int kind = 0;

    while (kind < SENDS_VISIT && roll >= delivery_kinds[kind].percent)
        roll -= delivery_kinds[kind++].percent;
    return (enum delivery_kind)kind;
}

static inline int64_t stream_customer(struct delivery_stream *s)
{
    return stream_pick(s, 10) == 0 ? s->contacts++ : stream_pick(s, s->contacts);
}

/* Members that no route file names, up to the size that such a body has. */
static inline enum err stream_fill_up(struct buf *out, size_t bytes)
{
    enum err err = OK;

    for (int i = 0; out->len < bytes && !err; i++)
        err = buf_printf(
            out, ",\"extra_%d\":{\"id\":%d,\"title\":\"A property that nobody reads\",\"price_set\":{\"amount\":\"%d.00\"}}", i,
            90000 + i, i);
    return err ? err : buf_append_c(out, '}');
}

static inline enum err stream_items(struct delivery_stream *s, struct buf *out)
{
    int64_t n = 1 + stream_pick(s, 3);
    enum err err = buf_append(out, STR(",\"line_items\":["));

    for (int64_t i = 0; i < n && !err; i++)
        err = buf_printf(out,
                         "%s{\"product_id\":%d,\"variant_id\":%d,\"sku\":\"SKU-%d\",\"name\":\"Stoneware mug, blue\",\"title\":"
                         "\"Stoneware mug\",\"quantity\":%d,\"price\":\"19.50\",\"vendor\":\"Kiln\",\"taxable\":true}",
                         i ? "," : "", 7000 + (int)stream_pick(s, 500), 70000 + (int)i, (int)stream_pick(s, 500), 1 + (int)i);
    return err ? err : buf_append_c(out, ']');
}

static inline enum err stream_person(int64_t who, struct buf *out)
{
    return buf_printf(
        out,
        "\"email\":\"user%lld@example%d.com\",\"first_name\":\"Maja\",\"last_name\":\"Lindqvist %lld\",\"phone\":null,"
        "\"default_address\":{\"company\":\"Kiln\",\"city\":\"Lund\",\"country_code\":\"SE\"}",
        (long long)who, (int)(who % 50), (long long)who);
}

static inline enum err stream_order(struct delivery_stream *s, int64_t who, const char *at, struct buf *out)
{
    enum err err = buf_printf(out,
                              "{\"id\":%lld,\"name\":\"#%lld\",\"email\":\"user%lld@example%d.com\",\"financial_status\":\"paid\","
                              "\"test\":false,\"currency\":\"SEK\",\"total_price\":\"848.00\",\"total_tax\":\"169.60\","
                              "\"total_discounts\":\"0.00\",\"checkout_token\":\"co%lld\",\"cart_token\":\"ca%lld\","
                              "\"buyer_accepts_marketing\":false,\"created_at\":\"%s\",\"updated_at\":\"%s\",\"refunds\":[],"
                              "\"customer\":{\"id\":%lld,",
                              (long long)(500000000 + s->n), (long long)s->n, (long long)who, (int)(who % 50), (long long)who,
                              (long long)who, at, at, (long long)who);

    if (!err)
        err = stream_person(who, out);
    if (!err)
        err = buf_append_c(out, '}');
    return err ? err : stream_items(s, out);
}

static inline enum err stream_customer_body(struct delivery_stream *s, int64_t who, const char *at, struct buf *out)
{
    enum err err = buf_printf(out, "{\"id\":%lld,", (long long)who);

    if (!err)
        err = stream_person(who, out);
    return err ? err
               : buf_printf(out,
                            ",\"tags\":\"club, n%d\",\"note\":\"calls %d\",\"created_at\":\"%s\",\"updated_at\":\"%s\","
                            "\"email_marketing_consent\":{\"state\":\"%s\",\"opt_in_level\":\"single_opt_in\","
                            "\"consent_updated_at\":\"%s\"}",
                            (int)stream_pick(s, 9), (int)stream_pick(s, 1000), at, at,
                            stream_pick(s, 5) ? "subscribed" : "unsubscribed", at);
}

static inline enum err stream_cart(struct delivery_stream *s, int64_t who, const char *at, struct buf *out)
{
    enum err err =
        buf_printf(out,
                   "{\"token\":\"co%lld\",\"cart_token\":\"ca%lld\",\"email\":\"user%lld@example%d.com\",\"currency\":\"SEK\","
                   "\"total_price\":\"399.50\",\"completed_at\":null,\"abandoned_checkout_url\":"
                   "\"https://demo.example/recover/co%lld\",\"created_at\":\"%s\",\"updated_at\":\"%s\",\"customer\":{\"id\":%lld,",
                   (long long)who, (long long)who, (long long)who, (int)(who % 50), (long long)who, at, at, (long long)who);

    if (!err)
        err = stream_person(who, out);
    if (!err)
        err = buf_append_c(out, '}');
    return err ? err : stream_items(s, out);
}

static inline enum err stream_visit(struct delivery_stream *s, int64_t who, const char *at, struct buf *out)
{
    return buf_printf(out,
                      "{\"type\":\"page_visit\",\"occurred_at\":\"%s\",\"visitor_id\":\"v%lld\",\"page\":{\"url\":"
                      "\"https://demo.example/products/%d\",\"title\":\"Stoneware mug\",\"referrer\":\"https://search.example/\"}",
                      at, (long long)who, (int)stream_pick(s, 500));
}

static inline enum err stream_body(struct delivery_stream *s, enum delivery_kind kind, const char *at, struct buf *out)
{
    int64_t who = stream_customer(s);
    enum err err = kind == SENDS_ORDER      ? stream_order(s, who, at, out)
                   : kind == SENDS_CUSTOMER ? stream_customer_body(s, who, at, out)
                   : kind == SENDS_CART     ? stream_cart(s, who, at, out)
                                            : stream_visit(s, who, at, out);

    return err ? err : stream_fill_up(out, delivery_kinds[kind].bytes);
}

/* Makes the next delivery as the receiver would have put it into the queue. Lives in the arena. */
static inline enum err stream_next(struct delivery_stream *s, struct arena *arena, struct claimed *out)
{
    int64_t now_us = (STREAM_START_S + s->n) * US_PER_S;
    enum delivery_kind kind = stream_kind(s);
    struct field *headers = arena_array(arena, 3, sizeof(*headers));
    struct id id = id_new(now_us);
    struct buf body = BUF_INIT(STREAM_BODY_BYTES);
    char at[TIME_ISO_CHARS + 1];
    enum err err = headers ? OK : ERR_MEMORY;

    time_iso(now_us, at);
    s->n++;
    if (!err)
        err = stream_body(s, kind, at, &body);
    if (!err) {
        struct str key = arena_str(arena, id_str(&id));
        const char *topic = delivery_kinds[kind].topic;

        headers[0] = (struct field){STR("X-Shopify-Topic"), str_of(topic ? topic : "")};
        headers[1] = (struct field){STR("X-Shopify-Shop-Domain"), STR("demo.example")};
        headers[2] = (struct field){STR("X-Shopify-Event-Id"), key};
        if (!topic)
            headers[0] = (struct field){STR("webhook-id"), key};
        *out = (struct claimed){.deliveries = 1,
                                .entry = {.id = key,
                                          .source_id = topic ? STR("1") : STR("2"),
                                          .topic = str_of(topic ? topic : ""),
                                          .received_at_us = now_us,
                                          .headers = {headers, topic ? 3 : 1},
                                          .body = arena_str(arena, buf_str(&body))}};
        err = key.p && out->entry.body.p ? OK : ERR_MEMORY;
    }
    buf_release(&body);
    return err;
}

#endif
