/* dead.c -- owns dead letters: burying an entry with its reason, listing, replay, drop. */
#include "queue/stream_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    LIST_CHUNK = 16, /* letters in one answer, each as large as a body may be (N9) */
    MOVE_TRIES = 5,
    LETTER_PAIRS_MAX = 1024,                 /* of a foreign entry */
    LETTER_SCRATCH_BYTES = 128 * 1024 * 1024 /* an entry being moved (N9) */
};

/*
 * A dead letter is the entry's own pairs, whatever they are, and four of ours. So what could not be read is kept as it came (N8).
 */
enum { NOTE_REASON, NOTE_DETAIL, NOTE_AT, NOTE_LANE, NOTE__COUNT };
static const struct str note_names[NOTE__COUNT] = {[NOTE_REASON] = {"dead:reason", 11},
                                                   [NOTE_DETAIL] = {"dead:detail", 11},
                                                   [NOTE_AT] = {"dead:at", 7},
                                                   [NOTE_LANE] = {"dead:lane", 9}};

/* --- bury ------------------------------------------------------------------------------------------------------------- */

/* Reads the pairs of one entry or letter. Borrows `answer`, which the caller releases. ERR_NOT_FOUND. */
static enum err fetch_pairs(struct stream *s, struct str stream, struct str id, struct arena *arena, struct redis_answer *answer,
                            struct field **pairs, size_t *n)
{
    struct str args[] = {STR("XRANGE"), stream, id, id};
    enum err err = stream_call(s, args, 4, answer);

    if (err)
        return err;
    if (!reply_is_array(answer->reply, 1) || !reply_is_array(answer->reply->element[0], 2))
        return ERR_NOT_FOUND;
    err = reply_pairs(answer->reply->element[0]->element[1], arena, pairs, n);
    return err ? err : *n > LETTER_PAIRS_MAX ? ERR_TOO_MANY : OK;
}

/* An entry that was not in its lane any more had been settled by another drainer, who was taken for dead: one letter of it is enough. */
static enum err drop_second(struct stream *s, struct str dead, const redisReply *done)
{
    struct redis_answer answer = {.err = OK};
    struct str args[] = {STR("XDEL"), dead, STR_NONE};
    enum err err;

    if (!reply_is_array(done, 3) || reply_int(done->element[2]) > 0)
        return OK;
    args[2] = reply_str(done->element[0]);
    err = stream_call(s, args, 3, &answer);
    redis_answer_release(&answer);
    return err;
}

/* XADD dead, XACK, XDEL in one MULTI: the entry is never in both places, and never in none. */
static enum err bury_pairs(struct stream *s, const struct claimed *c, const struct field *pairs, size_t n,
                           const struct str notes[NOTE__COUNT])
{
    struct key dead = key_dead(c->partition), lane = key_lane(c->partition, c->entry.lane);
    struct field *all = calloc(n + NOTE__COUNT, sizeof(*all));
    struct str *add = calloc(3 + 2 * (n + NOTE__COUNT), sizeof(*add));
    struct str ack[] = {STR("XACK"), key_str(&lane), KEY_GROUP, c->stream_id};
    struct str del[] = {STR("XDEL"), key_str(&lane), c->stream_id};
    struct txn_command commands[] = {{add, 0}, {ack, 4}, {del, 3}};
    struct redis_answer answer = {.err = OK};
    enum err err = ERR_MEMORY;

    if (!all || !add)
        goto done;
    for (size_t i = 0; i < NOTE__COUNT; i++)
        all[i] = (struct field){.name = note_names[i], .value = notes[i]};
    if (n)
        memcpy(all + NOTE__COUNT, pairs, n * sizeof(*pairs));
    commands[0].n = entry_xadd(key_str(&dead), all, n + NOTE__COUNT, add);
    err = stream_transact(s, commands, 3, &answer);
    if (!err && c->entry.id.len)
        err = drop_second(s, key_str(&dead), answer.reply);
done:
    redis_answer_release(&answer);
    free(add);
    free(all);
    return err;
}

