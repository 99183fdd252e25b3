/* fuzz_route.c -- owns the fuzzer of mapping: any body under any topic of any built-in route, and of some that use every form of a
 * body and every operator, ends in events or in a reason. First byte: route and topic; the rest is the body, and its last bytes are
 * also what the source's config says. */
#include "route/route.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TOPICS_MAX = 64 };

/* The routes, and every topic header of theirs; loaded once, kept to the end of the process. */
static struct {
    struct routes *routes;
    const struct route *route[TOPICS_MAX];
    struct field header[TOPICS_MAX];
    size_t n;
} loaded;

static void add_topics(const struct route *route, const char *header, const char *const *topics)
{
    for (; *topics && loaded.n < TOPICS_MAX; topics++) {
        loaded.route[loaded.n] = route;
        loaded.header[loaded.n++] = (struct field){str_of(header), str_of(*topics)};
    }
}

/* One route for every form of a body, with every operator. */
static const char own_route[] =
    "{\"route\":1,\"platform\":\"own-%s\",\"title\":\"T\",\"config\":{\"secret\":{\"type\":\"secret\",\"doc\":\"d\"},\"z\":{"
    "\"type\":\"text\",\"doc\":\"d\"}},\"push\":{"
    "\"body\":\"%s\",\"decode\":[\"/d\",\"/d/d\"],\"each\":[\"/l\",\"/m\"],\"max\":20,\"verify\":[{\"scheme\":\"hmac\",\"header\":"
    "\"X-Sign\",\"encoding\":\"hex\"}],\"topic\":[{\"at\":\"/t\"},{\"root\":\"/t\"}],\"dedupe\":[[{\"at\":\"/"
    "k\"},{\"up\":1,\"at\":\"/k\"}],"
    "[{\"root\":\"/k\"}]],\"time\":{\"at\":\"/w\",\"as\":\"time:any\"}},\"objects\":{\"o\":{"
    "\"contact.first_name\":{\"config\":\"z\"},\"contact.last_name\":{\"at\":\"/f\",\"pick\":{\"/k\":{\"config\":\"z\","
    "\"split\":\",\"}},\"take\":\"/v\"},\"order.created_at\":{\"at\":\"/w\",\"as\":\"time:sql\",\"zone\":{\"config\":\"z\"}},"
    "\"order.id\":[\"/"
    "id\",{\"join\":\"-\",\"of\":"
    "[\"/a\",{\"up\":2,\"at\":\"/b\"}]}],\"order.currency\":{\"at\":\"/c\",\"as\":\"upper\"},\"order.total\":{\"at\":\"/"
    "s\",\"as\":\"minor\","
    "\"currency\":[\"/c\",{\"root\":\"/c\"}]},\"contact.email\":{\"at\":\"/"
    "e\",\"as\":\"email\"},\"contact.fields\":{\"*\":{\"at\":\"/f\","
    "\"key\":\"/k\",\"value\":[\"/v\",{\"up\":1,\"at\":\"/v\"}]}},\"order.items\":{\"at\":\"/i\",\"each\":{\"name\":\"/"
    "n\",\"price\":{\"at\":"
    "\"/p\",\"as\":\"minor\",\"currency\":{\"up\":1,\"at\":\"/c\"}}}}},\"n\":{\"activity.text\":{\"at\":\"/x\",\"as\":\"lower\"}}},"
    "\"topics\":{\"o\":{\"event\":\"order_updated\",\"object\":\"o\",\"needs\":{\"up\":1,\"at\":\"/z\",\"missing\":true}},\"f*\":[{"
    "\"fetch\":\"o\",\"id\":{\"at\":\"/id\",\"tail\":\"/"
    "\"},\"event\":\"order_updated\"},{\"event\":\"activity\"}],\"*\":{\"event\":"
    "\"activity\",\"object\":\"n\"}}}";

static void load_own(void)
{
    static const char *const kinds[] = {"json", "form", "json_or_form", "json_or_base64", "jwt"};
    struct problems problems;

    problems_init(&problems, STR("own"));
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct buf text = BUF_INIT(8 << 10);
        struct route *route = NULL;
        char name[20];

        for (size_t k = 0; k <= strlen(kinds[i]); k++)
            name[k] = kinds[i][k] == '_' ? '-' : kinds[i][k];
        if (buf_printf(&text, own_route, name, kinds[i]) || route_load(buf_str(&text), &problems, &route))
            abort();
        buf_release(&text);
        loaded.route[loaded.n] = route; /* kept to the end */
        loaded.header[loaded.n++] = (struct field){STR("Content-Type"), STR("application/x-www-form-urlencoded")};
    }
    loaded.route[loaded.n] = loaded.route[loaded.n - 1]; /* what was fetched */
    loaded.header[loaded.n++] = (struct field){STR("Fetched"), STR("fetch:o")};
    problems_release(&problems);
}

