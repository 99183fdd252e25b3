/* contacts_filter.c -- owns which contacts a command shows: its flags, and the question whether a contact passes. */
#include "cli/contacts_filter.h"

#include "base/text_holds.h"
#include "base/timefmt.h"
#include "model/trigger.h"
#include "store/scope.h"
#include "store/visit.h"

static int check_state(const char *flag, const char *text, enum consent_state *out)
{
    if (text && consent_state_parse(str_of(text), out))
        return cli_wrong("--%s %s: give none, pending, subscribed or unsubscribed", flag, text);
    return CLI_GO;
}

static int check_time(const char *flag, const char *text, int64_t *out)
{
    if (text && time_parse(str_of(text), TIME_ANY, out))
        return cli_wrong("--%s %s: give a day or a time, such as 2024-05-02 or 2024-05-02T09:00:00Z", flag, text);
    return CLI_GO;
}

static int check_cart(const char *text)
{
    for (int state = CART_ACTIVE; text && state <= CART_CLOSED; state++)
        if (strcmp(text, cart_state_name(state)) == 0)
            return CLI_GO;
    return text ? cli_wrong("--cart %s: give active, abandoned, recovered, completed or closed", text) : CLI_GO;
}

int contact_filter_check(struct contact_filter *f)
{
    int code = check_state("status", f->status, &f->status_is);

    if (code == CLI_GO)
        code = check_state("consent", f->consent, &f->consent_is);
    if (code == CLI_GO)
        code = check_time("since", f->since, &f->since_us);
    if (code == CLI_GO)
        code = check_time("until", f->until, &f->until_us);
    if (code == CLI_GO)
        code = check_cart(f->cart);
    if (code == CLI_GO && f->mailable && strcmp(f->mailable, "yes") != 0 && strcmp(f->mailable, "no") != 0)
        code = cli_wrong("--mailable %s: give yes or no", f->mailable);
    return code;
}

static bool same(const char *given, struct str s)
{
    return str_eq(str_of(given), s);
}

static bool on_list(const struct contact_filter *f, const struct contact_view *v)
{
    for (size_t i = 0; i < v->n_lists; i++)
        if ((!f->list || same(f->list, v->lists[i].list)) && (!f->status || f->status_is == v->lists[i].state))
            return true;
    return false;
}

static bool known_to(const struct contact_filter *f, const struct contact_reader *r, const struct contact_view *v)
{
    for (size_t i = 0; i < v->n_customers; i++)
        if (same(f->source, view_source_name(r->sources, r->n_sources, v->customers[i]->source_id)))
            return true;
    return false;
}

static bool one_of(const char *given, const struct str *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (same(given, at[i]))
            return true;
    return false;
}

static bool has_field(const char *given, const struct contact_view *v)
{
    struct str text = str_of(given), name = str_upto(text, str_find(text, '='));

    for (size_t i = 0; i < v->n_fields; i++)
        if (str_eq(v->fields[i]->name, name))
            return name.len == text.len || str_eq(v->fields[i]->value, str_from(text, name.len + 1));
    return false;
}

static bool has_cart(const char *state, const struct contact_view *v)
{
    for (size_t i = 0; i < v->n_carts; i++)
        if (strcmp(state, cart_state_name(v->carts[i].state)) == 0)
            return true;
    return false;
}

static bool bought(const char *given, const struct contact_view *v)
{
    for (size_t i = 0; i < v->n_bought; i++)
        if (same(given, v->bought[i].product_id) || same(given, v->bought[i].variant_id) || same(given, v->bought[i].sku))
            return true;
    return false;
}

static bool in_time(const struct contact_filter *f, const struct contact_view *v)
{
    return (!f->since || v->updated_us >= f->since_us) && (!f->until || v->updated_us < f->until_us);
}

static bool suppressed(const char *reason, const struct contact_view *v)
{
    return strcmp(reason, "any") == 0 ? v->n_suppressions > 0 : one_of(reason, v->suppressions, v->n_suppressions);
}

static bool passes_view(const struct contact_filter *f, const struct contact_reader *r, const struct contact_view *v)
{
    return in_time(f, v) && (!f->consent || f->consent_is == v->consent.state) &&
           (!f->mailable || v->mailable == (f->mailable[0] == 'y')) && ((!f->list && !f->status) || on_list(f, v)) &&
           (!f->source || known_to(f, r, v)) && (!f->tag || one_of(f->tag, v->tags, v->n_tags)) &&
           (!f->field || has_field(f->field, v)) && (!f->suppressed || suppressed(f->suppressed, v)) &&
           (!f->cart || has_cart(f->cart, v)) && (!f->bought || bought(f->bought, v)) &&
           (!f->email || !*f->email || text_holds(v->email, str_of(f->email)));
}

/* Looks for a visit of a page. */
struct looking {
    struct trigger like; /* its condition on the page is the one of triggers */
    bool found;
};

static enum err look_at_visit(void *arg, const struct visit *visit, struct arena *arena)
{
    struct looking *l = arg;

    (void)arena;
    l->found |= trigger_fits_visit(&l->like, visit->url, visit->product_id);
    return OK;
}

enum err contact_filter_judge(const struct contact_filter *f, struct contact_reader *r, const struct contact_view *v, bool *passes)
{
    struct looking looking = {.like = {.when = {.url = str_of(f->visited)}}};
    struct scope facts;
    enum err err;

    *passes = passes_view(f, r, v);
    if (!*passes || !f->visited)
        return OK;
    err = scope_load_contact(r->store, v->id, &r->work, &facts);
    if (!err)
        err = visits_of_contact(r->store, &facts, &r->work, look_at_visit, &looking);
    *passes = looking.found;
    return err;
}
