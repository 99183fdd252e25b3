/* privacy_report.h -- owns the report of an erasure, or of a request for data, signed so that nobody can change it unseen. */
#ifndef ENGINE_PRIVACY_REPORT_H
#define ENGINE_PRIVACY_REPORT_H

#include "base/secret.h"
#include "store/privacy.h"

/*
 * Makes the report as one JSON object with a member `signature`: Ed25519 (RFC 8032) over the compact text of all other members, keys
 * sorted by their bytes. `source_name` is empty for the operator. Returns owned in *out. ERR_MEMORY.
 */
enum err privacy_report(const struct seal *seal, const struct privacy_request *request, struct str source_name,
                        json_t **out) MUST_CHECK;
/*
 * Checks a report that was made by privacy_report. ERR_SYNTAX when it is none, ERR_SIGNATURE when it was changed. *ours: its key is this
 * installation's; `seal` may be NULL, then it is false.
 */
enum err privacy_report_check(const struct seal *seal, const json_t *report, bool *ours) MUST_CHECK;

#endif
