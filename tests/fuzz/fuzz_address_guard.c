/* fuzz_address_guard.c -- holds the judgment of addresses to what its header promises, for any settings and any host. */
#include "net/address_guard.h"

#include <stdlib.h>

/* A broken promise ends the run, in every build. */
#define HOLDS(what)  \
    do {             \
        if (!(what)) \
            abort(); \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is allowed is allowed beside everything else: more networks never refuse more. */
static void check_hosts(const struct address_guard *guard, struct str text)
{
    static const struct address_guard strict;
    static const char *const private_hosts[] = {"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:192.168.0.1"};
    const char *refused = address_guard_refuses_text(guard, text);

    HOLDS(!refused || address_guard_refuses_text(&strict, text));
    for (size_t i = 0; i < sizeof(private_hosts) / sizeof(*private_hosts); i++) {
        HOLDS(address_guard_refuses_text(&strict, str_of(private_hosts[i])));
        HOLDS(guard->n_allowed || address_guard_refuses_text(guard, str_of(private_hosts[i])));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct address_guard guard = {.n_allowed = 0};
    struct buf why = BUF_INIT(1 << 20);
    struct str text = str_n(data, size);
    enum err err = address_guard_allow(&guard, text, &why);

    HOLDS(guard.n_allowed <= GUARD_NETWORKS_MAX);
    HOLDS((err == OK) == (why.len == 0) && (err == OK || err == ERR_CONFIG || err == ERR_TOO_LARGE));
    for (size_t i = 0; i < guard.n_allowed; i++)
        HOLDS(guard.allowed[i].bits >= 0 && guard.allowed[i].bits <= 128);
    check_hosts(&guard, text);
    buf_clear(&why);
    err = address_guard_set_ports(&guard, text, &why);
    HOLDS(guard.n_ports <= GUARD_PORTS_MAX && (err == OK) == (why.len == 0));
    HOLDS(guard.n_ports == 0 || !address_guard_takes_port(&guard, 0));
    buf_release(&why);
    return 0;
}
