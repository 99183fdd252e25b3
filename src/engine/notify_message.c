/* notify_message.c -- owns the form in which a notice is sent: a POST signed as Standard Webhooks says, by the operator's rules. */
#include "engine/notify_message.h"

#include "verify/verify.h"

enum { VALUES_BYTES = 512 };

struct notify_signer {
    struct verify_spec *spec;
};

enum err notify_signer_new(struct notify_signer **out)
{
    struct notify_signer *signer = calloc(1, sizeof(*signer));
    json_t *element = json_pack("{ss}", "scheme", "standard");
    struct problems problems;
    enum err err = signer && element ? OK : ERR_MEMORY;

    problems_init(&problems, STR("notices"));
    if (!err)
        err = verify_spec_load(element, STR(""), &problems, &signer->spec);
    problems_release(&problems);
    json_decref(element);
    if (err)
        notify_signer_free(signer);
    else
        *out = signer;
    return err;
}

void notify_signer_free(struct notify_signer *signer)
{
    if (!signer)
        return;
    verify_spec_free(signer->spec);
    free(signer);
}

/* --- secrets ------------------------------------------------------------------------------------------------------------ */

enum err notify_secrets_load(struct store *store, const struct seal *seal, int64_t target_id, struct notify_secrets *out)
{
    struct notice_secret sealed[NOTICE_SECRETS_MAX];
    struct arena arena;
    size_t n = 0;
    enum err err;

    out->n = 0;
    arena_init(&arena, 64 << 10);
    err = notice_target_secrets(store, target_id, &arena, sealed, &n);
    for (size_t i = 0; i < n && !err; i++) {
        err = notice_secret_open(store, seal, target_id, &sealed[i], &out->at[out->n]);
        out->n += err == OK;
    }
    arena_release(&arena);
    return err || n ? err : ERR_NOT_FOUND;
}

void notify_secrets_release(struct notify_secrets *secrets)
{
    for (size_t i = 0; i < secrets->n; i++)
        secret_free(secrets->at[i]);
    secrets->n = 0;
}

/* --- the header --------------------------------------------------------------------------------------------------------- */

/* Adds one signature; the first one brings the timestamp, which is the same for all. */
static enum err add_signature(const struct notify_signer *signer, const struct secret *secret, const struct sign_request *request,
                              struct notify_head *out)
{
    struct buf values = BUF_INIT(VALUES_BYTES);
    struct field fields[SIGN_FIELDS_MAX];
    struct verify_key *key = NULL;
    struct str signature, timestamp;
    size_t n = 0;
    enum err err = verify_key_new_signer(signer->spec, secret, &key);

    if (!err)
        err = verify_sign(signer->spec, key, request, &values, fields, &n);
    if (!err && (fields_get((struct fields){fields, n}, STR("webhook-signature"), &signature) != 1 ||
                 fields_get((struct fields){fields, n}, STR("webhook-timestamp"), &timestamp) != 1))
        err = ERR_INTERNAL;
    if (!err && out->signature.len == 0)
        err = buf_append(&out->timestamp, timestamp);
    if (!err && out->signature.len)
        err = buf_append_c(&out->signature, ' ');
    if (!err)
        err = buf_append(&out->signature, signature);
    verify_key_free(key);
    buf_release(&values);
    return err;
}

enum err notify_head_make(const struct notify_signer *signer, const struct notify_secrets *secrets, struct str id, struct str body,
                          int64_t now_us, struct notify_head *out)
{
    struct sign_request request = {.method = STR("POST"), .id = id, .body = body, .now_us = now_us};
    enum err err = OK;

    buf_init(&out->signature, NOTIFY_TEXT_BYTES);
    buf_init(&out->timestamp, NOTIFY_TEXT_BYTES);
    for (size_t i = 0; i < secrets->n && !err; i++)
        err = add_signature(signer, secrets->at[i], &request, out);
    out->fields[0] = (struct field){STR("content-type"), STR("application/json")};
    out->fields[1] = (struct field){STR("user-agent"), STR("storehook")};
    out->fields[2] = (struct field){STR("webhook-id"), id};
    out->fields[3] = (struct field){STR("webhook-timestamp"), buf_str(&out->timestamp)};
    out->fields[4] = (struct field){STR("webhook-signature"), buf_str(&out->signature)};
    return err;
}

void notify_head_release(struct notify_head *head)
{
    buf_release(&head->signature);
    buf_release(&head->timestamp);
}

/* --- rules -------------------------------------------------------------------------------------------------------------- */

static enum err named(struct buf *why, const char *setting, enum err err)
{
    struct buf text = BUF_INIT(HTTP_AGENT_WHY_BYTES);

    if (err == ERR_CONFIG && (buf_printf(&text, "%s: %s", setting, buf_text(why)) == OK)) {
        buf_clear(why);
        if (buf_append(why, buf_str(&text)))
            buf_clear(why);
    }
    buf_release(&text);
    return err;
}

enum err notify_rules(const struct config *cfg, struct address_guard *guard, struct http_agent_options *options, struct buf *why)
{
    const char *ca_file = config_text(cfg, SET_NOTIFY_CA);
    int connections = (int)config_int(cfg, SET_NOTIFY_CONNECTIONS);
    enum err err;

    *guard = (struct address_guard){.n_allowed = 0};
    *options = (struct http_agent_options){.ca_file = ca_file[0] ? ca_file : NULL,
                                           .guard = guard,
                                           .plain = config_int(cfg, SET_NOTIFY_ALLOW_HTTP) != 0,
                                           .connections_max = connections,
                                           .host_connections_max = connections,
                                           .calls_max = (size_t)connections};
    err = address_guard_allow(guard, str_of(config_text(cfg, SET_NOTIFY_ALLOW_PRIVATE)), why);
    if (err)
        return named(why, "notify.allow_private", err);
    err = address_guard_set_ports(guard, str_of(config_text(cfg, SET_NOTIFY_PORTS)), why);
    return err ? named(why, "notify.ports", err) : OK;
}
