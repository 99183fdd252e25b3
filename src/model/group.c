/* group.c -- owns which customers and addresses are one contact: a pure function of their claims (M1, M3-M6). */
#include "model/apply.h"
#include "model/name_table.h"

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

/* Ends a list of nodes. */
#define NO_NODE SIZE_MAX

/* What is known of a group, under its number. */
struct group {
    size_t people; /* first of the customers that M3 keeps apart, by source: no two of one source unless an operator joined them */
    bool is_of_person; /* has an identified customer that its store still has; guests are joined by the address (M4) */
    bool has_address;  /* is a contact (AC-30) */
    size_t members;    /* first of its nodes, in order; known at the end */
};

struct graph {
    struct customer **customers;
    struct address **addresses;
    size_t n_customers, n_nodes;
    struct name_table names; /* of customers by source and subject, of addresses under ADDRESSES */
    size_t *above;           /* node -> one of its group that is not greater; the least node is the group's number */
    struct group *groups;
    size_t *next_person, *next_member; /* node -> the next of that list of its group */
    bool *placed;                      /* by customer: one of its links was taken or refused before */
    struct link *links;
    size_t n_links;
    struct str *ids;             /* by group: its contact; empty when it is none */
    struct name_table ids_given; /* under NO_SOURCE */
    struct name_table ids_dropped;
};
enum { ADDRESSES = -1, NO_SOURCE = -1 };

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

/* One that its source knows by an id of its own, still has and did not merge into another: two such of one source are two people (M3). */
static bool is_person(const struct customer *c)
{
    return c->external_id.len && customer_is_living(c) && c->merged_into.len == 0;
}

static enum err graph_alloc(struct scope *s, struct graph *g)
{
    size_t n_addresses = 0, n_claims = 0;

    for (struct customer *c = s->customers; c; c = c->next)
        g->n_customers++;
    for (struct address *a = s->addresses; a; a = a->next)
        n_addresses++;
    for (struct claim *c = s->claims; c; c = c->next)
        n_claims++;
    g->n_nodes = g->n_customers + n_addresses;
    g->customers = arena_array(s->arena, g->n_customers, sizeof(*g->customers));
    g->addresses = arena_array(s->arena, n_addresses, sizeof(*g->addresses));
    g->above = arena_array(s->arena, g->n_nodes, sizeof(*g->above));
    g->groups = arena_array(s->arena, g->n_nodes, sizeof(*g->groups));
    g->next_person = arena_array(s->arena, g->n_nodes, sizeof(*g->next_person));
    g->next_member = arena_array(s->arena, g->n_nodes, sizeof(*g->next_member));
    g->placed = arena_array(s->arena, g->n_customers, sizeof(*g->placed));
    g->links = arena_array(s->arena, n_claims + g->n_customers, sizeof(*g->links));
    g->ids = arena_array(s->arena, g->n_nodes, sizeof(*g->ids));
    if (!g->customers || !g->addresses || !g->above || !g->groups || !g->next_person || !g->next_member || !g->placed ||
        !g->links || !g->ids)
        return ERR_MEMORY;
    return name_table_init(&g->names, s->arena, g->n_nodes);
}

/* Each node is a group of its own. */
static enum err graph_nodes(struct scope *s, struct graph *g)
{
    size_t node = 0;
    enum err err = graph_alloc(s, g);

    if (err)
        return err;
    for (struct customer *c = s->customers; c; c = c->next, node++) {
        g->customers[node] = c;
        g->above[node] = node;
        g->groups[node] = (struct group){.people = is_person(c) ? node : NO_NODE,
                                         .is_of_person = c->external_id.len && customer_is_living(c),
                                         .has_address = c->email.len > 0};
        g->next_person[node] = NO_NODE;
        name_table_add(&g->names, c->source_id, c->subject, node);
    }
    for (struct address *a = s->addresses; a; a = a->next, node++) {
        g->addresses[node - g->n_customers] = a;
        g->above[node] = node;
        g->groups[node] = (struct group){.people = NO_NODE, .has_address = address_is_real(a->key)};
        name_table_add(&g->names, ADDRESSES, a->key, node);
    }
    return OK;
}

