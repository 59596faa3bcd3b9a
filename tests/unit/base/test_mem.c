/* Memory that never fails, and arenas. */
#include <signal.h>

#include "base/mem.h"
#include "unit.h"

static int overflow(void *context)
{
    volatile size_t many = SIZE_MAX / 2;
    (void)context;
    void *memory = mem_array(NULL, many, 3);
    free(memory);
    return 0;
}

TEST(overflow_aborts_with_a_message)
{
    char text[100];

    int status = unit_child(overflow, NULL);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    unit_read("err", text, sizeof text);
    assert_string_equal(text, "dbr: out of memory\n");
}

TEST(alloc_is_zeroed_and_zero_bytes_are_fine)
{
    static const char zeros[1000];

    char *memory = mem_alloc(sizeof zeros);
    assert_memory_equal(memory, zeros, sizeof zeros);
    free(memory);
    memory = mem_alloc(0);
    assert_non_null(memory);
    memory = mem_realloc(memory, 0);
    assert_non_null(memory);
    free(memory);
}

TEST(strings_are_copied)
{
    assert_null(mem_strdup(NULL));
    assert_null(mem_strndup(NULL, 3));

    char *text = mem_strdup("abc");
    assert_string_equal(text, "abc");
    free(text);
    text = mem_strndup("abc", 2);
    assert_string_equal(text, "ab");
    free(text);
    text = mem_strndup("abc", SIZE_MAX);
    assert_string_equal(text, "abc");
    free(text);
    text = mem_printf("%s-%0500d", "x", 7);
    assert_int_equal(strlen(text), 502);
    assert_int_equal(text[501], '7');
    free(text);
}

TEST(arena_pieces_are_aligned_zeroed_and_apart)
{
    struct arena arena = ARENA_INIT;
    enum { COUNT = 3000 };
    unsigned char *pieces[COUNT];

    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i % 97 == 0 ? 50000 : i % 40;
        pieces[i] = arena_alloc(&arena, size);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < size; j++)
            assert_int_equal(pieces[i][j], 0);
        memset(pieces[i], (int)(i % 251 + 1), size);
    }
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i % 97 == 0 ? 50000 : i % 40;
        for (size_t j = 0; j < size; j++)
            assert_int_equal(pieces[i][j], i % 251 + 1);
    }
    arena_release(&arena);
    assert_null(arena.last);
    arena_release(&arena);
}

TEST(arena_strings)
{
    struct arena arena = ARENA_INIT;

    assert_null(arena_strdup(&arena, NULL));
    assert_null(arena_strndup(&arena, NULL, 1));
    assert_string_equal(arena_strdup(&arena, ""), "");
    assert_string_equal(arena_strndup(&arena, "abc", 2), "ab");
    assert_string_equal(arena_strndup(&arena, "abc", 20), "abc");
    assert_string_equal(arena_printf(&arena, "%d %s", 12, "months"), "12 months");
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(overflow_aborts_with_a_message),
        cmocka_unit_test(alloc_is_zeroed_and_zero_bytes_are_fine),
        cmocka_unit_test(strings_are_copied),
        cmocka_unit_test(arena_pieces_are_aligned_zeroed_and_apart),
        cmocka_unit_test(arena_strings),
    };
    return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
