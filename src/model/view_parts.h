/* view_parts.h -- owns what the files of the view share; not for use outside src/model. */
#ifndef MODEL_VIEW_PARTS_H
#define MODEL_VIEW_PARTS_H

#include "model/view.h"

/* The address of one customer, with what says so. `customer` NULL: there is none. */
struct view_address {
    const struct customer *customer;
    struct str key, shown;
    enum claim_class class;
    struct version v;
};
enum err view_consents(const struct view_input *in, const struct view_address *primary, struct contact_view *out) MUST_CHECK;
enum err view_fields(const struct view_input *in, struct contact_view *out) MUST_CHECK;
/* Sorts and drops repetitions; returns how many are left. */
size_t view_unique_texts(struct str *at, size_t n);
/* The customers of a contact, and who is one with whom but for an operator's merge. */
struct view_persons {
    const struct customer **at;
    size_t *merged; /* the same number: the store merged them (M5) */
    size_t *person; /* the same number: one person, also by an address; only when `joined_us` */
    size_t n;
    int64_t joined_us; /* latest merge by an operator (M10); 0 = never */
};
enum err view_persons_of(const struct scope *facts, struct arena *arena, struct view_persons *out) MUST_CHECK;
/* Place of a customer in `at`; `n` when it is not of the contact. */
size_t view_person_place(const struct view_persons *p, int64_t source_id, struct str subject);
/* The address that a mail would go to: of one of the persons, as if nobody had joined them, or of the contact (`p` NULL). */
struct view_address view_primary_of(const struct scope *facts, const struct view_persons *p, size_t person);
/* True when the person named the address, or it stands for one of its customers (consent_subject_address). */
bool view_person_named(const struct view_input *in, const struct view_persons *p, size_t person, struct str address);
/* True when `word` is one of the words, which blanks part. */
bool is_one_of(struct str word, const char *words);
/* The later of state and late status. */
struct str order_status(const struct order *o);
/* What one order is worth by the refunds among the facts, and whether it counts (K5-K8). `purchase_states`: struct view_input. */
void view_order(const struct scope *facts, const char *purchase_states, const struct order *o, struct view_order *v);
enum err view_orders(const struct view_input *in, struct contact_view *out) MUST_CHECK;
enum err view_carts(const struct view_input *in, struct contact_view *out) MUST_CHECK;

#endif
