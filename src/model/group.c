/* group.c -- owns which customers and addresses are one contact: a pure function of their claims (M1, M3-M6). */
#include "model/apply.h"

#include <stdlib.h>

/*
 * Customers and addresses are nodes, claims are links. Links are taken in one fixed order (the store's own merges, then strong
 * before weak, then the earlier). A link is refused when it would put two different living customers of one source into one group
 * (M3), and when it is not the customer's first and the address is another identified person's (H2). At last an operator's merges
 * join whole groups (M10). The result does not depend on the order in which the claims became known (N5).
 */
enum step { STEP_STORE_MERGE, STEP_LIVING, STEP_DELETED, STEP_OPERATOR };
struct link {
    size_t customer, other; /* node numbers */
    enum step step;
    struct claim *claim;
    enum claim_apart refused;
};

struct graph {
    struct customer **customers;
    struct address **addresses;
    size_t n_customers, n_nodes;
    size_t *group; /* node -> its group's number, the least node in it */
    bool *placed;  /* by customer: one of its links was taken or refused before */
    struct link *links;
    size_t n_links;
};

static int compare_links(const void *left, const void *right)
{
    const struct link *a = left, *b = right;
    int c;

    if (a->step != b->step)
        return (int)a->step - (int)b->step;
    if (!a->claim || !b->claim)
        return (a->customer > b->customer) - (a->customer < b->customer);
    if (a->claim->class != b->claim->class)
        return (int)b->claim->class - (int)a->claim->class;
    if (a->claim->first_us != b->claim->first_us)
        return a->claim->first_us < b->claim->first_us ? -1 : 1;
    if (a->claim->source_id != b->claim->source_id)
        return a->claim->source_id < b->claim->source_id ? -1 : 1;
    c = str_cmp(a->claim->subject, b->claim->subject);
    return c ? c : str_cmp(a->claim->address, b->claim->address);
}

static size_t customer_node(const struct graph *g, int64_t source_id, struct str subject)
{
    for (size_t i = 0; i < g->n_customers; i++)
        if (g->customers[i]->source_id == source_id && str_eq(g->customers[i]->subject, subject))
            return i;
    return g->n_nodes;
}

static size_t address_node(const struct graph *g, struct str key)
{
    for (size_t i = g->n_customers; i < g->n_nodes; i++)
        if (str_eq(g->addresses[i - g->n_customers]->key, key))
            return i;
    return g->n_nodes;
}

static bool graph_nodes(struct scope *s, struct graph *g)
{
    size_t n_addresses = 0, n_claims = 0, i = 0;

    for (struct customer *c = s->customers; c; c = c->next)
        g->n_customers++;
    for (struct address *a = s->addresses; a; a = a->next)
        n_addresses++;
    for (struct claim *c = s->claims; c; c = c->next)
        n_claims++;
    g->n_nodes = g->n_customers + n_addresses;
    g->customers = arena_array(s->arena, g->n_customers, sizeof(*g->customers));
    g->addresses = arena_array(s->arena, n_addresses, sizeof(*g->addresses));
    g->group = arena_array(s->arena, g->n_nodes, sizeof(*g->group));
    g->placed = arena_array(s->arena, g->n_customers, sizeof(*g->placed));
    g->links = arena_array(s->arena, n_claims + g->n_customers, sizeof(*g->links));
    if (!g->customers || !g->addresses || !g->group || !g->placed || !g->links)
        return false;
    for (struct customer *c = s->customers; c; c = c->next)
        g->customers[i++] = c;
    i = 0;
    for (struct address *a = s->addresses; a; a = a->next)
        g->addresses[i++] = a;
    for (i = 0; i < g->n_nodes; i++)
        g->group[i] = i;
    return true;
}

static enum step step_of(const struct claim *claim, const struct customer *c)
{
    if (claim->class == CLAIM_JOIN)
        return STEP_OPERATOR;
    return customer_is_living(c) ? STEP_LIVING : STEP_DELETED;
}