/* The number of the node's group. */
static size_t group_of(struct graph *g, size_t node)
{
    while (g->above[node] != node) {
        g->above[node] = g->above[g->above[node]];
        node = g->above[node];
    }
    return node;
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
        size_t into;

        if (c->merged_into.len && name_table_find(&g->names, c->source_id, c->merged_into, &into))
            g->links[g->n_links++] = (struct link){.customer = i, .other = into, .step = STEP_STORE_MERGE};
    }
    for (struct claim *c = s->claims; c; c = c->next) {
        size_t customer, address;

        if (name_table_find(&g->names, c->source_id, c->subject, &customer) &&
            name_table_find(&g->names, ADDRESSES, c->address, &address))
            g->links[g->n_links++] =
                (struct link){.customer = customer, .other = address, .step = step_of(c, g->customers[customer]), .claim = c};
    }
    qsort(g->links, g->n_links, sizeof(*g->links), compare_links);
}

/* No source has a person in both groups (M3). */
static bool may_join(const struct graph *g, size_t left, size_t right)
{
    size_t a = g->groups[left].people, b = g->groups[right].people;

    while (a != NO_NODE && b != NO_NODE) {
        int64_t source_a = g->customers[a]->source_id, source_b = g->customers[b]->source_id;

        if (source_a == source_b)
            return false;
        if (source_a < source_b)
            a = g->next_person[a];
        else
            b = g->next_person[b];
    }
    return true;
}

/* One list of two, by source. */
static size_t join_people(struct graph *g, size_t a, size_t b)
{
    size_t first = NO_NODE, *end = &first;

    while (a != NO_NODE && b != NO_NODE) {
        size_t *least = g->customers[a]->source_id <= g->customers[b]->source_id ? &a : &b;

        *end = *least;
        end = &g->next_person[*least];
        *least = *end;
    }
    *end = a != NO_NODE ? a : b;
    return first;
}

static void join_groups(struct graph *g, size_t left, size_t right)
{
    size_t from = left < right ? right : left, into = left < right ? left : right;
    struct group *to = &g->groups[into], *gone = &g->groups[from];

    g->above[from] = into;
    to->people = join_people(g, to->people, gone->people);
    to->is_of_person |= gone->is_of_person;
    to->has_address |= gone->has_address;
}

/* Why a customer's link must not join the two groups. A customer's first address says who it is (M1), a later one may be a mistake. */
static enum claim_apart refusal(const struct graph *g, const struct link *l, size_t left, size_t right)
{
    if (!may_join(g, left, right))
        return APART_SAME_SOURCE;
    return g->placed[l->customer] && g->groups[right].is_of_person ? APART_TAKEN : APART_NOT;
}

