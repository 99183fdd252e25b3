/* notify_message.h -- owns the form in which a notice is sent: a POST signed as Standard Webhooks says, by the operator's rules. */
#ifndef ENGINE_NOTIFY_MESSAGE_H
#define ENGINE_NOTIFY_MESSAGE_H

#include "base/config.h"
#include "base/fields.h"
#include "base/secret.h"
#include "net/agent.h"
#include "store/notice_target.h"

struct notify_signer; /* what signing needs, made once */

/* Returns owned. */
enum err notify_signer_new(struct notify_signer **out) MUST_CHECK;
/* NULL is fine. */
void notify_signer_free(struct notify_signer *signer);

/* The secrets of a target that are valid now, opened. */
struct notify_secrets {
    struct secret *at[NOTICE_SECRETS_MAX];
    size_t n;
};
/* The caller releases `out`, also after an error. ERR_SEAL, ERR_NOT_FOUND when there is none; those of the database. */
enum err notify_secrets_load(struct store *store, const struct seal *seal, int64_t target_id,
                             struct notify_secrets *out) MUST_CHECK;
void notify_secrets_release(struct notify_secrets *secrets);

enum { NOTIFY_FIELDS = 5, NOTIFY_TEXT_BYTES = 1024, NOTIFY_ANSWER_MAX = 64 << 10 };
/* The header of one attempt. `fields` borrow the texts here, and the id. */
struct notify_head {
    struct buf signature, timestamp;
    struct field fields[NOTIFY_FIELDS];
};
/* Writes content-type, user-agent, webhook-id, webhook-timestamp and webhook-signature; the last with one signature for each
 * secret, so that a receiver may know the old one or the new one. Sources: Standard Webhooks, "Signature scheme". The caller
 * releases `out`, also after an error. */
enum err notify_head_make(const struct notify_signer *signer, const struct notify_secrets *secrets, struct str id, struct str body,
                          int64_t now_us, struct notify_head *out) MUST_CHECK;
void notify_head_release(struct notify_head *head);

/* What the settings allow: `options` points into `guard`. ERR_CONFIG; `why` names the setting. */
enum err notify_rules(const struct config *cfg, struct address_guard *guard, struct http_agent_options *options,
                      struct buf *why) MUST_CHECK;

#endif
