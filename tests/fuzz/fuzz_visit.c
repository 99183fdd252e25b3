/* fuzz_visit.c -- owns the fuzzer of what browsers say: any bytes end in an allowed event that reads again as it was, or in a
 * refusal. First byte: what the rest is (a visit, an address, a token, an address behind a proxy). */
#include "base/clock.h"
#include "base/encode.h"
#include "base/id.h"
#include "engine/visit_limits.h"
#include "model/browser.h"
#include "model/visit_token.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A broken promise ends the run, in every build. */
#define HOLDS(what)  \
    do {             \
        if (!(what)) \
            abort(); \
    } while (0)

#define NOW (INT64_C(1714641068) * US_PER_S)

static const struct page_rules rules = {{"https://shop.example http://127.0.0.1:8080", 42}, {"utm_* variant", 13}};

static struct str member(const struct browser_said *said, enum member m)
{
    return said->event.m[m].is == PRESENT ? said->event.m[m].text : STR_NONE;
}

static bool is_of_shop(struct str url)
{
    return url.len == 0 || (page_url_has_origin(rules.origins, page_url_origin(url)) && str_find(url, '#') == url.len);
}

static void check_event(const struct browser_said *said)
{
    const struct event *e = &said->event;

    HOLDS(e->type == EVENT_PAGE_VISIT || e->type == EVENT_PRODUCT_VIEWED || e->type == EVENT_CART_UPDATED);
    HOLDS(member(said, M_VISITOR_ID).len >= 8 && member(said, M_VISITOR_ID).len <= 64);
    HOLDS(e->m[M_OCCURRED_AT].number <= NOW && e->m[M_OCCURRED_AT].number >= NOW - 86400 * US_PER_S);
    HOLDS(is_of_shop(member(said, M_PAGE_URL)) && is_of_shop(member(said, M_PRODUCT_URL)) && is_of_shop(member(said, M_CART_URL)));
    HOLDS(!e->n_tags && !e->n_fields && !e->n_form_fields && !e->n_refunds && e->n_items <= 100);
    for (size_t i = 0; i < M__COUNT; i++)
        HOLDS(e->m[i].is != PRESENT || (!event_member_is_contact((enum member)i) && (i < M_ORDER_ID || i > M_ORDER_MARKETING)));
    HOLDS((e->type == EVENT_CART_UPDATED) == str_starts(member(said, M_CART_ID), STR("visitor:")));
}

static void fuzz_said(struct str body)
{
    struct buf first = BUF_INIT(1 << 17), second = BUF_INIT(1 << 17);
    struct browser_said said, again;
    struct arena arena;
    enum err err;

    arena_init(&arena, BROWSER_ARENA_BYTES);
    err = browser_read(body, &rules, NOW, &arena, &said);
    HOLDS(!err || err == ERR_SYNTAX || err == ERR_TOO_LARGE);
    if (!err && !said.refused) {
        check_event(&said);
        HOLDS(browser_write(&said, &first) == OK);
        err = browser_read(buf_str(&first), &rules, NOW, &arena, &again);
        HOLDS(!err || (err == ERR_TOO_LARGE && first.len > BROWSER_BODY_MAX_BYTES));
        if (!err)
            HOLDS(browser_write(&again, &second) == OK && str_eq(buf_str(&first), buf_str(&second)));
    }
    buf_release(&first);
    buf_release(&second);
    arena_release(&arena);
}

static void fuzz_url(struct str url)
{
    struct arena arena;
    struct str once, twice;

    arena_init(&arena, 4 << 20);
    HOLDS(page_url_clean(url, &rules, &arena, &once) == OK && is_of_shop(once));
    HOLDS(page_url_clean(once, &rules, &arena, &twice) == OK && str_eq(once, twice));
    HOLDS(page_url_referrer(url, &arena, &once) == OK && str_find(once, '?') == once.len && str_find(once, '#') == once.len);
    HOLDS(!page_url_is_origin(url) || str_eq(page_url_origin(url), url));
    arena_release(&arena);
    (void)browser_is_bot(url);
}

/* Without the key nobody makes a token. */
static void fuzz_token(struct str token)
{
    static struct seal *seal;
    struct str id;

    if (!seal) {
        char random[32], hex[65];

        random_bytes(random, sizeof(random));
        hex_encode(str_n(random, sizeof(random)), hex);
        HOLDS(seal_load(str_of(hex), NULL, &seal) == OK);
    }
    HOLDS(visit_token_check(seal, token, NOW, &id) != OK && id.len == 0);
}

static void fuzz_address(struct str text)
{
    const struct field field = {STR("X-Forwarded-For"), text};
    char out[VISIT_ADDRESS_CHARS];

    HOLDS(visit_address(STR("unix"), (struct fields){&field, 1}, out).len < VISIT_ADDRESS_CHARS);
    HOLDS(visit_address(text, (struct fields){&field, 1}, out).len < VISIT_ADDRESS_CHARS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const targets[])(struct str) = {fuzz_said, fuzz_url, fuzz_token, fuzz_address};

    if (size)
        targets[data[0] % 4](str_n(data + 1, size - 1));
    return 0;
}
