/* test_secret.c -- proves secrets: limits, constant-time compare, the master key file and sealing (N10). */
#include "base/secret.h"
#include "base/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[] = "/tmp/storehook-secret-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[256];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static const char *write_file(const char *name, struct str bytes, mode_t mode)
{
    const char *path = path_of(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.p, bytes.len), (ssize_t)bytes.len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    return path;
}

static struct seal *new_seal(const char *name)
{
    struct seal *seal = NULL;

    assert_int_equal(seal_create(path_of(name)), OK);
    assert_int_equal(seal_load(STR_NONE, path_of(name), &seal), OK);
    return seal;
}

static void refuses_an_empty_and_an_oversized_secret(void **state)
{
    static char big[4097];
    struct secret *s = NULL;

    (void)state;
    memset(big, 'x', sizeof(big));
    assert_int_equal(secret_new(STR(""), &s), ERR_RANGE);
    assert_int_equal(secret_new(str_n(big, 4097), &s), ERR_RANGE);
    assert_null(s);
    assert_int_equal(secret_new(str_n(big, 4096), &s), OK);
    assert_int_equal(secret_bytes(s).len, 4096);
    secret_free(s);
    secret_free(NULL);
}

static void keeps_zero_bytes_in_a_secret(void **state)
{
    struct str bytes = str_n("a\0b", 3);
    struct secret *s = NULL;

    (void)state;
    assert_int_equal(secret_new(bytes, &s), OK);
    assert_true(str_eq(secret_bytes(s), bytes));
    secret_free(s);
}

static void compares_content_and_length(void **state)
{
    (void)state;
    assert_true(ct_equal(STR("abc"), STR("abc")));
    assert_false(ct_equal(STR("abc"), STR("abd")));
    assert_false(ct_equal(STR("abc"), STR("abcd")));
    assert_false(ct_equal(STR_NONE, STR("a")));
    assert_true(ct_equal(STR_NONE, STR("")));
}

static void drops_exactly_one_newline_of_a_secret_file(void **state)
{
    static const struct {
        const char *content, *secret;
    } rows[] = {{"hush", "hush"},       {"hush\n", "hush"},     {"hush\r\n", "hush"},
                {"hush\n\n", "hush\n"}, {" hush \n", " hush "}, {"hush\r", "hush\r"}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct secret *s = NULL;

        assert_int_equal(secret_read_file(write_file("s", str_of(rows[i].content), 0600), &s), OK);
        assert_true(str_eq(secret_bytes(s), str_of(rows[i].secret)));
        secret_free(s);
    }
}

static void refuses_secret_files_that_hold_no_secret(void **state)
{
    static char big[5000];
    struct secret *s = NULL;

    (void)state;
    memset(big, 'x', sizeof(big));
    assert_int_equal(secret_read_file(write_file("s", STR("\n"), 0600), &s), ERR_RANGE);
    assert_int_equal(secret_read_file(write_file("s", STR(""), 0600), &s), ERR_RANGE);
    assert_int_equal(secret_read_file(write_file("s", str_n(big, 4097), 0600), &s), ERR_RANGE);
    assert_int_equal(secret_read_file(write_file("s", str_n(big, 5000), 0600), &s), ERR_RANGE);
    assert_int_equal(secret_read_file(path_of("absent"), &s), ERR_NOT_FOUND);
    assert_int_equal(secret_read_file(dir, &s), ERR_IO);
    assert_null(s);
    assert_int_equal(secret_read_file(write_file("s", str_n(big, 4096), 0600), &s), OK);
    secret_free(s);
}

