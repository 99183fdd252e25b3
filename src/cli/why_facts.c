/* why_facts.c -- owns the facts behind one field, or behind the consent, of a contact, as `storehook why` tells them. */
#include "cli/why_facts.h"

#include "cli/table.h"

enum { SENTENCE_BYTES = 64 << 10 };

static json_t *source_json(const struct why_facts *w, int64_t id)
{
    return json_str(view_source_name(w->reader->sources, w->reader->n_sources, id));
}

/* --- a field ---------------------------------------------------------------------------------------------------------- */

/* True for a text of another type than the field's, which stands beside the value (F4). */
static bool is_aside_of(const struct contact_field *f, struct str field)
{
    return str_starts(f->name, STR(FIELD_ASIDE)) && str_eq(str_from(f->name, sizeof(FIELD_ASIDE) - 1), field);
}

/* True for the fact that the view shows for the field. */
static bool counts(const struct why_facts *w, const struct contact_field *f, struct str field)
{
    for (size_t i = 0; i < w->view->n_shown; i++) {
        const struct contact_field *shown = w->view->shown[i];

        if (str_eq(shown->name, field) && shown->source_id == f->source_id && str_eq(shown->subject, f->subject))
            return version_cmp(shown->v, f->v) == 0 && str_eq(shown->value, f->value);
    }
    return false;
}

static json_t *field_json(const struct why_facts *w, const struct contact_field *f, bool counting)
{
    json_t *o = json_object();

    json_object_set_new(o, "source", source_json(w, f->source_id));
    json_object_set_new(o, "customer", json_str(f->subject));
    json_object_set_new(o, "value", f->is == PRESENT ? json_str(f->value) : json_null());
    json_object_set_new(o, "at", json_time(f->v.at_us));
    json_object_set_new(o, "rank", json_integer(f->v.rank));
    json_object_set_new(o, "counts", json_boolean(counting));
    if (f->is == ABSENT)
        json_object_set_new(o, "released", json_true());
    if (str_starts(f->name, STR(FIELD_ASIDE)))
        json_object_set_new(o, "set_aside", json_true());
    return o;
}

json_t *why_field_json(const struct why_facts *w, struct str field)
{
    json_t *list = json_array();

    for (const struct contact_field *f = w->facts->fields; f; f = f->next) {
        if (!str_eq(f->name, field) && !is_aside_of(f, field))
            continue;
        if (counts(w, f, field))
            json_array_insert_new(list, 0, field_json(w, f, true));
        else
            json_array_append_new(list, field_json(w, f, false));
    }
    return list;
}

/* Foreign text is made harmless for the terminal. */
static void say(struct buf *text)
{
    struct buf safe = BUF_INIT(SENTENCE_BYTES * 4);

    puts(text_escape(buf_str(text), false, &safe) ? "  (too long to show; see --json)" : buf_text(&safe));
    buf_release(&safe);
    buf_release(text);
}

/* A sentence that does not fit ends where it is full. */
static void add(struct buf *text, const char *before, struct str s, const char *after)
{
    if (buf_printf(text, "%s%.*s%s", before, STR_ARG(s), after))
        return;
}

static void print_field(const json_t *o)
{
    struct buf text = BUF_INIT(SENTENCE_BYTES);
    bool cleared = json_is_null(json_object_get(o, "value"));
    const char *empty = json_is_true(json_object_get(o, "released")) ? "(released" : "(cleared";

    add(&text, json_is_true(json_object_get(o, "counts")) ? "  counts    " : "  outranked ", json_member_text(o, "source"), ", ");
    add(&text, "customer ", json_member_text(o, "customer"), ": ");
    if (json_is_true(json_object_get(o, "set_aside")))
        add(&text, "set aside, of another type than the field: ", STR_NONE, "");
    add(&text, cleared ? empty : "\"", json_member_text(o, "value"), cleared ? ")" : "\"");
    add(&text, ", as of ", json_member_text(o, "at"), "");
    say(&text);
}

void why_field_print(const json_t *facts, struct str field)
{
    const json_t *o;
    size_t i;

    printf("%.*s: %s\n", STR_ARG(field),
           json_array_size(facts) ? "what each source says of it" : "no source ever said anything of it");
    json_array_foreach(facts, i, o) print_field(o);
}

bool why_line_is_of_field(const struct ledger_line *line, struct str field)
{
    return str_eq(line->name, field) || (str_eq(field, STR("email")) && str_eq(line->what, STR("email")));
}

/* --- consent ---------------------------------------------------------------------------------------------------------- */

static const char *const kind_names[CONSENT_KIND__COUNT] = {[CONSENT_RESTRICT] = "refusal",
                                                            [CONSENT_OPT_IN] = "opt-in",
                                                            [CONSENT_WEAK] = "mention",
                                                            [CONSENT_ASKED] = "unconfirmed opt-in"};

