/* view_field.c -- owns which of all that was said of a contact's fields and tags shows (F2, F4, F5, M7). */
#include "model/view_parts.h"

#include <stdlib.h>

/* One statement about a field: its value, or a text that was set aside because it was none of the field's type. */
struct said {
    struct str name; /* of the field, also for what was set aside */
    const struct contact_field *fact;
    bool fits; /* the field's type, as it is now */
};

/* By name; of one name what the operator said comes first, and the later before the earlier. */
static int compare_said(const void *left, const void *right)
{
    const struct said *a = left, *b = right;
    int c = str_cmp(a->name, b->name);

    if (!c)
        c = (b->fact->source_id == SOURCE_OPERATOR) - (a->fact->source_id == SOURCE_OPERATOR);
    return c ? c : -version_cmp(a->fact->v, b->fact->v);
}

static bool is_aside(const struct contact_field *f)
{
    return str_starts(f->name, STR(FIELD_ASIDE));
}

/* What was set aside is over when the same customer's field was said anew since. */
static bool is_over(const struct scope *facts, const struct contact_field *aside, struct str name)
{
    for (const struct contact_field *f = facts->fields; f; f = f->next)
        if (f->source_id == aside->source_id && str_eq(f->subject, aside->subject) && str_eq(f->name, name))
            return version_cmp(f->v, aside->v) >= 0;
    return false;
}

/* Names that start with a dot are our own book-keeping. */
static size_t collect_said(const struct view_input *in, struct said *out)
{
    size_t n = 0;

    for (const struct contact_field *f = in->facts->fields; f; f = f->next) {
        struct str name = is_aside(f) ? str_from(f->name, sizeof(FIELD_ASIDE) - 1) : f->name;

        if (str_starts(name, STR(".")) || (is_aside(f) && is_over(in->facts, f, name)))
            continue;
        out[n++] = (struct said){name, f, field_fits(field_type_of(in->field_types, name), f->value)};
    }
    return n;
}

static bool has_text(const struct said *s)
{
    return s->fact->is == PRESENT && s->fact->value.len;
}

/* F2: the operator's word until it was released, else the highest version of those who say something; a cleared one says nothing.
 * F4: a text of another type is no value. `run`: all that was said of one field, sorted. NULL when nothing shows. */
static const struct said *winner(const struct said *run, size_t n)
{
    if (run[0].fact->source_id == SOURCE_OPERATOR && run[0].fact->is != ABSENT && (run[0].fits || !has_text(&run[0])))
        return has_text(&run[0]) ? &run[0] : NULL;
    for (size_t i = 0; i < n; i++)
        if (run[i].fact->source_id != SOURCE_OPERATOR && has_text(&run[i]) && run[i].fits)
            return &run[i];
    return NULL;
}

/* The latest text that is none of the type, unless the value is later. */
static const struct said *aside_of(const struct said *run, size_t n, const struct said *shown)
{
    const struct said *last = NULL;

    for (size_t i = 0; i < n; i++)
        if (has_text(&run[i]) && !run[i].fits && (!last || version_cmp(run[i].fact->v, last->fact->v) > 0))
            last = &run[i];
    return last && (!shown || version_cmp(last->fact->v, shown->fact->v) > 0) ? last : NULL;
}

/* What shows is a copy under the field's name. */
static const struct contact_field *shown_as(const struct view_input *in, const struct said *s)
{
    struct contact_field *copy;

    if (!is_aside(s->fact))
        return s->fact;
    copy = arena_alloc(in->arena, sizeof(*copy));
    if (copy) {
        *copy = *s->fact;
        copy->name = s->name;
    }
    return copy;
}

enum err view_fields(const struct view_input *in, struct contact_view *out)
{
    struct said *all;
    size_t n = 0, run;

    for (const struct contact_field *f = in->facts->fields; f; f = f->next)
        n++;
    all = arena_array(in->arena, n, sizeof(*all));
    out->fields = arena_array(in->arena, n, sizeof(*out->fields));
    out->shown = arena_array(in->arena, n, sizeof(*out->shown));
    out->asides = arena_array(in->arena, n, sizeof(*out->asides));
    if (!all || !out->fields || !out->shown || !out->asides)
        return ERR_MEMORY;
    n = collect_said(in, all);
    if (n)
        qsort(all, n, sizeof(*all), compare_said);
    for (size_t i = 0; i < n; i += run) {
        const struct said *shown, *aside;

        for (run = 1; i + run < n && str_eq(all[i + run].name, all[i].name);)
            run++;
        shown = winner(&all[i], run);
        aside = aside_of(&all[i], run, shown);
        if (shown && !(out->fields[out->n_fields++] = out->shown[out->n_shown++] = shown_as(in, shown)))
            return ERR_MEMORY;
        if (aside && !(out->asides[out->n_asides++] = shown_as(in, aside)))
            return ERR_MEMORY;
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
