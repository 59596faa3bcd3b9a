/* Lists of strings, and the word that was probably meant. */
#include "base/strlist.h"
#include "unit.h"

static void split(const char *text, char separator, const char *want)
{
    struct strlist list = STRLIST_INIT;
    char got[200] = "";

    strlist_split(&list, text, separator);
    for (size_t i = 0; i < list.count; i++) {
        strcat(got, "[");
        strcat(got, list.items[i]);
        strcat(got, "]");
    }
    assert_string_equal(got, want);
    strlist_release(&list);
}

TEST(split_drops_blanks_and_empty_parts)
{
    split("", ',', "");
    split(",", ',', "");
    split(" , ,\t", ',', "");
    split("a", ',', "[a]");
    split("a,b", ',', "[a][b]");
    split(" a , b c ,", ',', "[a][b c]");
    split(",,a,,b", ',', "[a][b]");
    split("a|b,c", '|', "[a][b,c]");
}

TEST(list_owns_copies)
{
    struct strlist list = STRLIST_INIT;
    char word[] = "users";

    assert_false(strlist_has(&list, "users"));
    strlist_add(&list, word);
    word[0] = 'X';
    assert_true(strlist_has(&list, "users"));
    assert_false(strlist_has(&list, "user"));
    assert_false(strlist_has(&list, "Users"));
    for (int i = 0; i < 1000; i++)
        strlist_addf(&list, "t%d", i);
    assert_int_equal(list.count, 1001);
    assert_true(strlist_has(&list, "t999"));
    strlist_release(&list);
    assert_int_equal(list.count, 0);
    strlist_release(&list);
}

TEST(one_is_removed)
{
    struct strlist list = STRLIST_INIT;
    strlist_split(&list, "a,b,c,b", ',');
    strlist_remove(&list, "b");
    strlist_remove(&list, "x");
    assert_int_equal(list.count, 3);
    assert_string_equal(list.items[1], "c");
    strlist_remove(&list, "b");
    strlist_remove(&list, "a");
    strlist_remove(&list, "c");
    strlist_remove(&list, "c");
    assert_int_equal(list.count, 0);
    strlist_release(&list);
}

TEST(nearest_finds_typing_errors_only)
{
    static const char *const words[] = {"tables", "verify", "full", "json", "dry-run", "users"};
    const size_t count = sizeof words / sizeof *words;

    assert_string_equal(strlist_nearest("tabels", words, count), "tables");
    assert_string_equal(strlist_nearest("verfy", words, count), "verify");
    assert_string_equal(strlist_nearest("jso", words, count), "json");
    assert_string_equal(strlist_nearest("dryrun", words, count), "dry-run");
    assert_string_equal(strlist_nearest("ful", words, count), "full");
    assert_string_equal(strlist_nearest("USERS", words, count), "users");
    assert_string_equal(strlist_nearest("tables", words, count), "tables");
    assert_null(strlist_nearest("elephant", words, count));
    assert_null(strlist_nearest("", words, count));
    assert_null(strlist_nearest("x", words, count));
    assert_null(strlist_nearest("tables", words, 0));
}

TEST(nearest_survives_long_words)
{
    char text[4000];
    const char *words[] = {text, "a"};

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_null(strlist_nearest(text, words + 1, 1));
    assert_null(strlist_nearest("abc", words, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(split_drops_blanks_and_empty_parts),
        cmocka_unit_test(list_owns_copies),
        cmocka_unit_test(one_is_removed),
        cmocka_unit_test(nearest_finds_typing_errors_only),
        cmocka_unit_test(nearest_survives_long_words),
    };
    return cmocka_run_group_tests_name("strlist", tests, NULL, NULL);
}
