/* merge.c -- owns the operator's merge of two contacts: the fact that joins them, and what is kept to undo it (M6, M9, M10). */
#include "store/merge_impl.h"

#include "model/email.h"
#include "store/account_limit.h"
#include "store/contact.h"
#include "store/row.h"

#include <stdio.h>

enum { TRIES_MAX = 8, TEXT_BYTES_MAX = 16 << 20, BY_BYTES_MAX = 200 };

static struct id fresh_id(void *arg)
{
    const struct store *store = arg;

    return id_new(clock_wall_us(store->clock));
}

void merge_job_start(struct merge_job *job, const struct merge_desk *desk, struct merge_result *out)
{
    *job = (struct merge_job){.desk = desk, .out = out, .event = {.type = EVENT_EDITED}};
    job->ctx = (struct event_context){.event = &job->event,
                                      .source_id = SOURCE_OPERATOR,
                                      .received_at_us = clock_wall_us(desk->store->clock),
                                      .new_id = fresh_id,
                                      .arg = desk->store};
}

enum err merge_run(struct merge_job *job, enum err (*work)(struct merge_job *job, void *arg), void *arg)
{
    struct store *store = job->desk->store;
    enum err err = ERR_DB_BUSY;

    for (int i = 0; i < TRIES_MAX && err == ERR_DB_BUSY; i++) {
        *job->out = (struct merge_result){.refusal = MERGE_DONE};
        err = db_begin(store->db);
        if (err)
            continue;
        err = work(job, arg);
        if (!err && job->out->refusal != MERGE_DONE) {
            db_rollback(store->db);
            return OK;
        }
        err = store_end(store, err);
    }
    return err;
}

enum err merge_show(const struct merge_desk *desk, struct str contact_id, json_t **out)
{
    struct contact_view view;
    enum err err = contact_load(desk->store, contact_id, desk->sources, desk->n_sources, desk->arena, &view);

    *out = err ? NULL : view_json(&view, desk->sources, desk->n_sources);
    return err ? err : *out ? OK : ERR_MEMORY;
}

enum err merge_load(const struct merge_job *job, struct scope *out)
{
    struct event_refs refs = {.subject = job->subject, .email_err = ERR_NOT_FOUND};

    return scope_load(job->desk->store, &job->event, &refs, SOURCE_OPERATOR, job->desk->arena, out);
}

/* The two contacts that are to be one. */
struct pair {
    struct str text[2], by;
    struct str id[2];
    struct str node[2]; /* key of the address, or of the customer, that stands for each */
};

static enum err find(const struct merge_job *job, struct pair *pair)
{
    struct merge_result *out = job->out;

    for (size_t i = 0; i < 2; i++) {
        enum err err = contact_find(job->desk->store, pair->text[i], job->desk->arena, &pair->id[i]);

        if (err == ERR_NOT_FOUND) {
            out->refusal = MERGE_NOBODY;
            out->who = pair->text[i];
            return OK;
        }
        if (err)
            return err;
    }
    if (str_eq(pair->id[0], pair->id[1]))
        out->refusal = MERGE_ONE;
    return OK;
}

/* The least of a contact's addresses, without one the least of its identified customers. */
static struct str node_of_facts(const struct scope *facts, struct arena *arena)
{
    const struct customer *best = NULL;
    struct str key = STR_NONE;

    for (const struct address *a = facts->addresses; a; a = a->next)
        if (address_is_real(a->key) && (key.len == 0 || str_cmp(a->key, key) < 0))
            key = a->key;
    for (const struct customer *c = facts->customers; c && key.len == 0; c = c->next)
        if (c->source_id != SOURCE_OPERATOR && (!best || c->source_id < best->source_id ||
                                                (c->source_id == best->source_id && str_cmp(c->subject, best->subject) < 0)))
            best = c;
    return best ? consent_subject_address(arena, best->source_id, best->subject) : key;
}

/* An address that was named stands for its contact, so that the fact does not depend on what else is known by then (N5). */
static enum err find_node(const struct merge_job *job, struct str text, struct str id, struct str *out)
{
    struct arena *arena = job->desk->arena;
    struct email email = {0};
    struct scope facts;
    enum err err = email_normalise(text, arena, &email);

    *out = email.key;
    if (err != ERR_SYNTAX && err != ERR_NOT_FOUND)
        return err;
    err = scope_load_contact(job->desk->store, id, arena, &facts);
    if (!err)
        *out = node_of_facts(&facts, arena);
    return err ? err : out->p ? OK : ERR_MEMORY;
}

/* -- what is kept ---------------------------------------------------------------------------------------------------------- */

