/* view_field.c -- owns which of all that was said of a contact's fields and tags shows (F2, F5, M7). */
#include "model/view_parts.h"

#include <stdlib.h>

/* By name; of one name what the operator said comes first, and the later before the earlier. */
static int compare_fields(const void *left, const void *right)
{
    const struct contact_field *a = *(const struct contact_field *const *)left, *b = *(const struct contact_field *const *)right;
    int c = str_cmp(a->name, b->name);

    if (!c)
        c = (b->source_id == SOURCE_OPERATOR) - (a->source_id == SOURCE_OPERATOR);
    return c ? c : -version_cmp(a->v, b->v);
}

/* F2: the operator's word until it was released, else the highest version of those who say something; a cleared one says nothing.
 * `run`: all that was said of one field, sorted. NULL when nothing shows. */
static const struct contact_field *winner(const struct contact_field *const *run, size_t n)
{
    if (run[0]->source_id == SOURCE_OPERATOR && run[0]->is != ABSENT)
        return run[0]->is == PRESENT && run[0]->value.len ? run[0] : NULL;
    for (size_t i = 0; i < n; i++)
        if (run[i]->source_id != SOURCE_OPERATOR && run[i]->is == PRESENT && run[i]->value.len)
            return run[i];
    return NULL;
}

/* Names that start with a dot are our own book-keeping. */
static bool is_shown(const struct contact_field *f)
{
    return !str_starts(f->name, STR("."));
}

enum err view_fields(const struct view_input *in, struct contact_view *out)
{
    const struct contact_field **all;
    size_t n = 0, run;

    for (const struct contact_field *f = in->facts->fields; f; f = f->next)
        n += is_shown(f);
    all = arena_array(in->arena, n, sizeof(*all));
    out->fields = arena_array(in->arena, n, sizeof(*out->fields));
    if (!all || !out->fields)
        return ERR_MEMORY;
    n = 0;
    for (const struct contact_field *f = in->facts->fields; f; f = f->next)
        if (is_shown(f))
            all[n++] = f;
    qsort(all, n, sizeof(*all), compare_fields);
    for (size_t i = 0; i < n; i += run) {
        const struct contact_field *shown;

        for (run = 1; i + run < n && str_eq(all[i + run]->name, all[i]->name);)
            run++;
        shown = winner(&all[i], run);
        if (shown)
            out->fields[out->n_fields++] = shown;
    }
    return OK;
}

static int compare_texts(const void *left, const void *right)
{
    return str_cmp(*(const struct str *)left, *(const struct str *)right);
}

size_t view_unique_texts(struct str *at, size_t n)
{
    size_t kept = 0;

    if (n)
        qsort(at, n, sizeof(*at), compare_texts);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !str_eq(at[kept - 1], at[i]))
            at[kept++] = at[i];
    return kept;
}

static int compare_owners(const void *left, const void *right)
{
    const struct view_tag *a = left, *b = right;
    int c = str_cmp(a->tag, b->tag);

    return c ? c : (a->source_id > b->source_id) - (a->source_id < b->source_id);
}

/* The operator's tags stand one a fact; of the facts about one tag, which may hang on several addresses, the latest counts. */
static bool operator_says(const struct scope *facts, const struct contact_field *tag)
{
    for (const struct contact_field *f = facts->fields; f; f = f->next)
        if (str_eq(f->name, tag->name) && version_cmp(f->v, tag->v) > 0)
            return false;
    return tag->is == PRESENT;
}

/* At most how many tags there are. */
static size_t count_tags(const struct scope *facts)
{
    size_t n = 0;

    for (const struct contact_field *f = facts->fields; f; f = f->next) {
        n += str_starts(f->name, STR(FIELD_TAG));
        for (size_t i = 0; str_eq(f->name, STR(FIELD_TAGS)) && i <= f->value.len; i++)
            n += i == f->value.len || f->value.p[i] == '\n';
    }
    return n;
}

static void collect_tags(const struct scope *facts, struct contact_view *out)
{
    for (const struct contact_field *f = facts->fields; f; f = f->next) {
        struct str rest = str_eq(f->name, STR(FIELD_TAGS)) ? f->value : STR_NONE, tag;

        while (str_split(&rest, '\n', &tag))
            if (tag.len)
                out->tag_owners[out->n_tag_owners++] = (struct view_tag){tag, f->source_id};
        if (str_starts(f->name, STR(FIELD_TAG)) && operator_says(facts, f))
            out->tag_owners[out->n_tag_owners++] = (struct view_tag){str_from(f->name, sizeof(FIELD_TAG) - 1), f->source_id};
    }
}

/* M7: the union of what all say. */
enum err view_tags(const struct view_input *in, struct contact_view *out)
{
    size_t max = count_tags(in->facts), kept = 0;

    out->tags = arena_array(in->arena, max, sizeof(*out->tags));
    out->tag_owners = arena_array(in->arena, max, sizeof(*out->tag_owners));
    if (!out->tags || !out->tag_owners)
        return ERR_MEMORY;
    collect_tags(in->facts, out);
    if (out->n_tag_owners)
        qsort(out->tag_owners, out->n_tag_owners, sizeof(*out->tag_owners), compare_owners);
    for (size_t i = 0; i < out->n_tag_owners; i++)
        if (kept == 0 || compare_owners(&out->tag_owners[kept - 1], &out->tag_owners[i]) != 0)
            out->tag_owners[kept++] = out->tag_owners[i];
    out->n_tag_owners = kept;
    for (size_t i = 0; i < kept; i++)
        out->tags[out->n_tags++] = out->tag_owners[i].tag;
    out->n_tags = view_unique_texts(out->tags, out->n_tags);
    return OK;
}