/* Buries an entry that could not be read: its pairs are fetched as they stand. One that is gone has nothing to keep. */
static enum err bury_foreign(struct stream *s, const struct claimed *c, const struct str notes[NOTE__COUNT])
{
    struct key lane = key_lane(c->partition, c->entry.lane);
    struct redis_answer answer = {.err = OK};
    struct arena arena;
    struct field *pairs = NULL;
    size_t n = 0;
    enum err err;

    arena_init(&arena, LETTER_SCRATCH_BYTES);
    err = fetch_pairs(s, key_str(&lane), c->stream_id, &arena, &answer, &pairs, &n);
    if (!err || err == ERR_NOT_FOUND)
        err = bury_pairs(s, c, pairs, n, notes);
    redis_answer_release(&answer);
    arena_release(&arena);
    return err;
}

enum err stream_bury(struct stream *s, const struct claimed *entry, struct str reason, struct str detail)
{
    struct entry_pairs pairs;
    char at[24];
    struct str notes[NOTE__COUNT] = {
        [NOTE_REASON] = reason, [NOTE_DETAIL] = detail, [NOTE_LANE] = str_of(lane_name(entry->entry.lane))};
    enum err err;

    snprintf(at, sizeof(at), "%" PRId64, clock_wall_us(s->clock));
    notes[NOTE_AT] = str_of(at);
    if (entry->entry.id.len == 0)
        return bury_foreign(s, entry, notes);
    err = entry_encode(&entry->entry, &pairs);
    return err ? err : bury_pairs(s, entry, pairs.at, pairs.n, notes);
}

/* --- list ------------------------------------------------------------------------------------------------------------- */

static struct str note_value(const struct field *pairs, size_t n, size_t note)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(pairs[i].name, note_names[note]))
            return pairs[i].value;
    return STR_NONE;
}

static bool is_note(struct str name)
{
    for (size_t i = 0; i < NOTE__COUNT; i++)
        if (str_eq(name, note_names[i]))
            return true;
    return false;
}

/* Moves our notes out of the list; returns how many pairs of the entry are left. */
static size_t without_notes(struct field *pairs, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (!is_note(pairs[i].name))
            pairs[kept++] = pairs[i];
    return kept;
}

/* Reads one letter; the texts are borrowed from `item`. An entry that cannot be read stays all empty. */
static enum err read_letter(const redisReply *item, struct arena *arena, struct dead_letter *out, struct field **pairs, size_t *n)
{
    uint64_t at = 0;
    enum err err;

    memset(out, 0, sizeof(*out));
    err = reply_is_array(item, 2) ? reply_pairs(item->element[1], arena, pairs, n) : ERR_QUEUE_DOWN;
    if (err)
        return err;
    out->reason = note_value(*pairs, *n, NOTE_REASON);
    out->detail = note_value(*pairs, *n, NOTE_DETAIL);
    if (!str_to_u64(note_value(*pairs, *n, NOTE_AT), &at) && at <= INT64_MAX)
        out->died_at_us = (int64_t)at;
    out->dead_id = reply_str(item->element[0]);
    out->entry.lane = LANE_LIVE;
    return OK;
}

/* Copies what the letter borrows into the arena: the pairs and the id, which gets its partition before it. */
static enum err keep_letter(int partition, struct arena *arena, struct dead_letter *letter, struct field *pairs, size_t n)
{
    enum lane lane = LANE_LIVE;
    char id[KEY_MAX];
    int len = snprintf(id, sizeof(id), "%d:%.*s", partition, STR_ARG(letter->dead_id));
    enum err err = pairs_keep(pairs, n, arena);

