/* test_tls.c -- the TLS policy of the server and the self-made certificate (reliability facts 3.4). */
#include "net_fixture.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

/* A client that has not shaken hands yet. */
static struct client tcp_client(void)
{
    struct client c = {.fd = socket_with_deadline(), .ssl = SSL_new(F->client)};

    assert_int_equal(connect(c.fd, (struct sockaddr *)&F->address, sizeof(F->address)), 0);
    SSL_set_fd(c.ssl, c.fd);
    return c;
}

static void versions_below_1_2_are_refused(void **state)
{
    static const struct {
        int version, connects;
    } rows[] = {{TLS1_VERSION, 0}, {TLS1_1_VERSION, 0}, {TLS1_2_VERSION, 1}, {TLS1_3_VERSION, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct client c = tcp_client();

        SSL_set_security_level(c.ssl, 0);
        SSL_set_min_proto_version(c.ssl, rows[i].version);
        SSL_set_max_proto_version(c.ssl, rows[i].version);
        assert_int_equal(SSL_connect(c.ssl) == 1, rows[i].connects);
        if (rows[i].connects) {
            assert_int_equal(SSL_version(c.ssl), rows[i].version);
            exchange_expect(&c, STR(NEXT), 200, &answer);
        }
        client_close(&c);
    }
}

static void only_ECDHE_with_AEAD_in_1_2(void **state)
{
    static const struct {
        const char *cipher;
        int connects;
    } rows[] = {
        {"ECDHE-ECDSA-AES128-GCM-SHA256", 1},
        {"ECDHE-ECDSA-CHACHA20-POLY1305", 1},
        {"ECDHE-ECDSA-AES128-SHA256", 0},
        {"ECDHE-ECDSA-AES256-SHA", 0},
        {"AES128-GCM-SHA256", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct client c = tcp_client();

        SSL_set_max_proto_version(c.ssl, TLS1_2_VERSION);
        assert_int_equal(SSL_set_cipher_list(c.ssl, rows[i].cipher), 1);
        assert_int_equal(SSL_connect(c.ssl) == 1, rows[i].connects);
        client_close(&c);
    }
}

static void the_server_prefers_its_own_order_and_groups(void **state)
{
    struct client c = tcp_client();

    (void)state;
    SSL_set_max_proto_version(c.ssl, TLS1_2_VERSION);
    assert_int_equal(SSL_set_cipher_list(c.ssl, "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"), 1);
    assert_int_equal(SSL_connect(c.ssl), 1);
    assert_string_equal(SSL_get_cipher_name(c.ssl), "ECDHE-ECDSA-AES128-GCM-SHA256");
    assert_int_equal(SSL_get_extms_support(c.ssl), 1);
    client_close(&c);
    c = tcp_client();
    assert_int_equal(SSL_set1_groups_list(c.ssl, "P-521"), 1);
    assert_int_not_equal(SSL_connect(c.ssl), 1);
    client_close(&c);
}

static void alpn_answers_http_1_1_and_nothing_else(void **state)
{
    static const unsigned char both[] = "\x02h2\x08http/1.1", only_h2[] = "\x02h2";
    const unsigned char *chosen;
    unsigned int len;
    struct client c = tcp_client();

    (void)state;
    SSL_set_alpn_protos(c.ssl, both, sizeof(both) - 1);
    assert_int_equal(SSL_connect(c.ssl), 1);
    SSL_get0_alpn_selected(c.ssl, &chosen, &len);
    assert_true(str_eq(str_n(chosen, len), STR("http/1.1")));
    client_close(&c);
    c = tcp_client();
    SSL_set_alpn_protos(c.ssl, only_h2, sizeof(only_h2) - 1);
    ERR_clear_error();
    assert_int_not_equal(SSL_connect(c.ssl), 1);
    assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
    client_close(&c);
}

static SSL_SESSION *ticket;

static int keep_ticket(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(ticket);
    ticket = session;
    return 1;
}

static void tickets_resume_a_session_without_early_data(void **state)
{
    struct client c;

    (void)state;
    SSL_CTX_set_session_cache_mode(F->client, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(F->client, keep_ticket);
    c = client_open(F);
    exchange_expect(&c, STR(NEXT), 200, &answer);
    assert_non_null(ticket);
    assert_int_equal(SSL_SESSION_get_max_early_data(ticket), 0);
    SSL_shutdown(c.ssl);
    client_close(&c);
    c = tcp_client();
    SSL_set_session(c.ssl, ticket);
    assert_int_equal(SSL_connect(c.ssl), 1);
    assert_int_equal(SSL_session_reused(c.ssl), 1);
    exchange_expect(&c, STR(NEXT), 200, &answer);
    client_close(&c);
    SSL_SESSION_free(ticket);
    ticket = NULL;
}

static void a_client_cannot_renegotiate(void **state)
{
    struct client c = tcp_client();

    (void)state;
    SSL_set_max_proto_version(c.ssl, TLS1_2_VERSION);
    assert_int_equal(SSL_connect(c.ssl), 1);
    SSL_renegotiate(c.ssl);
    assert_int_not_equal(SSL_do_handshake(c.ssl), 1);
    client_close(&c);
}

static void an_unknown_name_gets_the_default_certificate(void **state)
{
    struct client c = tcp_client();

    (void)state;
    SSL_set_tlsext_host_name(c.ssl, "elsewhere.example");
    assert_int_equal(SSL_connect(c.ssl), 1);
    client_close(&c);
}

/* A fresh directory; the caller removes it. */
static void make_dir(char out[64])
{
    snprintf(out, 64, "/tmp/storehook-test-XXXXXX");
    assert_non_null(mkdtemp(out));
}

static X509 *read_cert(const char *dir, const char *name)
{
    char path[128];
    FILE *file;
    X509 *cert;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "re");
    assert_non_null(file);
    cert = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    assert_non_null(cert);
    return cert;
}

static void a_self_made_certificate_names_the_host_and_keeps_its_CA(void **state)
{
    char dir[64], path[128];
    struct buf why = BUF_INIT(512);
    struct stat st;
    X509 *leaf, *ca, *again;

    (void)state;
    make_dir(dir);
    assert_int_equal(tls_self_made(dir, STR("hooks.example"), &why), OK);
    leaf = read_cert(dir, "server.pem");
    ca = read_cert(dir, "ca.pem");
    assert_int_equal(X509_check_host(leaf, "hooks.example", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(leaf, "localhost", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(leaf, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(leaf, "::1", 0), 1);
    assert_int_equal(X509_check_host(leaf, "other.example", 0, 0, NULL), 0);
    assert_int_equal(X509_verify(leaf, X509_get0_pubkey(ca)), 1);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, i ? "ca.key" : "server.key");
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    assert_int_equal(tls_self_made(dir, STR_NONE, &why), ERR_EXISTS);
    X509_free(leaf);
    snprintf(path, sizeof(path), "%s/server.pem", dir);
    unlink(path);
    assert_int_equal(tls_self_made(dir, STR("192.0.2.7"), &why), OK);
    again = read_cert(dir, "ca.pem");
    leaf = read_cert(dir, "server.pem");
    assert_int_equal(X509_cmp(ca, again), 0);
    assert_int_equal(X509_check_ip_asc(leaf, "192.0.2.7", 0), 1);
    assert_int_equal(X509_verify(leaf, X509_get0_pubkey(ca)), 1);
    X509_free(leaf);
    X509_free(ca);
    X509_free(again);
    buf_release(&why);
    fixture_remove_dir(dir);
}

static void a_host_cannot_add_other_names(void **state)
{
    static const char *const hosts[] = {"a,DNS:b", "a b", "a:80", "DNS:a", "a\n"};
    char dir[64];
    struct buf why = BUF_INIT(512);

    (void)state;
    make_dir(dir);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
        assert_int_equal(tls_self_made(dir, str_of(hosts[i]), &why), ERR_SYNTAX);
    buf_release(&why);
    fixture_remove_dir(dir);
}

static void unusable_files_are_named(void **state)
{
    char one[64], two[64], cert[128], key[128], other[128];
    struct buf why = BUF_INIT(512);
    struct tls_context *tls = NULL;

    (void)state;
    make_dir(one);
    make_dir(two);
    assert_int_equal(tls_self_made(one, STR_NONE, &why), OK);
    assert_int_equal(tls_self_made(two, STR_NONE, &why), OK);
    snprintf(cert, sizeof(cert), "%s/server.pem", one);
    snprintf(key, sizeof(key), "%s/server.key", one);
    snprintf(other, sizeof(other), "%s/server.key", two);
    assert_int_equal(tls_context_new("/nonexistent.pem", key, &tls, &why), ERR_TLS);
    assert_non_null(strstr(buf_text(&why), "/nonexistent.pem: "));
    buf_clear(&why);
    assert_int_equal(tls_context_new(key, key, &tls, &why), ERR_TLS);
    assert_true(str_starts(buf_str(&why), str_of(key)));
    buf_clear(&why);
    assert_int_equal(tls_context_new(cert, other, &tls, &why), ERR_TLS);
    assert_true(str_starts(buf_str(&why), str_of(other)));
    assert_null(tls);
    buf_release(&why);
    fixture_remove_dir(one);
    fixture_remove_dir(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_TLS(versions_below_1_2_are_refused),
        ON_TLS(only_ECDHE_with_AEAD_in_1_2),
        ON_TLS(the_server_prefers_its_own_order_and_groups),
        ON_TLS(alpn_answers_http_1_1_and_nothing_else),
        ON_TLS(tickets_resume_a_session_without_early_data),
        ON_TLS(a_client_cannot_renegotiate),
        ON_TLS(an_unknown_name_gets_the_default_certificate),
        cmocka_unit_test(a_self_made_certificate_names_the_host_and_keeps_its_CA),
        cmocka_unit_test(a_host_cannot_add_other_names),
        cmocka_unit_test(unusable_files_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
