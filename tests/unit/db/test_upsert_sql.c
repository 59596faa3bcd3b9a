/* Statements that merge a file's rows. */
#include <string.h>

#include "db/engine_dml.h"
#include "db/upsert_sql.h"
#include "unit.h"

static struct model_column columns[] = {
    {.name = "id", .type = "bigint", .type_name = "int8", .identity = 'a'},
    {.name = "b\"", .type = "text", .type_name = "text"},
    {.name = "at", .type = "timestamp", .type_name = "timestamp"},
    {.name = "n", .type = "integer", .type_name = "int4", .identity = 'a'},
};
static const struct model_column *all[] = {&columns[0], &columns[1], &columns[2], &columns[3]};
static struct model_table table = {.name = "t", .kind = 'r'};
static bool staged[] = {true, true, true, false};

static struct upsert_rows rows_with(const struct model_column *change)
{
    return (struct upsert_rows){.rows = {.schema = "public",
                                         .table = &table,
                                         .dml = &postgres_dml,
                                         .columns = all,
                                         .column_count = 4,
                                         .keys = all,
                                         .key_count = 1,
                                         .change = change},
                                .staged = staged,
                                .ordinal = "dbr_n",
                                .number = 3};
}

typedef void (*writer)(struct buf *sql, const struct upsert_rows *u);

static void writes(writer write, const struct model_column *change, const char *expected)
{
    struct upsert_rows rows = rows_with(change);
    struct buf sql = BUF_INIT;

    write(&sql, &rows);
    assert_string_equal(sql.data, expected);
    buf_release(&sql);
}

TEST(the_staging_table_has_what_the_file_holds)
{
    writes(upsert_sql_stage, NULL,
           "CREATE TEMPORARY TABLE pg_temp.dbr_upsert_3 ON COMMIT DROP AS SELECT t.\"id\", "
           "t.\"b\"\"\", t.\"at\" FROM ONLY \"public\".\"t\" AS t WITH NO DATA; ALTER TABLE "
           "pg_temp.dbr_upsert_3 ADD COLUMN \"dbr_n\" bigint GENERATED ALWAYS AS IDENTITY (CACHE "
           "1000)");
    writes(upsert_sql_analyze, NULL, "ANALYZE pg_temp.dbr_upsert_3 (\"id\")");
}

TEST(rows_go_there_in_the_order_of_the_file)
{
    struct upsert_rows rows = rows_with(NULL);
    const struct model_column *order[] = {&columns[1], &columns[0]};
    struct buf sql = BUF_INIT;

    upsert_sql_relation(&sql, &rows, order, 2);
    assert_string_equal(sql.data, "pg_temp.dbr_upsert_3 (\"b\"\"\", \"id\")");
    buf_release(&sql);
}

TEST(the_latest_of_a_key_stays)
{
    writes(upsert_sql_repeats, &columns[2],
           "WITH d AS (DELETE FROM pg_temp.dbr_upsert_3 AS x USING (SELECT s.ctid AS place, "
           "row_number() OVER (PARTITION BY s.\"id\" ORDER BY s.\"at\" DESC NULLS LAST, "
           "s.\"dbr_n\" DESC) AS rank FROM pg_temp.dbr_upsert_3 AS s) AS r WHERE x.ctid = r.place "
           "AND r.rank > 1 RETURNING 1) SELECT (SELECT count(*) FROM pg_temp.dbr_upsert_3), "
           "(SELECT count(*) FROM d)");
}

TEST(older_and_equal_rows_go)
{
    writes(upsert_sql_settle, &columns[2],
           "WITH d AS (DELETE FROM pg_temp.dbr_upsert_3 AS x USING ONLY \"public\".\"t\" AS t "
           "WHERE t.\"id\" = x.\"id\" AND ((t.\"at\" IS NOT NULL AND (x.\"at\" IS NULL OR "
           "x.\"at\" < t.\"at\")) OR ROW(t.\"id\", t.\"b\"\"\", t.\"at\")::text IS NOT DISTINCT "
           "FROM ROW(x.\"id\", x.\"b\"\"\", x.\"at\")::text) RETURNING (t.\"at\" IS NOT NULL AND "
           "(x.\"at\" IS NULL OR x.\"at\" < t.\"at\")) AS older) SELECT count(*) FILTER (WHERE "
           "older), count(*) FILTER (WHERE NOT older) FROM d");
    writes(upsert_sql_settle, NULL,
           "WITH d AS (DELETE FROM pg_temp.dbr_upsert_3 AS x USING ONLY \"public\".\"t\" AS t "
           "WHERE t.\"id\" = x.\"id\" AND (false OR ROW(t.\"id\", t.\"b\"\"\", t.\"at\")::text IS "
           "NOT DISTINCT FROM ROW(x.\"id\", x.\"b\"\"\", x.\"at\")::text) RETURNING false AS "
           "older) SELECT count(*) FILTER (WHERE older), count(*) FILTER (WHERE NOT older) FROM "
           "d");
}

