/* limit_watch.c -- owns what a drainer does about accounts at their limit of contacts: puts back who has room, tells what happened. */
#include "engine/limit_watch.h"

#include "base/log.h"
#include "engine/drain_job.h"
#include "store/account.h"
#include "store/account_limit.h"

#include <stdio.h>

enum { PAGE_LETTERS = 16, PAGES_A_TURN = 32, PAGE_BYTES = 128 << 20, CALLED_BYTES = 1 << 20, EVENTS_A_TURN = 50 };

void limit_watch_init(struct limit_watch *w)
{
    *w = (struct limit_watch){.n = 0};
    arena_init(&w->arena, CALLED_BYTES);
}

void limit_watch_release(struct limit_watch *w)
{
    arena_release(&w->arena);
}

void limit_watch_reset(struct limit_watch *w)
{
    w->n = 0;
    w->at[0] = w->start[0] = '\0';
}

/* --- the log ---------------------------------------------------------------------------------------------------------- */

static void tell_event(struct store *store, const struct account_event *e)
{
    static const struct {
        const char *kind;
        enum log_level level;
        const char *text;
    } texts[] = {
        {"limit_near", LOG_WARN, "contact limit near"},
        {"limit_reached", LOG_WARN, "contact limit reached"},
        {"limit_raised", LOG_WARN, "contact limit raised by itself"},
        {"overage", LOG_WARN, "billing: contacts above the limit"},
    };
    struct account account = {.name = ""};
    const char *text = "contact limit set";
    enum log_level level = LOG_INFO;

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (str_eq(e->kind, str_of(texts[i].kind))) {
            text = texts[i].text;
            level = texts[i].level;
        }
    if (account_get(store, e->account_id, &account)) /* its number will do */
        snprintf(account.name, sizeof(account.name), "%lld", (long long)e->account_id);
    LOG(level, text, KV_TEXT("account", account.name), KV_INT("contacts", e->contacts), KV_INT("limit", e->limit));
}

static enum err tell(struct store *store)
{
    struct account_event *events = NULL;
    struct arena arena;
    size_t n = 0;
    enum err err;

    arena_init(&arena, CALLED_BYTES);
    err = account_events_untold(store, EVENTS_A_TURN, &arena, &events, &n);
    for (size_t i = 0; i < n && !err; i++)
        tell_event(store, &events[i]);
    arena_release(&arena);
    return err;
}

/* --- the walk --------------------------------------------------------------------------------------------------------- */

static struct parked_letter *find(struct limit_watch *w, struct str delivery_id)
{
    for (size_t i = 0; i < w->n; i++)
        if (!w->letters[i].found && str_eq(w->letters[i].delivery_id, delivery_id))
            return &w->letters[i];
    return NULL;
}

/* ERR_NOT_FOUND: another drainer or a command was faster. */
static enum err look_at(struct limit_watch *w, struct stream *stream, const struct dead_letter *letter)
{
    bool waits = str_eq(letter->reason, STR(REASON_LIMIT));
    struct parked_letter *called = waits ? find(w, letter->entry.id) : NULL;
    enum err err = called ? stream_dead_replay(stream, letter, false) : OK;

    if (err && err != ERR_NOT_FOUND)
        return err;
    if (called) {
        called->found = true;
        w->n_found++;
        LOG(LOG_INFO, "dead letter enters again", KV_STR("id", letter->entry.id), KV_TEXT("why", "its account has room"));
    }
    w->is_clear &= !waits;
    snprintf(w->at, sizeof(w->at), "%.*s", STR_ARG(letter->dead_id));
    if (w->is_clear)
        snprintf(w->start, sizeof(w->start), "%s", w->at);
    return OK;
}

/* *end when there are no more letters. */
static enum err walk_page(struct limit_watch *w, struct stream *stream, struct arena *page, bool *end)
{
    struct dead_filter filter = {.after = str_of(w->at), .max = PAGE_LETTERS};
    struct dead_letter *letters = NULL;
    size_t n = 0;
    enum err err;

    arena_reset(page);
    err = stream_dead_list(stream, &filter, page, &letters, &n);
    for (size_t i = 0; i < n && !err; i++)
        err = look_at(w, stream, &letters[i]);
    *end = n < PAGE_LETTERS;
    return err;
}

/* What was put back is noted, also when the walk broke off: a letter that is not noted is looked for again in a minute. */
static enum err walk(struct limit_watch *w, struct store *store, struct stream *stream)
{
    size_t found = w->n_found;
    struct arena page;
    bool end = false;
    enum err err = OK, noted;

    arena_init(&page, PAGE_BYTES);
    for (int i = 0; i < PAGES_A_TURN && !err && !end && w->n_found < w->n; i++)
        err = walk_page(w, stream, &page, &end);
    arena_release(&page);
    noted = w->n_found > found ? parked_back(store, w->letters, w->n) : OK;
    if (err || end || w->n_found == w->n)
        w->n = 0;
    return err ? err : noted;
}

static enum err call_in(struct limit_watch *w, struct store *store, bool *more)
{
    enum err err;

    arena_reset(&w->arena);
    w->n_found = 0;
    w->is_clear = true;
    snprintf(w->at, sizeof(w->at), "%s", w->start);
    err = parked_call(store, &w->arena, &w->letters, &w->n, more);
    if (err)
        w->n = 0;
    return err;
}

enum err limit_watch_turn(struct limit_watch *w, struct store *store, struct stream *stream, bool *more)
{
    enum err err = tell(store);

    *more = false;
    if (!err && w->n == 0)
        err = call_in(w, store, more);
    if (!err && w->n)
        err = walk(w, store, stream);
    *more |= w->n > 0;
    return err;
}
