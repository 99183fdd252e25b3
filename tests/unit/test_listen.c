/* test_listen.c -- listening addresses, unix sockets and their files. */
#include "net/listen.h"

#include "net/server.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void a_port_0_becomes_the_real_one_and_is_shared(void **state)
{
    struct buf bound = BUF_INIT(100), again = BUF_INIT(100), why = BUF_INIT(200);
    int one = -1, two = -1;

    (void)state;
    assert_int_equal(net_listen(STR("127.0.0.1:0"), &one, &bound, &why), OK);
    assert_true(str_starts(buf_str(&bound), STR("127.0.0.1:")));
    assert_false(str_ends(buf_str(&bound), STR(":0")));
    assert_int_equal(net_listen(buf_str(&bound), &two, &again, &why), OK); /* another worker, SO_REUSEPORT */
    assert_true(str_eq(buf_str(&bound), buf_str(&again)));
    assert_int_equal(fcntl(one, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    assert_int_equal(fcntl(one, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    close(one);
    close(two);
    buf_release(&bound);
    buf_release(&again);
    buf_release(&why);
}

static void a_port_with_a_listener_is_not_ours_alone(void **state)
{
    struct buf bound = BUF_INIT(100), again = BUF_INIT(100), why = BUF_INIT(200);
    int one = -1, two = -1;

    (void)state;
    assert_int_equal(net_listen_alone(STR("127.0.0.1:0"), &one, &bound, &why), OK);
    assert_int_equal(net_listen_alone(buf_str(&bound), &two, &again, &why), ERR_EXISTS);
    assert_true(str_starts(buf_str(&why), buf_str(&bound)));
    close(one);
    assert_int_equal(net_listen_alone(buf_str(&bound), &two, &again, &why), OK);
    close(two);
    buf_release(&bound);
    buf_release(&again);
    buf_release(&why);
}

static void malformed_addresses_are_refused_with_a_hint(void **state)
{
    static const char *const rows[] = {
        "",      ":80",     "127.0.0.1", "127.0.0.1:",     "127.0.0.1:65536", "127.0.0.1:x", "localhost:80",
        "[::1]", "[::1:80", "::1:80",    "[127.0.0.1]:80", "[]:80",           "unix:"};
    struct buf bound = BUF_INIT(100), why = BUF_INIT(200);
    int fd = -1;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        buf_clear(&why);
        assert_int_equal(net_listen(str_of(rows[i]), &fd, &bound, &why), ERR_SYNTAX);
        assert_true(why.len > 0);
    }
    assert_int_equal(fd, -1);
    buf_release(&bound);
    buf_release(&why);
}

static void loopback_is_known_by_its_number(void **state)
{
    static const struct {
        const char *address;
        bool want;
    } rows[] = {
        {"127.0.0.1:80", true},   {"127.9.9.9:0", true}, {"[::1]:443", true},  {"unix:/run/x.sock", true}, {"0.0.0.0:80", false},
        {"10.127.0.1:80", false}, {"[::]:80", false},    {"[::2]:443", false}, {"localhost:80", false},    {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_int_equal(net_is_loopback(str_of(rows[i].address)), rows[i].want);
}

static void a_unix_socket_is_for_owner_and_group_and_only_a_stale_one_is_replaced(void **state)
{
    char dir[] = "/tmp/storehook-test-XXXXXX", path[64], address[80];
    struct buf bound = BUF_INIT(100), why = BUF_INIT(200);
    struct stat st;
    int first = -1, second = -1;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/http.sock", dir);
    snprintf(address, sizeof(address), "unix:%s", path);
    assert_int_equal(net_listen(str_of(address), &first, &bound, &why), OK);
    assert_true(str_eq(buf_str(&bound), str_of(address)));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    assert_int_equal(net_listen(str_of(address), &second, &bound, &why), ERR_EXISTS);
    close(first);
    assert_int_equal(net_listen(str_of(address), &second, &bound, &why), OK);
    close(second);
    unlink(path);
    second = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(second >= 0);
    close(second);
    assert_int_equal(net_listen(str_of(address), &second, &bound, &why), ERR_EXISTS);
    assert_int_equal(stat(path, &st), 0); /* somebody's file stays */
    unlink(path);
    rmdir(dir);
    buf_release(&bound);
    buf_release(&why);
}

static void peers_are_written_as_addresses(void **state)
{
    struct sockaddr_storage none = {.ss_family = AF_UNIX};
    char text[NET_ADDRESS_CHARS];

    (void)state;
    net_peer_text(&none, text, sizeof(text));
    assert_string_equal(text, "unix");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_0_becomes_the_real_one_and_is_shared),
        cmocka_unit_test(a_port_with_a_listener_is_not_ours_alone),
        cmocka_unit_test(malformed_addresses_are_refused_with_a_hint),
        cmocka_unit_test(loopback_is_known_by_its_number),
        cmocka_unit_test(a_unix_socket_is_for_owner_and_group_and_only_a_stale_one_is_replaced),
        cmocka_unit_test(peers_are_written_as_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