/* [{"source": 1, "subject": "c:7", "contact": "..."}, {"address": "...", "contact": "..."}] */
static enum err note_nodes(const struct merge_job *job, struct str contact_id, json_t *list)
{
    struct scope facts;
    enum err err = scope_load_contact(job->desk->store, contact_id, job->desk->arena, &facts);

    for (const struct customer *c = facts.customers; c && !err; c = c->next)
        if (json_array_append_new(list, json_pack("{s:I,s:o,s:o}", "source", (json_int_t)c->source_id, "subject",
                                                  json_str(c->subject), "contact", json_str(c->contact_id))))
            err = ERR_MEMORY;
    for (const struct address *a = facts.addresses; a && !err; a = a->next)
        if (json_array_append_new(list, json_pack("{s:o,s:o}", "address", json_str(a->key), "contact", json_str(a->contact_id))))
            err = ERR_MEMORY;
    return err;
}

static enum err note_aliases(const struct merge_job *job, struct str contact_id, json_t *list)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(job->desk->store->db, &st, "SELECT id FROM contact WHERE account_id = $1 AND alias_of = $2 ORDER BY id",
                            "is", job->desk->store->account_id, contact_id);

    while (!err && !(err = db_step(st, &row)) && row)
        if (json_array_append_new(list, json_str(db_column_str(st, 0))))
            err = ERR_MEMORY;
    db_done(st);
    return err;
}

static enum err print(json_t *value, struct buf *out)
{
    return json_print(value, out);
}

/* The pre-image: both contacts as they are shown, their nodes, and (by contact) the ids that lead to each. */
struct image {
    json_t *before, *nodes, *aliases;
};

static enum err take_image(const struct merge_job *job, const struct pair *pair, struct image *out)
{
    enum err err = OK;

    *out = (struct image){.before = json_array(), .nodes = json_array(), .aliases = json_object()};
    for (size_t i = 0; i < 2 && !err; i++) {
        json_t *shown = NULL, *aliases = json_array();
        char id[ID_CHARS + 1] = "";

        err = merge_show(job->desk, pair->id[i], &shown);
        if (!err && json_array_append_new(out->before, shown))
            err = ERR_MEMORY;
        if (!err)
            err = note_nodes(job, pair->id[i], out->nodes);
        if (!err)
            err = note_aliases(job, pair->id[i], aliases);
        memcpy(id, pair->id[i].p, pair->id[i].len < ID_CHARS ? pair->id[i].len : ID_CHARS);
        if (json_object_set_new(out->aliases, id, aliases) && !err)
            err = ERR_MEMORY;
    }
    return err;
}

static void release_image(struct image *image)
{
    json_decref(image->before);
    json_decref(image->nodes);
    json_decref(image->aliases);
}

static enum err save_image(const struct merge_job *job, const struct pair *pair, const struct image *image)
{
    struct buf before = BUF_INIT(TEXT_BYTES_MAX), nodes = BUF_INIT(TEXT_BYTES_MAX), aliases = BUF_INIT(TEXT_BYTES_MAX);
    enum err err = print(image->before, &before);

    if (!err)
        err = print(image->nodes, &nodes);
    if (!err)
        err = print(image->aliases, &aliases);
    if (!err)
        err = db_run(job->desk->store->db,
                     "INSERT INTO contact_merge (account_id, source_id, subject, at_us, made_by, kept_id, gone_id, before, nodes,"
                     " aliases) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                     "iisissssss", job->desk->store->account_id, (int64_t)SOURCE_OPERATOR, job->subject, job->out->at_us, pair->by,
                     job->out->kept_id, job->out->gone_id, buf_str(&before), buf_str(&nodes), buf_str(&aliases));
    buf_release(&aliases);
    buf_release(&nodes);
    buf_wipe(&before);
    return err;
}

/* -- the fact -------------------------------------------------------------------------------------------------------------- */

static struct claim *add_claim(struct scope *s, int64_t source_id, struct str subject, struct str node, int64_t at_us)
{
    struct claim *claim = scope_add(s, &s->claims, sizeof(*claim));

    if (claim)
        *claim = (struct claim){.next = claim->next,
                                .source_id = source_id,
                                .subject = subject,
                                .address = node,
                                .class = CLAIM_JOIN,
                                .first_us = at_us,
                                .changed = true};
    return claim;
}

/* A customer that stands for its contact becomes a node that a claim can lead to: "#1:c:7". */
static void add_node(struct scope *s, struct str node, int64_t at_us)
{
    size_t colon = str_find(node, ':');
    struct address *address;
    int64_t source_id = 0;

    if (address_is_real(node) || str_to_i64(str_upto(str_from(node, 1), colon - 1), &source_id))
        return;
    address = scope_add(s, &s->addresses, sizeof(*address));
    if (address) {
        address->key = node;
        address->changed = true;
    }
    add_claim(s, source_id, str_from(node, colon + 1), node, at_us);
}