TEST(both_versions_are_whole_rows)
{
    writes(upsert_sql_lost, NULL,
           "SELECT v.* FROM pg_temp.dbr_upsert_3 AS x JOIN ONLY \"public\".\"t\" AS t ON t.\"id\" "
           "= x.\"id\" CROSS JOIN LATERAL (SELECT 0, x.\"dbr_n\", t.\"id\", t.\"id\", "
           "t.\"b\"\"\", t.\"at\", t.\"n\" UNION ALL SELECT 1, x.\"dbr_n\", t.\"id\", x.\"id\", "
           "x.\"b\"\"\", x.\"at\", t.\"n\") AS v");
}

TEST(tables_of_a_cycle_are_written_together)
{
    static bool key_alone[] = {true, false, false, false};
    struct upsert_rows first = rows_with(NULL), second = rows_with(NULL);
    const struct upsert_rows *both[] = {&first, &second};
    struct buf sql = BUF_INIT;

    second.staged = key_alone;
    second.number = 4;
    upsert_sql_write(&sql, both, 2);
    assert_string_equal(
        sql.data,
        "WITH u1 AS (UPDATE ONLY \"public\".\"t\" AS t SET \"b\"\"\" = x.\"b\"\"\", \"at\" = "
        "x.\"at\" FROM pg_temp.dbr_upsert_3 AS x WHERE t.\"id\" = x.\"id\" RETURNING x.\"dbr_n\" "
        "AS place), i1 AS (INSERT INTO \"public\".\"t\" (\"id\", \"b\"\"\", \"at\") OVERRIDING "
        "SYSTEM VALUE SELECT x.\"id\", x.\"b\"\"\", x.\"at\" FROM pg_temp.dbr_upsert_3 AS x WHERE "
        "NOT EXISTS (SELECT 1 FROM u1 WHERE u1.place = x.\"dbr_n\") RETURNING 1), i2 AS (INSERT "
        "INTO \"public\".\"t\" (\"id\") OVERRIDING SYSTEM VALUE SELECT x.\"id\" FROM "
        "pg_temp.dbr_upsert_4 AS x RETURNING 1) SELECT (SELECT count(*) FROM u1), (SELECT "
        "count(*) FROM i1), 0, (SELECT count(*) FROM i2)");
    buf_release(&sql);
}

TEST(identity_columns_are_opened_and_closed)
{
    static bool everything[] = {true, true, true, true};
    struct upsert_rows rows = rows_with(NULL);
    struct buf sql = BUF_INIT;

    assert_false(upsert_sql_assigns_identity(&rows));
    rows.staged = everything;
    assert_true(upsert_sql_assigns_identity(&rows));
    upsert_sql_identity(&sql, &rows, true);
    assert_string_equal(sql.data, "ALTER TABLE \"public\".\"t\" ALTER COLUMN \"n\" SET GENERATED "
                                  "BY DEFAULT");
    buf_reset(&sql);
    upsert_sql_identity(&sql, &rows, false);
    assert_string_equal(sql.data,
                        "ALTER TABLE \"public\".\"t\" ALTER COLUMN \"n\" SET GENERATED ALWAYS");
    buf_release(&sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_staging_table_has_what_the_file_holds),
        cmocka_unit_test(rows_go_there_in_the_order_of_the_file),
        cmocka_unit_test(the_latest_of_a_key_stays),
        cmocka_unit_test(older_and_equal_rows_go),
        cmocka_unit_test(both_versions_are_whole_rows),
        cmocka_unit_test(tables_of_a_cycle_are_written_together),
        cmocka_unit_test(identity_columns_are_opened_and_closed),
    };
    return cmocka_run_group_tests_name("upsert_sql", tests, NULL, NULL);
}
