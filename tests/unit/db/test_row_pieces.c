/* Statements about a row in pieces. */
#include <string.h>

#include "db/engine_dml.h"
#include "db/row_pieces.h"
#include "unit.h"

static struct model_column columns[] = {
    {.name = "id", .type = "bigint", .type_name = "int8", .type_schema = "pg_catalog"},
    {.name = "b\"", .type = "bytea", .type_name = "bytea", .type_schema = "pg_catalog"},
    {.name = "c",
     .type = "character varying(9)",
     .type_name = "varchar",
     .type_schema = "pg_catalog"},
};
static const struct model_column *all[] = {&columns[0], &columns[1], &columns[2]};
static struct model_table table = {.name = "t", .kind = 'r'};
static const struct row_table rows = {.schema = "public",
                                      .table = &table,
                                      .dml = &postgres_dml,
                                      .columns = all,
                                      .column_count = 3,
                                      .keys = all,
                                      .key_count = 1};

TEST(a_row_is_read_by_field_and_place)
{
    struct buf sql = BUF_INIT;

    row_pieces_read(&sql, &rows);
    assert_string_equal(
        sql.data,
        "SELECT f.field::text, p.place::text, substr(f.bytes, p.place + 1, 262144) FROM (SELECT "
        "CASE num_nulls(t.\"id\") WHEN 0 THEN convert_to(format('%s', t.\"id\"), 'UTF8') END AS "
        "b0, "
        "CASE num_nulls(t.\"id\") WHEN 0 THEN convert_to(format('%s', t.\"id\"), 'UTF8') END AS "
        "b1, "
        "t.\"b\"\"\" || ''::bytea AS b2, convert_to(t.\"c\", 'UTF8') AS b3 "
        "FROM unnest($1::text[]) AS x(k1) JOIN ONLY \"public\".\"t\" AS t "
        "ON t.\"id\" = x.k1::bigint AND (t.\"id\"::text) COLLATE \"C\" = x.k1 COLLATE \"C\" OFFSET "
        "0) "
        "AS q CROSS JOIN LATERAL (VALUES (0, q.b0), (1, q.b1), (2, q.b2), (3, q.b3)) AS f(field, "
        "bytes) "
        "CROSS JOIN LATERAL generate_series(0, greatest(octet_length(f.bytes), 1) - 1, 262144) AS "
        "p(place)");
    buf_release(&sql);
}

TEST(pieces_become_a_row)
{
    struct buf sql = BUF_INIT;

    row_pieces_insert(&sql, &rows, true);
    assert_string_equal(
        sql.data,
        "INSERT INTO \"public\".\"t\" (\"id\", \"b\"\"\", \"c\") OVERRIDING SYSTEM VALUE SELECT "
        "convert_from(x.c1, 'UTF8')::bigint, x.c2, convert_from(x.c3, 'UTF8')::character "
        "varying(9) "
        "FROM (SELECT string_agg(p.bytes, '' ORDER BY p.place) FILTER (WHERE p.field = 1) AS c1, "
        "string_agg(p.bytes, '' ORDER BY p.place) FILTER (WHERE p.field = 2) AS c2, "
        "string_agg(p.bytes, '' ORDER BY p.place) FILTER (WHERE p.field = 3) AS c3 "
        "FROM pg_temp.dbr_pieces AS p) AS x ON CONFLICT (\"id\") DO UPDATE SET "
        "\"id\" = excluded.\"id\", \"b\"\"\" = excluded.\"b\"\"\", \"c\" = excluded.\"c\"");
    buf_reset(&sql);
    row_pieces_insert(&sql, &rows, false);
    assert_null(strstr(sql.data, "ON CONFLICT"));
    buf_release(&sql);
}

TEST(one_engine_can)
{
    assert_true(postgres_dml.pieces);
    assert_false(cockroach_dml.pieces);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_read_by_field_and_place),
        cmocka_unit_test(pieces_become_a_row),
        cmocka_unit_test(one_engine_can),
    };
    return cmocka_run_group_tests_name("row_pieces", tests, NULL, NULL);
}