static enum err write_fact(struct merge_job *job, const struct pair *pair)
{
    struct store *store = job->desk->store;
    struct scope s = {.arena = job->desk->arena, .account_id = store->account_id};
    struct customer *c = scope_add(&s, &s.customers, sizeof(*c));

    if (!c)
        return ERR_MEMORY;
    c->source_id = SOURCE_OPERATOR;
    c->subject = job->subject;
    c->changed = true;
    for (size_t i = 0; i < 2; i++) {
        add_node(&s, pair->node[i], job->out->at_us);
        add_claim(&s, SOURCE_OPERATOR, job->subject, pair->node[i], job->out->at_us);
    }
    return s.err ? s.err : scope_save(store, &s, &job->ctx, STR(""));
}

static const char *ledger_text(struct merge_job *job, struct scope *s, const char *what, struct str by)
{
    struct buf text = BUF_INIT(BY_BYTES_MAX + 100);
    struct str kept = STR_NONE;

    if (!buf_printf(&text, "%s by %.*s", what, STR_ARG(by)))
        kept = arena_str(job->desk->arena, buf_str(&text));
    if (!kept.p)
        s->err = ERR_MEMORY;
    buf_release(&text);
    return kept.p ? kept.p : what;
}

/* Both contacts' ids lead to the survivor afterwards (M6). */
static enum err regroup(struct merge_job *job, const struct pair *pair)
{
    struct scope whole;
    struct customer *c;
    enum err err = merge_load(job, &whole);

    if (err)
        return err;
    if (whole.too_large) {
        job->out->refusal = MERGE_TOO_LARGE;
        return OK;
    }
    scope_group(&whole, &job->ctx);
    c = scope_customer(&whole, SOURCE_OPERATOR, job->subject);
    if (!c || !(str_eq(c->contact_id, pair->id[0]) || str_eq(c->contact_id, pair->id[1])) || !whole.dropped) {
        job->out->refusal = MERGE_TOO_LARGE;
        return whole.err;
    }
    job->out->kept_id = c->contact_id;
    job->out->gone_id = str_eq(c->contact_id, pair->id[0]) ? pair->id[1] : pair->id[0];
    scope_note(&whole, &job->ctx, c->contact_id, "M10", ledger_text(job, &whole, "contacts merged", pair->by), STR_NONE,
               job->out->gone_id, c->contact_id);
    return whole.err ? whole.err : scope_save(job->desk->store, &whole, &job->ctx, STR(""));
}

static enum err merge(struct merge_job *job, void *arg)
{
    struct pair *pair = arg;
    struct image image = {NULL, NULL, NULL};
    struct id id = fresh_id(job->desk->store);
    char subject[sizeof(SUBJECT_MERGE) + ID_CHARS];
    enum err err = find(job, pair);

    job->out->at_us = job->ctx.received_at_us;
    job->out->by = pair->by;
    if (err || job->out->refusal != MERGE_DONE)
        return err;
    snprintf(subject, sizeof(subject), SUBJECT_MERGE "%s", id.text);
    job->subject = arena_str(job->desk->arena, str_of(subject));
    err = job->subject.p ? OK : ERR_MEMORY;
    for (size_t i = 0; i < 2 && !err; i++)
        err = find_node(job, pair->text[i], pair->id[i], &pair->node[i]);
    if (!err)
        err = take_image(job, pair, &image);
    if (!err)
        err = write_fact(job, pair);
    if (!err)
        err = regroup(job, pair);
    if (!err && job->out->refusal == MERGE_DONE)
        err = save_image(job, pair, &image);
    if (!err && job->out->refusal == MERGE_DONE)
        err = contact_recount(job->desk->store);
    release_image(&image);
    return err;
}

enum err merge_contacts(const struct merge_desk *desk, struct str left, struct str right, struct str by, struct merge_result *out)
{
    struct pair pair = {.text = {left, right}, .by = str_upto(by, BY_BYTES_MAX)};
    struct merge_job job;

    merge_job_start(&job, desk, out);
    return merge_run(&job, merge, &pair);
}

enum err merge_forget(struct store *store)
{
    return db_run(store->db, "DELETE FROM contact_merge WHERE account_id = $1 AND at_us < $2", "ii", store->account_id,
                  clock_wall_us(store->clock) - MERGE_DAYS * INT64_C(86400) * US_PER_S);
}
