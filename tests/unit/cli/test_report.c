/* Tables and numbers for people. */
#include "cli/report.h"
#include "unit.h"

static char text[10000];

static void print_to_text(const struct report *report, bool color)
{
    FILE *file = fmemopen(text, sizeof text, "w");
    assert_non_null(file);
    report_print(report, file, color);
    (void)fclose(file);
}

TEST(columns_are_aligned)
{
    static const char *const headings[] = {"table", ">rows", "state"};
    static const char *const rows[][3] = {
        {"users", "1,234,567", "ok"}, {"managed_nfts", "7", NULL}, {"", "", ""}};
    struct report *report = report_new(headings, 3);

    for (size_t i = 0; i < 3; i++)
        report_row(report, rows[i]);
    print_to_text(report, false);
    assert_string_equal(text, "table              rows  state\n"
                              "users         1,234,567  ok\n"
                              "managed_nfts          7  -\n"
                              "\n");
    print_to_text(report, true);
    const char *start = "\033[1mtable              rows  state\033[0m\nusers ";
    assert_int_equal(strncmp(text, start, strlen(start)), 0);
    report_free(report);
    report_free(NULL);
}

TEST(widths_count_characters_and_controls_are_replaced)
{
    static const char *const headings[] = {"name", "x"};
    static const char *const rows[][2] = {{"\xC3\xA9t\xC3\xA9", "1"}, {"a\nb\033[2J", "2"}};
    struct report *report = report_new(headings, 2);

    report_row(report, rows[0]);
    report_row(report, rows[1]);
    print_to_text(report, false);
    assert_string_equal(text, "name     x\n"
                              "\xC3\xA9t\xC3\xA9      1\n"
                              "a b?[2J  2\n");
    report_free(report);
}

TEST(a_table_without_rows_is_its_headings)
{
    static const char *const headings[] = {"a", ">b"};
    struct report *report = report_new(headings, 2);

    print_to_text(report, false);
    assert_string_equal(text, "a  b\n");
    report_free(report);
}

static void print_in(const struct report *report, struct report_style style)
{
    FILE *file = fmemopen(text, sizeof text, "w");
    assert_non_null(file);
    report_print_in(report, file, &style);
    (void)fclose(file);
}

static struct report *two_tables(void)
{
    static const char *const headings[] = {"Table", ">Rows", "State"};
    static const char *const rows[][3] = {
        {"users", "1,234,567", "equal"},
        {"a_name_that_goes_on_and_on", "7", "the server has closed the connection"}};
    struct report *report = report_new(headings, 3);

    report_row(report, rows[0]);
    report_mark(report, 2, REPORT_GOOD);
    report_row(report, rows[1]);
    report_mark(report, 2, REPORT_BAD);
    return report;
}

TEST(wide_letters_are_aligned)
{
    static const char *const headings[] = {"name", ">n"};
    static const char *const rows[][2] = {{"\u65e5\u672c\u8a9e", "1"}, {"e\u0301", "2"}};
    struct report *report = report_new(headings, 2);

    report_row(report, rows[0]);
    report_row(report, rows[1]);
    print_to_text(report, false);
    assert_string_equal(text, "name    n\n"
                              "\u65e5\u672c\u8a9e  1\n"
                              "e\u0301       2\n");
    report_free(report);
}

TEST(a_text_goes_on_below_itself_and_names_are_cut)
{
    struct report *report = two_tables();

    print_in(report, (struct report_style){.columns = 70});
    assert_string_equal(text, "Table                            Rows  State\n"
                              "users                       1,234,567  equal\n"
                              "a_name_that_goes_on_and_on          7  the server has closed the\n"
                              "                                       connection\n");
    print_in(report, (struct report_style){.columns = 50});
    assert_string_equal(text, "Table               Rows  State\n"
                              "users          1,234,567  equal\n"
                              "a_name_that_~          7  the server has closed\n"
                              "                          the connection\n");
    print_in(report, (struct report_style){.columns = 50, .utf8 = true});
    assert_non_null(strstr(text, "\na_name_that_\u2026  "));
    report_free(report);
}