    if (err)
        return err;
    letter->dead_id = arena_str(arena, str_n(id, (size_t)len));
    letter->reason = note_value(pairs, n, NOTE_REASON);
    letter->detail = note_value(pairs, n, NOTE_DETAIL);
    if (lane_parse(note_value(pairs, n, NOTE_LANE), &lane))
        lane = LANE_LIVE;
    err = entry_decode(pairs, without_notes(pairs, n), arena, &letter->entry);
    letter->entry.lane = lane;
    return err == ERR_MEMORY || !letter->dead_id.p ? ERR_MEMORY : OK;
}

/* What a walk over all letters looks for and collects. */
struct walk {
    struct arena *arena;
    struct str reason, source_id; /* empty = any */
    struct str delivery_id;       /* empty = any */
    struct dead_letter *at;
    size_t n, max;
    char from[KEY_MAX]; /* "(id" to go on after, or "-" */
};

static struct str pair_value(const struct field *pairs, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(pairs[i].name, name))
            return pairs[i].value;
    return STR_NONE;
}

static bool wanted(const struct walk *w, const struct dead_letter *letter, const struct field *pairs, size_t n)
{
    return (w->reason.len == 0 || str_eq(w->reason, letter->reason)) &&
           (w->source_id.len == 0 || str_eq(w->source_id, pair_value(pairs, n, STR("source")))) &&
           (w->delivery_id.len == 0 || str_eq(w->delivery_id, pair_value(pairs, n, STR("id"))));
}

/* Takes the letters of one XRANGE answer. The arena is only used up by those that are wanted. */
static enum err take_letters(struct walk *w, int partition, const redisReply *list)
{
    struct arena scratch;
    enum err err = OK;

    arena_init(&scratch, LETTER_SCRATCH_BYTES);
    for (size_t i = 0; i < list->elements && w->n < w->max && !err; i++) {
        struct dead_letter *letter = &w->at[w->n];
        struct field *pairs = NULL, *kept;
        size_t n = 0;

        err = read_letter(list->element[i], &scratch, letter, &pairs, &n);
        if (err)
            break;
        snprintf(w->from, sizeof(w->from), "(%.*s", STR_ARG(letter->dead_id));
        if (!wanted(w, letter, pairs, n))
            continue;
        kept = arena_array(w->arena, n ? n : 1, sizeof(*kept));
        if (!kept)
            err = ERR_MEMORY;
        if (!err && n)
            memcpy(kept, pairs, n * sizeof(*kept));
        if (!err)
            err = keep_letter(partition, w->arena, letter, kept, n);
        if (!err)
            w->n++;
    }
    arena_release(&scratch);
    return err;
}

static enum err walk_partition(struct stream *s, struct walk *w, int partition)
{
    struct key dead = key_dead(partition);
    char count[12];
    size_t got = LIST_CHUNK;
    enum err err = OK;

    snprintf(count, sizeof(count), "%d", LIST_CHUNK);
    while (!err && got == LIST_CHUNK && w->n < w->max) {
        struct str args[] = {STR("XRANGE"), key_str(&dead), str_of(w->from), STR("+"), STR("COUNT"), str_of(count)};
        struct redis_answer answer;

        err = stream_call(s, args, 6, &answer);
        if (!err && !reply_is_array(answer.reply, 0))
            err = ERR_QUEUE_DOWN;
        if (!err) {
            got = answer.reply->elements;
            err = take_letters(w, partition, answer.reply);
        }
        redis_answer_release(&answer);
    }
    return err;
}

/* Cuts "0:1714641068000-0" into partition and stream id. ERR_NOT_FOUND when it is not of that form. */
static enum err split_dead_id(const struct stream *s, struct str id, int *partition, struct str *stream_id)
{
    size_t colon = str_find(id, ':');
    uint64_t number;

