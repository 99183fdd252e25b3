/* view_parts.h -- owns what the files of the view share; not for use outside src/model. */
#ifndef MODEL_VIEW_PARTS_H
#define MODEL_VIEW_PARTS_H

#include "model/view.h"

/* `primary` may be NULL. */
enum err view_consents(const struct view_input *in, const struct customer *primary, struct contact_view *out) MUST_CHECK;
enum err view_fields(const struct view_input *in, struct contact_view *out) MUST_CHECK;
/* Sorts and drops repetitions; returns how many are left. */
size_t view_unique_texts(struct str *at, size_t n);
/* True when `word` is one of the words, which blanks part. */
bool is_one_of(struct str word, const char *words);
/* The later of state and late status. */
struct str order_status(const struct order *o);
enum err view_orders(const struct view_input *in, struct contact_view *out) MUST_CHECK;
enum err view_carts(const struct view_input *in, struct contact_view *out) MUST_CHECK;

#endif
