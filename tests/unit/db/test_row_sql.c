/* Statements about rows, for a small table on both engines. */
#include <string.h>

#include "db/engine_dml.h"
#include "db/row_sql.h"
#include "unit.h"

static struct model_column columns[] = {
    {.name = "id",
     .type = "bigint",
     .type_name = "int8",
     .type_schema = "pg_catalog",
     .type_kind = 'b'},
    {.name = "na\"me",
     .type = "text",
     .type_name = "text",
     .type_schema = "pg_catalog",
     .type_kind = 'b'},
    {.name = "at",
     .type = "timestamp without time zone",
     .type_name = "timestamp",
     .type_schema = "pg_catalog",
     .type_kind = 'b'},
    {.name = "doc",
     .type = "jsonb",
     .type_name = "jsonb",
     .type_schema = "pg_catalog",
     .type_kind = 'b'},
};
static const struct model_column *all[] = {&columns[0], &columns[1], &columns[2], &columns[3]};
static struct model_table table = {.name = "t\"x", .kind = 'r'};

static struct row_table rows(const struct engine_dml *dml, enum hash_form form, size_t keys)
{
    struct row_table t = {.schema = "public",
                          .table = &table,
                          .dml = dml,
                          .columns = all,
                          .column_count = 4,
                          .keys = all,
                          .key_count = keys,
                          .form = form,
                          .change = &columns[2]};

    return t;
}

static bool contains(const struct buf *sql, const char *part)
{
    if (strstr(sql->data, part))
        return true;
    print_message("missing: %s\nin: %s\n", part, sql->data);
    return false;
}

TEST(fingerprint_of_two_postgres_servers)
{
    struct row_table t = rows(&postgres_dml, HASH_NATIVE, 1);
    struct buf sql = BUF_INIT;

    row_sql_fingerprint(&sql, &t);
    assert_string_equal(
        sql.data,
        "SELECT count(*), coalesce(sum(hashtextextended((ROW(t.\"id\", t.\"na\"\"me\", t.\"at\", "
        "t.\"doc\")::text) COLLATE \"C\", 0)), 0)::text FROM ONLY \"public\".\"t\"\"x\" AS t");
    buf_release(&sql);
}

TEST(portable_parts_are_length_prefixed)
{
    struct row_table t = rows(&cockroach_dml, HASH_PORTABLE, 2);
    struct buf sql = BUF_INIT;

    t.cross_engine = true;
    row_sql_fingerprint(&sql, &t);
    assert_true(contains(
        &sql,
        "coalesce(octet_length(t.\"id\"::text)::text || ':' || t.\"id\"::text, '-') || coalesce("));
    assert_true(contains(&sql, "('0x' || substr(md5("));
    assert_null(strstr(sql.data, "ONLY"));
    assert_null(
        strstr(sql.data, "\"doc\"")); /* printed differently: in no hash between unlike engines */
    buf_release(&sql);
}

TEST(a_window_takes_null_and_an_unknown_zone)
{
    struct row_table t = rows(&postgres_dml, HASH_NATIVE, 1);
    struct buf sql = BUF_INIT;

    row_sql_keys(&sql, &t, 0, NULL, 0, "2026-01-24 20:34:43+00");
    assert_true(contains(&sql, "WHERE (t.\"at\" >= '2026-01-24 20:34:43+00'::timestamp - interval "
                               "'15 hours' OR t.\"at\" IS NULL)"));
    assert_true(contains(&sql, "ORDER BY q.kh, q.k1 COLLATE \"C\""));
    buf_release(&sql);
}

TEST(dirty_buckets_are_listed)
{
    struct row_table t = rows(&postgres_dml, HASH_NATIVE, 2);
    int64_t dirty[] = {3, 70};
    struct buf sql = BUF_INIT;

    row_sql_keys(&sql, &t, 255, dirty, 2, NULL);
    assert_true(contains(&sql, " & 255) = ANY ('{3,70}'::int8[])"));
    buf_release(&sql);
}

TEST(deletes_match_the_bytes_of_a_key)
{
    struct row_table t = rows(&postgres_dml, HASH_NATIVE, 2);
    struct buf sql = BUF_INIT;

    row_sql_delete(&sql, &t);
    assert_true(contains(&sql, "t.\"na\"\"me\" = x.k2::text"));
    assert_true(contains(&sql, "(t.\"na\"\"me\"::text) COLLATE \"C\" = x.k2 COLLATE \"C\""));
    buf_release(&sql);
}

TEST(a_table_without_key_is_told_by_row_hash)
{
    struct row_table t = rows(&postgres_dml, HASH_NATIVE, 0);
    struct buf sql = BUF_INIT;

    row_sql_keys(&sql, &t, 0, NULL, 0, NULL);
    assert_true(contains(&sql, "SELECT w.kh, count(*), max(w.octets), w.kh::text"));
    assert_int_equal(row_sql_key_width(&t), 1);
    assert_false(row_sql_can_upsert(&t));
    buf_release(&sql);
}

TEST(identity_always_is_written_but_not_assigned)
{
    struct row_table t = rows(&postgres_dml, HASH_NATIVE, 1);
    struct buf sql = BUF_INIT;

    columns[0].identity = 'a';
    row_sql_insert(&sql, &t, true);
    assert_true(contains(&sql, ") OVERRIDING SYSTEM VALUE SELECT x.c1::bigint, x.c2::text, "));
    assert_true(contains(
        &sql, "ON CONFLICT (\"id\") DO UPDATE SET \"na\"\"me\" = excluded.\"na\"\"me\", "));
    assert_true(row_sql_can_upsert(&t));
    t.keys = all + 1; /* a key that is not the identity: rows are replaced instead */
    assert_false(row_sql_can_upsert(&t));
    columns[0].identity = 0;
    buf_release(&sql);
}

TEST(a_lone_identity_key_updates_nothing)
{
    struct row_table t = rows(&postgres_dml, HASH_NATIVE, 1);
    struct buf sql = BUF_INIT;

    t.column_count = 1;
    columns[0].identity = 'a';
    row_sql_insert(&sql, &t, true);
    assert_true(contains(&sql, "ON CONFLICT (\"id\") DO NOTHING"));
    columns[0].identity = 0;
    buf_release(&sql);
}

TEST(a_deferrable_key_is_no_arbiter)
{
    struct row_table t = rows(&postgres_dml, HASH_NATIVE, 1);

    table.key_deferrable = true;
    assert_false(row_sql_can_upsert(&t));
    table.key_deferrable = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fingerprint_of_two_postgres_servers),
        cmocka_unit_test(portable_parts_are_length_prefixed),
        cmocka_unit_test(a_window_takes_null_and_an_unknown_zone),
        cmocka_unit_test(dirty_buckets_are_listed),
        cmocka_unit_test(deletes_match_the_bytes_of_a_key),
        cmocka_unit_test(a_table_without_key_is_told_by_row_hash),
        cmocka_unit_test(identity_always_is_written_but_not_assigned),
        cmocka_unit_test(a_lone_identity_key_updates_nothing),
        cmocka_unit_test(a_deferrable_key_is_no_arbiter),
    };
    return cmocka_run_group_tests_name("row_sql", tests, NULL, NULL);
}
