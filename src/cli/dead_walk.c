/* dead_walk.c -- owns the walk through the dead letters that the verbs of `storehook dead` share. */
#include "cli/dead.h"

#include "base/timefmt.h"
#include "store/source.h"

/* A page may hold bodies of the largest size. */
enum { PAGE_LETTERS = 16, PAGE_BYTES = 256 << 20, DEAD_ID_BYTES = 128, NAME_BYTES = 1024 };

static int find_source(struct dead_walk *walk, const char *name)
{
    struct source source = {.id = 0};
    enum err err = source_find(walk->store, str_of(name), &source);

    if (err == ERR_NOT_FOUND)
        return cli_fail("there is no source \"%s\"; `storehook source list` shows those there are", name);
    if (err)
        return cli_fail("database: %s", db_trouble(walk->store->db));
    snprintf(walk->source_id, sizeof(walk->source_id), "%lld", (long long)source.id);
    walk->filter.source_id = str_of(walk->source_id);
    source_release(&source);
    return CLI_GO;
}

int dead_open(struct cli *cli, const struct dead_choice *choice, struct dead_walk *walk)
{
    int code;

    *walk = (struct dead_walk){.cli = cli, .filter = {.max = PAGE_LETTERS}};
    arena_init(&walk->arena, PAGE_BYTES);
    code = cli_open_store(cli, &walk->store);
    if (code == CLI_GO)
        code = cli_open_stream(cli, &walk->stream);
    if (code == CLI_GO && cli->account)
        walk->account_id = walk->store->account_id;
    if (code == CLI_GO && choice && choice->reason)
        walk->filter.reason = str_of(choice->reason);
    if (code == CLI_GO && choice && choice->source)
        code = find_source(walk, choice->source);
    return code;
}

void dead_close(struct dead_walk *walk)
{
    stream_close(walk->stream);
    store_close(walk->store);
    arena_release(&walk->arena);
}

/* The letter's source, which may be removed. ERR_NOT_FOUND. The caller releases `out`. */
static enum err source_of(struct dead_walk *walk, const struct dead_letter *letter, struct source *out)
{
    int64_t id = 0;

    *out = (struct source){.id = 0};
    return str_to_i64(letter->entry.source_id, &id) ? ERR_NOT_FOUND : source_get(walk->store, id, out);
}

/* A letter of no known source is in no account. */
static enum err is_meant(struct dead_walk *walk, const struct dead_letter *letter, bool *is)
{
    struct source source;
    enum err err;

    *is = walk->account_id == 0;
    if (*is)
        return OK;
    err = source_of(walk, letter, &source);
    *is = !err && source.account_id == walk->account_id;
    source_release(&source);
    return err == ERR_NOT_FOUND ? OK : err;
}

int dead_find(struct dead_walk *walk, const char *id, struct dead_letter *out)
{
    bool is = false;
    enum err err = stream_dead_get(walk->stream, str_of(id), &walk->arena, out);

    if (!err)
        err = is_meant(walk, out, &is);
    if (!err && is)
        return CLI_GO;
    if (!err || err == ERR_NOT_FOUND || err == ERR_SYNTAX)
        return cli_fail("there is no dead letter \"%s\"; `storehook dead list` shows those there are", id);
    return cli_fail_why(err, NULL);
}

int dead_each(struct dead_walk *walk, size_t max, int (*visit)(struct dead_walk *walk, const struct dead_letter *letter, void *arg),
              void *arg)
{
    char after[DEAD_ID_BYTES];
    struct stream_stats stats;
    enum err err = stream_stats(walk->stream, &stats);
    size_t left = max ? max : stats.dead, looks = stats.dead;
    int code = CLI_GO;

    while (!err && code == CLI_GO && left && looks) {
        struct dead_letter *letters = NULL;
        size_t n = 0;

        arena_reset(&walk->arena);
        walk->filter.max = looks < PAGE_LETTERS ? looks : PAGE_LETTERS;
        err = stream_dead_list(walk->stream, &walk->filter, &walk->arena, &letters, &n);
        looks -= n;
        for (size_t i = 0; i < n && !err && code == CLI_GO && left; i++) {
            bool is = false;

            err = is_meant(walk, &letters[i], &is);
            if (!err && is) {
                code = visit(walk, &letters[i], arg);
                left--;
            }
        }
        if (n == 0)
            break;
        snprintf(after, sizeof(after), "%.*s", STR_ARG(letters[n - 1].dead_id));
        walk->filter.after = str_of(after);
    }
    walk->filter.after = STR_NONE;
    return err ? cli_fail_why(err, NULL) : code;
}

/* The source may be removed: then its row still has the name. */
enum err dead_source_name(struct dead_walk *walk, const struct dead_letter *letter, struct buf *out)
{
    struct source source;
    enum err err = source_of(walk, letter, &source);

    if (!err)
        err = buf_append(out, str_of(source.name));
    else if (err == ERR_NOT_FOUND)
        err = buf_append(out, str_upto(letter->entry.source_id, NAME_BYTES / 2));
    source_release(&source);
    return err;
}

json_t *dead_describe(struct dead_walk *walk, const struct dead_letter *letter)
{
    const struct entry *e = &letter->entry;
    char died[TIME_ISO_CHARS + 1], received[TIME_ISO_CHARS + 1];
    struct buf name = BUF_INIT(NAME_BYTES);
    json_t *object = NULL;

    if (!dead_source_name(walk, letter, &name))
        object =
            json_pack("{so so so so so so ss ss ss sI}", "id", json_str(letter->dead_id), "delivery", json_str(e->id), "source",
                      json_str(buf_str(&name)), "topic", json_str(e->topic), "reason", json_str(letter->reason), "detail",
                      json_str(letter->detail), "lane", lane_name(e->lane), "died_at", time_iso(letter->died_at_us, died),
                      "received_at", time_iso(e->received_at_us, received), "body_bytes", (json_int_t)e->body.len);
    buf_release(&name);
    return object;
}
