/* view_order.c -- owns the numbers of a contact's orders, derived (K3-K8). */
#include "model/view_parts.h"

#include <stdlib.h>

bool is_one_of(struct str word, const char *words)
{
    struct str rest = str_of(words), one;

    while (str_split(&rest, ' ', &one))
        if (str_eq(one, word))
            return true;
    return false;
}

struct str order_status(const struct order *o)
{
    return version_replaces(o->late_v, o->v) ? o->late_status : o->status;
}

static int64_t amount_in(const struct order *o, struct str text)
{
    struct money m = {0};

    return money_parse(text, o->currency, &m) ? 0 : m.minor < 0 ? -m.minor : m.minor;
}

/* K5: the refunds by id, or the total that was told, whichever is more; both say the same thing in two ways. */
static int64_t refunded_of(const struct scope *facts, const struct order *o)
{
    int64_t told = o->refunded, sum = 0;

    for (const struct refund *r = facts->refunds; r; r = r->next) {
        int64_t amount;

        if (r->source_id != o->source_id || !str_eq(r->order_id, o->id))
            continue;
        amount = amount_in(o, r->amount);
        if (r->id.len == 0)
            told = amount > told ? amount : told;
        else if (__builtin_add_overflow(sum, amount, &sum))
            sum = INT64_MAX;
    }
    return sum > told ? sum : told;
}

void view_order(const struct scope *facts, const char *purchase_states, const struct order *o, struct view_order *v)
{
    struct str status = order_status(o);

    v->order = o;
    v->refunded = refunded_of(facts, o);
    v->over_refunded = v->refunded > o->total;
    v->net = v->over_refunded ? 0 : o->total - v->refunded;
    v->counted = !o->test && (is_one_of(status, purchase_states) || is_one_of(status, "refunded partially_refunded")); /* K7, K8 */
    if (v->refunded > 0 && is_one_of(status, "paid completed"))
        status = v->refunded >= o->total ? STR("refunded") : STR("partially_refunded");
    if (is_one_of(status, "refunded"))
        v->net = 0;
    if (!v->counted)
        v->net = 0; /* K6 */
    v->status = status;
}

static int compare_orders(const void *left, const void *right)
{
    const struct order *a = ((const struct view_order *)left)->order, *b = ((const struct view_order *)right)->order;

    if (a->created_us != b->created_us)
        return a->created_us > b->created_us ? -1 : 1;
    if (a->source_id != b->source_id)
        return a->source_id < b->source_id ? -1 : 1;
    return str_cmp(a->id, b->id);
}

/* K3: one sum a currency. A currency past the maximum is left out of the sums, its orders still show. */
static void add_net(struct contact_view *out, const struct view_order *v)
{
    struct money m = {.minor = v->net};
    size_t i = 0;

    if (currency_parse(v->order->currency, &m.currency))
        return;
    while (i < out->n_net && strcmp(out->net[i].currency.code, m.currency.code) < 0)
        i++;
    if (i < out->n_net && strcmp(out->net[i].currency.code, m.currency.code) == 0) {
        if (__builtin_add_overflow(out->net[i].minor, m.minor, &out->net[i].minor))
            out->net[i].minor = INT64_MAX;
        return;
    }
    if (out->n_net == VIEW_CURRENCIES_MAX)
        return;
    memmove(&out->net[i + 1], &out->net[i], (out->n_net - i) * sizeof(*out->net));
    out->net[i] = m;
    out->n_net++;
}

enum err view_orders(const struct view_input *in, struct contact_view *out)
{
    size_t n = 0;

    for (const struct order *o = in->facts->orders; o; o = o->next)
        n++;
    out->orders = arena_array(in->arena, n, sizeof(*out->orders));
    if (!out->orders)
        return ERR_MEMORY;
    for (const struct order *o = in->facts->orders; o; o = o->next) {
        struct view_order *v = &out->orders[out->n_orders];

        if (!version_is_set(o->v))
            continue;
        view_order(in->facts, in->purchase_states, o, v);
        out->n_orders++;
        if (!v->counted)
            continue;
        out->orders_counted++;
        add_net(out, v);
        if (o->created_us > out->last_order_us)
            out->last_order_us = o->created_us;
    }
    qsort(out->orders, out->n_orders, sizeof(*out->orders), compare_orders);
    return OK;
}