static void load(void)
{
    static const char *const shopify[] = {"customers/create",
                                          "customers/merge",
                                          "customers/delete",
                                          "orders/create",
                                          "orders/delete",
                                          "refunds/create",
                                          "checkouts/update",
                                          "carts/update",
                                          "customers/redact",
                                          "shop/redact",
                                          "customers_email_marketing_consent/update",
                                          "Customer/update",
                                          "no/such",
                                          NULL};
    static const char *const woocommerce[] = {"customer.created", "customer.deleted", "order.created", "order.deleted", NULL};
    static const char *const own[] = {"events", NULL};
    struct problems problems;

    problems_init(&problems, STR("routes"));
    if (routes_load(NULL, &loaded.routes, &problems))
        abort();
    problems_release(&problems);
    add_topics(routes_find(loaded.routes, STR("shopify")), "X-Shopify-Topic", shopify);
    add_topics(routes_find(loaded.routes, STR("woocommerce")), "X-WC-Webhook-Topic", woocommerce);
    add_topics(routes_find(loaded.routes, STR("storehook")), "webhook-id", own);
    load_own();
}

/* Every text of an event must be readable memory and every type must hold what it says. */
static size_t touch(struct str s)
{
    size_t sum = s.len;

    for (size_t i = 0; i < s.len; i++)
        sum += (unsigned char)s.p[i];
    return sum;
}

static size_t touch_event(const struct event *e)
{
    size_t sum = 0;

    if (e->type >= EVENT__COUNT)
        abort();
    for (size_t i = 0; i < M__COUNT; i++) {
        if (e->m[i].is != PRESENT)
            continue;
        if (e->m[i].text.len == 0)
            abort();
        if (event_member_type((enum member)i) == MEMBER_CHOICE && !event_member_allows((enum member)i, e->m[i].text))
            abort();
        sum += touch(e->m[i].text);
    }
    for (size_t i = 0; i < e->n_tags; i++)
        sum += touch(e->tags[i]);
    for (size_t i = 0; i < e->n_fields; i++)
        sum += touch(e->fields[i].name) + touch(e->fields[i].value.text);
    for (size_t i = 0; i < e->n_form_fields; i++)
        sum += touch(e->form_fields[i].name) + touch(e->form_fields[i].value.text);
    for (size_t i = 0; i < e->n_items; i++)
        sum += touch(e->items[i].name) + touch(e->items[i].categories) + touch(e->items[i].price);
    for (size_t i = 0; i < e->n_refunds; i++)
        sum += touch(e->refunds[i].id) + touch(e->refunds[i].amount);
    return sum;
}

/* Every part has its key, the lists hold what the parts count, and no two events have one place. */
static void check_parts(const struct mapped *mapped)
{
    size_t events = 0, rejects = 0, fetches = 0;

    for (size_t i = 0; i < mapped->n_parts; i++) {
        const struct map_part *p = &mapped->parts[i];

        if (!p->dedupe_key.len || p->dedupe_key.len > 220 || (p->n_rejects && p->n_fetches))
            abort();
        events += p->n_events;
        rejects += p->n_rejects;
        fetches += p->n_fetches;
    }
    if (events != mapped->n || rejects != mapped->n_rejects || fetches != mapped->n_fetches)
        abort();
    for (size_t i = 0; i < mapped->n_fetches; i++)
        if (!mapped->fetches[i].object || !mapped->fetches[i].id.len)
            abort();
    for (size_t i = 1; i < mapped->n; i++)
        if (mapped->places[i] <= mapped->places[i - 1])
            abort();
}

static void check_result(enum err err, const struct mapped *mapped, const struct map_failure *failure)
{
    size_t sum = 0;

    if (err && err != ERR_SYNTAX)
        abort();
    if (err && (!failure->reason[0] || !failure->detail.len || !mapped->dedupe_key.len || mapped->n_parts))
        abort();
    check_parts(mapped);
    for (size_t i = 0; i < mapped->n; i++)
        sum += touch_event(&mapped->events[i]);
    for (size_t i = 0; i < mapped->n_rejects; i++) {
        if (!mapped->rejects[i].reason || !mapped->rejects[i].detail.len)
            abort();
        sum += touch(mapped->rejects[i].detail);
    }
    if (sum == SIZE_MAX)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct entry entry = {.id = STR("00000000000000000000000000000001"), .source_id = STR("1")};
    struct field kept[ENTRY_FIELDS_MAX];
    struct map_failure failure;
    struct mapped mapped;
    struct arena arena;
    json_t *config;
    size_t which;
    enum err err;

    if (!loaded.routes)
        load();
    if (size == 0)
        return 0;
    which = data[0] % loaded.n;
    entry.topic = route_header_topic(loaded.route[which], (struct fields){&loaded.header[which], 1});
    if (str_eq(loaded.header[which].name, STR("Content-Type")))
        entry.content_type = loaded.header[which].value;
    if (str_eq(loaded.header[which].name, STR("Fetched")))
        entry.topic = loaded.header[which].value;
    entry.headers = (struct fields){kept, route_keep_headers(loaded.route[which], (struct fields){&loaded.header[which], 1}, kept)};
    entry.body = str_n(data + 1, size - 1);
    config = json_pack("{so}", "z", json_str(str_from(entry.body, size > 7 ? size - 7 : 0)));
    if (!config)
        abort();
    arena_init(&arena, ROUTE_MAP_ARENA_BYTES);
    err = route_map(loaded.route[which], &entry, config, &arena, &mapped, &failure);
    check_result(err, &mapped, &failure);
    arena_release(&arena);
    json_decref(config);
    return 0;
}
