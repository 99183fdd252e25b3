/* csv_columns.c -- owns what the columns of an imported CSV file mean: said by the operator, or guessed by their names. */
#include "engine/csv_columns.h"

#include "base/problems.h"

enum { NAME_SHOWN = 80, FIELD_NAME_MAX = 100, COLUMNS_NAMED_MAX = 64 };

/* Every target, and the names of columns that mean it, in lower case without anything but letters and digits. */
static const struct target {
    const char *member, *names;
} targets[] = {
    {"contact.email", "email emailaddress mail mailaddress emailid subscriberemail contactemail customeremail primaryemail"},
    {"contact.external_id", ""},
    {"contact.phone", "phone phonenumber telephone telephonenumber tel mobile mobilephone mobilenumber cell cellphone"},
    {"contact.first_name", "firstname givenname forename fname vorname"},
    {"contact.last_name", "lastname surname familyname lname nachname"},
    {"contact.full_name", "fullname name displayname contactname customername"},
    {"contact.company", "company companyname organization organisation firma"},
    {"contact.locale", "locale language lang preferredlanguage"},
    {"contact.country", "country countrycode land"},
    {"contact.city", "city town ort stadt"},
    {"contact.created_at", "createdat created createddate creationdate dateadded dateregistered"},
    {"contact.updated_at", "updatedat updated lastupdated lastchanged lastmodified modifiedat datemodified"},
    {"contact.consent.email.state", "consent consentstate emailconsent emailmarketingconsent subscriptionstatus subscriberstatus "
                                    "acceptsmarketing acceptsemailmarketing optin emailoptin"},
    {"contact.consent.email.at", "consentat consenttime consentdate optintime optindate confirmtime"},
    {"contact.consent.sms.state",
     "smsconsent smsconsentstate smsmarketingconsent smssubscriptionstatus acceptssmsmarketing smsoptin"},
    {"contact.consent.sms.at", "smsconsentat smsconsenttime smsconsentdate smsoptintime smsoptindate"},
    {"contact.tags", "tags labels"},
};
enum { TARGETS = sizeof(targets) / sizeof(*targets) };

static const struct str field_prefix = {"contact.fields.", 15}, own_prefix = {"field.", 6};

/* "E-Mail Address" -> "emailaddress"; letters that are not ASCII stay as they are. */
static struct str plain_name(struct str name, struct arena *arena)
{
    struct str copy = arena_str(arena, name);
    char *p = (char *)(uintptr_t)copy.p;
    size_t n = 0;

    for (size_t i = 0; p && i < copy.len; i++) {
        char c = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] + ('a' - 'A')) : p[i];

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || ((unsigned char)c & 0x80))
            p[n++] = c;
    }
    return str_n(p, n);
}

static bool is_among(struct str word, const char *words)
{
    struct str rest = str_of(words), one;

    while (str_split(&rest, ' ', &one))
        if (str_eq(one, word))
            return true;
    return false;
}

static void guess(struct csv_column *column, struct arena *arena)
{
    struct str name = plain_name(column->name, arena);

    for (size_t i = 0; name.len && i < TARGETS; i++)
        if (is_among(name, targets[i].names)) {
            column->kind = COLUMN_MEMBER;
            column->member = targets[i].member;
            return;
        }
    if (str_eq(name, STR("mailable")))
        column->kind = COLUMN_MAILABLE;
}

static enum err refuse(enum err written)
{
    return written ? written : ERR_CONFIG;
}

static enum err refuse_column(const struct csv_columns *columns, struct str name, struct buf *why)
{
    struct str shown = str_upto(name, NAME_SHOWN);
    const char *names[COLUMNS_NAMED_MAX + 1] = {NULL}, *near;

    for (size_t i = 0; i < columns->n && i < COLUMNS_NAMED_MAX; i++)
        names[i] = columns->at[i].name.p;
    near = nearest_name(name, names);
    if (near)
        return refuse(buf_printf(why, "--map: the file has no column \"%.*s\"; did you mean \"%s\"?", STR_ARG(shown), near));
    return refuse(buf_printf(why, "--map: the file has no column \"%.*s\"; its first row names them", STR_ARG(shown)));
}

static enum err refuse_member(struct str member, struct buf *why)
{
    const char *names[TARGETS + 1] = {NULL}, *near;
    struct str shown = str_upto(member, NAME_SHOWN);

