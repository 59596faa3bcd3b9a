/* Growable strings. */
#include "base/buf.h"
#include "unit.h"

TEST(empty_is_a_string_and_shared)
{
    struct buf a = BUF_INIT;
    struct buf b = BUF_INIT;

    assert_string_equal(a.data, "");
    buf_add(&a, NULL, 0);
    buf_truncate(&a, 0);
    buf_reset(&a);
    assert_ptr_equal(a.data, b.data);
    buf_addch(&a, 'x');
    assert_string_equal(a.data, "x");
    assert_string_equal(b.data, "");
    buf_release(&a);
    assert_ptr_equal(a.data, b.data);
    buf_release(&a);
}

TEST(bytes_may_be_nul)
{
    struct buf buf = BUF_INIT;

    buf_add(&buf, "a\0b", 3);
    buf_addch(&buf, '\0');
    assert_int_equal(buf.len, 4);
    assert_memory_equal(buf.data, "a\0b\0", 5);
    buf_release(&buf);
}

TEST(growth_keeps_content_and_terminates)
{
    struct buf buf = BUF_INIT;

    for (int i = 0; i < 100000; i++) {
        buf_addch(&buf, (char)('a' + i % 26));
        assert_int_equal(buf.data[buf.len], '\0');
    }
    for (int i = 0; i < 100000; i++)
        assert_int_equal(buf.data[i], 'a' + i % 26);
    buf_truncate(&buf, 3);
    assert_string_equal(buf.data, "abc");
    buf_release(&buf);
}

TEST(grow_reserves)
{
    struct buf buf = BUF_INIT;

    buf_grow(&buf, 5000);
    assert_string_equal(buf.data, "");
    char *before = buf.data;
    for (int i = 0; i < 5000; i++)
        buf_addch(&buf, 'x');
    assert_ptr_equal(buf.data, before);
    buf_release(&buf);
}

TEST(formatted_text_of_every_length)
{
    struct buf buf = BUF_INIT;

    /* Lengths around the room that is tried first and around later capacities. */
    for (int len = 0; len < 400; len++) {
        buf_reset(&buf);
        buf_addf(&buf, "<%0*d>", len, 0);
        size_t want = (size_t)(len > 0 ? len : 1) + 2;
        assert_int_equal(buf.len, want);
        assert_int_equal(strlen(buf.data), want);
        assert_int_equal(buf.data[want - 1], '>');
        buf_release(&buf);
    }
    buf_adds(&buf, "a");
    buf_addf(&buf, "%s", "");
    buf_addf(&buf, "%s-%d", "b", 1);
    assert_string_equal(buf.data, "ab-1");
    buf_release(&buf);
}

TEST(clean_text_cannot_forge_lines_or_move_the_cursor)
{
    struct buf buf = BUF_INIT;

    buf_add_clean(&buf, "a\nb\tc\rd\033[2Je\001f\x7Fg");
    assert_string_equal(buf.data, "a b c d?[2Je?f?g");
    buf_reset(&buf);
    /* C1 controls as UTF-8 go, letters that merely begin alike stay. */
    buf_add_clean(&buf, "x\xC2\x9B"
                        "31my \xC2\xA9 \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xC2");
    assert_string_equal(buf.data, "x?31my \xC2\xA9 \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 ?");
    buf_reset(&buf);
    /* Nor does the direction turn, and what is no UTF-8 may be a control in another encoding. */
    buf_add_clean(&buf, "a\u202Eb\u2066c\u200Fd\u2028e \x9B"
                        "31m \xC0\x9B \xED\xA0\x80 \xF5\x80\x80\x80 \u2027\u202F\xE2\x80");
    assert_string_equal(buf.data, "a?b?c?d?e ?31m ?? ??? ???? \u2027\u202F??");
    buf_release(&buf);
}

TEST(detach_gives_the_string_away)
{
    struct buf buf = BUF_INIT;

    char *text = buf_detach(&buf);
    assert_string_equal(text, "");
    free(text);
    buf_adds(&buf, "abc");
    text = buf_detach(&buf);
    assert_string_equal(text, "abc");
    assert_string_equal(buf.data, "");
    assert_int_equal(buf.len, 0);
    free(text);
    buf_release(&buf);
}

TEST(bytes_become_hex_digits)
{
    struct buf buf = BUF_INIT;

    buf_add_hex(&buf, "", 0);
    assert_string_equal(buf.data, "");
    buf_add_hex(&buf, "\0\x1f\xff", 3);
    buf_add_hex(&buf, "A", 1);
    assert_string_equal(buf.data, "001fff41");
    assert_int_equal(buf.len, 8);
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_is_a_string_and_shared),
        cmocka_unit_test(bytes_may_be_nul),
        cmocka_unit_test(growth_keeps_content_and_terminates),
        cmocka_unit_test(grow_reserves),
        cmocka_unit_test(formatted_text_of_every_length),
        cmocka_unit_test(clean_text_cannot_forge_lines_or_move_the_cursor),
        cmocka_unit_test(bytes_become_hex_digits),
        cmocka_unit_test(detach_gives_the_string_away),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
