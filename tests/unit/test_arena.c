/* test_arena.c -- proves the arena: aligned, zeroed, bounded memory that is given back all at once (N9). */
#include "base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <cmocka.h>

static void gives_zeroed_aligned_memory_also_after_a_reset(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 1 << 20);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 1; n < 200; n++) {
            unsigned char *p = arena_alloc(&a, n);

            assert_non_null(p);
            assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xff, n);
        }
        arena_reset(&a);
        assert_int_equal(a.used_bytes, 0);
    }
    arena_release(&a);
    arena_release(&a);
    arena_release(NULL);
}

static void gives_pieces_that_do_not_overlap(void **state)
{
    struct arena a;
    char *pieces[100];

    (void)state;
    arena_init(&a, 1 << 20);
    for (int i = 0; i < 100; i++) {
        pieces[i] = arena_alloc(&a, 1000);
        assert_non_null(pieces[i]);
        memset(pieces[i], i, 1000);
    }
    for (int i = 0; i < 100; i++)
        for (int at = 0; at < 1000; at++)
            assert_int_equal(pieces[i][at], i);
    arena_release(&a);
}

static void N9_refuses_more_than_its_maximum(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 64 << 10);
    assert_null(arena_alloc(&a, (64 << 10) + 1));
    assert_non_null(arena_alloc(&a, 64 << 10));
    assert_null(arena_alloc(&a, 1));
    assert_null(arena_alloc(&a, 0));
    arena_reset(&a);
    assert_non_null(arena_alloc(&a, 0));
    assert_non_null(arena_alloc(&a, 60 << 10));
    assert_null(arena_alloc(&a, 8 << 10));
    arena_release(&a);
    assert_non_null(arena_alloc(&a, 64 << 10));
    arena_release(&a);
}

static void N9_refuses_sizes_that_overflow(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, SIZE_MAX);
    assert_null(arena_array(&a, SIZE_MAX / 2, 3));
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, SIZE_MAX - 20));
    assert_null(arena_alloc(&a, SIZE_MAX / 16 * 16 - 16));
    assert_int_equal(a.used_bytes, 0);
    assert_non_null(arena_array(&a, 0, 8));
    assert_non_null(arena_array(&a, 8, 0));
    arena_release(&a);
}

static void copies_text_with_a_nul(void **state)
{
    struct arena a;
    struct str s;

    (void)state;
    arena_init(&a, 64);
    s = arena_str(&a, STR("a\0b"));
    assert_int_equal(s.len, 3);
    assert_memory_equal(s.p, "a\0b", 4);
    s = arena_str(&a, STR_NONE);
    assert_non_null(s.p);
    assert_int_equal(s.len, 0);
    s = arena_str(&a, str_n("0123456789012345678901234567890123456789", 40));
    assert_null(s.p);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_aligned_memory_also_after_a_reset),
        cmocka_unit_test(gives_pieces_that_do_not_overlap),
        cmocka_unit_test(N9_refuses_more_than_its_maximum),
        cmocka_unit_test(N9_refuses_sizes_that_overflow),
        cmocka_unit_test(copies_text_with_a_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
