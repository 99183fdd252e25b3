/* test_address_guard.c -- proves which addresses the URL of somebody else may lead to. */
#include "net/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/un.h>

#include <cmocka.h>

static const char *judge(const struct address_guard *guard, const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(443)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
    const char *by_text = address_guard_refuses_text(guard, str_of(text)), *by_socket;

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        by_socket = address_guard_refuses(guard, (const struct sockaddr *)(const void *)&v4);
    else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
        by_socket = address_guard_refuses(guard, (const struct sockaddr *)(const void *)&v6);
    else
        return "no address";
    if (by_text != by_socket)
        fail_msg("%s: as text %s, as a socket's address %s", text, by_text ? by_text : "allowed",
                 by_socket ? by_socket : "allowed");
    return by_socket;
}

static const char *const refused[][2] = {
    {"0.0.0.0", "an address of this host"},
    {"0.1.2.3", "an address of this host"},
    {"10.0.0.0", "a private address"},
    {"10.255.255.255", "a private address"},
    {"100.64.0.0", "an address behind a provider's NAT"},
    {"100.100.100.200", "an address behind a provider's NAT"},
    {"100.127.255.255", "an address behind a provider's NAT"},
    {"127.0.0.1", "a loopback address"},
    {"127.255.255.255", "a loopback address"},
    {"168.63.129.16", "a metadata service"},
    {"169.254.169.254", "a metadata service"},
    {"169.254.0.1", "a link-local address"},
    {"172.16.0.1", "a private address"},
    {"172.31.255.255", "a private address"},
    {"192.0.0.192", "a reserved address"},
    {"192.0.2.1", "an address for documentation"},
    {"192.88.99.1", "a relay's address"},
    {"192.168.0.1", "a private address"},
    {"198.18.0.1", "an address for benchmarks"},
    {"198.19.255.255", "an address for benchmarks"},
    {"198.51.100.1", "an address for documentation"},
    {"203.0.113.255", "an address for documentation"},
    {"224.0.0.1", "a multicast address"},
    {"239.255.255.255", "a multicast address"},
    {"240.0.0.1", "a reserved address"},
    {"255.255.255.255", "a reserved address"},
    {"::", "an address of this host"},
    {"::1", "a loopback address"},
    {"::7f00:1", "a reserved address"},
    {"::ffff:127.0.0.1", "a loopback address"},
    {"::ffff:169.254.169.254", "a metadata service"},
    {"::ffff:10.0.0.1", "a private address"},
    {"::ffff:0:127.0.0.1", "a translated IPv4 address"},
    {"64:ff9b::127.0.0.1", "a NAT64 address"},
    {"64:ff9b::8.8.8.8", "a NAT64 address"},
    {"64:ff9b:1::1", "a NAT64 address"},
    {"100::1", "a reserved address"},
    {"2001::1", "a reserved address"},
    {"2001:db8::1", "an address for documentation"},
    {"2002:7f00:1::", "a 6to4 address"},
    {"3fff::1", "an address for documentation"},
    {"fc00::1", "a private address"},
    {"fd00:ec2::254", "a metadata service"},
    {"fdff:ffff::1", "a private address"},
    {"fe80::1", "a link-local address"},
    {"febf::1", "a link-local address"},
    {"fec0::1", "a private address"},
    {"ff02::1", "a multicast address"},
    {"4000::1", "a reserved address"},
    {"1::1", "a reserved address"},
};

static const char *const allowed[] = {"1.1.1.1",         "8.8.8.8",         "9.255.255.255",   "11.0.0.0",       "100.63.255.255",
                                      "100.128.0.0",     "126.255.255.255", "128.0.0.1",       "172.15.255.255", "172.32.0.0",
                                      "192.167.255.255", "192.169.0.0",     "198.17.255.255",  "198.20.0.0",     "223.255.255.255",
                                      "::ffff:8.8.8.8",  "2001:200::1",     "2606:4700::1111", "2a00:1450::1",   "2400:cb00::1"};

static void refuses_every_address_that_is_not_public(void **state)
{
    static const struct address_guard guard;

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
        const char *word = judge(&guard, refused[i][0]);

        if (!word || strcmp(word, refused[i][1]) != 0)
            fail_msg("%s is %s, not %s", refused[i][0], word ? word : "allowed", refused[i][1]);
    }
}

