/* config.h -- owns the settings: one table row each; file, then environment, then flags; unknown keys stop the start. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "base/buf.h"
#include "base/str.h"

/* Setting types. */
enum setting_type { SETTING_TEXT, SETTING_INT, SETTING_BOOL, SETTING_BYTES, SETTING_MS, SETTING_PATH };

/* Flags. */
enum { SETTING_SECRET = 1 };

/*
 * One row a setting: enum suffix, "section.key", type, default, least, most, flags, help.
 * In the file: [section] key = value. In the environment: STOREHOOK_SECTION_KEY. Sizes accept k, m, g (1024);
 * times accept ms, s, m, h, d. Paths that are relative are below `dir`.
 */
#define SETTING_LIST(X)                                                                                                            \
    X(DIR, "storehook.dir", SETTING_TEXT, "var", 1, 0, 0, "directory of state: database, queue, keys, certificates")               \
    X(LOG_LEVEL, "storehook.log_level", SETTING_TEXT, "info", 0, 0, 0, "debug, info, warn or error")                               \
    X(MASTER_KEY, "storehook.master_key", SETTING_TEXT, "", 0, 0, SETTING_SECRET, "64 hex digits; better left to the key file")    \
    X(MASTER_KEY_FILE, "storehook.master_key_file", SETTING_PATH, "master.key", 0, 0, 0, "file of the master key, mode 0600")      \
    X(ROUTES_DIR, "storehook.routes_dir", SETTING_PATH, "", 0, 0, 0, "directory of your own route files")                          \
    X(PUBLIC_URL, "storehook.public_url", SETTING_TEXT, "", 0, 0, 0, "what shops call, such as https://hooks.example.com")         \
    X(CLOCK_FILE, "storehook.clock_file", SETTING_PATH, "", 0, 0, 0, "for tests: wall clock read from this file (Unix seconds)")   \
    X(SERVE_LISTEN, "serve.listen", SETTING_TEXT, "127.0.0.1:8443", 0, 0, 0, "address:port of HTTPS; port 0 = any free")           \
    X(SERVE_PLAIN, "serve.plain_listen", SETTING_TEXT, "", 0, 0, 0,                                                                \
      "plain HTTP behind nginx: loopback address:port or unix:/path")                                                              \
    X(SERVE_CERT, "serve.certificate", SETTING_PATH, "certs/server.pem", 0, 0, 0, "certificate chain, PEM")                        \
    X(SERVE_KEY, "serve.key", SETTING_PATH, "certs/server.key", 0, 0, 0, "private key, PEM")                                       \
    X(SERVE_WORKERS, "serve.workers", SETTING_INT, "0", 0, 256, 0, "worker threads; 0 = one a core")                               \
    X(SERVE_CONNECTIONS, "serve.connections", SETTING_INT, "10000", 1, 1000000, 0, "connections a worker")                         \
    X(SERVE_HEAD_MAX, "serve.head_max", SETTING_BYTES, "16k", 1024, 1 << 20, 0, "bytes of a request head")                         \
    X(SERVE_BODY_MAX, "serve.body_max", SETTING_BYTES, "2m", 1024, 64 << 20, 0, "bytes of a body")                                 \
    X(SERVE_HANDSHAKE_TIMEOUT, "serve.handshake_timeout", SETTING_MS, "10s", 100, 600000, 0, "whole TLS handshake")                \
    X(SERVE_HEAD_TIMEOUT, "serve.head_timeout", SETTING_MS, "10s", 100, 600000, 0, "whole request head")                           \
    X(SERVE_BODY_TIMEOUT, "serve.body_timeout", SETTING_MS, "30s", 100, 600000, 0, "whole body")                                   \
    X(SERVE_WRITE_TIMEOUT, "serve.write_timeout", SETTING_MS, "30s", 100, 600000, 0, "whole answer")                               \
    X(SERVE_IDLE_TIMEOUT, "serve.idle_timeout", SETTING_MS, "60s", 100, 3600000, 0, "between requests")                            \
    X(SERVE_STOP_TIMEOUT, "serve.stop_timeout", SETTING_MS, "20s", 100, 600000, 0, "finishing what was received, at the stop")     \
    X(SERVE_SOURCE_RATE, "serve.source_rate", SETTING_INT, "0", 0, 1000000, 0, "deliveries a second a source; 0 = no limit")       \
    X(REDIS_URL, "redis.url", SETTING_TEXT, "unix:redis.sock", 0, 0, SETTING_SECRET,                                               \
      "redis://[user:password@]host:port[/db] or unix:path")                                                                       \
    X(REDIS_TIMEOUT, "redis.timeout", SETTING_MS, "2s", 50, 60000, 0, "one command")                                               \
    X(REDIS_CONNECTIONS, "redis.connections", SETTING_INT, "4", 1, 32, 0, "connections a worker")                                  \
    X(REDIS_PIPELINE_MAX, "redis.pipeline_max", SETTING_BYTES, "64m", 65536, 1 << 30, 0, "bytes waiting for Redis, a worker")      \
    X(REDIS_REQUIRE_FSYNC, "redis.require_fsync", SETTING_TEXT, "always", 0, 0, 0, "least appendfsync: always or everysec")        \
    X(REDIS_PARTITIONS, "redis.partitions", SETTING_INT, "1", 1, 1024, 0, "streams a lane; more than 1 only on a cluster")         \
    X(DB_URL, "db.url", SETTING_TEXT, "sqlite:storehook.db", 0, 0, SETTING_SECRET,                                                 \
      "sqlite:path or postgresql://user@host/database")                                                                            \
    X(DB_TIMEOUT, "db.timeout", SETTING_MS, "5s", 50, 600000, 0, "waiting for the database's lock")                                \
    X(DRAIN_BATCH, "drain.batch", SETTING_INT, "200", 1, 10000, 0, "entries a transaction")                                        \
    X(DRAIN_CLAIM_IDLE, "drain.claim_idle", SETTING_MS, "30s", 100, 86400000, 0, "an entry idle this long is taken over")          \
    X(DRAIN_TRIES, "drain.tries", SETTING_INT, "5", 1, 1000, 0, "deliveries of a poison entry before it is a dead letter")         \
    X(DRAIN_CART_DELAY, "drain.cart_delay", SETTING_MS, "1h", 600000, 1209600000, 0, "quiet time until a cart is abandoned")       \
    X(DRAIN_CART_COOLDOWN, "drain.cart_cooldown", SETTING_MS, "7d", 0, 7776000000, 0,                                              \
      "time in which one abandoned cart a contact starts something")                                                               \
    X(DRAIN_SEEN_DAYS, "drain.seen_days", SETTING_INT, "8", 3, 400, 0, "days a dedupe key is remembered at least")                 \
    X(DRAIN_TRIGGER_AGE, "drain.trigger_age", SETTING_MS, "3d", 0, 7776000000, 0,                                                  \
      "what happened longer ago fires no trigger; 0 = no limit")                                                                   \
    X(DRAIN_TRIGGER_DAYS, "drain.trigger_days", SETTING_INT, "400", 30, 3650, 0, "days that firings and cycle starts are kept")    \
    X(CONTACTS_PURCHASES, "contacts.purchase_states", SETTING_TEXT, "paid completed", 1, 0, 0,                                     \
      "states of an order that count as a purchase: pending, paid, completed")                                                     \
    X(CONTACTS_ANONYMOUS_DAYS, "contacts.anonymous_days", SETTING_INT, "30", 1, 3650, 0, "days that orders of nobody are kept")    \
    X(CONTACTS_SKIP, "contacts.skip", SETTING_TEXT, "", 0, 0, 0,                                                                   \
      "addresses that are skipped: relay:DOMAIN staff:ADDRESS ...; -DOMAIN takes out a built-in one")                              \
    X(VISITS_KEY_RATE, "visits.key_rate", SETTING_INT, "100", 0, 1000000, 0, "visits a second of one source; 0 = no limit")        \
    X(VISITS_ADDRESS_RATE, "visits.address_rate", SETTING_INT, "10", 0, 1000000, 0,                                                \
      "visits a second from one address; 0 = no limit")                                                                            \
    X(VISITS_VISITOR_RATE, "visits.visitor_rate", SETTING_INT, "5", 0, 1000000, 0, "visits a second of one visitor; 0 = no limit") \
    X(VISITS_QUERY, "visits.query_members", SETTING_TEXT, "utm_* id product product_id variant variant_id sku", 0, 0, 0,           \
      "what is kept of a page's address behind the question mark")                                                                 \
    X(VISITS_DAYS, "visits.days", SETTING_INT, "30", 1, 3650, 0, "days that visits and carts of unknown visitors are kept")        \
    X(VISITS_KNOWN_DAYS, "visits.known_days", SETTING_INT, "730", 1, 36500, 0, "days that visits of contacts are kept")            \
    X(VISITS_KNOWN_MAX, "visits.known_max", SETTING_INT, "1000", 1, 1000000, 0, "visits that are kept of one customer or visitor") \
    X(NOTIFY_RETRIES, "notify.retries", SETTING_TEXT, "5s 30s 5m 30m 2h 6h 12h 24h", 1, 0, 0,                                      \
      "waits before each further attempt; after the last a notice is dead")                                                        \
    X(NOTIFY_TIMEOUT, "notify.timeout", SETTING_MS, "15s", 100, 300000, 0,                                                         \
      "one attempt, from the look-up of the name to the answer")                                                                   \
    X(NOTIFY_CONNECTIONS, "notify.connections", SETTING_INT, "64", 1, 1000, 0, "attempts under way at a time, a process")          \
    X(NOTIFY_PER_TARGET, "notify.per_target", SETTING_INT, "4", 1, 100, 0, "of these, to one target")                              \
    X(NOTIFY_PAUSE, "notify.pause", SETTING_MS, "30s", 0, 3600000, 0,                                                              \
      "a target that failed five times in a row is left alone so long, then up to ten times as long; 0 = never")                   \
    X(NOTIFY_GIVE_UP, "notify.give_up", SETTING_MS, "7d", 60000, 7776000000, 0, "a notice that waits for longer is dead")          \
    X(NOTIFY_KEEP_DAYS, "notify.keep_days", SETTING_INT, "30", 1, 3650, 0, "days that delivered and dead notices are kept")        \
    X(NOTIFY_KEEP, "notify.keep", SETTING_INT, "100000", 0, 10000000, 0, "delivered and dead notices kept, of each the latest")    \
    X(NOTIFY_ALLOW_HTTP, "notify.allow_http", SETTING_BOOL, "no", 0, 0, 0, "targets may have http: URLs")                          \
    X(NOTIFY_ALLOW_PRIVATE, "notify.allow_private", SETTING_TEXT, "", 0, 0, 0,                                                     \
      "networks that are not public and may be reached, such as 10.0.0.0/8 fd12::/16")                                             \
    X(NOTIFY_PORTS, "notify.ports", SETTING_TEXT, "", 0, 0, 0, "ports that targets may have; empty = every port")                  \
    X(NOTIFY_CA, "notify.ca_file", SETTING_PATH, "", 0, 0, 0, "certificate authority to trust instead of the system's, PEM")       \
    X(ADMIN_LISTEN, "admin.listen", SETTING_TEXT, "127.0.0.1:0", 0, 0, 0, "address:port of the admin page (loopback)")             \
    X(UP_REDIS_SERVER, "up.redis_server", SETTING_TEXT, "redis-server", 0, 0, 0, "program that `up` starts as private queue")      \
    X(UP_DRAINERS, "up.drainers", SETTING_INT, "1", 1, 64, 0, "drain processes that `up` starts")

