/* trigger_read.c -- owns reading a trigger's conditions and actions: strict, with an answer to what is wrong (T5). */
#include "model/trigger.h"

#include "base/json.h"

#define BIT(kind) HAPPENING_BIT(HAPPENING_##kind)
#define ORDERS (BIT(PURCHASE) | BIT(ORDER_REFUNDED) | BIT(ORDER_CANCELLED))
#define CARTS (BIT(CART_ABANDONED) | BIT(CART_RECOVERED))
#define VISITS (BIT(PAGE_VISIT) | BIT(PRODUCT_VIEWED))
#define CONSENTS (BIT(SUBSCRIBED) | BIT(OPT_IN_PENDING) | BIT(UNSUBSCRIBED))
#define PEOPLE (BIT(SIGNUP) | BIT(FORM_SIGNUP) | BIT(CONTACT_ADDED) | BIT(CONTACT_UPDATED))

enum { TEXT_LIMIT = 1000, NAME_LIMIT = 100 };

/* One reading. */
struct reading {
    struct arena *arena;
    struct trigger *t;
    const char *member; /* in hand, for the message */
    struct buf *why;
};

__attribute__((format(printf, 2, 3))) static enum err wrong(struct buf *why, const char *format, ...)
{
    va_list args;
    enum err err;

    va_start(args, format);
    err = buf_vprintf(why, format, args);
    va_end(args);
    return err == ERR_MEMORY ? err : ERR_CONFIG;
}

static bool is_printable(struct str s, size_t max)
{
    if (s.len == 0 || s.len > max || !str_is_utf8(s) || str_trim(s).len != s.len)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return false;
    return true;
}

bool trigger_name_ok(struct str name)
{
    return is_printable(name, TRIGGER_NAME_MAX);
}

/* --- conditions -------------------------------------------------------------------------------------------------------- */

static enum err read_text(struct reading *r, const json_t *value, struct str *out)
{
    struct str text = json_text(value);

    if (!json_is_string(value) || !is_printable(text, TEXT_LIMIT))
        return wrong(r->why, "condition %s must be a text of 1 to %d bytes without control characters", r->member, TEXT_LIMIT);
    *out = arena_str(r->arena, text);
    return out->p ? OK : ERR_MEMORY;
}

static enum err read_true(struct reading *r, const json_t *value, bool *out)
{
    *out = true;
    return json_is_true(value) ? OK : wrong(r->why, "condition %s can only be true; leave it out otherwise", r->member);
}

static enum err read_tag_list(struct reading *r, const json_t *value, struct str *tags, size_t *n)
{
    enum err err = OK;

    if (!json_is_array(value) || json_array_size(value) == 0 || json_array_size(value) > TRIGGER_TAGS_MAX)
        return wrong(r->why, "condition %s must be a list of 1 to %d tags", r->member, TRIGGER_TAGS_MAX);
    for (size_t i = 0; i < json_array_size(value) && !err; i++)
        err = read_text(r, json_array_get(value, i), &tags[(*n)++]);
    return err;
}

static enum err read_source(struct reading *r, const json_t *value)
{
    r->t->when.source_id = json_integer_value(value);
    return json_is_integer(value) && r->t->when.source_id > 0 ? OK : wrong(r->why, "condition source must be the id of a source");
}

static enum err read_list(struct reading *r, const json_t *value)
{
    return read_text(r, value, &r->t->when.list);
}

static enum err read_url(struct reading *r, const json_t *value)
{
    return read_text(r, value, &r->t->when.url);
}

static enum err read_product(struct reading *r, const json_t *value)
{
    return read_text(r, value, &r->t->when.product);
}

static enum err read_tag_name(struct reading *r, const json_t *value)
{
    return read_text(r, value, &r->t->when.tag_name);
}

static enum err read_first(struct reading *r, const json_t *value)
{
    return read_true(r, value, &r->t->when.first);
}

static enum err read_mailable(struct reading *r, const json_t *value)
{
    return read_true(r, value, &r->t->when.mailable);
}

static enum err read_tags(struct reading *r, const json_t *value)
{
    return read_tag_list(r, value, r->t->when.tags, &r->t->when.n_tags);
}

static enum err read_no_tags(struct reading *r, const json_t *value)
{
    return read_tag_list(r, value, r->t->when.no_tags, &r->t->when.n_no_tags);
}

/* Longer signs first: ">=" begins with ">". */
static const struct {
    struct str sign;
    enum amount_is is;
} signs[] = {{{">=", 2}, AMOUNT_LEAST},
             {{"<=", 2}, AMOUNT_MOST},
             {{">", 1}, AMOUNT_MORE},
             {{"<", 1}, AMOUNT_LESS},
             {{"=", 1}, AMOUNT_EQUAL}};

static enum err read_amount(struct reading *r, const json_t *value)
{
    struct trigger_when *w = &r->t->when;
    struct str rest, number;
    enum err err = read_text(r, value, &w->amount);

    rest = w->amount;
    for (size_t i = 0; i < sizeof(signs) / sizeof(*signs) && !err && w->amount_is == AMOUNT_ANY; i++)
        if (str_starts(rest, signs[i].sign)) {
            w->amount_is = signs[i].is;
            rest = str_trim(str_from(rest, signs[i].sign.len));
        }
    if (err)
        return err;
    number = str_upto(rest, str_find(rest, ' '));
    if (w->amount_is == AMOUNT_ANY || money_parse(number, str_trim(str_from(rest, number.len)), &w->than) || w->than.rounded)
        return wrong(r->why, "amount \"%.*s\" must be >=, <=, >, < or =, a number and a currency, such as \">=10.00 EUR\"",
                     STR_ARG(w->amount));
    return OK;
}

