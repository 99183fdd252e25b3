/* merge_undo.c -- owns the undoing of an operator's merge: both contacts again, with their ids, as they were (M10). */
#include "store/merge_impl.h"

#include "store/account_limit.h"
#include "store/account_limit.h"
#include "store/contact.h"
#include "store/row.h"

enum { TEXT_BYTES_MAX = 16 << 20 };

/* What was kept of the merge. */
struct kept {
    json_t *before, *nodes, *aliases;
};

static void release(struct kept *k)
{
    json_decref(k->before);
    json_decref(k->nodes);
    json_decref(k->aliases);
}

/* What follows from orders, carts and visits, which stay with their customers whatever is merged. */
static bool is_compared(const char *member)
{
    static const char *const not_compared[] = {"orders", "carts", "visits", "created_at", "updated_at"};

    for (size_t i = 0; i < sizeof(not_compared) / sizeof(*not_compared); i++)
        if (strcmp(member, not_compared[i]) == 0)
            return false;
    return true;
}

void merge_compare(json_t *before, json_t *now, struct merge_result *out)
{
    const char *member;
    json_t *value;

    json_object_foreach(before, member, value)
    {
        bool known = false;

        if (!is_compared(member) || json_equal(value, json_object_get(now, member)))
            continue;
        for (size_t i = 0; i < out->n_members; i++)
            known |= strcmp(out->members[i], member) == 0;
        if (!known && out->n_members < MERGE_MEMBERS_MAX)
            out->members[out->n_members++] = member;
    }
}

/* The latest merge of the contact, by the claims that join it. */
static enum err find_merge(struct merge_job *job, struct str contact_id)
{
    struct scope facts;
    enum err err = scope_load_contact(job->desk->store, contact_id, job->desk->arena, &facts);

    for (const struct claim *k = err ? NULL : facts.claims; k; k = k->next)
        if (k->class == CLAIM_JOIN && k->source_id == SOURCE_OPERATOR &&
            (k->first_us > job->out->at_us || (k->first_us == job->out->at_us && str_cmp(k->subject, job->subject) > 0))) {
            job->out->at_us = k->first_us;
            job->subject = k->subject;
        }
    if (job->out->at_us == 0)
        job->out->refusal = MERGE_NONE;
    else if (job->ctx.received_at_us - job->out->at_us > MERGE_DAYS * INT64_C(86400) * US_PER_S)
        job->out->refusal = MERGE_LATE;
    return err;
}

static enum err parse(struct str text, json_t **out)
{
    return json_parse(text, out, NULL);
}

static enum err read_row(struct merge_job *job, struct db_stmt *st, struct kept *out)
{
    struct row r = {.st = st, .arena = job->desk->arena, .column = 0, .err = OK};
    struct str before, nodes, aliases;
    enum err err;

    job->out->by = row_str(&r);
    job->out->kept_id = row_str(&r);
    job->out->gone_id = row_str(&r);
    before = row_str(&r);
    nodes = row_str(&r);
    aliases = row_str(&r);
    err = r.err ? r.err : parse(before, &out->before);
    if (!err)
        err = parse(nodes, &out->nodes);
    return err ? err : parse(aliases, &out->aliases);
}

/* What was forgotten after MERGE_DAYS is late as well. */
static enum err load_kept(struct merge_job *job, struct kept *out)
{
    struct store *store = job->desk->store;
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT made_by, kept_id, gone_id, before, nodes, aliases FROM contact_merge"
                            " WHERE account_id = $1 AND source_id = $2 AND subject = $3",
                            "iis", store->account_id, (int64_t)SOURCE_OPERATOR, job->subject);

    if (!err)
        err = db_step(st, &row);
    if (!err && row)
        err = read_row(job, st, out);
    else if (!err)
        job->out->refusal = MERGE_LATE;
    db_done(st);
    return err;
}

static bool is_merge_of(const struct claim *k, const struct merge_job *job)
{
    return k->source_id == SOURCE_OPERATOR && str_eq(k->subject, job->subject);
}

/* Takes the merge's customer and claims out of what is loaded. */
static void leave_out(struct scope *s, const struct merge_job *job)
{
    for (struct customer **c = &s->customers; *c;)
        if ((*c)->source_id == SOURCE_OPERATOR && str_eq((*c)->subject, job->subject))
            *c = (*c)->next;
        else
            c = &(*c)->next;
    for (struct claim **k = &s->claims; *k;)
        if (is_merge_of(*k, job))
            *k = (*k)->next;
        else
            k = &(*k)->next;
}

static bool is_text(json_t *object, const char *name, struct str s)
{
    struct str text = json_text(json_object_get(object, name));

    return text.p && str_eq(text, s);
}

static struct str was_of_customer(const struct kept *kept, const struct customer *c)
{
    json_t *node;
    size_t i;

    json_array_foreach(kept->nodes, i,
                       node) if (json_integer_value(json_object_get(node, "source")) == c->source_id &&
                                 is_text(node, "subject", c->subject)) return json_text(json_object_get(node, "contact"));
    return STR_NONE;
}

static struct str was_of_address(const struct kept *kept, struct str key)
{
    json_t *node;
    size_t i;

    json_array_foreach(kept->nodes, i, node) if (is_text(node, "address", key)) return json_text(json_object_get(node, "contact"));
    return STR_NONE;
}

/* Each node has its contact's id again; one that came since has none yet. */
static void restore_ids(struct scope *s, const struct kept *kept)
{
    for (struct customer *c = s->customers; c; c = c->next) {
        c->contact_id = was_of_customer(kept, c);
        c->changed = true;
    }
    for (struct address *a = s->addresses; a; a = a->next) {
        a->contact_id = was_of_address(kept, a->key);
        a->changed = true;
    }
}

