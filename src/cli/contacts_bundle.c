/* contacts_bundle.c -- owns the bundle of everything that is stored about one person (X5): `storehook contacts export EMAIL`. */
#include "cli/contacts.h"
#include "cli/open.h"
#include "cli/why_facts.h"
#include "store/privacy.h"
#include "store/sent.h"
#include "store/visit.h"

/* The bundle's version grows when a member changes its meaning; new members may come at any time. */
enum { BUNDLE_VERSION = 1, LINES_MAX = 100000, SENT_MAX = 10000 };

static json_t *addresses_json(const struct scope *facts)
{
    json_t *list = json_array();

    for (const struct address *a = facts->addresses; a; a = a->next)
        json_array_append_new(list, json_str(a->key));
    return list;
}

static json_t *said_json(const struct why_facts *w, const struct customer *c)
{
    json_t *list = json_array();

    for (const struct contact_field *f = w->facts->fields; f; f = f->next) {
        json_t *o;

        if (f->source_id != c->source_id || !str_eq(f->subject, c->subject))
            continue;
        o = json_object();
        json_object_set_new(o, "name", str_eq(f->name, STR(FIELD_TAGS)) ? json_string("tags") : json_str(f->name));
        json_object_set_new(o, "value", f->is == PRESENT ? json_str(f->value) : json_null());
        json_object_set_new(o, "at", json_time(f->v.at_us));
        json_array_append_new(list, o);
    }
    return list;
}

/* What each source knows, also what another source's word outranks. */
static json_t *customers_json(const struct why_facts *w)
{
    const struct contact_reader *r = w->reader;
    json_t *list = json_array();

    for (const struct customer *c = w->facts->customers; c; c = c->next) {
        json_t *o = json_object();

        json_object_set_new(o, "source", json_str(view_source_name(r->sources, r->n_sources, c->source_id)));
        json_object_set_new(o, "external_id", c->external_id.len ? json_str(c->external_id) : json_null());
        json_object_set_new(o, "email", c->email_shown.len ? json_str(c->email_shown) : json_null());
        json_object_set_new(o, "first_at", json_time(c->first_us));
        json_object_set_new(o, "last_at", json_time(c->last_us));
        json_object_set_new(o, "deleted_at", customer_is_living(c) ? json_null() : json_time(c->deleted_v.at_us));
        json_object_set_new(o, "said", said_json(w, c));
        json_array_append_new(list, o);
    }
    return list;
}

struct visits {
    const struct contact_reader *reader;
    json_t *list;
};

static enum err add_visit(void *arg, const struct visit *v, struct arena *arena)
{
    struct visits *all = arg;
    json_t *o = json_object();

    (void)arena;
    json_object_set_new(o, "at", json_time(v->at_us));
    json_object_set_new(o, "type", json_string(event_type_name(v->type)));
    json_object_set_new(o, "source", json_str(view_source_name(all->reader->sources, all->reader->n_sources, v->source_id)));
    json_object_set_new(o, "visitor_id", v->visitor_id.len ? json_str(v->visitor_id) : json_null());
    json_object_set_new(o, "url", v->url.len ? json_str(v->url) : json_null());
    json_object_set_new(o, "title", v->title.len ? json_str(v->title) : json_null());
    json_object_set_new(o, "referrer", v->referrer.len ? json_str(v->referrer) : json_null());
    json_object_set_new(o, "product_id", v->product_id.len ? json_str(v->product_id) : json_null());
    json_object_set_new(o, "product_name", v->product_name.len ? json_str(v->product_name) : json_null());
    return json_array_append_new(all->list, o) ? ERR_MEMORY : OK;
}

/* The body of a notice is JSON already. */
static json_t *sent_text(const struct sent *sent)
{
    json_t *body = NULL;

    if (sent->kind == SENT_NOTICE && json_parse(sent->text, &body, NULL) == OK)
        return body;
    return json_str(sent->text);
}

static json_t *sent_json(const struct sent *sent, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        json_t *o = json_object();

        json_object_set_new(o, "kind", json_string(sent_kind_name(sent[i].kind)));
        json_object_set_new(o, "name", json_str(sent[i].name));
        json_object_set_new(o, "at", json_time(sent[i].at_us));
        json_object_set_new(o, sent[i].kind == SENT_NOTICE ? "body" : "text", sent_text(&sent[i]));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *ledger_json(const struct contact_reader *r, const struct ledger_line *lines, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, why_line_json(r, &lines[i]));
    return list;
}

/* Takes the lists. */
static json_t *bundle_json(const struct cli *cli, const struct why_facts *w, json_t *visits, json_t *sent, json_t *ledger)
{
    json_t *o = json_object();

    json_object_set_new(o, "format", json_string("storehook contact"));
    json_object_set_new(o, "version", json_integer(BUNDLE_VERSION));
    json_object_set_new(o, "made_at", json_time(clock_wall_us(cli->clock)));
    json_object_set_new(o, "contact", view_json(w->view, w->reader->sources, w->reader->n_sources));
    json_object_set_new(o, "addresses", addresses_json(w->facts));
    json_object_set_new(o, "customers", customers_json(w));
    json_object_set_new(o, "consent", why_consent_json(w));
    json_object_set_new(o, "visits", visits);
    json_object_set_new(o, "sent", sent);
    json_object_set_new(o, "ledger", ledger);
    return o;
}

static int print_bundle(struct cli *cli, struct contact_reader *r, const char *who)
{
    struct ledger_line *lines = NULL;
    struct contact_view view, whole;
    struct scope facts;
    struct why_facts w = {.reader = r, .facts = &facts, .view = &whole};
    struct visits visits = {.reader = r, .list = NULL};
    struct sent *sent = NULL;
    size_t n = 0, n_sent = 0, closed = 0;
    int code = contact_open(cli, r, who, &whole);
    enum err err;

    if (code != CLI_GO)
        return code;
    visits.list = json_array();
    err = contact_load_facts(r->store, whole.id, r->sources, r->n_sources, &r->work, &facts, &view);
    if (!err)
        err = visits_of_contact(r->store, &facts, &r->work, add_visit, &visits);
    if (!err)
        err = contact_ledger(r->store, whole.id, LINES_MAX, &r->fixed, &lines, &n);
    if (!err)
        err = sent_of_contact(r->store, whole.id, SENT_MAX, &r->fixed, &sent, &n_sent);
    if (err) {
        json_decref(visits.list);
        return cli_fail_why(err, NULL);
    }
    code = cli_print_json(bundle_json(cli, &w, visits.list, sent_json(sent, n_sent), ledger_json(r, lines, n)));
    if (code == EXIT_DONE)
        err = privacy_data_given(r->store, whole.id, &closed);
    if (err)
        return cli_fail_why(err, NULL);
    if (closed)
        fprintf(stderr, "storehook: %zu open request%s for this person's data closed\n", closed, closed > 1 ? "s" : "");
    return code;
}

int contacts_print_bundle(struct cli *cli, const char *who)
{
    struct contact_reader r;
    struct store *store = NULL;
    int code = cli_open_store(cli, &store);
    enum err err;

    if (code != CLI_GO)
        return code;
    err = contact_reader_init(&r, cli, store);
    code = err ? cli_fail_why(err, NULL) : print_bundle(cli, &r, who);
    contact_reader_release(&r);
    store_close(store);
    return code;
}
