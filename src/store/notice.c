/* notice.c -- owns the notices in the database: made once, listed, replayed, dropped, forgotten. */
#include "store/notice.h"

#include "base/id.h"
#include "base/timefmt.h"
#include "store/row.h"
#include "verify/digest.h"

const char *const notice_state_names[NOTICE_STATES + 1] = {
    [NOTICE_WAITING] = "waiting", [NOTICE_DELIVERED] = "delivered", [NOTICE_DEAD] = "dead", NULL};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

enum err notice_type_check(struct str type)
{
    bool in_word = false;

    if (type.len > NOTICE_TYPE_MAX)
        return ERR_SYNTAX;
    for (size_t i = 0; i < type.len; i++) {
        if (!is_word(type.p[i]) && !(type.p[i] == '.' && in_word))
            return ERR_SYNTAX;
        in_word = type.p[i] != '.';
    }
    return in_word ? OK : ERR_SYNTAX;
}

/* True in *first when nothing was made for the effect before. */
static enum err take_effect(struct store *store, struct str effect, int64_t now_us, bool *first)
{
    char hex[SHA256_HEX_CHARS + 1];
    enum err err = sha256_hex(effect, hex);

    if (!err)
        err = db_run(store->db,
                     "INSERT INTO notice_effect (account_id, effect, made_at_us) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", "isi",
                     store->account_id, str_of(hex), now_us);
    *first = !err && db_changes(store->db) > 0;
    return err;
}

/* One row a target: the one of that name, or each that is enabled and wants the type. */
static enum err address_to_targets(struct store *store, const struct notice *notice, struct str id, int64_t now_us, size_t *n)
{
    static const char insert[] =
        "INSERT INTO notice_delivery (account_id, notice_id, target_id, state, attempts, due_us, claim, last_status, last_error,"
        " made_at_us, ended_at_us) SELECT account_id, $2, id, 0, 0, $3, '', 0, '', $3, 0 FROM notice_target WHERE account_id = $1"
        " AND name = $4";
    static const char insert_wanted[] =
        "INSERT INTO notice_delivery (account_id, notice_id, target_id, state, attempts, due_us, claim, last_status, last_error,"
        " made_at_us, ended_at_us) SELECT account_id, $2, id, 0, 0, $3, '', 0, '', $3, 0 FROM notice_target WHERE account_id = $1"
        " AND enabled = 1 AND (types = '' OR replace(' ' || types || ' ', ' ' || $4 || ' ', '') <> ' ' || types || ' ')";
    enum err err = db_run(store->db, notice->target.len ? insert : insert_wanted, "isis", store->account_id, id, now_us,
                          notice->target.len ? notice->target : notice->type);

    *n = err ? 0 : (size_t)db_changes(store->db);
    return err;
}

/* What is sent, as Standard Webhooks recommends it. */
static enum err write_body(const struct notice *notice, struct buf *out)
{
    char when[TIME_ISO_CHARS + 1];

    return buf_printf(out, "{\"type\":\"%.*s\",\"timestamp\":\"%s\",\"data\":%.*s}", STR_ARG(notice->type),
                      time_iso(notice->at_us, when), STR_ARG(notice->data));
}

static enum err put_message(struct store *store, const struct notice *notice, struct str id, int64_t now_us)
{
    struct buf body = BUF_INIT(NOTICE_BODY_MAX);
    enum err err = write_body(notice, &body);

    if (!err)
        err = db_run(store->db,
                     "INSERT INTO notice (account_id, id, type, contact_id, address, body, at_us, made_at_us)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                     "isssssii", store->account_id, id, notice->type, not_null(notice->contact_id), not_null(notice->address),
                     buf_str(&body), notice->at_us, now_us);
    buf_release(&body);
    return err;
}

enum err notice_put(struct store *store, const struct notice *notice, size_t *n)
{
    int64_t now_us = clock_wall_us(store->clock);
    char text[NOTICE_ID_CHARS + 1];
    struct id id = id_new(now_us);
    size_t targets = 0;
    bool first = false;
    enum err err = notice_type_check(notice->type);

    snprintf(text, sizeof(text), "msg_%s", id.text);
    if (!err)
        err = take_effect(store, notice->effect, now_us, &first);
    if (!err && first)
        err = address_to_targets(store, notice, str_of(text), now_us, &targets);
    if (!err && targets)
        err = put_message(store, notice, str_of(text), now_us);
    if (n)
        *n = err ? 0 : targets;
    return err;
}

#define OF_CONTACT                                                                                \
    "account_id = $1 AND contact_id IN (SELECT CAST($2 AS TEXT) UNION ALL SELECT id FROM contact" \
    " WHERE account_id = $1 AND alias_of = $2)"
#define OF_ADDRESS "account_id = $1 AND address = $2"
#define FORGET(which)                                                                                                 \
    {                                                                                                                 \
        "DELETE FROM notice_delivery WHERE account_id = $1 AND notice_id IN (SELECT id FROM notice WHERE " which ")", \
            "DELETE FROM notice WHERE " which                                                                         \
    }

/* Runs both statements with account and key: the deliveries first, as they are found by the notice. */
static enum err erase(struct store *store, const char *const statements[2], struct str key)
{
    enum err err = key.len ? db_run(store->db, statements[0], "is", store->account_id, key) : OK;

    return err || key.len == 0 ? err : db_run(store->db, statements[1], "is", store->account_id, key);
}

enum err notice_erase_contact(struct store *store, struct str contact_id)
{
    static const char *const statements[] = FORGET(OF_CONTACT);

    return erase(store, statements, contact_id);
}

enum err notice_erase_address(struct store *store, struct str address)
{
    static const char *const statements[] = FORGET(OF_ADDRESS);

    return erase(store, statements, address);
}
