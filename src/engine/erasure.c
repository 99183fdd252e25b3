/* erasure.c -- owns the end of an erasure: what the queue and the files still hold of the person or the source (X2, X4). */
#include "engine/erasure.h"

#include "base/log.h"
#include "base/text_holds.h"
#include "engine/rejected.h"
#include "store/erase_task.h"
#include "store/parked.h"
#include "store/source.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    TASKS_AT_ONCE = 64, /* one search of the queue for all of them */
    LETTERS_AT_ONCE = 16,
    TASKS_ARENA_BYTES = 1 << 20,
    SAMPLE_ARENA_BYTES = 4 << 20,
    LETTERS_ARENA_BYTES = 128 << 20
};

/* What is looked for. */
struct search {
    struct store *store;
    const struct seal *seal; /* of the samples */
    struct erase_task *tasks;
    size_t n;
};

/* --- samples ---------------------------------------------------------------------------------------------------------- */

/* What cannot be read might hold the address. */
static bool sample_speaks_of(void *arg, struct str text)
{
    struct search *search = arg;
    struct rejected sample;
    struct arena arena;
    bool holds;

    arena_init(&arena, SAMPLE_ARENA_BYTES);
    holds = rejected_read(search->seal, text, &arena, &sample) != OK;
    for (size_t i = 0; i < search->n && !holds; i++) {
        holds = search->tasks[i].address.len && rejected_holds(&sample, search->tasks[i].address);
        search->tasks[i].samples += holds;
    }
    arena_release(&arena);
    return holds;
}

static struct str source_text(int64_t source_id, char text[24])
{
    int n = snprintf(text, 24, "%" PRId64, source_id);

    return str_n(text, (size_t)n);
}

static enum err forget_samples(struct stream *stream, struct search *search, size_t *removed)
{
    char id[24];
    bool addresses = false;
    enum err err = OK;

    *removed = 0;
    for (size_t i = 0; i < search->n && !err; i++) {
        addresses |= search->tasks[i].address.len > 0;
        if (search->tasks[i].source_id)
            err = stream_rejected_forget(stream, source_text(search->tasks[i].source_id, id));
    }
    return err || !addresses ? err : stream_rejected_all(stream, sample_speaks_of, search, removed);
}

/* --- dead letters ----------------------------------------------------------------------------------------------------- */

static bool letter_holds(const struct dead_letter *letter, struct str address)
{
    if (text_holds(letter->entry.body, address) || text_holds(letter->detail, address) || text_holds(letter->entry.topic, address))
        return true;
    for (size_t i = 0; i < letter->entry.headers.n; i++)
        if (text_holds(letter->entry.headers.at[i].value, address))
            return true;
    return false;
}

/* A person erased in one account stays in another. A letter of no source that is known might be anybody's. */
static enum err letter_is_of(const struct search *search, const struct dead_letter *letter, int64_t account_id, bool *is)
{
    struct source source = {.id = 0};
    int64_t id = 0;
    enum err err = str_to_i64(letter->entry.source_id, &id) ? ERR_NOT_FOUND : source_get(search->store, id, &source);

    *is = err == ERR_NOT_FOUND || source.account_id == account_id;
    source_release(&source);
    return err == ERR_NOT_FOUND ? OK : err;
}

/* *task: what the letter has to go for; NULL when there is nothing. */
static enum err letter_speaks_of(const struct dead_letter *letter, const struct search *search, struct erase_task **task)
{
    char id[24];
    enum err err = OK;

    *task = NULL;
    for (size_t i = 0; i < search->n && !*task && !err; i++) {
        struct erase_task *one = &search->tasks[i];
        bool does = false;

        if (one->source_id)
            does = str_eq(letter->entry.source_id, source_text(one->source_id, id));
        else if (letter_holds(letter, one->address))
            err = letter_is_of(search, letter, one->account_id, &does);
        *task = does ? one : NULL;
    }
    return err;
}