    for (size_t i = 0; i < TARGETS; i++)
        names[i] = targets[i].member;
    near = nearest_name(member, names);
    if (near)
        return refuse(buf_printf(why, "--map: there is no member \"%.*s\"; did you mean %s?", STR_ARG(shown), near));
    return refuse(buf_printf(why,
                             "--map: there is no member \"%.*s\"; there are contact.email, contact.first_name and the others of"
                             " docs/contacts.md, contact.fields.NAME, field.NAME, and ignore",
                             STR_ARG(shown)));
}

static bool is_field_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!((name.p[i] >= 'a' && name.p[i] <= 'z') || (name.p[i] >= '0' && name.p[i] <= '9') || name.p[i] == '_'))
            return false;
    return name.len > 0 && name.len <= FIELD_NAME_MAX;
}

/* GR-28: the field is there; none is made by a mapping. */
static enum err set_own_field(struct csv_column *column, struct str name, const struct field_list *own, struct buf *why)
{
    const char *names[FIELDS_MAX + 1] = {NULL}, *near;
    struct str shown = str_upto(name, NAME_SHOWN);

    column->kind = COLUMN_OWN_FIELD;
    column->field = name;
    if (own && field_list_find(own, name))
        return OK;
    for (size_t i = 0; own && i < own->n; i++)
        names[i] = own->at[i].name.p;
    near = nearest_name(name, names);
    if (near)
        return refuse(buf_printf(why, "--map: there is no field \"%.*s\"; did you mean %s?", STR_ARG(shown), near));
    return refuse(
        buf_printf(why, "--map: there is no field \"%.*s\"; `storehook field list` shows those there are, `field add` makes one",
                   STR_ARG(shown)));
}

static enum err set_target(struct csv_column *column, struct str member, const struct field_list *own, struct buf *why)
{
    column->kind = COLUMN_IGNORED;
    column->said = true;
    if (str_eq(member, STR("ignore")))
        return OK;
    for (size_t i = 0; i < TARGETS; i++)
        if (str_eq(member, str_of(targets[i].member))) {
            column->kind = COLUMN_MEMBER;
            column->member = targets[i].member;
            return OK;
        }
    if (str_starts(member, own_prefix))
        return set_own_field(column, str_from(member, own_prefix.len), own, why);
    if (!str_starts(member, field_prefix))
        return refuse_member(member, why);
    column->kind = COLUMN_FIELD;
    column->field = str_from(member, field_prefix.len);
    if (!is_field_name(column->field))
        return refuse(buf_printf(why, "--map: a field's name has 1 to %d characters of a-z, 0-9 and _", FIELD_NAME_MAX));
    return OK;
}

/* "Loyalty Level" -> "loyalty_level": what the drainer makes of it as well (F3). */
static void keep_as_field(struct csv_column *column, struct arena *arena)
{
    column->kind = COLUMN_FIELD;
    column->field = field_name_make(arena, STR_NONE, column->name);
}

/* The name may hold "=", a member does not. */
static enum err apply_map(struct csv_columns *columns, const char *map, const struct field_list *own, struct buf *why)
{
    struct str text = str_of(map), name = text;
    bool found = false;
    enum err err = OK;

    while (name.len && name.p[name.len - 1] != '=')
        name.len--;
    if (name.len < 2)
        return refuse(buf_printf(why, "--map \"%.*s\": give \"Column=member\"", STR_ARG(str_upto(text, NAME_SHOWN))));
    name.len--;
    for (size_t i = 0; i < columns->n && !err; i++)
        if (str_eq(columns->at[i].name, str_trim(name))) {
            found = true;
            err = set_target(&columns->at[i], str_from(text, name.len + 1), own, why);
        }
    return err || found ? err : refuse_column(columns, str_trim(name), why);
}

static bool are_same(const struct csv_column *a, const struct csv_column *b)
{
    if (a->kind != b->kind || a->kind == COLUMN_IGNORED)
        return false;
    return a->kind == COLUMN_FIELD || a->kind == COLUMN_OWN_FIELD ? str_eq(a->field, b->field) : a->member == b->member;
}

static enum err check(const struct csv_columns *columns, struct buf *why)
{
    bool email = false;