/* Name, reader, and the kinds of happening that can meet it. */
static const struct condition {
    const char *name;
    enum err (*read)(struct reading *r, const json_t *value);
    unsigned kinds;
} conditions[] = {
    {"source", read_source, ~0u},
    {"list", read_list, PEOPLE | ORDERS | CONSENTS},
    {"url", read_url, VISITS},
    {"product", read_product, BIT(PRODUCT_VIEWED) | ORDERS | CARTS},
    {"amount", read_amount, BIT(PRODUCT_VIEWED) | ORDERS | CARTS},
    {"first", read_first, BIT(PURCHASE) | VISITS},
    {"tag_name", read_tag_name, BIT(TAG_ADDED) | BIT(TAG_REMOVED)},
    {"tags", read_tags, ~0u},
    {"no_tags", read_no_tags, ~0u},
    {"mailable", read_mailable, ~0u},
};

static enum err explain_kinds(struct reading *r, unsigned kinds)
{
    enum err err = buf_printf(r->why, "%s has nothing that condition %s could be held against; it goes with",
                              happening_name(r->t->on), r->member);

    for (size_t i = 0; i < HAPPENING__COUNT && !err; i++)
        if (kinds & HAPPENING_BIT(i))
            err = buf_printf(r->why, " %s", happening_name((enum happening_kind)i));
    return err == ERR_MEMORY ? err : ERR_CONFIG;
}

static enum err read_condition(struct reading *r, const char *name, const json_t *value)
{
    r->member = name;
    for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions); i++) {
        if (strcmp(conditions[i].name, name) != 0)
            continue;
        if (!(conditions[i].kinds & HAPPENING_BIT(r->t->on)))
            return explain_kinds(r, conditions[i].kinds);
        return conditions[i].read(r, value);
    }
    return wrong(r->why, "unknown condition \"%s\"", name);
}

static enum err read_conditions(struct reading *r, struct str text)
{
    json_t *object = NULL, *value;
    const char *name;
    enum err err = json_parse(text, &object, r->why);

    if (err)
        return err == ERR_MEMORY ? err : ERR_CONFIG;
    if (!json_is_object(object))
        err = wrong(r->why, "the conditions must be an object");
    json_object_foreach(object, name, value) if (!err) err = read_condition(r, name, value);
    json_decref(object);
    return err;
}

/* --- actions ----------------------------------------------------------------------------------------------------------- */

static const char *const act_names[DO__COUNT] = {[DO_TAG] = "tag",       [DO_UNTAG] = "untag", [DO_LIST] = "list",
                                                 [DO_UNLIST] = "unlist", [DO_CYCLE] = "cycle", [DO_NOTICE] = "notice"};

const char *trigger_act_name(enum trigger_act act)
{
    return act_names[act];
}

/* "welcome@3": the day stands behind the last "@". */
static enum err read_day(struct trigger_action *a, struct buf *why)
{
    size_t at = a->name.len;
    uint64_t day = 0;

    while (at && a->name.p[at - 1] != '@')
        at--;
    if (at == 0)
        return OK;
    if (str_to_u64(str_from(a->name, at), &day) || day > TRIGGER_DAY_MAX)
        return wrong(why, "the day of \"%.*s\" must be a number from 0 to %d, as in cycle:welcome@3", STR_ARG(a->text),
                     TRIGGER_DAY_MAX);
    a->day = (int64_t)day;
    a->name = str_upto(a->name, at - 1);
    return OK;
}

enum err trigger_action_read(struct str text, struct arena *arena, struct trigger_action *out, struct buf *why)
{
    struct str word = str_upto(text, str_find(text, ':'));
    size_t act = 0;
    enum err err = OK;

    while (act < DO__COUNT && !str_eq(word, str_of(act_names[act])))
        act++;
    if (act == DO__COUNT || (word.len == text.len && act != DO_NOTICE))
        return wrong(why,
                     "action \"%.*s\" must be one of tag:TAG, untag:TAG, list:LIST, unlist:LIST, cycle:NAME, cycle:NAME@DAY, "
                     "notice, notice:TARGET",
                     STR_ARG(str_upto(text, NAME_LIMIT)));
    *out = (struct trigger_action){.act = (enum trigger_act)act, .text = arena_str(arena, text)};
    if (!out->text.p)
        return ERR_MEMORY;
    out->name = str_from(out->text, word.len + 1);
    if (act == DO_CYCLE)
        err = read_day(out, why);
    if (!err && word.len < text.len && !is_printable(out->name, NAME_LIMIT))
        err = wrong(why, "the name behind \"%s:\" must have 1 to %d bytes, no control characters and no blanks at its ends",
                    act_names[act], NAME_LIMIT);
    return err;
}

static enum err read_actions(struct reading *r, struct str text)
{
    json_t *list = NULL;
    enum err err = json_parse(text, &list, r->why);

    if (err)
        return err == ERR_MEMORY ? err : ERR_CONFIG;
    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > TRIGGER_ACTIONS_MAX)
        err = wrong(r->why, "a trigger has 1 to %d actions", TRIGGER_ACTIONS_MAX);
    for (size_t i = 0; !err && i < json_array_size(list); i++)
        err = trigger_action_read(json_text(json_array_get(list, i)), r->arena, &r->t->actions[r->t->n_actions++], r->why);
    json_decref(list);
    return err;
}

enum err trigger_read(struct str conditions_text, struct str actions_text, struct arena *arena, struct trigger *out,
                      struct buf *why)
{
    struct reading r = {.arena = arena, .t = out, .why = why};
    enum err err;

    out->when = (struct trigger_when){.source_id = 0};
    out->n_actions = 0;
    err = read_conditions(&r, conditions_text);
    return err ? err : read_actions(&r, actions_text);
}
