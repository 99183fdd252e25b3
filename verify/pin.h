/* pin.h -- owns the patterns of hosts and paths that a URL named by a request, or a certificate, must fit. */
#ifndef VERIFY_PIN_H
#define VERIFY_PIN_H

#include "base/str.h"

/* A header that must name an https URL of this host and path; header empty = none. */
struct pin {
    struct str header, host, path;
};

/* True for "name.example" itself, and for "*.example" with any name below it. Letters without regard to case. */
bool pin_host_fits(struct str pattern, struct str host);
/* True when `url` is https, has neither user, port, query nor fragment, and its host and path fit. */
bool pin_url_fits(const struct pin *pin, struct str url);

#endif
