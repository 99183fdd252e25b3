/* route.c -- owns the questions about one route that the receiver and the commands ask. */
#include "route/route.h"

#include "route/load.h"

const char *route_platform(const struct route *route)
{
    return route->platform;
}

const char *route_title(const struct route *route)
{
    return route->title;
}

const char *route_setup(const struct route *route)
{
    return route->setup;
}

const struct str *route_aliases(const struct route *route, size_t *n)
{
    *n = route->n_aliases;
    return route->aliases;
}

bool route_is_builtin(const struct route *route)
{
    return route->builtin;
}

struct str route_text(const struct route *route)
{
    return str_n(route->text, route->text_len);
}

const char *route_config_default(const struct route *route, struct str name)
{
    for (size_t i = 0; i < route->n_config; i++)
        if (!route->config[i].secret && str_eq(name, str_of(route->config[i].name)))
            return route->config[i].fallback;
    return NULL;
}

const struct route_config *route_config_at(const struct route *route, size_t i)
{
    return i < route->n_config ? &route->config[i] : NULL;
}

const struct verify_spec *route_verify_at(const struct route *route, size_t i)
{
    return i < route->n_verify ? route->verify[i] : NULL;
}

const struct verify_spec *route_verify_for(const struct route *route, const struct verify_request *request, size_t *index)
{
    for (size_t i = 0; i < route->n_verify; i++)
        if (verify_spec_applies(route->verify[i], request)) {
            *index = i;
            return route->verify[i];
        }
    return NULL;
}

struct str route_header_topic(const struct route *route, struct fields headers)
{
    return delivery_header_topic(&route->delivery, &route->topics, headers);
}

enum lane route_lane(const struct route *route, struct str topic)
{
    const struct topic *found = topics_find(&route->topics, topic);

    if (topic_is_fetch(topic))
        return LANE_BULK;
    return found ? found->lane : LANE_LIVE;
}

size_t route_keep_headers(const struct route *route, struct fields headers, struct field out[ENTRY_FIELDS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < route->delivery.n_keep; i++) {
        struct str value;

        if (fields_get(headers, route->delivery.keep[i], &value))
            out[n++] = (struct field){.name = route->delivery.keep[i], .value = value};
    }
    return n;
}

int route_answer(const struct route *route, struct str *content_type, struct str *body)
{
    *content_type = route->answer_type;
    *body = route->answer_body;
    return route->answer_status;
}

const char *route_methods(const struct route *route)
{
    return route->methods;
}

bool route_takes_method(const struct route *route, struct str method)
{
    struct str rest = str_of(route->methods), one;

    while (str_split(&rest, ',', &one))
        if (str_eq(str_trim(one), method))
            return true;
    return false;
}

enum err route_handshake(const struct route *route, const struct handshake_request *request, struct handshake_answer *answer)
{
    return handshakes_answer(&route->handshakes, request, answer);
}

bool route_has_handshake(const struct route *route, struct str method)
{
    for (size_t i = 0; i < route->handshakes.n; i++)
        if (str_eq(route->handshakes.at[i].method, method))
            return true;
    return false;
}

bool route_captures(const struct route *route, struct str secret)
{
    for (size_t i = 0; i < route->handshakes.n; i++)
        if (secret.len && str_eq(route->handshakes.at[i].capture, secret))
            return true;
    return false;
}

enum err route_send_headers(const struct route *route, const struct route_send *send, struct buf *values,
                            struct field out[ROUTE_SEND_FIELDS_MAX], size_t *n)
{
    return send_headers(&route->send, send, values, out, n);
}

struct str route_send_content_type(const struct route *route)
{
    return route->send.as_form ? STR("application/x-www-form-urlencoded") : STR("application/json");
}

enum err route_send_example(const struct route *route, const struct route_send *send, struct buf *body)
{
    return send_example(&route->send, send, body);
}

bool route_in_demo(const struct route *route)
{
    return route->send.demo;
}

struct str route_send_topic(const struct route *route, size_t i)
{
    return send_topic(&route->send, i);
}
