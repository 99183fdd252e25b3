/* stream_roles.c -- owns the look at which roles are there: each keeps a key that lives for a short time. */
#include "queue/stream_impl.h"

enum { SCAN_ROUNDS_MAX = 10000 };

typedef void role_seen_fn(void *arg, const struct role_seen *seen);

/* Reads "storehook:role:<role>:<pid>"; the role's name has no colon. */
static bool read_key(struct str key, struct role_seen *out)
{
    struct key none = key_role(STR(""), 0);
    struct str prefix = str_upto(key_str(&none), none.len - 2), rest = str_from(key, prefix.len);

    return str_starts(key, prefix) && str_split(&rest, ':', &out->role) && !str_to_i64(rest, &out->pid);
}

/* Shows one process, unless its key has ended since the scan. */
static enum err tell(struct stream *s, struct str key, role_seen_fn *each, void *arg)
{
    struct role_seen seen = {.pid = 0};
    struct str args[] = {STR("GET"), key};
    struct redis_answer answer;
    enum err err;

    if (!read_key(key, &seen))
        return OK;
    err = stream_call(s, args, 2, &answer);
    if (!err && answer.reply->type == REDIS_REPLY_STRING) {
        seen.counters = reply_str(answer.reply);
        each(arg, &seen);
    }
    redis_answer_release(&answer);
    return err;
}

/* One SCAN; `cursor` is "0" again when it was the last. */
static enum err scan(struct stream *s, struct key *cursor, role_seen_fn *each, void *arg)
{
    struct str args[] = {STR("SCAN"), key_str(cursor), STR("MATCH"), STR("storehook:role:*"), STR("COUNT"), STR("1000")};
    struct redis_answer answer;
    enum err err = stream_call(s, args, 6, &answer);
    struct str next = !err && reply_is_array(answer.reply, 2) ? reply_str(answer.reply->element[0]) : STR_NONE;

    if (next.len && next.len < sizeof(cursor->text) && reply_is_array(answer.reply->element[1], 0)) {
        for (size_t i = 0; i < answer.reply->element[1]->elements && !err; i++)
            err = tell(s, reply_str(answer.reply->element[1]->element[i]), each, arg);
        memcpy(cursor->text, next.p, next.len);
        cursor->len = next.len;
    } else if (!err) {
        err = ERR_QUEUE_DOWN;
    }
    redis_answer_release(&answer);
    return err;
}

enum err stream_roles(struct stream *s, role_seen_fn *each, void *arg)
{
    struct key cursor = {.text = "0", .len = 1};
    enum err err;

    for (int round = 0; round < SCAN_ROUNDS_MAX; round++) {
        err = scan(s, &cursor, each, arg);
        if (err || str_eq(key_str(&cursor), STR("0")))
            return err;
    }
    return ERR_TOO_MANY;
}
