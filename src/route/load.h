/* load.h -- owns the fields of a route, for the files of this folder. */
#ifndef ROUTE_LOAD_H
#define ROUTE_LOAD_H

#include "route/body.h"
#include "route/delivery.h"
#include "route/each.h"
#include "route/handshake.h"
#include "route/send.h"

enum { ROUTE_CONFIG_MAX = 32, ROUTE_ALIASES_MAX = 8 };

struct route {
    struct arena arena; /* everything compiled; texts are borrowed from `json` and `text` */
    json_t *json;
    char *text;
    size_t text_len;
    bool builtin;
    const char *platform, *title, *setup;
    const struct str *aliases; /* other names of the platform */
    size_t n_aliases;
    struct route_config config[ROUTE_CONFIG_MAX];
    size_t n_config;
    struct verify_spec *verify[ROUTE_VERIFY_MAX];
    size_t n_verify;
    struct body_form body;
    struct each_form each;
    struct delivery_form delivery;
    struct handshakes handshakes;
    const char *methods; /* of deliveries: "POST", "POST, GET" */
    int answer_status;   /* 0 = the receiver's own */
    struct str answer_type, answer_body;
    struct send_form send;
    struct object_forms objects;
    struct topics topics;
};

/* load_verify.c: reads push.verify. */
bool load_verify(struct reader *r, const struct place *p, struct route *route);

#endif