/* True when the answer for its channel, or for its list, is taken from this statement. */
static bool decides(const struct contact_view *v, const struct consent *c, const struct consent_register *reg)
{
    const struct view_consent *answer = str_eq(c->channel, STR("email")) ? &v->consent : &v->sms;

    if (c->list.len == 0)
        return answer->state == reg->state && answer->at_us == reg->at_us && answer->source_id == reg->source_id;
    for (size_t i = 0; i < v->n_lists; i++)
        if (str_eq(v->lists[i].list, c->list))
            return v->lists[i].state == reg->state && v->lists[i].since_us == (reg->at_us ? reg->at_us : v->lists[i].since_us);
    return false;
}

static json_t *statement_json(const struct why_facts *w, const struct consent *c, enum consent_kind kind)
{
    const struct consent_register *reg = &c->is[kind];
    json_t *o = json_object();

    json_object_set_new(o, "kind", json_string(kind_names[kind]));
    json_object_set_new(o, "state", json_string(consent_state_name(reg->state)));
    json_object_set_new(o, "channel", json_str(c->channel));
    json_object_set_new(o, "address", json_str(c->address));
    json_object_set_new(o, "list", c->list.len ? json_str(c->list) : json_null());
    json_object_set_new(o, "at", json_time(reg->at_us));
    json_object_set_new(o, "source", source_json(w, reg->source_id));
    json_object_set_new(o, "basis", reg->basis.len ? json_str(reg->basis) : json_null());
    json_object_set_new(o, "confirmed", json_boolean(reg->confirmed));
    json_object_set_new(o, "decides", json_boolean(decides(w->view, c, reg)));
    return o;
}

/* Not a reason to suppress: what lifts one of before its time (C6). */
static bool is_remembered(const struct suppression *s)
{
    return str_eq(s->reason, STR(SUPPRESSION_CONFIRMED)) || str_eq(s->reason, STR(SUPPRESSION_LIFTED));
}

static json_t *suppression_json(const struct why_facts *w, const struct suppression *s)
{
    json_t *o = json_object();
    bool decides = false;

    for (size_t i = 0; i < w->view->n_suppressions; i++)
        decides |= str_eq(w->view->suppressions[i], s->reason);
    json_object_set_new(o, "kind", json_string(is_remembered(s) ? "remembered" : "suppression"));
    json_object_set_new(o, "state", json_str(s->reason));
    json_object_set_new(o, "channel", json_str(s->channel));
    json_object_set_new(o, "address", json_str(s->address));
    json_object_set_new(o, "at", json_time(s->at_us));
    json_object_set_new(o, "source", source_json(w, s->source_id));
    json_object_set_new(o, "decides", json_boolean(decides));
    return o;
}

json_t *why_consent_json(const struct why_facts *w)
{
    json_t *list = json_array();

    for (enum consent_kind kind = CONSENT_RESTRICT; kind < CONSENT_KIND__COUNT; kind++)
        for (const struct consent *c = w->facts->consents; c; c = c->next)
            if (c->is[kind].set)
                json_array_append_new(list, statement_json(w, c, kind));
    for (const struct suppression *s = w->facts->suppressions; s; s = s->next)
        json_array_append_new(list, suppression_json(w, s));
    return list;
}

static void print_statement(const json_t *o)
{
    struct buf text = BUF_INIT(SENTENCE_BYTES);
    struct str list = json_member_text(o, "list"), basis = json_member_text(o, "basis"), at = json_member_text(o, "at");

    add(&text, json_is_true(json_object_get(o, "decides")) ? "  decides   " : "            ", json_member_text(o, "kind"), ": ");
    add(&text, "", json_member_text(o, "channel"), " ");
    add(&text, "", json_member_text(o, "address"), " ");
    add(&text, "", json_member_text(o, "state"), "");
    if (list.len)
        add(&text, " on list ", list, "");
    add(&text, ", as of ", at.len ? at : STR("an unknown time"), "");
    add(&text, ", said by ", json_member_text(o, "source"), "");
    if (basis.len)
        add(&text, " (", basis, ")");
    if (json_is_true(json_object_get(o, "confirmed")))
        add(&text, "", STR(", confirmed"), "");
    say(&text);
}

void why_consent_print(const json_t *facts)
{
    const json_t *o;
    size_t i;

    puts(json_array_size(facts) ? "what was said:" : "nothing was ever said of consent");
    json_array_foreach(facts, i, o) print_statement(o);
}

bool why_line_is_of_consent(const struct ledger_line *line)
{
    return ledger_is_of_consent(line);
}
