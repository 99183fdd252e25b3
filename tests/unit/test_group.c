/* test_group.c -- who is one contact, against a naive reading of the rules on random customers, addresses and claims (M1, M3-M6, M10, H2). */
#include "model/apply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { ROUNDS = 10000, NODES_MAX = 100, CLAIMS_MAX = 300, SOURCES = 3, IDS = 12, ARENA_BYTES = 16 << 20 };

/* -- random facts ------------------------------------------------------------------------------------------------------------ */

static unsigned draw(uint64_t *seed, unsigned n)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*seed >> 33) % n;
}

static struct str numbered(struct scope *s, const char *before, unsigned n)
{
    char out[64];
    struct str kept;

    snprintf(out, sizeof(out), "%s%03u", before, n);
    kept = arena_str(s->arena, str_of(out));
    assert_non_null(kept.p);
    return kept;
}

static struct str some_contact(struct scope *s, uint64_t *seed)
{
    unsigned n = draw(seed, IDS * 2);

    return n < IDS ? numbered(s, "id", n) : STR_NONE;
}

static void add_customer(struct scope *s, uint64_t *seed, unsigned number, unsigned n)
{
    struct customer *c = scope_add(s, &s->customers, sizeof(*c));
    bool known = draw(seed, 4) > 0;

    assert_non_null(c);
    c->source_id = number % SOURCES;
    c->subject = numbered(s, "c:", number);
    c->external_id = known ? str_from(c->subject, 2) : STR_NONE;
    c->contact_id = some_contact(s, seed);
    c->email = draw(seed, 3) ? STR("ada@example.com") : STR_NONE;
    c->seen_v = (struct version){.at_us = 10};
    c->deleted_v = (struct version){.at_us = draw(seed, 6) ? 0 : 20};
    if (draw(seed, 6) == 0)
        c->merged_into = numbered(s, "c:", draw(seed, n));
}

static void add_address(struct scope *s, uint64_t *seed, unsigned number)
{
    struct address *a = scope_add(s, &s->addresses, sizeof(*a));

    assert_non_null(a);
    a->key = numbered(s, draw(seed, 8) ? "a" : "#", number);
    a->contact_id = some_contact(s, seed);
}

/* Now and then of a customer or an address that is not there. */
static void add_claim(struct scope *s, uint64_t *seed, unsigned n_customers, unsigned n_addresses)
{
    unsigned number = draw(seed, n_customers + 1), address = draw(seed, n_addresses + 1), source = number % SOURCES;
    struct str subject = numbered(s, "c:", number), key = STR("nobody's");
    struct claim *c;

    for (struct address *a = s->addresses; a && address; a = a->next, address--)
        key = a->key;
    for (c = s->claims; c; c = c->next)
        if (c->source_id == source && str_eq(c->subject, subject) && str_eq(c->address, key))
            return;
    c = scope_add(s, &s->claims, sizeof(*c));
    assert_non_null(c);
    c->source_id = source;
    c->subject = subject;
    c->address = key;
    c->class = draw(seed, 10) ? (enum claim_class)draw(seed, 2) : CLAIM_JOIN;
    c->first_us = draw(seed, 8);
    c->apart = (enum claim_apart)draw(seed, 3);
}

static void make_scope(struct scope *s, struct arena *arena, uint64_t seed)
{
    unsigned most = draw(&seed, 10) ? 8 : NODES_MAX / 2, n_customers = 1 + draw(&seed, most), n_addresses = 1 + draw(&seed, most);
    unsigned n_claims = draw(&seed, 3 * (n_customers + n_addresses));

    *s = (struct scope){.arena = arena};
    for (unsigned i = 0; i < n_customers; i++)
        add_customer(s, &seed, i, n_customers);
    for (unsigned i = 0; i < n_addresses; i++)
        add_address(s, &seed, i);
    for (unsigned i = 0; i < n_claims; i++)
        add_claim(s, &seed, n_customers, n_addresses);
}

/* -- the naive reading ------------------------------------------------------------------------------------------------------- */