enum setting {
#define X(name, key, type, def, least, most, flags, help) SET_##name,
    SETTING_LIST(X)
#undef X
        SET__COUNT
};

struct config; /* values live in config.c */

/*
 * Reads the defaults, then the INI file at `path` (NULL: none), then the environment. On failure `why` says file:line, what
 * is wrong, and the nearest known key. Returns owned.
 * Errors: ERR_NOT_FOUND (file), ERR_CONFIG.
 */
enum err config_load(const char *path, struct config **out, struct buf *why) MUST_CHECK;
void config_free(struct config *cfg);
/* Sets one value as a flag on the command line does (over file and environment). */
enum err config_set(struct config *cfg, enum setting s, struct str value, struct buf *why) MUST_CHECK;
/* Borrows the text; for SETTING_PATH the path below `dir`, "" when the setting is empty. */
const char *config_text(const struct config *cfg, enum setting s);
int64_t config_int(const struct config *cfg, enum setting s); /* INT; BOOL as 0/1; BYTES in bytes; MS in milliseconds */
/* True when nobody has set it: not a file, the environment, or a flag. */
bool config_is_default(const struct config *cfg, enum setting s);
/* Appends `key = value  # help (default ...; from file:line, environment)` lines, or a JSON object; secrets are "***". */
enum err config_show(const struct config *cfg, bool as_json, struct buf *out) MUST_CHECK;
/* Appends a sample INI file made from the table; as JSON an array of {name, type, default, min, max, help}, where min and max are
 * null for settings that are no numbers, in bytes and milliseconds for sizes and times. */
enum err config_sample(bool as_json, struct buf *out) MUST_CHECK;

#endif