static void makes_a_key_file_that_only_its_owner_reads(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(seal_create(path_of("fresh")), OK);
    assert_int_equal(stat(path_of("fresh"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 65);
    assert_int_equal(seal_create(path_of("fresh")), ERR_EXISTS);
}

static void N10_refuses_a_key_file_that_others_may_read(void **state)
{
    struct seal *seal = NULL;
    static const mode_t wide[] = {0640, 0604, 0620, 0610, 0601};

    (void)state;
    assert_int_equal(seal_create(path_of("wide")), OK);
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
        assert_int_equal(chmod(path_of("wide"), wide[i]), 0);
        assert_int_equal(seal_load(STR_NONE, path_of("wide"), &seal), ERR_CONFIG);
    }
    assert_int_equal(chmod(path_of("wide"), 0400), 0);
    assert_int_equal(seal_load(STR_NONE, path_of("wide"), &seal), OK);
    seal_free(seal);
}

static void refuses_a_master_key_of_another_form(void **state)
{
    struct seal *seal = NULL;
    static const char *const wrong[] = {"",
                                        "00",
                                        "zz",
                                        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1",
                                        "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
                                        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(seal_load(STR_NONE, write_file("k", str_of(wrong[i]), 0600), &seal), ERR_SYNTAX);
    assert_int_equal(seal_load(STR("short"), NULL, &seal), ERR_SYNTAX);
    assert_int_equal(seal_load(STR_NONE, path_of("absent"), &seal), ERR_NOT_FOUND);
    assert_null(seal);
}

static void seals_and_opens_in_its_context_only(void **state)
{
    struct seal *seal = new_seal("master"), *other = new_seal("other");
    struct secret *s = NULL;
    struct buf sealed = BUF_INIT(65536);

    (void)state;
    assert_int_equal(seal_close(seal, STR("source:1"), STR("hush"), &sealed), OK);
    assert_int_equal(seal_open(seal, STR("source:1"), buf_str(&sealed), &s), OK);
    assert_true(str_eq(secret_bytes(s), STR("hush")));
    secret_free(s);
    s = NULL;
    assert_int_equal(seal_open(seal, STR("source:2"), buf_str(&sealed), &s), ERR_SEAL);
    assert_int_equal(seal_open(seal, STR(""), buf_str(&sealed), &s), ERR_SEAL);
    assert_int_equal(seal_open(other, STR("source:1"), buf_str(&sealed), &s), ERR_SEAL);
    assert_null(s);
    buf_release(&sealed);
    seal_free(seal);
    seal_free(other);
    seal_free(NULL);
}

static void N10_a_sealed_text_with_any_changed_bit_does_not_open(void **state)
{
    struct seal *seal = new_seal("bits");
    struct secret *s = NULL;
    struct buf sealed = BUF_INIT(65536);
    unsigned char raw[64];
    char text[BASE64_LEN(64) + 1];
    size_t n = 0;

    (void)state;
    assert_int_equal(seal_close(seal, STR("c"), STR("hush"), &sealed), OK);
    assert_int_equal(base64_decode(buf_str(&sealed), raw, sizeof(raw), &n), OK);
    assert_int_equal(n, 1 + 12 + 4 + 16);
    for (size_t bit = 0; bit < 8 * n; bit++) {
        raw[bit / 8] ^= (unsigned char)(1 << bit % 8);
        base64_encode(str_n(raw, n), text);
        assert_int_equal(seal_open(seal, STR("c"), str_of(text), &s), ERR_SEAL);
        raw[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < sealed.len; cut++)
        assert_int_equal(seal_open(seal, STR("c"), str_n(sealed.p, cut), &s), ERR_SEAL);
    assert_null(s);
    buf_release(&sealed);
    seal_free(seal);
}

static void seals_the_same_text_differently_each_time(void **state)
{
    struct seal *seal = new_seal("nonce");
    struct buf a = BUF_INIT(65536), b = BUF_INIT(65536);

    (void)state;
    assert_int_equal(seal_close(seal, STR("c"), STR("hush"), &a), OK);
    assert_int_equal(seal_close(seal, STR("c"), STR("hush"), &b), OK);
    assert_false(str_eq(buf_str(&a), buf_str(&b)));
    assert_int_equal(seal_close(seal, STR("c"), STR(""), &b), ERR_RANGE);
    buf_release(&a);
    buf_release(&b);
    seal_free(seal);
}

static void seals_texts_that_are_longer_than_a_secret(void **state)
{
    struct seal *seal = new_seal("size");
    struct buf plain = BUF_INIT(SEAL_PLAIN_BYTES_MAX + 1), sealed = BUF_INIT(1 << 20), opened = BUF_INIT(SEAL_PLAIN_BYTES_MAX);
    struct secret *s = NULL;

    (void)state;
    while (plain.len < SEAL_PLAIN_BYTES_MAX)
        assert_int_equal(buf_append_c(&plain, (char)plain.len), OK);
    assert_int_equal(seal_close(seal, STR("c"), buf_str(&plain), &sealed), OK);
    assert_int_equal(seal_open_text(seal, STR("c"), buf_str(&sealed), &opened), OK);
    assert_true(str_eq(buf_str(&opened), buf_str(&plain)));
    assert_int_equal(seal_open(seal, STR("c"), buf_str(&sealed), &s), ERR_SEAL);
    assert_null(s);
    buf_clear(&opened);
    assert_int_equal(seal_open_text(seal, STR("other"), buf_str(&sealed), &opened), ERR_SEAL);
    assert_int_equal(opened.len, 0);
    assert_int_equal(buf_append_c(&plain, 'x'), OK);
    assert_int_equal(seal_close(seal, STR("c"), buf_str(&plain), &sealed), ERR_RANGE);
    buf_release(&plain);
    buf_release(&sealed);
    buf_release(&opened);
    seal_free(seal);
}

static void a_buffer_without_room_stays_as_it_was(void **state)
{
    struct seal *seal = new_seal("room");
    struct buf out = BUF_INIT(20);

    (void)state;
    assert_int_equal(seal_close(seal, STR("c"), STR("hush"), &out), ERR_TOO_LARGE);
    assert_int_equal(out.len, 0);
    buf_release(&out);
    seal_free(seal);
}

static void X2_a_tombstone_depends_on_the_master_key_and_the_address(void **state)
{
    struct seal *seal = new_seal("tomb"), *again = NULL, *other = new_seal("tomb2");
    char a[65], b[65], c[65], d[65];

    (void)state;
    assert_int_equal(seal_load(STR_NONE, path_of("tomb"), &again), OK);
    assert_int_equal(seal_tombstone(seal, STR("ann@example.com"), a), OK);
    assert_int_equal(seal_tombstone(again, STR("ann@example.com"), b), OK);
    assert_int_equal(seal_tombstone(other, STR("ann@example.com"), c), OK);
    assert_int_equal(seal_tombstone(seal, STR("bob@example.com"), d), OK);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    assert_string_not_equal(a, d);
    assert_int_equal(strlen(a), 64);
    seal_free(seal);
    seal_free(again);
    seal_free(other);
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    static const char *const names[] = {"s",     "k",    "fresh", "wide", "master", "other",
                                        "nonce", "bits", "room",  "size", "tomb",   "tomb2"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(path_of(names[i]));
    return rmdir(dir);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_an_empty_and_an_oversized_secret),
        cmocka_unit_test(keeps_zero_bytes_in_a_secret),
        cmocka_unit_test(compares_content_and_length),
        cmocka_unit_test(drops_exactly_one_newline_of_a_secret_file),
        cmocka_unit_test(refuses_secret_files_that_hold_no_secret),
        cmocka_unit_test(makes_a_key_file_that_only_its_owner_reads),
        cmocka_unit_test(N10_refuses_a_key_file_that_others_may_read),
        cmocka_unit_test(refuses_a_master_key_of_another_form),
        cmocka_unit_test(seals_and_opens_in_its_context_only),
        cmocka_unit_test(N10_a_sealed_text_with_any_changed_bit_does_not_open),
        cmocka_unit_test(seals_the_same_text_differently_each_time),
        cmocka_unit_test(seals_texts_that_are_longer_than_a_secret),
        cmocka_unit_test(a_buffer_without_room_stays_as_it_was),
        cmocka_unit_test(X2_a_tombstone_depends_on_the_master_key_and_the_address),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
