/* view_product.c -- owns what a contact bought and looked at, derived from orders and visits, for recommendations. */
#include "model/view.h"

#include <inttypes.h>
#include <stdlib.h>

enum { MICRO = 1000000, MICRO_DIGITS = 6, ROWS_FIRST = 8 };

/* --- quantities ------------------------------------------------------------------------------------------------------- */

/* Millionths; a quantity that is missing or no number counts as one, as something was bought. */
static int64_t quantity_micro(struct str text)
{
    size_t point = str_find(text, '.');
    struct str whole = str_upto(text, point), part = str_upto(str_from(text, point + 1), MICRO_DIGITS);
    int64_t value = 0;
    uint64_t micro = 0;

    if (decimal_check(text) || str_to_i64(whole, &value) || value < 0 || __builtin_mul_overflow(value, MICRO, &value))
        return MICRO;
    for (size_t i = 0; i < MICRO_DIGITS; i++)
        micro = micro * 10 + (i < part.len ? (uint64_t)(part.p[i] - '0') : 0);
    return __builtin_add_overflow(value, (int64_t)micro, &value) ? INT64_MAX : value;
}

/* "3", "0.25" */
static json_t *quantity_json(int64_t micro)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%" PRId64 ".%06" PRId64, micro / MICRO, micro % MICRO);

    while (n > 0 && text[n - 1] == '0')
        text[--n] = '\0';
    if (n > 0 && text[n - 1] == '.')
        text[--n] = '\0';
    return json_string(text);
}

/* --- the lists -------------------------------------------------------------------------------------------------------- */

static bool is_same(const struct view_product *a, const struct view_product *b)
{
    return a->source_id == b->source_id && str_eq(a->product_id, b->product_id) && str_eq(a->variant_id, b->variant_id) &&
           (a->product_id.len || str_eq(a->sku, b->sku));
}

/* The array doubles at each power of two; most contacts have few products. */
static enum err make_room(struct view_product **rows, size_t n, struct arena *arena)
{
    struct view_product *grown;

    if (n && (n < ROWS_FIRST || (n & (n - 1)) != 0))
        return OK;
    grown = arena_array(arena, n ? n * 2 : ROWS_FIRST, sizeof(*grown));
    if (!grown)
        return ERR_MEMORY;
    if (n)
        memcpy(grown, *rows, n * sizeof(*grown));
    *rows = grown;
    return OK;
}

/* Finds the row of the product or makes it; *out is NULL when there are too many. */
static enum err row_of(struct view_product **rows, size_t *n, const struct view_product *like, struct arena *arena,
                       struct view_product **out)
{
    enum err err;

    *out = NULL;
    for (size_t i = 0; i < *n && !*out; i++)
        if (is_same(&(*rows)[i], like))
            *out = &(*rows)[i];
    if (*out || *n == VIEW_PRODUCTS_MAX)
        return OK;
    err = make_room(rows, *n, arena);
    if (err)
        return err;
    *out = &(*rows)[(*n)++];
    **out = *like;
    return OK;
}

static int compare_products(const void *left, const void *right)
{
    const struct view_product *a = left, *b = right;
    int c;

    if (a->last_us != b->last_us)
        return a->last_us > b->last_us ? -1 : 1;
    if (a->source_id != b->source_id)
        return a->source_id < b->source_id ? -1 : 1;
    c = str_cmp(a->product_id, b->product_id);
    if (!c)
        c = str_cmp(a->variant_id, b->variant_id);
    return c ? c : str_cmp(a->sku, b->sku);
}

/* --- looked at -------------------------------------------------------------------------------------------------------- */

static enum err add_viewed(struct contact_view *view, const struct visit *visit, struct arena *arena)
{
    struct view_product like = {.source_id = visit->source_id, .product_id = arena_str(arena, visit->product_id)}, *row;
    enum err err = like.product_id.p ? row_of(&view->viewed, &view->n_viewed, &like, arena, &row) : ERR_MEMORY;

    if (err || !row)
        return err;
    row->times++;
    if (visit->at_us >= row->last_us) {
        row->last_us = visit->at_us;
        row->name = arena_str(arena, visit->product_name);
    }
    return OK;
}

