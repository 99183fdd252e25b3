/* view_person.c -- owns which address is a customer's, and who the persons are that an operator's merge made one contact (H2, M8-M10). */
#include "model/view_parts.h"

static bool is_own(const struct customer *c, const struct claim *k)
{
    return k->source_id == c->source_id && str_eq(k->subject, c->subject);
}

static bool is_later(const struct claim *a, const struct claim *b)
{
    int order = version_cmp(a->said_v, b->said_v);

    if (a->class != b->class)
        return a->class > b->class;
    return order ? order > 0 : str_cmp(a->address, b->address) < 0;
}

/* True when the contact has the address; `alone`: also without those that an operator joined with it. */
static bool has_address(const struct scope *facts, const struct customer *c, struct str key, bool alone)
{
    for (const struct claim *k = alone ? facts->claims : NULL; k; k = k->next)
        if (is_own(c, k) && str_eq(k->address, key))
            return !k->apart;
    return scope_address(facts, key) != NULL;
}

/* The one said last, unless it is another contact's and the customer has one of its own (H2). */
static struct view_address address_of(const struct scope *facts, const struct customer *c, bool alone)
{
    const struct claim *best = NULL;

    if (c->email.len == 0 || !has_address(facts, c, c->email, alone))
        for (const struct claim *k = facts->claims; k; k = k->next)
            if (is_own(c, k) && k->shown.len && has_address(facts, c, k->address, alone) && (!best || is_later(k, best)))
                best = k;
    if (best)
        return (struct view_address){
            .customer = c, .key = best->address, .shown = best->shown, .class = best->class, .v = best->said_v};
    return (struct view_address){.customer = c, .key = c->email, .shown = c->email_shown, .class = c->email_class, .v = c->email_v};
}

/* The address that a mail would go to: of a customer that the store still has (O5, M5) before one that it deleted or merged away,
 * of a customer before a guest, then what was said more strongly, then later. */
static bool is_better_address(const struct view_address *left, const struct view_address *right)
{
    const struct customer *a = left->customer, *b = right->customer;
    int living = (customer_is_living(a) && a->merged_into.len == 0) - (customer_is_living(b) && b->merged_into.len == 0);
    int known = (a->external_id.len > 0) - (b->external_id.len > 0);

    if (living)
        return living > 0;
    if (known)
        return known > 0;
    if (left->class != right->class)
        return left->class > right->class;
    return version_replaces(left->v, right->v);
}

struct view_address view_primary_of(const struct scope *facts, const struct view_persons *p, size_t person)
{
    struct view_address best = {.customer = NULL}, one;

    for (const struct customer *c = facts->customers; c; c = c->next) {
        if (p && p->person[view_person_place(p, c->source_id, c->subject)] != person)
            continue;
        one = address_of(facts, c, p != NULL);
        if (one.key.len && (!best.customer || is_better_address(&one, &best)))
            best = one;
    }
    return best;
}

/* When an operator joined the contact out of several; 0 = never (M10). */
static int64_t joined_us(const struct scope *facts)
{
    int64_t at = 0;

    for (const struct claim *k = facts->claims; k; k = k->next)
        if (k->class == CLAIM_JOIN && k->first_us > at)
            at = k->first_us;
    return at;
}

size_t view_person_place(const struct view_persons *p, int64_t source_id, struct str subject)
{
    size_t i = 0;

    while (i < p->n && !(p->at[i]->source_id == source_id && str_eq(p->at[i]->subject, subject)))
        i++;
    return i;
}

static void unite(size_t *number, size_t n, size_t a, size_t b)
{
    size_t from, into;

    if (a == n || b == n || number[a] == number[b])
        return;
    into = number[a] < number[b] ? number[a] : number[b];
    from = number[a] < number[b] ? number[b] : number[a];
    for (size_t i = 0; i < n; i++)
        if (number[i] == from)
            number[i] = into;
}

static bool is_shared(const struct claim *a, const struct claim *b)
{
    return a->class != CLAIM_JOIN && b->class != CLAIM_JOIN && !a->apart && !b->apart && str_eq(a->address, b->address);
}

static void unite_by_claims(struct view_persons *p, const struct scope *facts)
{
    for (const struct claim *a = facts->claims; a; a = a->next)
        for (const struct claim *b = a->next; b; b = b->next)
            if (is_shared(a, b))
                unite(p->person, p->n, view_person_place(p, a->source_id, a->subject),
                      view_person_place(p, b->source_id, b->subject));
}

enum err view_persons_of(const struct scope *facts, struct arena *arena, struct view_persons *out)
{
    size_t n = 0;

    *out = (struct view_persons){.joined_us = joined_us(facts)};
    for (const struct customer *c = facts->customers; c; c = c->next)
        n++;
    out->at = arena_array(arena, n, sizeof(*out->at));
    out->merged = arena_array(arena, n, sizeof(*out->merged));
    out->person = arena_array(arena, n, sizeof(*out->person));
    if (!out->at || !out->merged || !out->person)
        return ERR_MEMORY;
    for (const struct customer *c = facts->customers; c; c = c->next) {
        out->merged[out->n] = out->n;
        out->at[out->n++] = c;
    }
    for (size_t i = 0; i < n; i++)
        if (out->at[i]->merged_into.len)
            unite(out->merged, n, i, view_person_place(out, out->at[i]->source_id, out->at[i]->merged_into));
    for (size_t i = 0; i < n; i++)
        out->person[i] = out->merged[i];
    if (out->joined_us)
        unite_by_claims(out, facts);
    return OK;
}

/* What was said of a customer is kept under every address that it named, or with itself. */
bool view_person_named(const struct view_input *in, const struct view_persons *p, size_t person, struct str address)
{
    for (const struct claim *k = in->facts->claims; k; k = k->next) {
        size_t i = str_eq(k->address, address) && k->class != CLAIM_JOIN ? view_person_place(p, k->source_id, k->subject) : p->n;

        if (i < p->n && p->person[i] == person)
            return true;
    }
    for (size_t i = 0; i < p->n && str_starts(address, STR("#")); i++)
        if (p->person[i] == person && str_eq(address, consent_subject_address(in->arena, p->at[i]->source_id, p->at[i]->subject)))
            return true;
    return false;
}