    if (colon == id.len || str_to_u64(str_upto(id, colon), &number) || number >= (uint64_t)s->options.partitions)
        return ERR_NOT_FOUND;
    *stream_id = str_from(id, colon + 1);
    if (str_find(*stream_id, '-') == stream_id->len || stream_id->len >= KEY_MAX - 1)
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < stream_id->len; i++)
        if (stream_id->p[i] != '-' && !(stream_id->p[i] >= '0' && stream_id->p[i] <= '9'))
            return ERR_NOT_FOUND;
    *partition = (int)number;
    return OK;
}

static enum err walk_all(struct stream *s, struct walk *w, struct str after)
{
    int first = 0;
    struct str from = STR_NONE;
    enum err err = after.len ? split_dead_id(s, after, &first, &from) : OK;

    w->at = arena_array(w->arena, w->max ? w->max : 1, sizeof(*w->at));
    if (!err && !w->at)
        err = ERR_MEMORY;
    for (int p = first; p < s->options.partitions && !err; p++) {
        snprintf(w->from, sizeof(w->from), p == first && from.len ? "(%.*s" : "-%.*s", STR_ARG(from));
        if (w->from[0] == '-')
            w->from[1] = '\0';
        err = walk_partition(s, w, p);
    }
    return err;
}

enum err stream_dead_list(struct stream *s, const struct dead_filter *filter, struct arena *arena, struct dead_letter **out,
                          size_t *n)
{
    struct walk w = {.arena = arena, .reason = filter->reason, .source_id = filter->source_id, .max = filter->max};
    enum err err = walk_all(s, &w, filter->after);

    *out = err ? NULL : w.at;
    *n = err ? 0 : w.n;
    return err;
}

static enum err get_by_dead_id(struct stream *s, int partition, struct str stream_id, struct arena *arena, struct dead_letter *out)
{
    struct key dead = key_dead(partition);
    struct walk w = {.arena = arena, .at = out, .max = 1};
    struct str args[] = {STR("XRANGE"), key_str(&dead), stream_id, stream_id};
    struct redis_answer answer;
    enum err err = stream_call(s, args, 4, &answer);

    if (!err && !reply_is_array(answer.reply, 1))
        err = ERR_NOT_FOUND;
    if (!err)
        err = take_letters(&w, partition, answer.reply);
    redis_answer_release(&answer);
    return err;
}

enum err stream_dead_get(struct stream *s, struct str id, struct arena *arena, struct dead_letter *out)
{
    struct walk w = {.arena = arena, .delivery_id = id, .max = 1};
    struct str stream_id;
    int partition;
    enum err err;

    if (id.len == 0)
        return ERR_NOT_FOUND;
    if (!split_dead_id(s, id, &partition, &stream_id))
        return get_by_dead_id(s, partition, stream_id, arena, out);
    err = walk_all(s, &w, STR_NONE);
    if (!err && w.n == 0)
        err = ERR_NOT_FOUND;
    if (!err)
        *out = w.at[0];
    return err;
}

/* --- replay and drop -------------------------------------------------------------------------------------------------- */

static size_t without(struct field *pairs, size_t n, struct str name)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (!str_eq(pairs[i].name, name))
            pairs[kept++] = pairs[i];
    return kept;
}

/* The pairs of a letter as an entry again, marked as replay; whether triggers fire is said anew each time. `pairs` has room for two
 * more. */
static size_t as_replay(struct field *pairs, size_t n, bool fire)
{
    n = without(pairs, without_notes(pairs, n), STR("fire"));
    if (fire)
        pairs[n++] = (struct field){.name = STR("fire"), .value = STR("1")};
    if (pair_value(pairs, n, STR("replay")).len == 0)
        pairs[n++] = (struct field){.name = STR("replay"), .value = STR("1")};
    return n;
}

/* Takes the letter away, and before that does `first` when it has arguments, in one MULTI that touches `moving`: whoever watches
 * that key comes too late. So a letter is replayed or dropped, once. Release `answer`. */