/* Every question is answered by a look at everything. */
struct naive {
    struct customer *customers[NODES_MAX];
    struct address *addresses[NODES_MAX];
    struct claim *claims[CLAIMS_MAX];
    size_t n_customers, n_nodes, n_claims;
    size_t label[NODES_MAX * 2];
    enum claim_apart refused[CLAIMS_MAX];
    bool placed[NODES_MAX];
    struct str ids[NODES_MAX * 2];
};

static size_t customer_at(const struct naive *n, int64_t source_id, struct str subject)
{
    for (size_t i = 0; i < n->n_customers; i++)
        if (n->customers[i]->source_id == source_id && str_eq(n->customers[i]->subject, subject))
            return i;
    return n->n_nodes;
}

static size_t address_at(const struct naive *n, struct str key)
{
    for (size_t i = n->n_customers; i < n->n_nodes; i++)
        if (str_eq(n->addresses[i - n->n_customers]->key, key))
            return i;
    return n->n_nodes;
}

/* 0: of a living customer, 1: of a deleted one, 2: an operator's. */
static int turn_of(const struct naive *n, const struct claim *c)
{
    if (c->class == CLAIM_JOIN)
        return 2;
    return !customer_is_living(n->customers[customer_at(n, c->source_id, c->subject)]);
}

static bool is_sooner(const struct naive *n, const struct claim *a, const struct claim *b)
{
    int subject = str_cmp(a->subject, b->subject);

    if (turn_of(n, a) != turn_of(n, b))
        return turn_of(n, a) < turn_of(n, b);
    if (a->class != b->class)
        return a->class == CLAIM_STRONG;
    if (a->first_us != b->first_us)
        return a->first_us < b->first_us;
    if (a->source_id != b->source_id)
        return a->source_id < b->source_id;
    return subject ? subject < 0 : str_cmp(a->address, b->address) < 0;
}

/* The claims between what is there, the sooner first. */
static void list_facts(struct naive *n, const struct scope *s)
{
    for (struct customer *c = s->customers; c; c = c->next)
        n->customers[n->n_customers++] = c;
    n->n_nodes = n->n_customers;
    for (struct address *a = s->addresses; a; a = a->next)
        n->addresses[n->n_nodes++ - n->n_customers] = a;
    for (size_t i = 0; i < n->n_nodes; i++)
        n->label[i] = i;
    for (struct claim *c = s->claims; c; c = c->next) {
        size_t at = n->n_claims;

        if (customer_at(n, c->source_id, c->subject) == n->n_nodes || address_at(n, c->address) == n->n_nodes)
            continue;
        for (; at > 0 && is_sooner(n, c, n->claims[at - 1]); at--)
            n->claims[at] = n->claims[at - 1];
        n->claims[at] = c;
        n->n_claims++;
    }
}

static void join(struct naive *n, size_t a, size_t b)
{
    size_t from = n->label[a] > n->label[b] ? n->label[a] : n->label[b],
           into = n->label[a] > n->label[b] ? n->label[b] : n->label[a];

    for (size_t i = 0; i < n->n_nodes; i++)
        if (n->label[i] == from)
            n->label[i] = into;
}

static bool is_known_and_living(const struct customer *c)
{
    return c->external_id.len && customer_is_living(c);
}

/* M3 */
static bool would_mix_people(const struct naive *n, size_t left, size_t right)
{
    for (size_t i = 0; i < n->n_customers; i++)
        for (size_t j = 0; j < n->n_customers; j++) {
            const struct customer *a = n->customers[i], *b = n->customers[j];

            if (n->label[i] == n->label[left] && n->label[j] == n->label[right] && a->source_id == b->source_id &&
                is_known_and_living(a) && is_known_and_living(b) && a->merged_into.len == 0 && b->merged_into.len == 0)
                return true;
        }
    return false;
}

/* H2 */
static bool is_somebodys(const struct naive *n, size_t node)
{
    for (size_t i = 0; i < n->n_customers; i++)
        if (n->label[i] == n->label[node] && is_known_and_living(n->customers[i]))
            return true;
    return false;
}

