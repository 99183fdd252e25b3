/* dead_rewrite.c -- owns writing the stream of dead letters anew, so that Redis holds no bytes of those that were dropped (X2). */
#include "queue/stream_impl.h"

#include "base/id.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * XDEL only marks an entry as deleted: its bytes stay, in memory and in files, until all entries of the same node of the stream are
 * gone. So the letters are copied, with their ids, and the copy takes the stream's place, unless the stream was changed meanwhile.
 * The copy is this connection's own, and ends by itself when it is left behind.
 */
enum { COPY_CHUNK = 8, REWRITE_TRIES = 5, LETTERS_MAX = 10000 };
#define COPY_TTL_S STR("300")

/* Returns owned: the XADD that makes the same letter in `to`. Borrows the reply. */
static enum err letter_command(struct str to, const redisReply *item, struct str **args, size_t *n)
{
    const redisReply *pairs = reply_is_array(item, 2) ? item->element[1] : NULL;
    struct str *add;

    if (!reply_is_array(pairs, 2))
        return ERR_QUEUE_DOWN;
    *n = 3 + pairs->elements;
    *args = add = calloc(*n, sizeof(*add));
    if (!add)
        return ERR_MEMORY;
    add[0] = STR("XADD");
    add[1] = to;
    add[2] = reply_str(item->element[0]);
    for (size_t i = 0; i < pairs->elements; i++)
        add[3 + i] = reply_str(pairs->element[i]);
    return OK;
}

/* Up to COPY_CHUNK letters in one round trip. */
static enum err copy_letters(struct stream *s, struct str to, const redisReply *list)
{
    struct str *args[COPY_CHUNK] = {NULL}, expire[] = {STR("EXPIRE"), to, COPY_TTL_S};
    struct txn_command commands[COPY_CHUNK + 1];
    size_t n = 0;
    enum err err = OK;

    for (; n < list->elements && n < COPY_CHUNK && !err; n++) {
        err = letter_command(to, list->element[n], &args[n], &commands[n].n);
        commands[n].args = args[n];
    }
    commands[n] = (struct txn_command){expire, 3};
    if (!err && n)
        err = stream_pipeline(s, commands, n + 1);
    for (size_t i = 0; i < COPY_CHUNK; i++)
        free(args[i]);
    return err;
}

static enum err run(struct stream *s, const struct str *args, size_t n)
{
    struct redis_answer answer;
    enum err err = stream_call(s, args, n, &answer);

    redis_answer_release(&answer);
    return err;
}

/* Copies all letters; *n says how many. */
static enum err copy_all(struct stream *s, struct str from, struct str to, size_t *n)
{
    char count[12], start[KEY_MAX] = "-";
    size_t got = COPY_CHUNK;
    enum err err = OK;

    *n = 0;
    snprintf(count, sizeof(count), "%d", COPY_CHUNK);
    while (!err && got == COPY_CHUNK) {
        struct str args[] = {STR("XRANGE"), from, str_of(start), STR("+"), STR("COUNT"), str_of(count)};
        struct redis_answer answer;

        err = stream_call(s, args, 6, &answer);
        if (!err && !reply_is_array(answer.reply, 0))
            err = ERR_QUEUE_DOWN;
        got = err ? 0 : answer.reply->elements;
        if (!err)
            err = copy_letters(s, to, answer.reply);
        if (!err && got)
            snprintf(start, sizeof(start), "(%.*s", STR_ARG(reply_str(answer.reply->element[got - 1]->element[0])));
        redis_answer_release(&answer);
        *n += got;
        if (*n > LETTERS_MAX)
            err = ERR_TOO_MANY;
    }
    return err;
}

/* ERR_EXISTS when a letter was buried or taken away meanwhile. */
static enum err rewrite_once(struct stream *s, int partition)
{
    struct id own = id_new(clock_wall_us(s->clock));
    struct key dead = key_dead(partition), copy = key_dead_copy(partition, id_str(&own));
    struct str watch[] = {STR("WATCH"), key_str(&dead)}, unwatch = STR("UNWATCH"), clear[] = {STR("DEL"), key_str(&copy)};
    struct str rename[] = {STR("RENAME"), key_str(&copy), key_str(&dead)}, keep[] = {STR("PERSIST"), key_str(&dead)};
    struct txn_command commands[] = {{rename, 3}, {keep, 2}};
    struct redis_answer answer = {.err = OK};
    size_t n = 0;
    enum err err = run(s, watch, 2), closed = OK;

    if (!err)
        err = copy_all(s, key_str(&dead), key_str(&copy), &n);
    if (!err && n) {
        err = stream_transact(s, commands, 2, &answer);
        redis_answer_release(&answer);
    } else { /* nothing to put in its place; a stream without entries holds no bytes of them */
        closed = run(s, &unwatch, 1);
    }
    if (err && !closed)
        closed = run(s, clear, 2);
    return err ? err : closed;
}

enum err stream_dead_rewrite(struct stream *s)
{
    enum err err = OK;

    for (int p = 0; p < s->options.partitions && !err; p++) {
        err = ERR_EXISTS;
        for (int i = 0; i < REWRITE_TRIES && err == ERR_EXISTS; i++)
            err = rewrite_once(s, p);
    }
    return err;
}