static void graph_links(const struct scope *s, struct graph *g)
{
    for (size_t i = 0; i < g->n_customers; i++) {
        const struct customer *c = g->customers[i];
        size_t into = c->merged_into.len ? customer_node(g, c->source_id, c->merged_into) : g->n_nodes;

        if (into < g->n_nodes)
            g->links[g->n_links++] = (struct link){.customer = i, .other = into, .step = STEP_STORE_MERGE};
    }
    for (struct claim *c = s->claims; c; c = c->next) {
        size_t customer = customer_node(g, c->source_id, c->subject), address = address_node(g, c->address);

        if (customer < g->n_nodes && address < g->n_nodes)
            g->links[g->n_links++] =
                (struct link){.customer = customer, .other = address, .step = step_of(c, g->customers[customer]), .claim = c};
    }
    qsort(g->links, g->n_links, sizeof(*g->links), compare_links);
}

/* Two living customers of one source that the store did not merge are two people (M3). */
static bool are_different_people(const struct customer *a, const struct customer *b)
{
    if (a->source_id != b->source_id || a->external_id.len == 0 || b->external_id.len == 0 || !customer_is_living(a) ||
        !customer_is_living(b))
        return false;
    return a->merged_into.len == 0 && b->merged_into.len == 0 && !str_eq(a->subject, b->subject);
}

static bool may_join(const struct graph *g, size_t left, size_t right)
{
    for (size_t i = 0; i < g->n_customers; i++)
        for (size_t j = 0; g->group[i] == left && j < g->n_customers; j++)
            if (g->group[j] == right && are_different_people(g->customers[i], g->customers[j]))
                return false;
    return true;
}

static void join_groups(struct graph *g, size_t left, size_t right)
{
    size_t into = left < right ? left : right, from = left < right ? right : left;

    for (size_t i = 0; i < g->n_nodes; i++)
        if (g->group[i] == from)
            g->group[i] = into;
}

/* True when the group has an identified customer that its store still has; guests are joined by the address (M4). */
static bool is_of_person(const struct graph *g, size_t group)
{
    for (size_t i = 0; i < g->n_customers; i++)
        if (g->group[i] == group && g->customers[i]->external_id.len && customer_is_living(g->customers[i]))
            return true;
    return false;
}

/* Why a customer's link must not join the two groups. A customer's first address says who it is (M1), a later one may be a mistake. */
static enum claim_apart refusal(const struct graph *g, const struct link *l, size_t left, size_t right)
{
    if (!may_join(g, left, right))
        return APART_SAME_SOURCE;
    return g->placed[l->customer] && is_of_person(g, right) ? APART_TAKEN : APART_NOT;
}

/* Takes the links of the steps `from` to `to`. */
static void graph_join(struct graph *g, enum step from, enum step to)
{
    for (size_t i = 0; i < g->n_links; i++) {
        struct link *l = &g->links[i];
        size_t left = g->group[l->customer], right = g->group[l->other];

        if (l->step < from || l->step > to)
            continue;
        if (left != right && (l->step == STEP_LIVING || l->step == STEP_DELETED))
            l->refused = refusal(g, l, left, right);
        if (left != right && !l->refused)
            join_groups(g, left, right);
        if (l->claim)
            g->placed[l->customer] = true;
    }
}

/* Marks the claims that were refused and stayed so; the ledger tells when that is new (M3, H2). */
static void mark_apart(struct scope *s, const struct graph *g, const struct event_context *ctx)
{
    for (size_t i = 0; i < g->n_links; i++) {
        const struct link *l = &g->links[i];
        const struct customer *c = g->customers[l->customer];
        enum claim_apart apart = g->group[l->customer] == g->group[l->other] ? APART_NOT : l->refused;

        if (!l->claim || l->step == STEP_OPERATOR || l->claim->apart == apart)
            continue;
        l->claim->apart = apart;
        l->claim->changed = true;
        if (apart)
            scope_note(s, ctx, c->contact_id, apart == APART_TAKEN ? "H2" : "M3",
                       apart == APART_TAKEN ? "address is another contact's" : "address kept apart", l->claim->address, STR_NONE,
                       c->external_id);
    }
}