    for (size_t i = 0; i < columns->n; i++) {
        const struct csv_column *column = &columns->at[i];

        email |= column->kind == COLUMN_MEMBER && column->member == targets[0].member;
        for (size_t k = 0; k < i; k++)
            if (are_same(column, &columns->at[k]))
                return refuse(buf_printf(why,
                                         "the columns \"%.*s\" and \"%.*s\" mean the same; --map \"%.*s=ignore\" leaves one out",
                                         STR_ARG(str_upto(columns->at[k].name, NAME_SHOWN)),
                                         STR_ARG(str_upto(column->name, NAME_SHOWN)), STR_ARG(str_upto(column->name, NAME_SHOWN))));
    }
    if (email)
        return OK;
    if (columns->n == 1 && columns->at[0].name.len != str_find(columns->at[0].name, ';'))
        return refuse(
            buf_printf(why, "the first row is one column; give --separator \";\" when the cells are parted by semicolons"));
    return refuse(buf_printf(why, "no column is the e-mail address (GR-27); say which: --map \"Column=contact.email\""));
}

enum err csv_columns_read(const struct csv_record *head, const struct csv_mapping *mapping, struct arena *arena,
                          struct csv_columns *out, struct buf *why)
{
    enum err err = OK;

    *out = (struct csv_columns){.at = arena_array(arena, head->n ? head->n : 1, sizeof(*out->at)), .n = head->n};
    if (!out->at)
        return ERR_MEMORY;
    for (size_t i = 0; i < out->n; i++) {
        out->at[i].name = arena_str(arena, str_trim(head->cells[i]));
        if (!out->at[i].name.p)
            return ERR_MEMORY;
        guess(&out->at[i], arena);
    }
    for (size_t i = 0; i < mapping->n_maps && !err; i++)
        err = apply_map(out, mapping->maps[i], mapping->own, why);
    for (size_t i = 0; i < out->n && !err; i++)
        if (mapping->keep_fields && out->at[i].kind == COLUMN_IGNORED && !out->at[i].said && out->at[i].name.len)
            keep_as_field(&out->at[i], arena);
    return err ? err : check(out, why);
}

struct str csv_column_target(const struct csv_column *column, struct arena *arena)
{
    struct buf text = BUF_INIT(1 << 20);
    struct str target = STR("ignore");

    if (column->kind == COLUMN_MEMBER)
        return str_of(column->member);
    if (column->kind == COLUMN_MAILABLE)
        return STR("mailable");
    if ((column->kind == COLUMN_FIELD || column->kind == COLUMN_OWN_FIELD) &&
        !buf_printf(&text, "%s%.*s", column->kind == COLUMN_FIELD ? field_prefix.p : own_prefix.p, STR_ARG(column->field)))
        target = arena_str(arena, buf_str(&text));
    buf_release(&text);
    return target;
}

static bool says_no(struct str cell)
{
    return str_eq_nocase(cell, STR("no")) || str_eq_nocase(cell, STR("false")) || str_eq(cell, STR("0"));
}

static bool fill_field(const struct csv_column *column, struct str cell, json_t *fields)
{
    char name[FIELD_NAME_BYTES_MAX + 1];

    snprintf(name, sizeof(name), "%.*s", STR_ARG(column->field));
    return json_object_set_new(fields, name, json_str(cell)) == 0;
}

static bool fill_one(const struct csv_column *column, struct str cell, json_t *body, json_t *fields, json_t *own)
{
    switch (column->kind) {
    case COLUMN_MEMBER:
        return json_object_set_new(body, column->member, json_str(cell)) == 0;
    case COLUMN_FIELD:
        return fill_field(column, cell, fields);
    case COLUMN_OWN_FIELD:
        return fill_field(column, cell, own);
    case COLUMN_MAILABLE:
        return !says_no(cell) || json_object_set_new(body, "unmailable", json_true()) == 0;
    case COLUMN_IGNORED:
        break;
    }
    return true;
}

enum err csv_columns_fill(const struct csv_columns *columns, const struct csv_record *record, json_t *body)
{
    json_t *fields = json_object(), *own = json_object();
    bool good = fields && own;

    for (size_t i = 0; i < columns->n && i < record->n && good; i++) {
        struct str cell = str_trim(csv_plain(record->cells[i]));

        if (cell.len)
            good = fill_one(&columns->at[i], cell, body, fields, own);
    }
    if (!good || (json_object_size(fields) && json_object_set(body, "fields", fields)) ||
        (json_object_size(own) && json_object_set(body, "own_fields", own)))
        good = false;
    json_decref(fields);
    json_decref(own);
    return good ? OK : ERR_MEMORY;
}
