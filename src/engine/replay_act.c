/* replay_act.c -- owns what a script has an operator or a timer do, and the end that is read. */
#include "engine/replay_impl.h"

#include "engine/cart_sweep.h"
#include "engine/edit.h"
#include "store/contact.h"
#include "store/merge.h"

#include <stdlib.h>

enum { CONTACTS_MAX = 100000, SWEEPS_MAX = 10000, ACT_ARENA_BYTES = 64 << 20 };

static enum err sources_of(struct replay *r, struct arena *arena, struct view_source **out, size_t *n)
{
    return contact_sources(r->store, r->setting.cart_delay_us, arena, out, n);
}

/* What cannot be done is no error of the script: the end tells of it. */
static enum err refuse(struct replay *r, json_t *step)
{
    r->figures.refused_acts++;
    return json_array_append(r->refused, step) ? ERR_MEMORY : OK;
}

static enum err merge_or_undo(struct replay *r, json_t *step, struct arena *arena, struct buf *why)
{
    json_t *pair = json_object_get(step, "merge");
    struct str left = pair ? json_text(json_array_get(pair, 0)) : json_member_text(step, "unmerge");
    struct str right = json_text(json_array_get(pair, 1));
    struct merge_desk desk = {.store = r->store, .arena = arena};
    struct view_source *sources = NULL;
    struct merge_result result = {.refusal = MERGE_DONE};
    enum err err = sources_of(r, arena, &sources, &desk.n_sources);

    desk.sources = sources;
    if (!err && (left.len == 0 || (pair && right.len == 0)))
        return replay_wrong(why, "\"merge\" names two contacts, [EMAIL, EMAIL]; \"unmerge\" one");
    if (!err)
        err = pair ? merge_contacts(&desk, left, right, STR("replay"), &result) : merge_undo(&desk, left, &result);
    return !err && result.refusal != MERGE_DONE ? refuse(r, step) : err;
}

static enum err edit_kind_named(struct str name, enum edit_kind *out, struct buf *why)
{
    static const char *const names[EDIT_KIND__COUNT] = {
#define X(suffix, what, rule) [EDIT_##suffix] = #suffix,
        EDIT_KINDS(X)
#undef X
    };

    for (size_t i = 0; i < EDIT_KIND__COUNT; i++)
        if (str_eq_nocase(name, str_of(names[i]))) {
            *out = (enum edit_kind)i;
            return OK;
        }
    return replay_wrong(why, "\"edit\": unknown kind; tag_add, tag_remove, field_set, field_release...");
}

static enum err edit(struct replay *r, json_t *step, struct arena *arena, struct buf *why)
{
    struct edit edit = {.email = json_member_text(step, "email"),
                        .name = json_member_text(step, "name"),
                        .value = json_member_text(step, "value"),
                        .at_us = r->now_us,
                        .by = STR("replay")};
    struct edit_result result;
    enum err err = edit_kind_named(json_member_text(step, "edit"), &edit.kind, why);

    if (!err)
        err = edit_commit(r->store, &edit, arena, &result);
    if (err == ERR_NOT_FOUND)
        return refuse(r, step);
    if (err == ERR_RANGE || (err == ERR_SYNTAX && why->len == 0))
        return replay_wrong(why, "\"edit\" needs \"email\", an address, and \"name\", of the tag, field or list");
    return err;
}

static enum err sweep(struct replay *r)
{
    struct cart_settings settings = {.delay_us = r->setting.cart_delay_us, .cooldown_us = r->setting.cart_cooldown_us};
    struct cart_swept swept = {.more = true};
    enum err err = OK;

    for (int i = 0; i < SWEEPS_MAX && swept.more && !err; i++)
        err = cart_sweep(r->store, &settings, CART_SWEEP_MAX, &swept);
    return err;
}

bool replay_is_act(json_t *step)
{
    static const char *const acts[] = {"merge", "unmerge", "edit", "sweep", "forget"};

    for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++)
        if (json_object_get(step, acts[i]))
            return true;
    return false;
}

enum err replay_act(struct replay *r, json_t *step, struct buf *why)
{
    struct arena arena;
    int64_t after_us = r->now_us;
    enum err err = replay_time(step, "at", &r->now_us, why);

    if (!err)
        err = replay_time(step, "sweep", &r->now_us, why);
    if (err)
        return err;
    arena_init(&arena, ACT_ARENA_BYTES);
    if (json_object_get(step, "sweep"))
        err = sweep(r);
    else if (json_object_get(step, "forget")) /* D7: the keys are as old as they get */
        err = db_run(r->store->db, "DELETE FROM seen WHERE account_id = $1", "i", r->store->account_id);
    else if (json_object_get(step, "edit"))
        err = edit(r, step, &arena, why);
    else
        err = merge_or_undo(r, step, &arena, why);
    arena_release(&arena);
    r->figures.acts++;
    if (r->now_us < after_us)
        r->now_us = after_us;
    return err;
}

/* --- the end ------------------------------------------------------------------------------------------------------------ */

struct shown {
    char *text; /* keys sorted */
    json_t *contact;
};

static int compare_shown(const void *left, const void *right)
{
    return strcmp(((const struct shown *)left)->text, ((const struct shown *)right)->text);
}