/* One that somebody else took away meanwhile is fine. */
static enum err drop_letter(const struct search *search, struct stream *stream, const struct dead_letter *letter,
                            struct erase_task *task, size_t *removed)
{
    enum err err = stream_dead_drop(stream, letter);

    if (err)
        return err == ERR_NOT_FOUND ? OK : err;
    ++*removed;
    task->letters++;
    err = parked_forget(search->store, letter->entry.id);
    LOG(LOG_WARN, "dead letter dropped", KV_STR("id", letter->entry.id), KV_STR("letter", letter->dead_id),
        KV_STR("reason", letter->reason), KV_TEXT("why", "it holds what was erased"));
    return err;
}

static enum err forget_letters(struct stream *stream, const struct search *search, size_t *removed)
{
    struct arena arena;
    char after[64] = "";
    size_t n = LETTERS_AT_ONCE;
    enum err err = OK;

    *removed = 0;
    arena_init(&arena, LETTERS_ARENA_BYTES);
    while (!err && n == LETTERS_AT_ONCE) {
        struct dead_filter filter = {.after = str_of(after), .max = LETTERS_AT_ONCE};
        struct dead_letter *letters = NULL;

        arena_reset(&arena);
        err = stream_dead_list(stream, &filter, &arena, &letters, &n);
        for (size_t i = 0; i < n && !err; i++) {
            struct erase_task *task;

            snprintf(after, sizeof(after), "%.*s", STR_ARG(letters[i].dead_id));
            err = letter_speaks_of(&letters[i], search, &task);
            if (!err && task)
                err = drop_letter(search, stream, &letters[i], task, removed);
        }
    }
    arena_release(&arena);
    return err;
}

/* --- all of it -------------------------------------------------------------------------------------------------------- */

static enum err finish_some(struct store *store, struct stream *stream, const struct seal *seal, struct arena *arena,
                            struct erasure_removed *removed, bool *more)
{
    struct erase_task *tasks = NULL;
    struct search search;
    size_t n = 0, samples = 0, letters = 0;
    enum err err = erase_task_list(store, TASKS_AT_ONCE, arena, &tasks, &n);

    *more = !err && n == TASKS_AT_ONCE;
    if (err || n == 0)
        return err;
    search = (struct search){.store = store, .seal = seal, .tasks = tasks, .n = n};
    err = forget_samples(stream, &search, &samples);
    if (!err)
        err = forget_letters(stream, &search, &letters);
    removed->samples += samples;
    removed->letters += letters;
    if (!err)
        err = erase_task_searched(store, tasks, n);
    if (!err)
        LOG(LOG_INFO, "erasure finished in the queue", KV_UINT("searched_for", n), KV_UINT("samples", samples),
            KV_UINT("dead_letters", letters));
    return err;
}

enum err erasure_finish(struct store *store, struct stream *stream, const struct seal *seal, struct erasure_removed *removed)
{
    struct arena arena;
    bool more = true;
    enum err err = OK;

    *removed = (struct erasure_removed){.samples = 0};
    arena_init(&arena, TASKS_ARENA_BYTES);
    while (!err && more) {
        arena_reset(&arena);
        err = finish_some(store, stream, seal, &arena, removed, &more);
    }
    arena_release(&arena);
    return err;
}

enum err erasure_clean_files(struct store *store, struct stream *stream, bool *done)
{
    bool due = false;
    enum err err = erase_files_due(store, &due);

    *done = false;
    if (err || !due)
        return err;
    err = stream_dead_rewrite(stream);
    if (err == ERR_TOO_MANY) {
        LOG(LOG_WARN, "too many dead letters to write them anew",
            KV_TEXT("why", "bytes of erased ones stay in Redis until their neighbours are replayed or dropped"));
        err = OK;
    }
    if (!err)
        err = stream_rewrite_file(stream);
    if (!err)
        err = erase_files_cleaned(store);
    if (!err)
        err = db_empty_log(store->db);
    *done = !err;
    return err;
}