static void takes_public_addresses_up_to_the_edges_of_the_others(void **state)
{
    static const struct address_guard guard;

    (void)state;
    for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
        if (judge(&guard, allowed[i]))
            fail_msg("%s is refused as %s", allowed[i], judge(&guard, allowed[i]));
}

static void what_the_operator_allows_is_taken_and_nothing_beside_it(void **state)
{
    struct address_guard guard = {.n_allowed = 0};
    struct buf why = BUF_INIT(256);

    (void)state;
    assert_int_equal(address_guard_allow(&guard, STR("10.1.0.0/16, 127.0.0.1 fd12:3400::/23,64:ff9b::/96"), &why), OK);
    assert_null(judge(&guard, "10.1.255.1"));
    assert_null(judge(&guard, "::ffff:10.1.255.1"));
    assert_non_null(judge(&guard, "10.2.0.1"));
    assert_null(judge(&guard, "127.0.0.1"));
    assert_non_null(judge(&guard, "127.0.0.2"));
    assert_null(judge(&guard, "fd12:35ff::1"));
    assert_non_null(judge(&guard, "fd12:3600::1"));
    assert_null(judge(&guard, "64:ff9b::1.2.3.4"));
    buf_release(&why);
}

static void a_network_that_is_none_says_what_is_wrong(void **state)
{
    static const char *const bad[][2] = {
        {"10.0.0.0/33", "is no network"}, {"10.0.0/8", "is no network"},    {"hello", "is no network"},
        {"10.0.0.0/", "is no network"},   {"::/129", "is no network"},      {"10.0.0.1/8", "has bits behind its length"},
        {"fd00::1/8", "has bits behind"}, {"10.0.0.0/-1", "is no network"}, {"/8", "is no network"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct address_guard guard = {.n_allowed = 0};
        struct buf why = BUF_INIT(256);

        assert_int_equal(address_guard_allow(&guard, str_of(bad[i][0]), &why), ERR_CONFIG);
        if (!strstr(buf_text(&why), bad[i][1]))
            fail_msg("%s: %s", bad[i][0], buf_text(&why));
        buf_release(&why);
    }
}

static void ports_are_every_one_or_those_of_the_list(void **state)
{
    struct address_guard guard = {.n_allowed = 0};
    struct buf why = BUF_INIT(256);

    (void)state;
    assert_true(address_guard_takes_port(&guard, 25));
    assert_int_equal(address_guard_set_ports(&guard, STR("443, 8443"), &why), OK);
    assert_true(address_guard_takes_port(&guard, 8443));
    assert_false(address_guard_takes_port(&guard, 25));
    assert_int_equal(address_guard_set_ports(&guard, STR("0"), &why), ERR_CONFIG);
    assert_int_equal(address_guard_set_ports(&guard, STR("65536"), &why), ERR_CONFIG);
    buf_release(&why);
}

static void other_families_and_names_are_judged_as_what_they_are(void **state)
{
    static const struct address_guard guard;
    const struct sockaddr_un local = {.sun_family = AF_UNIX};
    char text[GUARD_ADDRESS_CHARS + 1];

    (void)state;
    assert_string_equal(address_guard_refuses(&guard, (const struct sockaddr *)(const void *)&local), "no IP address");
    assert_string_equal(address_text((const struct sockaddr *)(const void *)&local, text), "an unknown address");
    assert_null(address_guard_refuses_text(&guard, STR("hooks.example"))); /* its addresses are judged when it is connected to */
    assert_null(address_guard_refuses_text(&guard, STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_every_address_that_is_not_public),
        cmocka_unit_test(takes_public_addresses_up_to_the_edges_of_the_others),
        cmocka_unit_test(what_the_operator_allows_is_taken_and_nothing_beside_it),
        cmocka_unit_test(a_network_that_is_none_says_what_is_wrong),
        cmocka_unit_test(ports_are_every_one_or_those_of_the_list),
        cmocka_unit_test(other_families_and_names_are_judged_as_what_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
