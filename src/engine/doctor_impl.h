/* doctor_impl.h -- owns what the files of the doctor share: the case, trials, and the questions in their order. */
#ifndef ENGINE_DOCTOR_IMPL_H
#define ENGINE_DOCTOR_IMPL_H

#include "engine/doctor.h"

/* What is assumed. The clock is left out of it. */
struct assumption {
    const struct verify_spec *spec;
    struct str secret, body, url, query;
};

/* The doctor's work on one case. */
struct doctor {
    const struct doctor_case *c;
    struct verifier *verifier;
    json_t *findings;
    struct verify_spec *own;        /* `spec`, where the source's config is part of it */
    const struct verify_spec *spec; /* the way to sign that the request names; NULL: none */
    json_t *element;                /* its JSON */
    bool failed;                    /* memory is out */
    int64_t signed_at_us;           /* what the last trial that passed had signed; 0 = no time */
};

/* doctor_trial.c. */
/* The request of the sample, at any time. */
struct verify_request trial_request(const struct doctor *d);
/* OK when it would pass; else why not. */
enum err trial(struct doctor *d, const struct assumption *a) MUST_CHECK;
/* True when it is signed that way, be it for this source or for somebody else: `expect` is this source's own. */
bool trial_signed(struct doctor *d, const struct assumption *a);
/* What is true of the case, with an own secret. */
struct assumption trial_as_it_is(const struct doctor *d, struct str secret);
/* Calls `passes` with every own valid secret of the spec until it is true. */
bool trial_own(struct doctor *d, bool (*passes)(struct doctor *d, struct assumption a, void *arg), void *arg);
/* True when a request passes under the element with one member replaced (NULL value: taken away). */
bool trial_element(struct doctor *d, const char *member, const char *value);

/* Adds one finding. Always true: what was looked for is found. */
bool doctor_found(struct doctor *d, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The platform's name for people. */
const char *doctor_title(const struct doctor *d);
/* True when this is a secret that the request should be signed with. */
bool doctor_expects(const struct doctor *d, const struct doctor_secret *s);

/* Each is true when it has an explanation, and has added it. doctor_secret.c, doctor_text.c. */
bool explain_masked(struct doctor *d);
bool explain_other_secret(struct doctor *d);
bool explain_spoilt_secret(struct doctor *d);
bool explain_secret_form(struct doctor *d);
bool explain_encoding(struct doctor *d);
bool explain_gzip(struct doctor *d);
bool explain_newline(struct doctor *d);
bool explain_respelt(struct doctor *d);
bool explain_url(struct doctor *d);

#endif
