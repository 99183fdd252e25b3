/* browser.c -- owns what a browser may say of a visitor: three kinds of event and their members. Pure. */
#include "model/browser.h"

#include "base/clock.h"
#include "base/jdoc.h"
#include "base/json.h"
#include "base/timefmt.h"
#include "model/money.h"

enum { VISITOR_CHARS_MIN = 8, VISITOR_CHARS_MAX = 64, TOKEN_MAX = 128, ITEMS_MAX = 100 };
#define BELIEVED_US (86400 * US_PER_S)

static const struct jdoc_limits limits = {.max_bytes = BROWSER_BODY_MAX_BYTES, .max_depth = 8, .max_nodes = 2000};

enum form { FORM_TEXT, FORM_DECIMAL, FORM_SHOP_URL, FORM_REFERRER };
enum { FOR_PAGE = 1, FOR_PRODUCT = 2, FOR_CART = 4 };

/* The whole of what may be said, beside visitor, time and items. */
static const struct allowed {
    unsigned types;
    enum member member;
    const char *object, *name; /* in the browser's JSON */
    enum form form;
    size_t max_bytes;
} allowed[] = {
    {FOR_PAGE | FOR_PRODUCT, M_PAGE_URL, "page", "url", FORM_SHOP_URL, 1000},
    {FOR_PAGE | FOR_PRODUCT, M_PAGE_TITLE, "page", "title", FORM_TEXT, 300},
    {FOR_PAGE | FOR_PRODUCT, M_PAGE_REFERRER, "page", "referrer", FORM_REFERRER, 1000},
    {FOR_PRODUCT, M_PRODUCT_ID, "product", "id", FORM_TEXT, 100},
    {FOR_PRODUCT, M_PRODUCT_VARIANT_ID, "product", "variant_id", FORM_TEXT, 100},
    {FOR_PRODUCT, M_PRODUCT_NAME, "product", "name", FORM_TEXT, 300},
    {FOR_PRODUCT, M_PRODUCT_PRICE, "product", "price", FORM_DECIMAL, 30},
    {FOR_PRODUCT, M_PRODUCT_CURRENCY, "product", "currency", FORM_TEXT, 3},
    {FOR_PRODUCT, M_PRODUCT_URL, "product", "url", FORM_SHOP_URL, 1000},
    {FOR_PRODUCT, M_PRODUCT_IMAGE, "product", "image", FORM_SHOP_URL, 1000},
    {FOR_CART, M_CART_CART_ID, "cart", "id", FORM_TEXT, 100},
    {FOR_CART, M_CART_CURRENCY, "cart", "currency", FORM_TEXT, 3},
    {FOR_CART, M_CART_TOTAL, "cart", "total", FORM_DECIMAL, 30},
    {FOR_CART, M_CART_URL, "cart", "url", FORM_SHOP_URL, 1000},
};
enum { ALLOWED = sizeof(allowed) / sizeof(allowed[0]) };

static const struct item_allowed {
    const char *name;
    size_t at; /* offset of the member in struct event_item */
    enum form form;
    size_t max_bytes;
} item_allowed[] = {
    {"product_id", offsetof(struct event_item, product_id), FORM_TEXT, 100},
    {"variant_id", offsetof(struct event_item, variant_id), FORM_TEXT, 100},
    {"sku", offsetof(struct event_item, sku), FORM_TEXT, 100},
    {"name", offsetof(struct event_item, name), FORM_TEXT, 300},
    {"quantity", offsetof(struct event_item, quantity), FORM_DECIMAL, 30},
    {"price", offsetof(struct event_item, price), FORM_DECIMAL, 30},
    {"url", offsetof(struct event_item, url), FORM_SHOP_URL, 1000},
    {"image", offsetof(struct event_item, image), FORM_SHOP_URL, 1000},
};
enum { ITEM_ALLOWED = sizeof(item_allowed) / sizeof(item_allowed[0]) };

/* One call's work. */
struct reading {
    const struct page_rules *rules;
    struct arena *arena;
    const struct jnode *root;
    unsigned type; /* FOR_ */
    struct browser_said *out;
};

/* --- values ----------------------------------------------------------------------------------------------------------- */

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return false;
    return true;
}

/* Text of a member, in its form; empty when it is not there or not of that form. */
static enum err find_text(struct reading *r, const struct jnode *object, const char *name, enum form form, size_t max_bytes,
                          struct str *out)
{
    const struct jnode *node = object && object->type == J_OBJECT ? jnode_member(object, str_of(name)) : NULL;
    struct str text = node && (node->type == J_STRING || node->type == J_NUMBER) ? str_trim(node->text) : STR_NONE;