static enum err move_letter(struct stream *s, struct str moving, struct txn_command first, struct txn_command remove,
                            struct redis_answer *answer)
{
    struct str touch[] = {STR("SET"), moving, STR("1")}, forget[] = {STR("DEL"), moving};
    struct txn_command commands[4] = {{touch, 3}, {forget, 2}};
    size_t n = 2;

    if (first.n)
        commands[n++] = first;
    commands[n++] = remove;
    return stream_transact(s, commands, n, answer);
}

/* XADD to the lane and XDEL of the letter at once. */
static enum err replay_pairs(struct stream *s, struct str moving, struct str dead, struct str stream_id, struct str lane,
                             struct field *pairs, size_t n, bool fire)
{
    struct str *add = calloc(3 + 2 * (n + 2), sizeof(*add));
    struct str del[] = {STR("XDEL"), dead, stream_id};
    struct redis_answer answer = {.err = OK};
    enum err err = add ? OK : ERR_MEMORY;

    if (!err)
        err = move_letter(s, moving, (struct txn_command){add, entry_xadd(lane, pairs, as_replay(pairs, n, fire), add)},
                          (struct txn_command){del, 3}, &answer);
    redis_answer_release(&answer);
    free(add);
    return err;
}

/*
 * One try: under WATCH of a key of this letter, so that two replays of it never make two entries, and letters that are buried
 * meanwhile do not matter. ERR_EXISTS when another replay, or a drop, was faster.
 */
static enum err replay_once(struct stream *s, int partition, struct str stream_id, enum lane lane, bool fire, struct arena *arena)
{
    struct key dead = key_dead(partition), to = key_lane(partition, lane), moving = key_moving(partition, stream_id);
    struct str watch[] = {STR("WATCH"), key_str(&moving)}, unwatch = STR("UNWATCH");
    struct redis_answer answer, ignored;
    struct field *pairs = NULL;
    size_t n = 0;
    enum err err = stream_call(s, watch, 2, &answer), closed;

    redis_answer_release(&answer);
    if (err)
        return err;
    err = fetch_pairs(s, key_str(&dead), stream_id, arena, &answer, &pairs, &n);
    if (!err)
        err = replay_pairs(s, key_str(&moving), key_str(&dead), stream_id, key_str(&to), pairs, n, fire);
    redis_answer_release(&answer);
    if (err == ERR_NOT_FOUND) {
        closed = stream_call(s, &unwatch, 1, &ignored);
        redis_answer_release(&ignored);
        return closed ? closed : err;
    }
    return err;
}

enum err stream_dead_replay(struct stream *s, const struct dead_letter *letter, bool fire)
{
    struct arena arena;
    struct str stream_id;
    int partition;
    enum err err = split_dead_id(s, letter->dead_id, &partition, &stream_id), tried = ERR_EXISTS;

    if (err)
        return err;
    arena_init(&arena, LETTER_SCRATCH_BYTES);
    for (int i = 0; i < MOVE_TRIES && tried == ERR_EXISTS; i++) {
        arena_reset(&arena);
        tried = replay_once(s, partition, stream_id, letter->entry.lane, fire, &arena);
    }
    arena_release(&arena);
    return tried;
}

enum err stream_dead_drop(struct stream *s, const struct dead_letter *letter)
{
    struct key dead, moving;
    struct str stream_id;
    struct redis_answer answer;
    int partition;
    enum err err = split_dead_id(s, letter->dead_id, &partition, &stream_id);

    if (err)
        return err;
    dead = key_dead(partition);
    moving = key_moving(partition, stream_id);
    err = move_letter(s, key_str(&moving), (struct txn_command){.n = 0},
                      (struct txn_command){(struct str[]){STR("XDEL"), key_str(&dead), stream_id}, 3}, &answer);
    if (!err && reply_int(answer.reply->element[answer.reply->elements - 1]) == 0)
        err = ERR_NOT_FOUND;
    redis_answer_release(&answer);
    return err;
}
