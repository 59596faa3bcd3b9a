/* Lists of keys in memory and beyond it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repl/keyset.h"
#include "unit.h"

static void add(struct keyset *set, int64_t n, const char *a, const char *b)
{
    struct err err = ERR_INIT;
    struct buf key = BUF_INIT;
    struct key_item item = {.key_hash = n, .row_hash = -n, .octets = n * 2, .kind = 'u'};

    buf_add(&key, a, strlen(a) + 1);
    buf_add(&key, b, strlen(b) + 1);
    item.key = key.data;
    item.key_len = key.len;
    assert_true(keyset_add(set, &item, &err));
    buf_release(&key);
}

TEST(what_goes_in_comes_out_also_from_disk)
{
    struct keyset set;
    struct err err = ERR_INIT;
    struct key_item item;
    bool end = false;
    int64_t n;
    int round;
    char text[32];

    keyset_init(&set, "/tmp");
    for (n = 0; n < 50000; n++) {
        snprintf(text, sizeof(text), "key %ld", (long)n);
        add(&set, n, text, "");
    }
    assert_true(set.fd >= 0); /* it did spill */
    assert_true(set.memory.len < KEYSET_MEMORY);
    for (round = 0; round < 2; round++) {
        keyset_rewind(&set);
        for (n = 0; keyset_next(&set, &item, &end, &err); n++) {
            snprintf(text, sizeof(text), "key %ld", (long)n);
            assert_int_equal(item.key_hash, n);
            assert_int_equal(item.row_hash, -n);
            assert_int_equal(item.octets, 2 * n);
            assert_int_equal(item.kind, 'u');
            assert_string_equal(key_item_text(&item, 0), text);
            assert_string_equal(key_item_text(&item, 1), "");
        }
        assert_true(end);
        assert_int_equal(n, 50000);
    }
    keyset_release(&set);
}

TEST(a_key_may_be_longer_than_the_memory)
{
    struct keyset set;
    struct err err = ERR_INIT;
    struct key_item item;
    bool end;
    size_t len = KEYSET_MEMORY * 3;
    char *text = malloc(len + 1);

    memset(text, 'x', len);
    text[len] = '\0';
    keyset_init(&set, "/tmp");
    add(&set, 1, "before", "");
    add(&set, 2, text, "y");
    add(&set, 3, "after", "");
    keyset_rewind(&set);
    assert_true(keyset_next(&set, &item, &end, &err));
    assert_true(keyset_next(&set, &item, &end, &err));
    assert_int_equal(strlen(key_item_text(&item, 0)), len);
    assert_string_equal(key_item_text(&item, 1), "y");
    assert_true(keyset_next(&set, &item, &end, &err));
    assert_string_equal(key_item_text(&item, 0), "after");
    assert_false(keyset_next(&set, &item, &end, &err));
    assert_true(end);
    keyset_release(&set);
    free(text);
}

TEST(a_directory_that_is_gone_is_an_error)
{
    struct keyset set;
    struct err err = ERR_INIT;
    struct key_item item = {.key = "k", .key_len = 2};
    size_t i;
    bool ok = true;

    keyset_init(&set, "/nonexistent/dbr");
    for (i = 0; i < 20000 && ok; i++)
        ok = keyset_add(&set, &item, &err);
    assert_false(ok);
    assert_int_equal(err.code, ERR_FAILED);
    keyset_release(&set);
}

TEST(order_is_by_hash_then_bytes)
{
    struct key_item a = {.key_hash = -5, .key = "b\0x"};
    struct key_item b = {.key_hash = 3, .key = "a\0x"};
    struct key_item c = {.key_hash = 3, .key = "a\0y"};

    assert_true(key_item_compare(&a, &b, 2) < 0);
    assert_true(key_item_compare(&c, &b, 2) > 0);
    assert_int_equal(key_item_compare(&b, &b, 2), 0);
    assert_int_equal(key_item_compare(&b, &c, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out_also_from_disk),
        cmocka_unit_test(a_key_may_be_longer_than_the_memory),
        cmocka_unit_test(a_directory_that_is_gone_is_an_error),
        cmocka_unit_test(order_is_by_hash_then_bytes),
    };
    return cmocka_run_group_tests_name("keyset", tests, NULL, NULL);
}