static void take_claims(struct naive *n)
{
    for (size_t i = 0; i < n->n_claims && n->claims[i]->class != CLAIM_JOIN; i++) {
        size_t customer = customer_at(n, n->claims[i]->source_id, n->claims[i]->subject);
        size_t address = address_at(n, n->claims[i]->address);

        if (n->label[customer] != n->label[address]) {
            if (would_mix_people(n, customer, address))
                n->refused[i] = APART_SAME_SOURCE;
            else if (n->placed[customer] && is_somebodys(n, address))
                n->refused[i] = APART_TAKEN;
            else
                join(n, customer, address);
        }
        n->placed[customer] = true;
    }
}

static void mark(struct naive *n, struct scope *s, const struct event_context *ctx)
{
    for (size_t i = 0; i < n->n_claims && n->claims[i]->class != CLAIM_JOIN; i++) {
        struct claim *c = n->claims[i];
        size_t customer = customer_at(n, c->source_id, c->subject);
        bool together = n->label[customer] == n->label[address_at(n, c->address)];
        enum claim_apart apart = together ? APART_NOT : n->refused[i];

        if (apart == c->apart)
            continue;
        c->apart = apart;
        c->changed = true;
        if (apart == APART_TAKEN)
            scope_note(s, ctx, n->customers[customer]->contact_id, "H2", "address is another contact's", c->address, STR_NONE,
                       n->customers[customer]->external_id);
        if (apart == APART_SAME_SOURCE)
            scope_note(s, ctx, n->customers[customer]->contact_id, "M3", "address kept apart", c->address, STR_NONE,
                       n->customers[customer]->external_id);
    }
}

static struct str *contact_at(const struct naive *n, size_t node)
{
    return node < n->n_customers ? &n->customers[node]->contact_id : &n->addresses[node - n->n_customers]->contact_id;
}

static bool is_given(const struct naive *n, struct str id)
{
    for (size_t i = 0; i < n->n_nodes; i++)
        if (str_eq(n->ids[i], id))
            return true;
    return false;
}

/* AC-30 */
static bool has_address(const struct naive *n, size_t group)
{
    for (size_t i = 0; i < n->n_nodes; i++)
        if (n->label[i] == group &&
            (i < n->n_customers ? n->customers[i]->email.len > 0 : n->addresses[i - n->n_customers]->key.p[0] != '#'))
            return true;
    return false;
}

/* M6: identified ones first, then the least id. */
static struct str oldest(const struct naive *n, size_t group)
{
    for (int identified = 1; identified >= 0; identified--) {
        struct str best = STR_NONE;

        for (size_t i = 0; i < n->n_nodes; i++) {
            struct str id = *contact_at(n, i);
            bool is_identified = i < n->n_customers && n->customers[i]->external_id.len;

            if (n->label[i] == group && is_identified == identified && id.len && !is_given(n, id) &&
                (best.len == 0 || str_cmp(id, best) < 0))
                best = id;
        }
        if (best.len)
            return best;
    }
    return STR_NONE;
}

static void give_ids(struct naive *n, struct scope *s, const struct event_context *ctx)
{
    for (size_t i = 0; i < n->n_nodes; i++)
        if (n->label[i] == i && has_address(n, i))
            n->ids[i] = oldest(n, i);
    for (size_t i = 0; i < n->n_nodes; i++)
        if (n->label[i] == i && has_address(n, i) && n->ids[i].len == 0) {
            struct id fresh = ctx->new_id(ctx->arg);

            n->ids[i] = arena_str(s->arena, id_str(&fresh));
            s->made++;
        }
}

static bool is_dropped(const struct scope *s, struct str id)
{
    for (const struct dropped_contact *d = s->dropped; d; d = d->next)
        if (str_eq(d->id, id))
            return true;
    return false;
}

static void drop(struct scope *s, const struct event_context *ctx, struct str old, struct str id)
{
    struct dropped_contact *d = scope_add(s, &s->dropped, sizeof(*d));

    assert_non_null(d);
    d->id = old;
    d->into = id;
    scope_note(s, ctx, id, "M6", "contact merged", STR_NONE, old, id);
}