static enum err show_contact(struct replay *r, struct str id, const struct view_source *sources, size_t n_sources,
                             struct shown *out)
{
    struct contact_view view;
    struct arena arena;
    enum err err;

    arena_init(&arena, ACT_ARENA_BYTES);
    err = contact_load(r->store, id, sources, n_sources, &arena, &view);
    out->contact = err ? NULL : view_json(&view, sources, n_sources);
    if (!err && (!out->contact || json_object_del(out->contact, "id")))
        err = ERR_MEMORY;
    out->text = err ? NULL : json_dumps(out->contact, JSON_COMPACT | JSON_SORT_KEYS);
    arena_release(&arena);
    return err ? err : out->text ? OK : ERR_MEMORY;
}

static enum err read_contacts(struct replay *r, json_t *list)
{
    struct view_source *sources = NULL;
    size_t n_sources = 0, n = 0, shown_n = 0;
    struct str *ids = arena_array(&r->arena, CONTACTS_MAX, sizeof(*ids));
    struct shown *shown = NULL;
    enum err err = ids ? sources_of(r, &r->arena, &sources, &n_sources) : ERR_MEMORY;

    if (!err)
        err = contact_ids(r->store, STR_NONE, CONTACTS_MAX, &r->arena, ids, &n);
    if (!err) {
        shown = calloc(n + 1, sizeof(*shown));
        err = shown ? OK : ERR_MEMORY;
    }
    for (; shown_n < n && !err; shown_n++)
        err = show_contact(r, ids[shown_n], sources, n_sources, &shown[shown_n]);
    if (!err && n)
        qsort(shown, n, sizeof(*shown), compare_shown);
    for (size_t i = 0; i < shown_n; i++) {
        if (shown[i].contact && json_array_append_new(list, shown[i].contact) && !err)
            err = ERR_MEMORY;
        free(shown[i].text);
    }
    free(shown);
    return err;
}

enum err replay_end(struct replay *r, json_t **out, struct buf *why)
{
    json_t *end = json_object(), *contacts = json_array();
    enum err err = end && contacts ? replay_flush(r, why) : ERR_MEMORY;

    if (!err)
        err = read_contacts(r, contacts);
    if (json_object_set_new(end, "contacts", contacts) || json_object_set_new(end, "dead", json_copy(r->dead)) ||
        json_object_set_new(end, "refused", json_copy(r->refused)))
        err = err ? err : ERR_MEMORY;
    if (err)
        json_decref(end);
    else
        *out = end;
    return err;
}

/* --- comparing ---------------------------------------------------------------------------------------------------------- */

static void tell(json_t *a, json_t *b, const char *path, struct buf *out)
{
    char *left = a ? json_dumps(a, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    char *right = b ? json_dumps(b, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

    if (buf_printf(out, "%s\n  first:  %s\n  second: %s\n", path, left ? left : "absent", right ? right : "absent"))
        buf_clear(out); /* longer than anybody reads; that they differ is told by the result */
    free(left);
    free(right);
}

static bool differ(json_t *a, json_t *b, const char *path, struct buf *out)
{
    char below[512];
    const char *key;
    json_t *value;
    size_t i;

    if ((!a && !b) || (a && b && json_equal(a, b)))
        return false;
    if (json_is_object(a) && json_is_object(b))
        json_object_foreach(a, key, value)
        {
            snprintf(below, sizeof(below), "%s/%s", path, key);
            if (differ(value, json_object_get(b, key), below, out))
                return true;
        }
    if (json_is_array(a) && json_is_array(b) && json_array_size(a) == json_array_size(b))
        json_array_foreach(a, i, value)
        {
            snprintf(below, sizeof(below), "%s/%zu", path, i);
            if (differ(value, json_array_get(b, i), below, out))
                return true;
        }
    tell(a, b, path, out);
    return true;
}

/* The first contact of one side that has no equal on the other; NULL when there is none. */
static json_t *only_in(json_t *a, json_t *b)
{
    json_t *one, *other;
    size_t i, j;

    json_array_foreach(a, i, one)
    {
        bool found = false;

        json_array_foreach(b, j, other) found |= json_equal(one, other) != 0;
        if (!found)
            return one;
    }
    return NULL;
}

bool replay_difference(json_t *left, json_t *right, struct buf *out)
{
    json_t *a = json_object_get(left, "contacts"), *b = json_object_get(right, "contacts");
    json_t *one = only_in(a, b), *other = NULL, *candidate;
    size_t i;

    if (!one && !only_in(b, a) && json_array_size(a) == json_array_size(b))
        return false;
    json_array_foreach(b, i, candidate) if (!other && one &&
                                            str_eq_nocase(json_member_text(one, "email"), json_member_text(candidate, "email")) &&
                                            !json_equal(one, candidate)) other = candidate;
    if (buf_printf(out, "%zu contacts in the first run, %zu in the second; they part at %s", json_array_size(a), json_array_size(b),
                   one ? json_string_value(json_object_get(one, "email")) : "(one more)"))
        return true;
    if (!differ(one, other ? other : only_in(b, a), "", out))
        tell(one, NULL, "", out);
    return true;
}
