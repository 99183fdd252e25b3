/* view_consent.c -- owns the consent of a contact: what was said for all its addresses, brought to one answer (C1, C10, H1, M8). */
#include "model/view_parts.h"

#include "model/phone.h"

#include <stdlib.h>

/* Since when the customer has its present address; 0 when nothing says. */
static int64_t address_since(const struct view_input *in, const struct view_address *a)
{
    const struct customer *c = a->customer;

    for (const struct claim *k = in->facts->claims; k; k = k->next)
        if (k->source_id == c->source_id && str_eq(k->subject, c->subject) && str_eq(k->address, a->key))
            return k->first_us;
    return 0;
}

/* True when the statement is kept with the customer itself and was made when it had its present address. */
static bool speaks_of(const struct view_input *in, const struct view_address *primary, const struct consent *c, int64_t at_us)
{
    struct str own = consent_subject_address(in->arena, primary->customer->source_id, primary->customer->subject);

    return str_eq(c->address, own) && at_us >= address_since(in, primary);
}

/* Restricting statements count for every address of the person, relaxing ones only for the address they were given for. */
static void join_statement(const struct view_input *in, const struct view_address *primary, const struct consent *c,
                           struct consent_register into[CONSENT_KIND__COUNT])
{
    consent_take(&into[CONSENT_RESTRICT], &c->is[CONSENT_RESTRICT]);
    if (!primary->customer)
        return;
    for (enum consent_kind k = CONSENT_OPT_IN; k < CONSENT_KIND__COUNT; k++)
        if (str_eq(c->address, primary->key) || speaks_of(in, primary, c, c->is[k].at_us))
            consent_take(&into[k], &c->is[k]);
}

/* As join_statement, for text messages: their address is the phone shown, or the customer where no phone was named. */
static void join_sms(const struct consent *c, struct str phone, struct consent_register into[CONSENT_KIND__COUNT])
{
    consent_take(&into[CONSENT_RESTRICT], &c->is[CONSENT_RESTRICT]);
    if (str_eq(c->address, phone) || str_starts(c->address, STR("#")))
        consent_join(into, c->is);
}

static struct view_consent answer(const struct consent_register is[CONSENT_KIND__COUNT])
{
    struct consent_verdict v = consent_resolve(is);

    if (!v.by)
        return (struct view_consent){.state = v.state};
    return (struct view_consent){
        .state = v.state, .at_us = v.by->at_us, .source_id = v.by->source_id, .basis = v.by->basis, .confirmed = v.by->confirmed};
}

/*
 * C8: what a source with a list says without naming one is said for all lists and for its own. Where its own waits for a confirmation,
 * so does what was said for all; it is confirmed with it.
 */
static void confirm_by_list(const struct view_input *in, const struct view_address *primary,
                            struct consent_register email[CONSENT_KIND__COUNT])
{
    struct consent_register of_list[CONSENT_KIND__COUNT] = {0};
    struct str list = STR_NONE;

    if (consent_resolve(email).by != &email[CONSENT_ASKED])
        return;
    for (size_t i = 0; i < in->n_sources; i++)
        if (in->sources[i].id == email[CONSENT_ASKED].source_id)
            list = in->sources[i].list;
    for (const struct consent *c = in->facts->consents; c && list.len; c = c->next)
        if (str_eq(c->list, list) && str_eq(c->channel, STR("email")))
            join_statement(in, primary, c, of_list);
    consent_take(&email[CONSENT_OPT_IN], &of_list[CONSENT_OPT_IN]);
}

static struct view_list *list_ensure(struct contact_view *out, struct str name)
{
    for (size_t i = 0; i < out->n_lists; i++)
        if (str_eq(out->lists[i].list, name))
            return &out->lists[i];
    out->lists[out->n_lists] = (struct view_list){.list = name};
    return &out->lists[out->n_lists++];
}

static int compare_lists(const void *left, const void *right)
{
    return str_cmp(((const struct view_list *)left)->list, ((const struct view_list *)right)->list);
}