static void naive_group(struct scope *s, const struct event_context *ctx)
{
    struct naive n = {.n_nodes = 0};

    list_facts(&n, s);
    for (size_t i = 0; i < n.n_customers; i++) {
        size_t into = customer_at(&n, n.customers[i]->source_id, n.customers[i]->merged_into);

        if (into < n.n_nodes)
            join(&n, i, into);
    }
    take_claims(&n);
    mark(&n, s, ctx);
    for (size_t i = 0; i < n.n_claims; i++)
        if (n.claims[i]->class == CLAIM_JOIN)
            join(&n, customer_at(&n, n.claims[i]->source_id, n.claims[i]->subject), address_at(&n, n.claims[i]->address));
    give_ids(&n, s, ctx);
    for (size_t i = 0; i < n.n_nodes; i++) {
        struct str *old = contact_at(&n, i), id = n.ids[n.label[i]];

        if (str_eq(*old, id))
            continue;
        if (old->len && !is_given(&n, *old) && !is_dropped(s, *old))
            drop(s, ctx, *old, id);
        *old = id;
        if (i < n.n_customers)
            n.customers[i]->changed = true;
        else
            n.addresses[i - n.n_customers]->changed = true;
    }
}

/* -- both -------------------------------------------------------------------------------------------------------------------- */

static struct id next_id(void *arg)
{
    unsigned *made = arg;
    struct id id;

    snprintf(id.text, sizeof(id.text), "fresh%027u", (*made)++);
    return id;
}

static void run(struct scope *s, void (*group)(struct scope *s, const struct event_context *ctx))
{
    static const struct event nothing;
    unsigned made = 0;
    struct event_context ctx = {.event = &nothing, .new_id = next_id, .arg = &made, .received_at_us = INT64_C(1714557600000000)};

    group(s, &ctx);
    assert_int_equal(s->err, OK);
}

#define assert_same(a, b) assert_true(str_eq(a, b))

static void assert_ledger_same(const struct ledger_row *a, const struct ledger_row *b)
{
    for (; a && b; a = a->next, b = b->next) {
        assert_same(a->contact_id, b->contact_id);
        assert_string_equal(a->rule, b->rule);
        assert_string_equal(a->what, b->what);
        assert_same(a->name, b->name);
        assert_same(a->old, b->old);
        assert_same(a->new, b->new);
    }
    assert_true(!a && !b);
}

static void assert_scopes_same(const struct scope *left, const struct scope *right)
{
    const struct customer *k = right->customers;
    const struct address *l = right->addresses;
    const struct claim *m = right->claims;
    const struct dropped_contact *e = right->dropped;

    for (const struct customer *c = left->customers; c; c = c->next, k = k->next) {
        assert_same(c->contact_id, k->contact_id);
        assert_int_equal(c->changed, k->changed);
    }
    for (const struct address *a = left->addresses; a; a = a->next, l = l->next) {
        assert_same(a->contact_id, l->contact_id);
        assert_int_equal(a->changed, l->changed);
    }
    for (const struct claim *c = left->claims; c; c = c->next, m = m->next) {
        assert_int_equal(c->apart, m->apart);
        assert_int_equal(c->changed, m->changed);
    }
    for (const struct dropped_contact *d = left->dropped; d; d = d->next, e = e->next) {
        assert_non_null(e);
        assert_same(d->id, e->id);
        assert_same(d->into, e->into);
    }
    assert_null(e);
    assert_int_equal(left->made, right->made);
    assert_ledger_same(left->ledger, right->ledger);
}

static void M3_M6_H2_groups_are_those_of_the_naive_reading(void **state)
{
    struct arena one, two;

    (void)state;
    arena_init(&one, ARENA_BYTES);
    arena_init(&two, ARENA_BYTES);
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct scope left, right;

        make_scope(&left, &one, seed);
        make_scope(&right, &two, seed);
        run(&left, scope_group);
        run(&right, naive_group);
        assert_scopes_same(&left, &right);
        arena_reset(&one);
        arena_reset(&two);
    }
    arena_release(&one);
    arena_release(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(M3_M6_H2_groups_are_those_of_the_naive_reading)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
