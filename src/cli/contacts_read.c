/* contacts_read.c -- owns the reader of many contacts, and the table that shows them. */
#include "cli/contacts.h"

#include "base/timefmt.h"
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

static enum err read_page(struct contact_reader *r, const struct id *ids, size_t n,
                          enum err (*each)(void *, const struct contact_view *), void *arg)
{
    enum err err = OK;

    for (size_t i = 0; i < n && !err; i++) {
        struct contact_view view;

        arena_reset(&r->work);
        err = contact_load(r->store, id_str(&ids[i]), r->sources, r->n_sources, &r->work, &view);
        if (err == ERR_NOT_FOUND) /* gone since the page was read */
            err = OK;
        else if (!err)
            err = each(arg, &view);
    }
    return err;
}

enum err contact_reader_each(struct contact_reader *r, struct str after, size_t max,
                             enum err (*each)(void *arg, const struct contact_view *view), void *arg)
{
    struct str page[PAGE];
    struct id ids[PAGE], last = {{0}};
    size_t n = 0;
    enum err err = OK;

    if (after.len == ID_CHARS)
        memcpy(last.text, after.p, ID_CHARS);
    do {
        size_t want = max < PAGE ? max : PAGE;

        arena_reset(&r->work);
        err = contact_ids(r->store, str_of(last.text), want, &r->work, page, &n);
        for (size_t i = 0; i < n && !err; i++) {
            memcpy(ids[i].text, page[i].p, page[i].len < ID_CHARS ? page[i].len : ID_CHARS);
            ids[i].text[ID_CHARS] = '\0';
        }
        if (!err)
            err = read_page(r, ids, n, each, arg);
        if (n)
            last = ids[n - 1];
        max -= n;
    } while (!err && n == PAGE && max);
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

static int print_rows(struct contact_reader *r, size_t max)
{
    static const char *const columns[] = {"E-MAIL", "NAME",  "CONSENT", "MAILABLE", "ORDERS",
                                          "NET",    "CARTS", "VISITS",  "SOURCES",  NULL};
    struct listing l = {.reader = r, .table = table_new(columns)};
    uint64_t count = 0;
    enum err err = l.table ? contact_reader_each(r, STR_NONE, max, add_row, &l) : ERR_MEMORY;

    if (!err)
        err = contact_count(r->store, &count);
    if (!err) {
        table_show(l.table);
        printf("%zu of %llu contacts\n", table_rows(l.table), (unsigned long long)count);
    }
    table_free(l.table);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

int contacts_print_table(struct cli *cli, size_t max)
{
    struct contact_reader r;
    struct store *store = NULL;
    int code = cli_open_store(cli, &store);
    enum err err;

    if (code != CLI_GO)
        return code;
    err = contact_reader_init(&r, cli, store);
    code = err ? cli_fail_why(err, NULL) : print_rows(&r, max);
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
