/* drain_browser.c -- owns the way from what a browser said to events: of low trust, whatever stands in the entry. */
#include "engine/drain_browser.h"

#include "model/browser.h"
#include "model/visit_token.h"
#include "store/contact.h"

enum { EVENTS_MAX = 2 };

/* One part. D6: every visit is one of its own; the entry's id says which. */
static enum err begin_part(const struct entry *entry, struct arena *arena, struct mapped *out)
{
    struct buf key = BUF_INIT(128);
    enum err err = buf_printf(&key, "visit|%.*s", STR_ARG(entry->id));

    out->topic = entry->topic;
    out->dedupe_key = err ? STR_NONE : arena_str(arena, buf_str(&key));
    buf_release(&key);
    out->parts = arena_array(arena, 1, sizeof(*out->parts));
    out->events = arena_array(arena, EVENTS_MAX, sizeof(*out->events));
    out->places = arena_array(arena, EVENTS_MAX, sizeof(*out->places));
    if (err || !out->dedupe_key.p || !out->parts || !out->events || !out->places)
        return err ? err : ERR_MEMORY;
    *out->parts = (struct map_part){.topic = out->topic, .dedupe_key = out->dedupe_key};
    out->n_parts = 1;
    return OK;
}

static void end_event(struct mapped *out)
{
    out->places[out->n] = out->n;
    out->n++;
    out->parts->n_events++;
}

static enum err fail(struct map_failure *failure, const char *reason, struct str detail)
{
    failure->reason = reason;
    failure->detail = detail;
    return ERR_SYNTAX;
}

static enum err read_visit(const struct drain_parts *parts, const struct source *source, const struct entry *entry,
                           struct arena *arena, struct browser_said *said, struct map_failure *failure)
{
    struct page_rules rules = {.origins = str_of(source->visits_origins), .query_members = parts->query_members};
    enum err err = browser_read(entry->body, &rules, entry->received_at_us, arena, said);

    if (err == ERR_TOO_LARGE)
        return fail(failure, "too_large", STR("a visit of more than 8192 bytes"));
    if (err == ERR_SYNTAX)
        return fail(failure, "mapping", STR("no visit that a browser may tell of, on a page of the source's origins"));
    return err;
}

/* The event by which the token's contact is found: by one of its addresses, as a signed identify would name it. */
static enum err add_identify(const struct drain_parts *parts, const struct entry *entry, const struct browser_said *said,
                             struct arena *arena, struct mapped *out)
{
    struct event *event = &out->events[out->n];
    struct str contact_id = STR_NONE, email = STR_NONE;
    enum err err;

    if (said->token.len == 0 || visit_token_check(parts->seal, said->token, entry->received_at_us, &contact_id))
        return OK;
    err = contact_address(parts->store, contact_id, arena, &email);
    if (err == ERR_NOT_FOUND)
        return OK; /* erased since */
    if (err)
        return err;
    event->type = EVENT_IDENTIFY;
    event->m[M_VISITOR_ID] = said->event.m[M_VISITOR_ID];
    event->m[M_OCCURRED_AT] = said->event.m[M_OCCURRED_AT];
    event->m[M_CONTACT_EMAIL] = (struct value){.is = PRESENT, .text = email};
    end_event(out);
    return OK;
}

enum err drain_browser_map(const struct drain_parts *parts, const struct source *source, const struct entry *entry,
                           struct arena *arena, struct mapped *out, struct map_failure *failure)
{
    struct browser_said said;
    enum err err;

    *out = (struct mapped){.topic = STR_NONE};
    *failure = (struct map_failure){.reason = ""};
    err = begin_part(entry, arena, out);
    if (!err)
        err = read_visit(parts, source, entry, arena, &said, failure);
    if (err || said.refused)
        return err;
    out->events[0] = said.event;
    end_event(out);
    return add_identify(parts, entry, &said, arena, out);
}