enum err view_visit(struct contact_view *view, const struct visit *visit, struct arena *arena)
{
    view->visits++;
    if (visit->at_us > view->last_visit_us || (visit->at_us == view->last_visit_us && str_cmp(visit->url, view->last_url) > 0)) {
        view->last_visit_us = visit->at_us;
        view->last_url = arena_str(arena, visit->url);
    }
    return visit->product_id.len ? add_viewed(view, visit, arena) : OK;
}

/* --- bought ----------------------------------------------------------------------------------------------------------- */

static struct str copied(struct arena *arena, const json_t *item, const char *member)
{
    return arena_str(arena, json_member_text(item, member));
}

static enum err add_bought(struct contact_view *view, const struct order *order, const json_t *item, struct arena *arena)
{
    struct view_product like = {.source_id = order->source_id,
                                .product_id = copied(arena, item, "product_id"),
                                .variant_id = copied(arena, item, "variant_id"),
                                .sku = copied(arena, item, "sku")};
    struct view_product *row = NULL;
    enum err err = like.product_id.len || like.sku.len ? row_of(&view->bought, &view->n_bought, &like, arena, &row) : OK;

    if (err || !row)
        return err;
    row->times++;
    if (__builtin_add_overflow(row->quantity_micro, quantity_micro(json_member_text(item, "quantity")), &row->quantity_micro))
        row->quantity_micro = INT64_MAX;
    if (row->sku.len == 0)
        row->sku = like.sku;
    if (order->created_us >= row->last_us) {
        row->last_us = order->created_us;
        row->sku = like.sku.len ? like.sku : row->sku;
        row->name = copied(arena, item, "name");
    }
    return OK;
}

static enum err add_order(struct contact_view *view, const struct order *order, struct arena *arena)
{
    json_t *items = NULL, *item;
    size_t i;
    enum err err = OK;

    if (order->items.len == 0 || json_parse(order->items, &items, NULL))
        return OK;
    json_array_foreach(items, i, item)
    {
        err = add_bought(view, order, item, arena);
        if (err)
            break;
    }
    json_decref(items);
    return err;
}

enum err view_products(struct contact_view *view, struct arena *arena)
{
    enum err err = OK;

    for (size_t i = 0; i < view->n_orders && !err; i++)
        if (view->orders[i].counted)
            err = add_order(view, view->orders[i].order, arena);
    if (view->n_bought)
        qsort(view->bought, view->n_bought, sizeof(*view->bought), compare_products);
    if (view->n_viewed)
        qsort(view->viewed, view->n_viewed, sizeof(*view->viewed), compare_products);
    return err;
}

/* --- as JSON ---------------------------------------------------------------------------------------------------------- */

static void set_text(json_t *object, const char *name, struct str s)
{
    if (s.len)
        json_object_set_new(object, name, json_str(s));
}

static json_t *product_json(const struct view_product *p, bool is_bought, const struct view_source *sources, size_t n)
{
    json_t *object = json_object();

    json_object_set_new(object, "source", json_str(view_source_name(sources, n, p->source_id)));
    json_object_set_new(object, "product_id", p->product_id.len ? json_str(p->product_id) : json_null());
    set_text(object, "variant_id", p->variant_id);
    set_text(object, "sku", p->sku);
    set_text(object, "name", p->name);
    if (is_bought)
        json_object_set_new(object, "quantity", quantity_json(p->quantity_micro));
    json_object_set_new(object, is_bought ? "orders" : "views", json_integer((json_int_t)p->times));
    json_object_set_new(object, "last_at", json_time(p->last_us));
    return object;
}

json_t *view_products_json(const struct contact_view *v, const struct view_source *sources, size_t n)
{
    json_t *object = json_object(), *bought = json_array(), *viewed = json_array();

    for (size_t i = 0; i < v->n_bought; i++)
        json_array_append_new(bought, product_json(&v->bought[i], true, sources, n));
    for (size_t i = 0; i < v->n_viewed; i++)
        json_array_append_new(viewed, product_json(&v->viewed[i], false, sources, n));
    json_object_set_new(object, "bought", bought);
    json_object_set_new(object, "viewed", viewed);
    return object;
}