/* Takes the links of the steps `from` to `to`. */
static void graph_join(struct graph *g, enum step from, enum step to)
{
    for (size_t i = 0; i < g->n_links; i++) {
        struct link *l = &g->links[i];
        size_t left = group_of(g, l->customer), right = group_of(g, l->other);

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
static void mark_apart(struct scope *s, struct graph *g, const struct event_context *ctx)
{
    for (size_t i = 0; i < g->n_links; i++) {
        const struct link *l = &g->links[i];
        const struct customer *c = g->customers[l->customer];
        enum claim_apart apart = group_of(g, l->customer) == group_of(g, l->other) ? APART_NOT : l->refused;

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

/* Lists each group's nodes in their order. */
static void graph_members(struct graph *g)
{
    for (size_t i = 0; i < g->n_nodes; i++)
        g->groups[i].members = NO_NODE;
    for (size_t i = g->n_nodes; i-- > 0;) {
        struct group *group = &g->groups[group_of(g, i)];

        g->next_member[i] = group->members;
        group->members = i;
    }
}

/* M6: the oldest identified contact's id survives; without one the oldest. Ids grow with time, so the least is the oldest. */
static struct str survivor(const struct graph *g, size_t group)
{
    struct str best = STR_NONE;
    bool best_identified = false;

    for (size_t i = g->groups[group].members; i != NO_NODE; i = g->next_member[i]) {
        struct str id = node_contact(g, i);
        bool identified = i < g->n_customers && g->customers[i]->external_id.len;

        if (id.len == 0 || name_table_find(&g->ids_given, NO_SOURCE, id, NULL))
            continue;
        if (best.len == 0 || identified > best_identified || (identified == best_identified && str_cmp(id, best) < 0)) {
            best = id;
            best_identified = identified;
        }
    }
    return best;
}

static bool is_contact(struct graph *g, size_t node)
{
    return group_of(g, node) == node && g->groups[node].has_address;
}

static void give(struct graph *g, size_t group, struct str id)
{
    g->ids[group] = id;
    if (id.len)
        name_table_add(&g->ids_given, NO_SOURCE, id, group);
}

/* Every contact keeps an id that it had, or gets a new one. */
static enum err choose_ids(struct scope *s, struct graph *g, const struct event_context *ctx)
{
    enum err err = name_table_init(&g->ids_given, s->arena, g->n_nodes);

    for (size_t i = 0; i < g->n_nodes && !err; i++)
        if (is_contact(g, i))
            give(g, i, survivor(g, i));
    for (size_t i = 0; i < g->n_nodes && !err; i++)
        if (is_contact(g, i) && g->ids[i].len == 0) {
            struct id fresh = ctx->new_id(ctx->arg);
            struct str id = arena_str(s->arena, id_str(&fresh));

            s->made++;
            err = id.p ? OK : ERR_MEMORY;
            give(g, i, id);
        }
    return err;
}

/* Nothing when it was dropped before. */
static void drop_contact(struct scope *s, struct graph *g, const struct event_context *ctx, struct str id, struct str into)
{
    struct dropped_contact *d;

    if (!name_table_add(&g->ids_dropped, NO_SOURCE, id, 0))
        return;
    d = scope_add(s, &s->dropped, sizeof(*d));
    if (!d)
        return;
    d->id = id;
    d->into = into;
    scope_note(s, ctx, into, "M6", "contact merged", STR_NONE, id, into);
}

static enum err know_dropped(struct scope *s, struct graph *g)
{
    size_t n = g->n_nodes;
    enum err err;

    for (const struct dropped_contact *d = s->dropped; d; d = d->next)
        n++;
    err = name_table_init(&g->ids_dropped, s->arena, n);
    for (const struct dropped_contact *d = s->dropped; d && !err; d = d->next)
        name_table_add(&g->ids_dropped, NO_SOURCE, d->id, 0);
    return err;
}

static void assign(struct scope *s, struct graph *g, const struct event_context *ctx)
{
    for (size_t i = 0; i < g->n_nodes; i++) {
        struct str old = node_contact(g, i), id = g->ids[group_of(g, i)];

        if (str_eq(old, id))
            continue;
        if (old.len && !name_table_find(&g->ids_given, NO_SOURCE, old, NULL))
            drop_contact(s, g, ctx, old, id);
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
    enum err err = graph_nodes(s, &g);

    if (!err)
        err = know_dropped(s, &g);
    if (!err) {
        graph_links(s, &g);
        graph_join(&g, STEP_STORE_MERGE, STEP_DELETED);
        mark_apart(s, &g, ctx);
        graph_join(&g, STEP_OPERATOR, STEP_OPERATOR);
        graph_members(&g);
        err = choose_ids(s, &g, ctx);
    }
    if (!err)
        assign(s, &g, ctx);
    else
        s->err = err;
}