/* What is said of one of the persons that an operator joined; a refusal for all lists is one for each (C10). */
static void join_person(const struct view_input *in, const struct view_persons *p, size_t person, struct str list,
                        struct consent_register into[CONSENT_KIND__COUNT])
{
    struct view_address primary = view_primary_of(in->facts, p, person);

    for (const struct consent *c = in->facts->consents; c; c = c->next) {
        if (!str_eq(c->channel, STR("email")) || !view_person_named(in, p, person, c->address))
            continue;
        if (str_eq(c->list, list))
            join_statement(in, &primary, c, into);
        else if (c->list.len == 0)
            consent_take(&into[CONSENT_RESTRICT], &c->is[CONSENT_RESTRICT]);
    }
}

/* M8: who is unsubscribed when an operator joins contacts makes the whole contact so; only an opt-in after the merge counts again. */
static void keep_refusals(const struct view_input *in, const struct view_persons *p, struct str list,
                          struct consent_register is[CONSENT_KIND__COUNT])
{
    for (size_t i = 0; p->joined_us && i < p->n; i++) {
        struct consent_register said[CONSENT_KIND__COUNT] = {0};

        join_person(in, p, p->person[i], list, said);
        if (consent_resolve(said).state != CONSENT_UNSUBSCRIBED)
            continue;
        for (enum consent_kind k = CONSENT_OPT_IN; k < CONSENT_KIND__COUNT; k++)
            if (is[k].at_us <= p->joined_us)
                is[k] = (struct consent_register){.set = false};
        consent_take(&is[CONSENT_RESTRICT], &said[CONSENT_RESTRICT]);
    }
}

/* C10: without a list an unsubscription is global, so it restricts every list as well. */
static void answer_list(const struct view_input *in, const struct view_address *primary, const struct view_persons *persons,
                        const struct consent_register *global, struct view_list *list)
{
    struct consent_register is[CONSENT_KIND__COUNT] = {[CONSENT_RESTRICT] = *global};
    struct view_consent said;

    for (const struct consent *c = in->facts->consents; c; c = c->next)
        if (str_eq(c->list, list->list) && str_eq(c->channel, STR("email")))
            join_statement(in, primary, c, is);
    keep_refusals(in, persons, list->list, is);
    said = answer(is);
    list->state = said.state;
    if (said.at_us)
        list->since_us = said.at_us;
}

enum err view_consents(const struct view_input *in, const struct view_address *primary, struct contact_view *out)
{
    struct consent_register email[CONSENT_KIND__COUNT] = {0}, sms[CONSENT_KIND__COUNT] = {0};
    char phone[PHONE_CHARS + 1];
    struct str shown = phone_normalise(out->phone, phone) ? STR_NONE : str_of(phone);
    struct view_persons persons;
    size_t n = 0;
    enum err err = view_persons_of(in->facts, in->arena, &persons);

    if (err)
        return err;
    for (const struct consent *c = in->facts->consents; c; c = c->next)
        n++;
    out->lists = arena_array(in->arena, n, sizeof(*out->lists));
    if (!out->lists)
        return ERR_MEMORY;
    for (const struct consent *c = in->facts->consents; c; c = c->next) {
        if (!str_eq(c->channel, STR("email"))) {
            if (c->list.len == 0)
                join_sms(c, shown, sms);
            continue;
        }
        if (c->list.len == 0) {
            join_statement(in, primary, c, email);
        } else {
            struct view_list *list = list_ensure(out, c->list);

            if (list->since_us == 0 || (c->since_us && c->since_us < list->since_us))
                list->since_us = c->since_us;
        }
    }
    confirm_by_list(in, primary, email);
    keep_refusals(in, &persons, STR(""), email);
    out->consent = answer(email);
    out->sms = answer(sms);
    for (size_t i = 0; i < out->n_lists; i++)
        answer_list(in, primary, &persons, &email[CONSENT_RESTRICT], &out->lists[i]);
    qsort(out->lists, out->n_lists, sizeof(*out->lists), compare_lists);
    return OK;
}
