/* doctor.h -- owns the reasoning about a rejected delivery: a sample, the secrets there are and the routes in, findings out. Pure. */
#ifndef ENGINE_DOCTOR_H
#define ENGINE_DOCTOR_H

#include "base/json.h"
#include "engine/rejected.h"
#include "route/route.h"

/* One secret that may have signed. Borrowed. */
struct doctor_secret {
    const char *source, *platform; /* name of the source that it belongs to */
    const char *name, *id;         /* config member; id of the counters */
    const struct secret *secret;
    bool own;                  /* of the source that rejected */
    bool valid;                /* at the time of the sample */
    int64_t from_us, until_us; /* its validity, 0 = open; for people, `valid` decides */
};

struct doctor_case {
    const struct rejected *sample;
    const struct route *route;   /* of the source */
    const struct routes *routes; /* all, for the headers of other platforms */
    const struct seal *seal;     /* knows masked values again; NULL: they stay unknown */
    const struct doctor_secret *secrets;
    size_t n_secrets;
    struct verify_config config; /* of the source */
    struct str url;              /* of the endpoint as the platform knows it, without query; empty when none is set */
};

/*
 * Appends what explains the rejection to the array: {"code", "text"}; the text is one sentence or two: what, why, what to do. Never
 * empty afterwards. No secret, no signature and no value of a header stands in it (N10). ERR_MEMORY.
 */
enum err doctor_explain(const struct doctor_case *c, json_t *findings) MUST_CHECK;

#endif
