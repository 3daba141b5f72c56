#include "runtime/base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#endif

static void memory_is_zeroed_and_aligned(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT(1 << 20);
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 300; size++) {
            unsigned char *memory = arena_alloc(&arena, size);
            assert_non_null(memory);
            assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++) {
                assert_int_equal(memory[i], 0);
            }
            memset(memory, 0xAA, size);
        }
        arena_reset(&arena);
    }
}

static void allocations_do_not_overlap(void **state) {
    (void)state;
    enum { N = 500 };
    struct arena arena ARENA_AUTO = ARENA_INIT(1 << 22);
    unsigned char *memory[N];
    for (size_t i = 0; i < N; i++) {
        memory[i] = arena_alloc(&arena, i * 7);
        assert_non_null(memory[i]);
        memset(memory[i], (int)(i % 251), i * 7);
    }
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < i * 7; k++) {
            assert_int_equal(memory[i][k], i % 251);
        }
    }
}

static void the_ceiling_holds(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT(1000);
    assert_null(arena_alloc(&arena, 1001));
    assert_null(arena.blocks);
    assert_non_null(arena_alloc(&arena, 900));
    assert_null(arena_alloc(&arena, 200));
    assert_non_null(arena_alloc(&arena, 64)); /* a refusal does not spoil what is left */
    arena_reset(&arena);
    assert_int_equal(arena.used_bytes, 0);
    assert_non_null(arena_alloc(&arena, 1000));
    assert_null(arena_alloc(&arena, 1));
    size_t handed_out = 0;
    arena_reset(&arena);
    while (arena_alloc(&arena, 1) != NULL) {
        handed_out++;
        assert_true(handed_out <= 1000);
    }
}

static void a_ceiling_of_nothing_gives_nothing(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT(0);
    assert_null(arena_alloc(&arena, 1));
}

static void overflow_is_refused(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT(SIZE_MAX);
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 8));
    assert_null(arena_array(&arena, SIZE_MAX / 2, 4));
    assert_null(arena_array(&arena, SIZE_MAX, SIZE_MAX));
    assert_non_null(arena_array(&arena, 0, SIZE_MAX));
    assert_non_null(ARENA_ARRAY(&arena, 10, uint64_t));
    assert_non_null(ARENA_NEW(&arena, struct view));
    assert_null(arena_copy(&arena, (struct view){"x", SIZE_MAX}).data);
}

static void one_round(struct arena *arena, size_t bytes) {
    for (size_t at = 0; at < bytes; at += 1000) {
        assert_non_null(arena_alloc(arena, 1000));
    }
}

static void the_same_work_again_settles_on_one_block(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)8 << 20);
    for (int i = 0; i < 5; i++) {
        one_round(&arena, 300000);
        arena_reset(&arena);
    }
    const struct arena_block *kept = arena.blocks;
    assert_non_null(kept);
    for (int i = 0; i < 5; i++) {
        one_round(&arena, 300000);
        assert_ptr_equal(arena.blocks, kept); /* no block was added */
        arena_reset(&arena);
        assert_ptr_equal(arena.blocks, kept);
    }
}

static void a_huge_block_is_not_kept(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)8 << 20);
    assert_non_null(arena_alloc(&arena, 100));
    const struct arena_block *first = arena.blocks;
    assert_non_null(arena_alloc(&arena, (size_t)6 << 20));
    assert_ptr_not_equal(arena.blocks, first);
    arena_reset(&arena);
    assert_ptr_equal(arena.blocks, first);
}

static void copies_end_with_nul(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT(100);
    struct view copy = arena_copy(&arena, VIEW("a\0b"));
    assert_true(view_equal(copy, VIEW("a\0b")));
    assert_int_equal(copy.data[3], '\0');
    copy = arena_copy(&arena, (struct view){NULL, 0});
    assert_non_null(copy.data);
    assert_string_equal(copy.data, "");
    copy = arena_printf(&arena, "%s-%d", "x", 12);
    assert_string_equal(copy.data, "x-12");
    assert_int_equal(copy.len, 4);
    assert_null(arena_printf(&arena, "%200s", "x").data);
    assert_null(arena_copy(&arena, (struct view){copy.data, 1000}).data);
}

static void release_is_harmless(void **state) {
    (void)state;
    struct arena arena = ARENA_INIT(100);
    arena_release(NULL);
    arena_release(&arena);
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 1));
    arena_release(&arena);
    assert_null(arena.blocks);
    assert_int_equal(arena.used_bytes, 0);
    assert_non_null(arena_alloc(&arena, 1));
    arena_release(&arena);
}

static void what_is_not_handed_out_is_poisoned(void **state) {
    (void)state;
#ifdef WITH_ASAN
    struct arena arena ARENA_AUTO = ARENA_INIT(1000);
    char *memory = arena_alloc(&arena, 20);
    char *next = arena_alloc(&arena, 20);
    assert_false(__asan_address_is_poisoned(memory + 19));
    assert_true(__asan_address_is_poisoned(memory + 20));
    assert_true(__asan_address_is_poisoned(next - 1));
    arena_reset(&arena);
    assert_true(__asan_address_is_poisoned(memory));
    assert_true(__asan_address_is_poisoned(next));
#else
    skip();
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(allocations_do_not_overlap),
        cmocka_unit_test(the_ceiling_holds),
        cmocka_unit_test(a_ceiling_of_nothing_gives_nothing),
        cmocka_unit_test(overflow_is_refused),
        cmocka_unit_test(the_same_work_again_settles_on_one_block),
        cmocka_unit_test(a_huge_block_is_not_kept),
        cmocka_unit_test(copies_end_with_nul),
        cmocka_unit_test(release_is_harmless),
        cmocka_unit_test(what_is_not_handed_out_is_poisoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