static struct str node_contact(const struct graph *g, size_t node)
{
    return node < g->n_customers ? g->customers[node]->contact_id : g->addresses[node - g->n_customers]->contact_id;
}

/* True when another group got this id in this round. */
static bool is_taken(const struct str *ids, size_t n, struct str id)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(ids[i], id))
            return true;
    return false;
}

/* M6: the oldest identified contact's id survives; without one the oldest. Ids grow with time, so the least is the oldest. */
static struct str survivor(const struct graph *g, size_t group, const struct str *ids)
{
    struct str best = STR_NONE;
    bool best_identified = false;

    for (size_t i = 0; i < g->n_nodes; i++) {
        struct str id = g->group[i] == group ? node_contact(g, i) : STR_NONE;
        bool identified = i < g->n_customers && g->customers[i]->external_id.len;

        if (id.len == 0 || is_taken(ids, g->n_nodes, id))
            continue;
        if (best.len == 0 || identified > best_identified || (identified == best_identified && str_cmp(id, best) < 0)) {
            best = id;
            best_identified = identified;
        }
    }
    return best;
}

/* A group is a contact when it has an address (AC-30). */
static bool has_address(const struct graph *g, size_t group)
{
    for (size_t i = 0; i < g->n_nodes; i++)
        if (g->group[i] == group &&
            (i >= g->n_customers ? address_is_real(g->addresses[i - g->n_customers]->key) : g->customers[i]->email.len > 0))
            return true;
    return false;
}

/* True when it was not dropped before. */
static bool drop_contact(struct scope *s, struct str id, struct str into)
{
    struct dropped_contact *d = s->dropped;

    while (d && !str_eq(d->id, id))
        d = d->next;
    if (d || id.len == 0)
        return false;
    d = scope_add(s, &s->dropped, sizeof(*d));
    if (!d)
        return false;
    d->id = id;
    d->into = into;
    return true;
}

static void assign(struct scope *s, struct graph *g, const struct str *ids, const struct event_context *ctx)
{
    for (size_t i = 0; i < g->n_nodes; i++) {
        struct str old = node_contact(g, i), id = ids[g->group[i]];

        if (str_eq(old, id))
            continue;
        if (old.len && !is_taken(ids, g->n_nodes, old) && drop_contact(s, old, id))
            scope_note(s, ctx, id, "M6", "contact merged", STR_NONE, old, id);
        if (i < g->n_customers) {
            g->customers[i]->contact_id = id;
            g->customers[i]->changed = true;
        } else {
            g->addresses[i - g->n_customers]->contact_id = id;
            g->addresses[i - g->n_customers]->changed = true;
        }
    }
}

void scope_group(struct scope *s, const struct event_context *ctx)
{
    struct graph g = {0};
    struct str *ids;

    if (!graph_nodes(s, &g)) {
        s->err = ERR_MEMORY;
        return;
    }
    graph_links(s, &g);
    graph_join(&g, STEP_STORE_MERGE, STEP_DELETED);
    mark_apart(s, &g, ctx);
    graph_join(&g, STEP_OPERATOR, STEP_OPERATOR);
    ids = arena_array(s->arena, g.n_nodes, sizeof(*ids));
    if (!ids) {
        s->err = ERR_MEMORY;
        return;
    }
    for (size_t i = 0; i < g.n_nodes; i++)
        if (g.group[i] == i && has_address(&g, i))
            ids[i] = survivor(&g, i, ids);
    for (size_t i = 0; i < g.n_nodes; i++)
        if (g.group[i] == i && has_address(&g, i) && ids[i].len == 0) {
            struct id fresh = ctx->new_id(ctx->arg);

            s->made++;
            ids[i] = arena_str(s->arena, id_str(&fresh));
            if (!ids[i].p)
                s->err = ERR_MEMORY;
        }
    assign(s, &g, ids, ctx);
}
