/* apply_field.c -- owns what an event says of the customer's fields and tags (F1-F6, O1, O2, O4). */
#include "model/apply.h"

struct contact_field *field_ensure(struct apply *a, struct str name)
{
    struct scope *s = a->scope;
    struct contact_field *f;

    for (f = s->fields; f; f = f->next)
        if (f->source_id == a->ctx->source_id && str_eq(f->subject, a->customer->subject) && str_eq(f->name, name))
            return f;
    f = scope_add(s, &s->fields, sizeof(*f));
    if (f) {
        f->source_id = a->ctx->source_id;
        f->subject = a->customer->subject;
        f->name = name;
    }
    return f;
}

/* F4: where a text is kept that is none of the field's type. The value stays what it was. */
static struct str name_by_type(struct apply *a, struct str name, enum presence is, struct str value)
{
    if (is != PRESENT || value.len == 0 || field_fits(field_type_of(a->ctx->field_types, name), value))
        return name;
    a->out->asides++;
    return scope_join(a->scope, STR(FIELD_ASIDE), name);
}

/* F1, F2, O1, O2, O4: absent leaves, null clears, the higher version wins; one that is older fills only what nothing set. */
static void set_field(struct apply *a, struct str name, enum presence is, struct str value)
{
    struct contact_field *f;
    struct str kept_as;

    if (is == ABSENT)
        return;
    value = is == PRESENT ? text_limit(value) : STR_NONE;
    kept_as = name_by_type(a, name, is, value);
    f = field_ensure(a, kept_as);
    if (!f || !version_replaces(a->v, f->v))
        return;
    if (kept_as.len != name.len)
        scope_note(a->scope, a->ctx, a->customer->contact_id, "F4", "text of another type set aside", name, f->value, value);
    else if (f->is != is || !str_eq(f->value, value))
        scope_note(a->scope, a->ctx, a->customer->contact_id, version_is_set(f->v) ? "O1" : "F1", "field", name, f->value, value);
    f->is = is;
    f->value = value;
    f->v = a->v;
    f->changed = true;
}

/* F3: <platform>_<field>; a name that has the prefix already keeps it. */
static struct str custom_name(struct apply *a, struct str name)
{
    struct str prefix = scope_join(a->scope, a->ctx->platform, STR("_"));
    struct str own = str_starts(name, prefix) ? str_from(name, prefix.len) : name;
    struct str made = field_name_make(a->scope->arena, prefix, own);

    if (!made.p)
        a->scope->err = ERR_MEMORY;
    return made;
}

/* "color" and "shop_color" of one event are one field: what sorts first counts, whatever their order. */
static bool is_first_of_name(const struct apply *a, const struct str *names, size_t i)
{
    const struct event_field *fields = a->event->fields;

    for (size_t k = 0; k < a->event->n_fields; k++) {
        int c = k == i || !str_eq(names[k], names[i]) ? 1 : str_cmp(fields[k].name, fields[i].name);

        if (c < 0 || (c == 0 && k < i))
            return false;
    }
    return true;
}

static void apply_custom_fields(struct apply *a)
{
    const struct event *e = a->event;
    struct str *names = arena_array(a->scope->arena, e->n_fields, sizeof(*names));

    if (!names) {
        a->scope->err = ERR_MEMORY;
        return;
    }
    for (size_t i = 0; i < e->n_fields; i++)
        names[i] = field_map_target(a->ctx->field_map, custom_name(a, e->fields[i].name));
    for (size_t i = 0; i < e->n_fields; i++)
        if (names[i].len && is_first_of_name(a, names, i)) /* without a name: the source's mapping is manual */
            set_field(a, names[i], e->fields[i].value.is, e->fields[i].value.text);
}

/* One a line. A tag that does not fit any more is left out whole: the half of one would be another tag. */
static struct str joined_tags(struct apply *a)
{
    char *all = arena_alloc(a->scope->arena, TEXT_MAX);
    size_t len = 0;

    if (!all)
        a->scope->err = ERR_MEMORY;
    for (size_t i = 0; all && i < a->event->n_tags; i++) {
        struct str tag = str_trim(a->event->tags[i]);

        if (tag.len == 0 || str_find(tag, '\n') < tag.len || tag.len + 1 > TEXT_MAX - len)
            continue;
        if (len)
            all[len++] = '\n';
        memcpy(all + len, tag.p, tag.len);
        len += tag.len;
    }
    return str_n(all, len);
}

/* A name given whole is parted at its last space, unless the parts came too. */
static void apply_full_name(struct apply *a)
{
    const struct value *full = &a->event->m[M_CONTACT_FULL_NAME];
    struct str name = full->is == PRESENT ? str_trim(full->text) : STR_NONE;
    size_t cut = name.len;

    if (name.len == 0 || a->event->m[M_CONTACT_FIRST_NAME].is != ABSENT || a->event->m[M_CONTACT_LAST_NAME].is != ABSENT)
        return;
    while (cut && name.p[cut - 1] != ' ')
        cut--;
    set_field(a, STR("first_name"), PRESENT, str_trim(cut ? str_upto(name, cut) : name));
    if (cut)
        set_field(a, STR("last_name"), PRESENT, str_from(name, cut));
}

/* What the operator mapped to fields that are there (GR-28). */
static void apply_own_fields(struct apply *a)
{
    const struct event *e = a->event;

    for (size_t i = 0; i < e->n_form_fields; i++)
        if (field_name_is_valid(e->form_fields[i].name) && !field_is_built_in(e->form_fields[i].name))
            set_field(a, e->form_fields[i].name, e->form_fields[i].value.is, e->form_fields[i].value.text);
}

void apply_fields(struct apply *a)
{
    static const struct {
        enum member m;
        const char *name;
    } own[] = {
        {M_CONTACT_FIRST_NAME, "first_name"},
        {M_CONTACT_LAST_NAME, "last_name"},
        {M_CONTACT_PHONE, "phone"},
        {M_CONTACT_COMPANY, "company"},
        {M_CONTACT_LOCALE, "locale"},
        {M_CONTACT_COUNTRY, "country"},
        {M_CONTACT_CITY, "city"},
    };
    const struct event *e = a->event;

    if (!a->customer)
        return;
    for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
        set_field(a, str_of(own[i].name), e->m[own[i].m].is, e->m[own[i].m].text);
    apply_full_name(a);
    if (e->n_fields)
        apply_custom_fields(a);
    if (e->type == EVENT_IMPORTED)
        apply_own_fields(a);
    if (e->tags_are != ABSENT)
        set_field(a, STR(FIELD_TAGS), PRESENT, joined_tags(a));
}