    *out = STR_NONE;
    if (text.len == 0 || text.len > max_bytes || !is_plain(text))
        return OK;
    switch (form) {
    case FORM_TEXT:
        *out = text;
        return OK;
    case FORM_DECIMAL:
        *out = decimal_check(text) ? STR_NONE : text;
        return OK;
    case FORM_SHOP_URL:
        return page_url_clean(text, r->rules, r->arena, out);
    case FORM_REFERRER:
        return page_url_referrer(text, r->arena, out);
    }
    return OK;
}

static void set_member(struct event *event, enum member member, struct str text)
{
    if (text.len)
        event->m[member] = (struct value){.is = PRESENT, .text = text};
}

static struct str member_of(const struct event *event, enum member member)
{
    return event->m[member].is == PRESENT ? event->m[member].text : STR_NONE;
}

static bool is_visitor_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

static bool is_visitor_id(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_visitor_byte(s.p[i]))
            return false;
    return s.len >= VISITOR_CHARS_MIN && s.len <= VISITOR_CHARS_MAX;
}

static enum err read_visitor(struct reading *r)
{
    struct str id = STR_NONE;
    enum err err = find_text(r, r->root, "visitor_id", FORM_TEXT, VISITOR_CHARS_MAX, &id);

    if (!err && !is_visitor_id(id))
        return ERR_SYNTAX;
    set_member(&r->out->event, M_VISITOR_ID, id);
    return err;
}

/* A browser's clock may be anything; a beacon that waited for the network is a day late at most. */
static void read_time(struct reading *r, int64_t received_at_us)
{
    const struct jnode *node = jnode_member(r->root, STR("sent_at"));
    int64_t at = received_at_us;

    if (node && node->type == J_STRING && time_parse(node->text, TIME_ISO, &at))
        at = received_at_us;
    if (at > received_at_us || at < received_at_us - BELIEVED_US)
        at = received_at_us;
    r->out->event.m[M_OCCURRED_AT] = (struct value){.is = PRESENT, .number = at};
}

static enum err read_item(struct reading *r, const struct jnode *node, struct event_item *item)
{
    enum err err = OK;

    for (size_t i = 0; i < ITEM_ALLOWED && !err; i++)
        err = find_text(r, node, item_allowed[i].name, item_allowed[i].form, item_allowed[i].max_bytes,
                        (struct str *)(void *)((char *)item + item_allowed[i].at));
    return err;
}

static enum err read_items(struct reading *r)
{
    const struct jnode *list = jnode_at(r->root, STR("/cart/items"));
    struct event *event = &r->out->event;
    enum err err = OK;

    if (r->type != FOR_CART || !list || list->type != J_ARRAY)
        return OK;
    if (list->n > ITEMS_MAX)
        return ERR_SYNTAX;
    event->items_are = PRESENT;
    event->items = arena_array(r->arena, list->n ? list->n : 1, sizeof(*event->items));
    if (!event->items)
        return ERR_MEMORY;
    for (const struct jnode *node = list->child; node && !err; node = node->next)
        if (node->type == J_OBJECT)
            err = read_item(r, node, &event->items[event->n_items++]);
    return err;
}

/* Makes the cart the visitor's own, whatever id the page gave it. */
static enum err own_cart(struct reading *r)
{
    struct str visitor = member_of(&r->out->event, M_VISITOR_ID);
    struct buf id = BUF_INIT(128);
    enum err err = buf_printf(&id, "visitor:%.*s", STR_ARG(visitor));
    struct str text = err ? STR_NONE : arena_str(r->arena, buf_str(&id));

    buf_release(&id);
    set_member(&r->out->event, M_CART_ID, text);
    return err ? err : text.p ? OK : ERR_MEMORY;
}

static enum err read_members(struct reading *r)
{
    enum err err = OK;

    for (size_t i = 0; i < ALLOWED && !err; i++) {
        const struct allowed *a = &allowed[i];
        struct str text = STR_NONE;

        if (!(a->types & r->type))
            continue;
        err = find_text(r, jnode_member(r->root, str_of(a->object)), a->name, a->form, a->max_bytes, &text);
        set_member(&r->out->event, a->member, text);
    }
    if (!err)
        err = read_items(r);
    return err || r->type != FOR_CART ? err : own_cart(r);
}

static enum err read_type(struct reading *r)
{
    const struct jnode *node = jnode_member(r->root, STR("type"));
    enum event_type type;

    if (!node || node->type != J_STRING || event_type_parse(node->text, &type))
        return ERR_SYNTAX;
    r->type = type == EVENT_PAGE_VISIT       ? FOR_PAGE
              : type == EVENT_PRODUCT_VIEWED ? FOR_PRODUCT
              : type == EVENT_CART_UPDATED   ? FOR_CART
                                             : 0;
    r->out->event.type = type;
    return r->type ? OK : ERR_SYNTAX;
}

