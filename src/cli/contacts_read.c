/* contacts_read.c -- owns the reader of many contacts, and the table that shows them. */
#include "cli/contacts.h"

#include "cli/contacts_filter.h"
#include "cli/open.h"
#include "cli/table.h"

enum { PAGE = 200, FIXED_BYTES = 64 << 20, WORK_BYTES = 256 << 20 };

enum err contact_reader_init(struct contact_reader *r, struct cli *cli, struct store *store)
{
    *r = (struct contact_reader){.store = store};
    arena_init(&r->fixed, FIXED_BYTES);
    arena_init(&r->work, WORK_BYTES);
    return contact_sources(store, config_int(cli->cfg, SET_DRAIN_CART_DELAY) * US_PER_MS, &r->fixed, &r->sources, &r->n_sources);
}

void contact_reader_release(struct contact_reader *r)
{
    arena_release(&r->fixed);
    arena_release(&r->work);
}

/* The ids of one page, kept apart from what is read of each contact. */
struct id_page {
    struct id at[PAGE];
    size_t n;
};

static enum err next_page(struct contact_reader *r, struct str after, struct id_page *page)
{
    struct str ids[PAGE];
    enum err err;

    arena_reset(&r->work);
    err = contact_ids(r->store, after, PAGE, &r->work, ids, &page->n);
    for (size_t i = 0; i < page->n && !err; i++) {
        size_t len = ids[i].len < ID_CHARS ? ids[i].len : ID_CHARS;

        memcpy(page->at[i].text, ids[i].p, len);
        page->at[i].text[len] = '\0';
    }
    return err;
}

/* One contact that passes is handed on; when there is one more than asked for, the walk ends and says so. */
static enum err look_at(struct contact_reader *r, struct contact_walk *walk, const struct id *id, bool *passes,
                        struct contact_view *view)
{
    enum err err;

    *passes = false;
    arena_reset(&r->work);
    err = contact_load(r->store, id_str(id), r->sources, r->n_sources, &r->work, view);
    if (err)
        return err == ERR_NOT_FOUND ? OK : err; /* gone since the page was read */
    walk->read++;
    *passes = true;
    if (walk->filter)
        err = contact_filter_judge(walk->filter, r, view, passes);
    if (err || !*passes)
        return err;
    walk->more = walk->max && walk->found == walk->max;
    *passes = !walk->more;
    walk->found += *passes;
    if (*passes)
        walk->last = *id;
    return OK;
}

enum err contact_reader_each(struct contact_reader *r, struct contact_walk *walk,
                             enum err (*each)(void *arg, const struct contact_view *view), void *arg)
{
    struct contact_view view;
    bool passes;
    struct id_page page = {.n = PAGE};
    struct str after = walk->after;
    struct id at;
    enum err err = OK;

    walk->found = walk->read = 0;
    walk->more = false;
    while (!err && !walk->more && page.n == PAGE) {
        err = next_page(r, after, &page);
        for (size_t i = 0; i < page.n && !err && !walk->more; i++) {
            err = look_at(r, walk, &page.at[i], &passes, &view);
            if (!err && passes)
                err = each(arg, &view);
        }
        if (page.n) {
            at = page.at[page.n - 1];
            after = id_str(&at);
        }
        if (walk->progress && !err)
            walk->progress(walk);
    }
    return err;
}

/* "12.50 EUR, 8.00 USD" */
static enum err net_text(const struct contact_view *v, struct buf *out)
{
    char text[MONEY_TEXT_CHARS + 1];
    enum err err = OK;

    buf_clear(out);
    for (size_t i = 0; i < v->n_net && !err; i++)
        err = buf_printf(out, "%s%s %s", i ? ", " : "", money_text(&v->net[i], text), v->net[i].currency.code);
    return err;
}

static enum err sources_text(const struct contact_reader *r, const struct contact_view *v, struct buf *out)
{
    enum err err = OK;

    buf_clear(out);
    for (size_t i = 0; i < v->n_customers && !err; i++) {
        struct str name = view_source_name(r->sources, r->n_sources, v->customers[i]->source_id);

        err = buf_printf(out, "%s%.*s:%.*s", i ? ", " : "", STR_ARG(name), STR_ARG(v->customers[i]->external_id));
    }
    return err;
}

struct listing {
    const struct contact_reader *reader;
    struct table *table;
};

static enum err add_row(void *arg, const struct contact_view *v)
{
    struct listing *l = arg;
    struct buf name = BUF_INIT(16 << 10), net = BUF_INIT(16 << 10), sources = BUF_INIT(1 << 20);
    char orders[24], carts[24], visits[24];
    enum err err = buf_printf(&name, "%.*s%s%.*s", STR_ARG(v->first_name), v->first_name.len && v->last_name.len ? " " : "",
                              STR_ARG(v->last_name));

    if (!err)
        err = net_text(v, &net);
    if (!err)
        err = sources_text(l->reader, v, &sources);
    snprintf(orders, sizeof(orders), "%zu", v->orders_counted);
    snprintf(carts, sizeof(carts), "%zu", v->n_carts);
    snprintf(visits, sizeof(visits), "%llu", (unsigned long long)v->visits);
    if (!err)
        err = table_add(l->table, (struct str[]){v->email, buf_str(&name), str_of(consent_state_name(v->consent.state)),
                                                 v->mailable ? STR("yes") : STR("no"), str_of(orders), buf_str(&net), str_of(carts),
                                                 str_of(visits), buf_str(&sources)});
    buf_release(&sources);
    buf_release(&net);
    buf_release(&name);
    return err;
}

/* Says how to go on where the table ends before the contacts do. */
static int print_rows(struct contact_reader *r, struct contact_walk *walk)
{
    static const char *const columns[] = {"E-MAIL", "NAME",  "CONSENT", "MAILABLE", "ORDERS",
                                          "NET",    "CARTS", "VISITS",  "SOURCES",  NULL};
    struct listing l = {.reader = r, .table = table_new(columns)};
    uint64_t count = 0;
    enum err err = l.table ? OK : ERR_MEMORY;

    if (!err)
        err = contact_reader_each(r, walk, add_row, &l);
    if (!err)
        err = contact_count(r->store, &count);
    if (!err) {
        table_show(l.table);
        printf("%zu of %llu contacts%s%s\n", table_rows(l.table), (unsigned long long)count,
               walk->more ? "; the next ones: --after " : "", walk->more ? walk->last.text : "");
    }
    table_free(l.table);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

int contacts_print_table(struct cli *cli, struct contact_walk *walk)
{
    struct contact_reader r;
    struct store *store = NULL;
    int code = cli_open_store(cli, &store);
    enum err err;

    if (code != CLI_GO)
        return code;
    err = contact_reader_init(&r, cli, store);
    code = err ? cli_fail_why(err, NULL) : print_rows(&r, walk);
    contact_reader_release(&r);
    store_close(store);
    return code;
}

int contact_open(struct cli *cli, struct contact_reader *r, const char *text, struct contact_view *out)
{
    struct str id = STR_NONE;
    enum err err = contact_find(r->store, str_of(text), &r->fixed, &id);

    (void)cli;
    if (!err)
        err = contact_load(r->store, id, r->sources, r->n_sources, &r->work, out);
    if (err == ERR_NOT_FOUND)
        return cli_fail("no contact %s; `storehook contacts list` shows all, `storehook dead list` what could not be applied",
                        text);
    return err ? cli_fail_why(err, NULL) : CLI_GO;
}
