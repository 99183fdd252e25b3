/* test_file.c -- proves the reading of whole files. */
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

/* Makes a file of n bytes; the caller unlinks it. */
static void make_file(char *path, size_t n)
{
    int fd = mkstemp(path);
    FILE *out = fdopen(fd, "wb");

    assert_non_null(out);
    for (size_t i = 0; i < n; i++)
        assert_true(fputc((int)(i & 0xff), out) != EOF);
    assert_int_equal(fclose(out), 0);
}

static void a_file_is_read_whole(void **state)
{
    char path[] = "/tmp/storehook-file-XXXXXX";
    struct buf text = BUF_INIT(100000);

    (void)state;
    make_file(path, 70001);
    assert_int_equal(file_read(path, &text), OK);
    assert_int_equal(text.len, 70001);
    assert_int_equal((unsigned char)text.p[70000], 70000 & 0xff);
    buf_release(&text);
    unlink(path);
}

static void an_empty_file_has_a_text(void **state)
{
    char path[] = "/tmp/storehook-file-XXXXXX";
    struct buf text = BUF_INIT(10);

    (void)state;
    make_file(path, 0);
    assert_int_equal(file_read(path, &text), OK);
    assert_int_equal(text.len, 0);
    buf_release(&text);
    unlink(path);
}

static void what_cannot_be_read_is_told(void **state)
{
    char path[] = "/tmp/storehook-file-XXXXXX";
    struct buf text = BUF_INIT(10);

    (void)state;
    assert_int_equal(file_read("/no/such/file", &text), ERR_NOT_FOUND);
    assert_int_equal(file_read("/tmp", &text), ERR_IO);
    make_file(path, 11);
    assert_int_equal(file_read(path, &text), ERR_TOO_LARGE);
    buf_release(&text);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_whole),
        cmocka_unit_test(an_empty_file_has_a_text),
        cmocka_unit_test(what_cannot_be_read_is_told),
    };

    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
