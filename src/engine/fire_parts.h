/* fire_parts.h -- owns what the files of the firing share; not for use outside of them. */
#ifndef ENGINE_FIRE_PARTS_H
#define ENGINE_FIRE_PARTS_H

#include "base/json.h"
#include "engine/fire.h"

/* Fills f->contact and f->facts. ERR_NOT_FOUND, those of the database. */
enum err fire_load_contact(struct fire *f, struct str contact_id) MUST_CHECK;
/* Does all that the trigger asks for, and notes what was done. */
enum err fire_actions(struct fire *f, const struct trigger *t, const struct happening *h) MUST_CHECK;
/* Appends the member "data" of a notice: what happened, and to whom. `cycle` may be NULL. */
enum err fire_data(const struct fire *f, struct str because, const struct happening *h, const struct trigger_action *cycle,
                   struct buf *out) MUST_CHECK;

#endif