/* The fact is gone, with nodes of customers that only it needed. */
static enum err forget_fact(const struct merge_job *job)
{
    static const char *const statements[] = {
        "DELETE FROM claim WHERE account_id = $1 AND source_id = $2 AND subject = $3",
        "DELETE FROM customer WHERE account_id = $1 AND source_id = $2 AND subject = $3",
        "DELETE FROM contact_merge WHERE account_id = $1 AND source_id = $2 AND subject = $3",
    };
    struct store *store = job->desk->store;
    enum err err = OK;

    for (size_t i = 0; i < sizeof(statements) / sizeof(*statements) && !err; i++)
        err = db_run(store->db, statements[i], "iis", store->account_id, (int64_t)SOURCE_OPERATOR, job->subject);
    return err;
}

static enum err forget_nodes(const struct merge_job *job, const struct scope *s)
{
    struct store *store = job->desk->store;
    enum err err = OK;

    for (const struct address *a = s->addresses; a && !err; a = a->next) {
        if (address_is_real(a->key))
            continue;
        err = db_run(store->db,
                     "DELETE FROM address WHERE account_id = $1 AND address = $2 AND NOT EXISTS (SELECT 1 FROM claim k"
                     " WHERE k.account_id = $1 AND k.address = $2 AND k.source_id = 0)",
                     "is", store->account_id, a->key);
        if (!err && db_changes(store->db))
            err = db_run(store->db, "DELETE FROM claim WHERE account_id = $1 AND address = $2", "is", store->account_id, a->key);
    }
    return err;
}

/* The id that was merged away is a contact's again, and so are those that led to it. */
static enum err restore_aliases(const struct merge_job *job, const struct kept *kept)
{
    struct store *store = job->desk->store;
    const char *id;
    json_t *list, *alias;
    size_t i;
    enum err err = OK;

    json_object_foreach(kept->aliases, id, list)
    {
        if (!err)
            err = db_run(store->db, "UPDATE contact SET alias_of = NULL WHERE account_id = $1 AND id = $2 AND alias_of IS NOT NULL",
                         "is", store->account_id, str_of(id));
        if (!err)
            err = contact_grow(store, db_changes(store->db));
        json_array_foreach(list, i, alias)
        {
            if (!err)
                err = db_run(store->db, "UPDATE contact SET alias_of = $3 WHERE account_id = $1 AND id = $2", "iss",
                             store->account_id, json_text(alias), str_of(id));
        }
    }
    return err;
}

static enum err part(struct merge_job *job, const struct kept *kept)
{
    struct scope s;
    enum err err = merge_load(job, &s);

    if (err)
        return err;
    if (s.too_large) {
        job->out->refusal = MERGE_TOO_LARGE;
        return OK;
    }
    leave_out(&s, job);
    restore_ids(&s, kept);
    scope_group(&s, &job->ctx);
    scope_note(&s, &job->ctx, job->out->kept_id, "M10", "merge undone", STR_NONE, job->out->kept_id, job->out->gone_id);
    scope_note(&s, &job->ctx, job->out->gone_id, "M10", "merge undone", STR_NONE, job->out->kept_id, job->out->gone_id);
    if (!s.err)
        err = restore_aliases(job, kept);
    if (!err)
        err = s.err ? s.err : scope_save(job->desk->store, &s, &job->ctx, STR(""));
    if (!err)
        err = forget_fact(job);
    return err ? err : forget_nodes(job, &s);
}

/* "Changed since" is what keeps the two from being what they were. */
static enum err compare(struct merge_job *job, const struct kept *kept)
{
    json_t *before;
    size_t i;
    enum err err = OK;

    json_array_foreach(kept->before, i, before)
    {
        json_t *now = NULL;

        if (!err)
            err = merge_show(job->desk, json_text(json_object_get(before, "id")), &now);
        if (err == ERR_NOT_FOUND)
            err = OK;
        if (!err)
            merge_compare(before, now, job->out);
        json_decref(now);
    }
    for (i = 0; i < job->out->n_members && !err; i++) {
        struct str name = arena_str(job->desk->arena, str_of(job->out->members[i])); /* the texts go with `kept` */

        job->out->members[i] = name.p;
        err = name.p ? OK : ERR_MEMORY;
    }
    if (job->out->n_members)
        job->out->refusal = MERGE_CHANGED;
    return err;
}

static enum err undo(struct merge_job *job, void *arg)
{
    struct kept kept = {NULL, NULL, NULL};
    struct str id = STR_NONE;
    enum err err = contact_find(job->desk->store, *(struct str *)arg, job->desk->arena, &id);

    job->subject = STR_NONE;
    job->out->who = *(struct str *)arg;
    if (err == ERR_NOT_FOUND) {
        job->out->refusal = MERGE_NOBODY;
        return OK;
    }
    if (!err)
        err = find_merge(job, id);
    if (!err && job->out->refusal == MERGE_DONE)
        err = load_kept(job, &kept);
    if (!err && job->out->refusal == MERGE_DONE)
        err = part(job, &kept);
    if (!err && job->out->refusal == MERGE_DONE)
        err = compare(job, &kept);
    if (!err && job->out->refusal == MERGE_DONE)
        err = contact_recount(job->desk->store);
    release(&kept);
    return err;
}

enum err merge_undo(const struct merge_desk *desk, struct str who, struct merge_result *out)
{
    struct merge_job job;

    merge_job_start(&job, desk, out);
    return merge_run(&job, undo, &who);
}
