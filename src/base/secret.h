/* secret.h -- owns secret bytes: wiped on free, compared in constant time, sealed at rest under the master key (N10). */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/buf.h"
#include "base/str.h"

struct secret; /* bytes live in secret.c */

/* Copies `bytes` (1 to 4096 of them). Returns owned. ERR_RANGE when empty or too long, ERR_MEMORY. */
enum err secret_new(struct str bytes, struct secret **out) MUST_CHECK;
/* Wipes and frees. NULL is fine. */
void secret_free(struct secret *s);
/* Borrows the bytes, for the verifier and the sealer only. */
struct str secret_bytes(const struct secret *s);
/* As secret_new; one trailing newline (LF or CR LF) is not part of it: editors, `echo` and $(...) differ in it. */
enum err secret_new_line(struct str bytes, struct secret **out) MUST_CHECK;
/* Reads a secret of at most 4096 bytes from a file, or from a descriptor up to its end; as secret_new_line.
 * ERR_NOT_FOUND, ERR_IO, ERR_RANGE when empty or too long. */
enum err secret_read_file(const char *path, struct secret **out) MUST_CHECK;
enum err secret_read_fd(int fd, struct secret **out) MUST_CHECK;

/* Compares contents in constant time; lengths are public. The one place where signatures are compared. */
bool ct_equal(struct str a, struct str b);

struct seal; /* the master key */
/* Loads the 32-byte master key: from text (64 hex digits; the environment), else from `path`, which must be a file that only
 * its owner can read (0600). ERR_CONFIG when the mode is wider, ERR_SYNTAX when the content is not a key, ERR_NOT_FOUND. */
enum err seal_load(struct str text, const char *path, struct seal **out) MUST_CHECK;
/* Makes a new key file with mode 0600, fsynced; ERR_EXISTS when there is one. */
enum err seal_create(const char *path) MUST_CHECK;
void seal_free(struct seal *seal);
enum { SEAL_PLAIN_BYTES_MAX = 256 << 10 };
/* Appends base64(version, nonce, AES-256-GCM ciphertext, tag) of plain (1 to SEAL_PLAIN_BYTES_MAX bytes, else ERR_RANGE).
 * `context` (such as "source:<id>") is bound to it as additional data, so that a sealed text cannot be moved to another place. */
enum err seal_close(const struct seal *seal, struct str context, struct str plain, struct buf *out) MUST_CHECK;
/* Appends what seal_close sealed. ERR_SEAL for another key, another context or changed bytes; the errors of buf_append. */
enum err seal_open_text(const struct seal *seal, struct str context, struct str sealed, struct buf *out) MUST_CHECK;
/* The same for a secret. Returns owned. ERR_SEAL also when it is none: longer than 4096 bytes. */
enum err seal_open(const struct seal *seal, struct str context, struct str sealed, struct secret **out) MUST_CHECK;
enum { SEAL_FINGERPRINT_CHARS = 64 };
/* What a master key is known by: 64 hex digits and a NUL, which tell nothing about it. */
enum err seal_fingerprint(const struct seal *seal, char out[SEAL_FINGERPRINT_CHARS + 1]) MUST_CHECK;
enum { SEAL_MAC_BYTES = 32 };
/* HMAC-SHA-256 of `text` under a key that is derived from the master key for this purpose alone ("visit token v1"). */
enum err seal_mac(const struct seal *seal, struct str purpose, struct str text, unsigned char out[SEAL_MAC_BYTES]) MUST_CHECK;
/* HMAC-SHA-256 of `text` under a key derived from the master key, as 64 hex digits and a NUL: the tombstone of an address (X2). */
enum err seal_tombstone(const struct seal *seal, struct str text, char out[65]) MUST_CHECK;

#endif
