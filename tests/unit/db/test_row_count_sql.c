/* What the server says of the rows that it took. */
#include <string.h>

#include "db/row_sql.h"
#include "unit.h"

TEST(a_statement_is_enclosed)
{
    struct buf sql = BUF_INIT;

    row_sql_counted_open(&sql);
    buf_adds(&sql, "INSERT INTO t SELECT 1");
    row_sql_counted_close(&sql, 7);
    assert_string_equal(sql.data,
                        "WITH w AS (INSERT INTO t SELECT 1 RETURNING 1) SELECT CASE WHEN count(*) "
                        ">= 7 THEN 0 ELSE ('dbr: missing ' || (7 - count(*))::text || ' of "
                        "7')::int8 END FROM w");
    buf_release(&sql);
}

TEST(the_numbers_are_read_from_either_engine)
{
    size_t missing = 0;
    size_t rows = 0;

    assert_true(row_sql_read_shortfall(
        "secondary: invalid input syntax for type bigint: \"dbr: missing 2 of 7\"", &missing,
        &rows));
    assert_int_equal(missing, 2);
    assert_int_equal(rows, 7);
    assert_true(row_sql_read_shortfall(
        "secondary: could not parse \"dbr: missing 11 of 1000\" as type int: strconv.ParseInt: "
        "parsing \"dbr: missing 11 of 1000\": invalid syntax",
        &missing, &rows));
    assert_int_equal(missing, 11);
    assert_false(row_sql_read_shortfall("secondary: duplicate key", &missing, &rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_is_enclosed),
        cmocka_unit_test(the_numbers_are_read_from_either_engine),
    };
    return cmocka_run_group_tests_name("row counts", tests, NULL, NULL);
}
