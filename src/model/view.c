/* view.c -- owns the contact as a reader sees it: derived from the facts, never stored (K4, C1, M7). */
#include "model/view_parts.h"

#include <stdlib.h>

static int compare_customers(const void *left, const void *right)
{
    const struct customer *a = *(const struct customer *const *)left, *b = *(const struct customer *const *)right;

    if (a->source_id != b->source_id)
        return a->source_id < b->source_id ? -1 : 1;
    return str_cmp(a->subject, b->subject);
}

static enum err view_people(const struct view_input *in, struct contact_view *out)
{
    size_t n = 0, identified = 0, living = 0;

    for (const struct customer *c = in->facts->customers; c; c = c->next)
        n++;
    out->customers = arena_array(in->arena, n, sizeof(*out->customers));
    if (!out->customers)
        return ERR_MEMORY;
    for (const struct customer *c = in->facts->customers; c; c = c->next) {
        if (c->first_us && (out->created_us == 0 || c->first_us < out->created_us))
            out->created_us = c->first_us;
        if (c->last_us > out->updated_us)
            out->updated_us = c->last_us;
        identified += c->external_id.len > 0;
        living += c->source_id != SOURCE_OPERATOR && customer_is_living(c); /* what the operator noted down keeps nobody */
        if (c->external_id.len && customer_is_living(c) && c->merged_into.len == 0)
            out->customers[out->n_customers++] = c;
    }
    qsort(out->customers, out->n_customers, sizeof(*out->customers), compare_customers);
    out->archived = identified > 0 && living == 0; /* X1 */
    return OK;
}

/* Takes a field out of the list into its own member of the view. */
static struct str take_field(struct contact_view *out, struct str name)
{
    for (size_t i = 0; i < out->n_fields; i++)
        if (str_eq(out->fields[i]->name, name)) {
            struct str value = out->fields[i]->value;

            memmove(&out->fields[i], &out->fields[i + 1], (out->n_fields - i - 1) * sizeof(*out->fields));
            out->n_fields--;
            return value;
        }
    return STR_NONE;
}

static bool suppresses_email(const struct scope *facts, const struct suppression *p)
{
    return str_eq(p->channel, STR("email")) && suppression_counts(facts, p);
}

static enum err view_suppressions(const struct view_input *in, struct contact_view *out)
{
    size_t n = 0;

    for (const struct suppression *p = in->facts->suppressions; p; p = p->next)
        n += suppresses_email(in->facts, p);
    out->suppressions = arena_array(in->arena, n, sizeof(*out->suppressions));
    if (!out->suppressions)
        return ERR_MEMORY;
    for (const struct suppression *p = in->facts->suppressions; p; p = p->next)
        if (suppresses_email(in->facts, p))
            out->suppressions[out->n_suppressions++] = p->reason;
    out->n_suppressions = view_unique_texts(out->suppressions, out->n_suppressions);
    return OK;
}

struct str view_source_name(const struct view_source *sources, size_t n, int64_t id)
{
    if (id == SOURCE_OPERATOR)
        return STR("operator");
    for (size_t i = 0; i < n; i++)
        if (sources[i].id == id)
            return sources[i].name;
    return STR("(removed)");
}

enum err view_build(const struct view_input *in, struct contact_view *out)
{
    struct view_address primary = view_primary_of(in->facts, NULL, 0);
    enum err err;

    *out = (struct contact_view){.id = in->id};
    out->email = primary.shown;
    err = view_people(in, out);
    if (!err)
        err = view_fields(in, out);
    if (!err)
        err = view_tags(in, out);
    if (!err) {
        out->phone = take_field(out, STR("phone"));
        err = view_suppressions(in, out);
    }
    if (!err)
        err = view_consents(in, &primary, out);
    if (!err)
        err = view_orders(in, out);
    if (!err)
        err = view_carts(in, out);
    if (err)
        return err;
    out->first_name = take_field(out, STR("first_name"));
    out->last_name = take_field(out, STR("last_name"));
    for (size_t i = 0; i < out->n_lists; i++)
        out->lists[i].mailable = out->lists[i].state == CONSENT_SUBSCRIBED && out->n_suppressions == 0 && !out->archived;
    out->mailable = out->consent.state == CONSENT_SUBSCRIBED && out->n_suppressions == 0 && !out->archived;
    return OK;
}
