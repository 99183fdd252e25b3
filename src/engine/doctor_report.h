/* doctor_report.h -- owns what the doctor says of one source: the samples, the secrets and the dead letters brought together. */
#ifndef ENGINE_DOCTOR_REPORT_H
#define ENGINE_DOCTOR_REPORT_H

#include "base/json.h"
#include "queue/stream.h"
#include "route/route.h"
#include "store/source.h"

/* Borrows all. */
struct doctor_parts {
    struct store *store;
    struct stream *stream;
    const struct routes *routes;
    const struct seal *seal;
    struct str public_url; /* "https://hooks.example.com", may be empty */
};
/*
 * Returns owned: {"source", "platform", "enabled", "refused": {reason: n}, "rejected": [{"at", "reason", "method", "body_bytes",
 * "headers": [names], "findings": [{"code", "text"}]}], "dead": [{"reason", "count", "topics": [...], "text"}]}, the latest first.
 * Nothing secret stands in it (N10). ERR_CONFIG when there is no route for the platform, ERR_SEAL without a master key; else those of queue and database.
 */
enum err doctor_report(const struct doctor_parts *parts, const struct source *source, json_t **out) MUST_CHECK;

#endif
