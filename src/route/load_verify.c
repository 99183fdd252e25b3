/* load_verify.c -- owns the ways to sign of a route file: each is loaded, needs a declared secret, and stands where it proves something. */
#include "route/config_ref.h"
#include "route/load.h"

/* The secret of every way to sign must be something that a source is asked for. */
static bool check_secret(struct reader *r, const struct place *p, const struct route *route, const struct verify_spec *spec)
{
    struct str name = verify_spec_secret_name(spec);

    if (name.len == 0)
        return true;
    for (size_t i = 0; i < route->n_config; i++)
        if (route->config[i].secret && str_eq(name, str_of(route->config[i].name)))
            return true;
    read_problem(r, p, "secret \"%.*s\" is not declared in config", STR_ARG(name));
    return false;
}

/* A key that everybody knows proves nothing, and behind what applies always nothing else is reached. */
static bool check_proof(struct reader *r, const struct place *p, const struct verify_spec *spec, bool last)
{
    if (verify_spec_proves(spec) || (verify_spec_is_open(spec) && last))
        return true;
    if (verify_spec_is_open(spec))
        read_problem(r, p, "scheme unsigned applies to every request: it must be the last");
    else
        read_problem(r, p, "known_key proves nothing: it may only stand in a handshake's verify");
    return false;
}

bool load_verify(struct reader *r, const struct place *p, struct route *route)
{
    size_t n = json_array_size(p->json);
    const struct verify_config config = config_defaults(r);
    struct buf pointer = BUF_INIT(1 << 10);
    bool good = json_is_false(p->json) || read_list(r, p); /* false: it is not pushed; every request is refused */

    if (json_is_array(p->json) && (n == 0 || n > ROUTE_VERIFY_MAX)) {
        read_problem(r, p, "1 to %d ways to sign", ROUTE_VERIFY_MAX);
        good = false;
    }
    for (size_t i = 0; i < n && n <= ROUTE_VERIFY_MAX; i++) {
        struct place element = place_element(p, i);
        enum err err;

        buf_clear(&pointer);
        err = place_pointer(&element, &pointer);
        if (!err)
            err = verify_spec_load_with(element.json, buf_str(&pointer), &config, r->problems, &route->verify[route->n_verify]);
        r->no_memory |= err == ERR_MEMORY;
        if (!err) {
            const struct verify_spec *spec = route->verify[route->n_verify++];

            good &= check_secret(r, &element, route, spec) && check_proof(r, &element, spec, i + 1 == n);
        }
        good &= !err;
    }
    buf_release(&pointer);
    return good;
}
