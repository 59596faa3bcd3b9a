/* Errors: their texts, their cuts, and what a call leaves of what was there before. */
#include <errno.h>

#include "base/err.h"
#include "unit.h"

TEST(set_replaces_everything)
{
    struct err err = ERR_INIT;

    assert_false(err_set(&err, ERR_REFUSED, "table %s", "users"));
    assert_false(err_hint(&err, "run %s", "dbr-sync"));
    strcpy(err.sqlstate, "40001");
    assert_int_equal(err.code, ERR_REFUSED);
    assert_string_equal(err.message, "table users");
    assert_string_equal(err.hint, "run dbr-sync");

    err_set(&err, ERR_FAILED, "other");
    assert_string_equal(err.message, "other");
    assert_string_equal(err.hint, "");
    assert_string_equal(err.sqlstate, "");
}

TEST(own_message_may_be_an_argument)
{
    struct err err = ERR_INIT;

    err_set(&err, ERR_FAILED, "inner");
    err_set(&err, ERR_USAGE, "outer (%s)", err.message);
    assert_string_equal(err.message, "outer (inner)");
    err_prefix(&err, "%s again", err.message);
    assert_string_equal(err.message, "outer (inner) again: outer (inner)");
}

TEST(prefix_keeps_code_hint_and_sqlstate)
{
    struct err err = ERR_INIT;

    err_set(&err, ERR_UNREACHABLE, "refused");
    err_hint(&err, "start it");
    strcpy(err.sqlstate, "08006");
    assert_false(err_prefix(&err, "table %d", 7));
    assert_string_equal(err.message, "table 7: refused");
    assert_string_equal(err.hint, "start it");
    assert_string_equal(err.sqlstate, "08006");
    assert_int_equal(err.code, ERR_UNREACHABLE);
}

TEST(errno_text_survives_a_long_name)
{
    struct err err = ERR_INIT;
    char name[3000];

    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    err_set_errno(&err, ERR_FAILED, ENOSPC, "cannot write %s", name);
    assert_non_null(strstr(err.message, ": No space left on device"));
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

/* Whatever a system call may say, there is something to do about it. */
TEST(every_errno_has_a_hint)
{
    struct err err = ERR_INIT;

    for (int errnum = 0; errnum < 140; errnum++) {
        err_set_errno(&err, ERR_FAILED, errnum, "cannot write x");
        assert_true(strlen(err.hint) > 20);
    }
    err_set_errno(&err, ERR_FAILED, ENOSPC, "cannot write x");
    assert_non_null(strstr(err.hint, "make room"));
    err_set_errno(&err, ERR_FAILED, EACCES, "cannot write x");
    assert_non_null(strstr(err.hint, "as the user"));
}

TEST(a_hint_comes_with_the_message)
{
    struct err err = ERR_INIT;

    assert_false(err_set_hint(&err, ERR_USAGE, "take 50% more", "%s is too small", "x"));
    assert_int_equal(err.code, ERR_USAGE);
    assert_string_equal(err.message, "x is too small");
    assert_string_equal(err.hint, "take 50% more");
    assert_false(err_internal(&err, "%d is odd", 2));
    assert_int_equal(err.code, ERR_FAILED);
    assert_string_equal(err.message, "2 is odd");
    assert_non_null(strstr(err.hint, "a fault of dbr"));
}

TEST(long_text_is_cut_at_a_character)
{
    struct err err = ERR_INIT;
    char text[3001];

    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'a', shift);
        for (size_t i = shift; i + 3 <= sizeof text - 1; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 3);
        text[shift + (sizeof text - 1 - shift) / 3 * 3] = '\0';
        err_set(&err, ERR_FAILED, "%s", text);
        size_t len = strlen(err.message);
        assert_in_range(len, sizeof err.message - 4, sizeof err.message - 1);
        assert_int_equal((len - shift) % 3, 0);
        err_hint(&err, "%s", text);
        assert_int_equal((strlen(err.hint) - shift) % 3, 0);
        err_prefix(&err, "context");
        assert_int_equal((strlen(err.message) - shift - strlen("context: ")) % 3, 0);
    }
}

TEST(every_code_has_a_name)
{
    static const char *const names[] = {"none",      "failed",  "usage",  "unreachable",
                                        "different", "refused", "locked", "stopped"};

    for (int code = ERR_NONE; code <= ERR_STOPPED; code++)
        assert_string_equal(err_code_name((enum err_code)code), names[code]);
}

TEST(no_error_wanted_is_fine)
{
    assert_false(err_set(NULL, ERR_FAILED, "x"));
    assert_false(err_set_errno(NULL, ERR_FAILED, ENOENT, "x"));
    assert_false(err_hint(NULL, "x"));
    assert_false(err_set_hint(NULL, ERR_FAILED, "y", "x"));
    assert_false(err_internal(NULL, "x"));
    assert_false(err_prefix(NULL, "x"));
}

TEST(clear_is_no_error)
{
    struct err err = ERR_INIT;
    struct err none;

    memset(&none, 0, sizeof none);
    err_set(&err, ERR_FAILED, "x");
    err_hint(&err, "y");
    err_clear(&err);
    assert_memory_equal(&err, &none, sizeof none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_replaces_everything),
        cmocka_unit_test(own_message_may_be_an_argument),
        cmocka_unit_test(prefix_keeps_code_hint_and_sqlstate),
        cmocka_unit_test(errno_text_survives_a_long_name),
        cmocka_unit_test(every_errno_has_a_hint),
        cmocka_unit_test(a_hint_comes_with_the_message),
        cmocka_unit_test(long_text_is_cut_at_a_character),
        cmocka_unit_test(every_code_has_a_name),
        cmocka_unit_test(no_error_wanted_is_fine),
        cmocka_unit_test(clear_is_no_error),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