/* What an event of the type says nothing without. */
static bool says_something(const struct reading *r)
{
    const struct event *e = &r->out->event;

    if (r->type == FOR_CART)
        return e->items_are == PRESENT;
    return member_of(e, M_PAGE_URL).len ||
           (r->type == FOR_PRODUCT && (member_of(e, M_PRODUCT_ID).len || member_of(e, M_PRODUCT_URL).len));
}

static enum err read_said(struct reading *r, int64_t received_at_us)
{
    const struct jnode *consent;
    enum err err;

    if (r->root->type != J_OBJECT)
        return ERR_SYNTAX;
    consent = jnode_member(r->root, STR("consent"));
    r->out->refused = consent && consent->type == J_FALSE;
    if (r->out->refused)
        return OK;
    err = read_type(r);
    if (!err)
        err = read_visitor(r);
    if (err)
        return err;
    read_time(r, received_at_us);
    err = read_members(r);
    if (!err)
        err = find_text(r, r->root, "token", FORM_TEXT, TOKEN_MAX, &r->out->token);
    return err ? err : says_something(r) ? OK : ERR_SYNTAX;
}

enum err browser_read(struct str body, const struct page_rules *rules, int64_t received_at_us, struct arena *arena,
                      struct browser_said *out)
{
    struct reading r = {.rules = rules, .arena = arena, .out = out};
    enum err err;

    memset(out, 0, sizeof(*out));
    err = jdoc_parse(arena, body, &limits, &r.root, NULL);
    if (!err)
        err = read_said(&r, received_at_us);
    if (err)
        memset(out, 0, sizeof(*out));
    return err && err != ERR_MEMORY && err != ERR_TOO_LARGE ? ERR_SYNTAX : err;
}

/* --- writing ---------------------------------------------------------------------------------------------------------- */

static void put_text(json_t *object, const char *name, struct str text)
{
    if (text.len)
        json_object_set_new(object, name, json_str(text));
}

/* Borrows the member that is an object; makes it when it is not there. */
static json_t *part_of(json_t *root, const char *name)
{
    json_t *part = json_object_get(root, name);

    if (part)
        return part;
    part = json_object();
    return json_object_set_new(root, name, part) ? NULL : part;
}

static void write_items(const struct event *event, json_t *root)
{
    json_t *list = json_array();

    for (size_t i = 0; i < event->n_items; i++) {
        json_t *item = json_object();

        for (size_t k = 0; k < ITEM_ALLOWED; k++)
            put_text(item, item_allowed[k].name,
                     *(const struct str *)(const void *)((const char *)&event->items[i] + item_allowed[k].at));
        json_array_append_new(list, item);
    }
    json_object_set_new(part_of(root, "cart"), "items", list);
}

enum err browser_write(const struct browser_said *said, struct buf *out)
{
    const struct event *event = &said->event;
    char at[TIME_ISO_CHARS + 1];
    json_t *root = json_object();
    enum err err;

    put_text(root, "visitor_id", member_of(event, M_VISITOR_ID));
    put_text(root, "type", str_of(event_type_name(event->type)));
    put_text(root, "sent_at", str_of(time_iso(event->m[M_OCCURRED_AT].number, at)));
    for (size_t i = 0; i < ALLOWED; i++)
        if (member_of(event, allowed[i].member).len)
            put_text(part_of(root, allowed[i].object), allowed[i].name, member_of(event, allowed[i].member));
    if (event->items_are == PRESENT)
        write_items(event, root);
    put_text(root, "token", said->token);
    err = root ? json_print(root, out) : ERR_MEMORY;
    json_decref(root);
    return err;
}

/* --- who asks --------------------------------------------------------------------------------------------------------- */

/* What stands in the User-Agent of programs, not of browsers ("bot" alone is part of a phone's name). */
static const char *const bot_words[] = {
    "bot/",       "bot;",        "bot.",
    "googlebot",  "bingbot",     "+http",
    "crawl",      "spider",      "slurp",
    "headless",   "curl/",       "wget/",
    "python",     "java/",       "scrapy",
    "go-http",    "node-fetch",  "axios",
    "http_cl",    "httpcl",      "lighthouse",
    "pagespeed",  "pingdom",     "uptimerobot",
    "statuscake", "bingpreview", "facebookexternalhit",
    "embedly",    "phantomjs",   "libwww",
    "okhttp/",    "feedfetcher", "archive.org",
};

static bool has_word(struct str text, struct str word)
{
    for (; text.len >= word.len; text = str_from(text, 1))
        if (str_eq_nocase(str_upto(text, word.len), word))
            return true;
    return false;
}

bool browser_is_bot(struct str user_agent)
{
    if (str_trim(user_agent).len == 0)
        return true;
    for (size_t i = 0; i < sizeof(bot_words) / sizeof(bot_words[0]); i++)
        if (has_word(user_agent, str_of(bot_words[i])))
            return true;
    return false;
}