TEST(marks_have_symbols_and_colours)
{
    struct report *report = two_tables();

    print_to_text(report, true);
    assert_non_null(strstr(text, "  \033[32mequal\033[0m\n"));
    print_in(report, (struct report_style){.columns = 55, .symbols = true});
    assert_string_equal(text, "Table                    Rows  State\n"
                              "users               1,234,567  + equal\n"
                              "a_name_that_goes_~          7  x the server has closed\n"
                              "                                 the connection\n");
    print_in(report, (struct report_style){.color = true, .symbols = true, .utf8 = true});
    assert_non_null(strstr(text, "  \033[32m\u2713 equal\033[0m\n"));
    assert_non_null(strstr(text, "  \033[31m\u2717 the server"));
    report_free(report);
}

TEST(what_fits_no_terminal_is_a_list)
{
    struct report *report = two_tables();

    print_in(report, (struct report_style){.columns = 30, .symbols = true, .utf8 = true});
    assert_string_equal(text, "Table  users\n"
                              "Rows   1,234,567\n"
                              "State  \u2713 equal\n"
                              "\n"
                              "Table  a_name_that_goes_on_and\n"
                              "       _on\n"
                              "Rows   7\n"
                              "State  \u2717 the server has closed\n"
                              "         the connection\n");
    /* Narrower than any terminal, it still ends. */
    print_in(report, (struct report_style){.columns = 1});
    assert_non_null(strstr(text, "1,234,567"));
    report_free(report);
}

TEST(no_line_is_wider_than_the_terminal)
{
    struct report *report = two_tables();

    for (size_t columns = 20; columns < 90; columns++) {
        print_in(report, (struct report_style){.columns = columns, .symbols = true});
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
            assert_true(strlen(line) <= columns);
    }
    report_free(report);
}

TEST(counts)
{
    char number[32];

    assert_string_equal(report_count(0, number), "0");
    assert_string_equal(report_count(999, number), "999");
    assert_string_equal(report_count(1000, number), "1,000");
    assert_string_equal(report_count(1234567, number), "1,234,567");
    assert_string_equal(report_count(-999, number), "-999");
    assert_string_equal(report_count(-1000, number), "-1,000");
    assert_string_equal(report_count(INT64_MIN, number), "-9,223,372,036,854,775,808");
}

TEST(bytes)
{
    char number[32];

    assert_string_equal(report_bytes(0, number), "0 B");
    assert_string_equal(report_bytes(999, number), "999 B");
    assert_string_equal(report_bytes(1000, number), "1.0 KB");
    assert_string_equal(report_bytes(12345, number), "12.3 KB");
    assert_string_equal(report_bytes(999949, number), "999.9 KB");
    assert_string_equal(report_bytes(999950, number), "1.0 MB");
    assert_string_equal(report_bytes(1200000000, number), "1.2 GB");
    assert_string_equal(report_bytes(INT64_MAX, number), "9.2 EB");
}

TEST(durations)
{
    char number[32];

    assert_string_equal(report_duration(0, number), "0 ms");
    assert_string_equal(report_duration(999, number), "999 ms");
    assert_string_equal(report_duration(1000, number), "1.0 s");
    assert_string_equal(report_duration(2449, number), "2.4 s");
    assert_string_equal(report_duration(59949, number), "59.9 s");
    assert_string_equal(report_duration(59950, number), "1 min 0 s");
    assert_string_equal(report_duration(192000, number), "3 min 12 s");
    assert_string_equal(report_duration(3599499, number), "59 min 59 s");
    assert_string_equal(report_duration(3599500, number), "1 h 0 min");
    assert_string_equal(report_duration(7500000, number), "2 h 5 min");
    assert_string_equal(report_duration(INT64_C(93600000), number), "1 d 2 h");
    assert_true(strlen(report_duration(INT64_MAX, number)) < sizeof number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned),
        cmocka_unit_test(widths_count_characters_and_controls_are_replaced),
        cmocka_unit_test(a_table_without_rows_is_its_headings),
        cmocka_unit_test(wide_letters_are_aligned),
        cmocka_unit_test(a_text_goes_on_below_itself_and_names_are_cut),
        cmocka_unit_test(marks_have_symbols_and_colours),
        cmocka_unit_test(what_fits_no_terminal_is_a_list),
        cmocka_unit_test(no_line_is_wider_than_the_terminal),
        cmocka_unit_test(counts),
        cmocka_unit_test(bytes),
        cmocka_unit_test(durations),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
