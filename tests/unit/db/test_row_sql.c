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

/* The table above between unlike engines, as `side` sees it: columns, then keys. */
static struct exchange exchanges[6];

static struct row_table unlike_rows(enum engine_kind side, size_t keys)
{
    static struct model models[2] = {{.schema = "public", .engine = ENGINE_POSTGRES},
                                     {.schema = "public", .engine = ENGINE_COCKROACH}};
    struct row_table t =
        rows(side == ENGINE_POSTGRES ? &postgres_dml : &cockroach_dml, HASH_PORTABLE, keys);
    size_t i;

    for (i = 0; i < 6; i++)
        exchange_make(&exchanges[i], &models[side], all[i < 4 ? i : i - 4], &models[1 - side],
                      all[i < 4 ? i : i - 4]);
    t.exchange = exchanges;
    return t;
}

static void release(struct buf *sql)
{
    size_t i;

    for (i = 0; i < 6; i++)
        exchange_release(&exchanges[i]);
    buf_release(sql);
}

TEST(portable_parts_are_length_prefixed)
{
    struct row_table t = unlike_rows(ENGINE_COCKROACH, 2);
    struct buf sql = BUF_INIT;

    row_sql_hash(&sql, &t);
    assert_true(contains(
        &sql,
        "coalesce(octet_length(t.\"id\"::text)::text || ':' || t.\"id\"::text, '-') || coalesce("));
    assert_true(contains(&sql, "('0x' || substr(md5("));
    assert_null(strstr(sql.data, "\"doc\"")); /* the client compares it */
    release(&sql);
}

TEST(sums_tell_whether_a_column_of_the_client_has_changed)
{
    struct row_table t = unlike_rows(ENGINE_COCKROACH, 1);
    struct buf sql = BUF_INIT;

    assert_int_equal(row_sql_client_columns(&t), 1);
    assert_int_equal(row_sql_client_column(&t, 0), 3);
    row_sql_fingerprint(&sql, &t);
    assert_null(strstr(sql.data, "ONLY"));
    assert_true(contains(&sql,
                         "), 0)::text, coalesce(sum(('0x' || substr(md5(coalesce(octet_length("
                         "t.\"id\"::text)::text || ':' || t.\"id\"::text, '-') || "
                         "coalesce(octet_length((t.\"doc\")::text)::text"));
    buf_reset(&sql);
    row_sql_buckets(&sql, &t, 255);
    assert_true(contains(&sql, ")::text, sum(('0x' || substr(md5("));
    release(&sql);
    t = unlike_rows(ENGINE_POSTGRES, 1);
    row_sql_own_hash(&sql, &t);
    assert_int_equal(strncmp(sql.data, "hashtextextended((", 18), 0);
    release(&sql);
}

TEST(lists_of_keys_carry_what_the_client_compares)
{
    struct row_table t = unlike_rows(ENGINE_POSTGRES, 1);
    struct buf sql = BUF_INIT;

    row_sql_keys(&sql, &t, &(struct row_choice){.mask = 0});
    assert_true(contains(&sql, ", octet_length(q.r), q.k1, q.u1 FROM (SELECT "));
    assert_true(contains(&sql, "t.\"id\"::text AS k1, t.\"doc\" AS u1 FROM ONLY"));
    buf_reset(&sql);
    /* For a copy their lengths will do. */
    row_sql_keys(&sql, &t, &(struct row_choice){.keys_alone = true});
    assert_true(contains(&sql, ", octet_length(q.r) + q.u, q.k1 FROM (SELECT "));
    assert_true(contains(&sql, ", coalesce(octet_length((t.\"doc\")::text), 0) AS u FROM ONLY"));
    release(&sql);
    /* Rows without key come one by one. */
    t = unlike_rows(ENGINE_POSTGRES, 0);
    row_sql_keys(&sql, &t, &(struct row_choice){.mask = 0});
    assert_true(contains(&sql, "SELECT w.kh, 1, w.octets, w.kh::text, w.u1 FROM (SELECT "));
    assert_null(strstr(sql.data, "GROUP BY"));
    release(&sql);
}

TEST(values_are_cast_without_being_cut)
{
    struct row_table t;
    struct buf sql = BUF_INIT;

    columns[1].type = "character varying(5)";
    t = unlike_rows(ENGINE_COCKROACH, 2);
    row_sql_insert(&sql, &t, true);
    assert_true(contains(&sql, ") SELECT x.c1::INT8, x.c2::STRING, x.c3::TIMESTAMP, x.c4::JSONB "));
    buf_reset(&sql);
    row_sql_delete(&sql, &t);
    assert_true(contains(&sql, "t.\"id\" = x.k1::INT8 AND t.\"na\"\"me\" = x.k2::STRING"));
    columns[1].type = "text";
    release(&sql);
}

TEST(a_window_takes_null_and_an_unknown_zone)
{
    struct row_table t = rows(&postgres_dml, HASH_NATIVE, 1);
    struct buf sql = BUF_INIT;

    row_sql_keys(&sql, &t, &(struct row_choice){.since = "2026-01-24 20:34:43+00"});
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

    row_sql_keys(&sql, &t, &(struct row_choice){.mask = 255, .dirty = dirty, .count = 2});
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

    row_sql_keys(&sql, &t, &(struct row_choice){.mask = 0});
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
        cmocka_unit_test(sums_tell_whether_a_column_of_the_client_has_changed),
        cmocka_unit_test(lists_of_keys_carry_what_the_client_compares),
        cmocka_unit_test(values_are_cast_without_being_cut),
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
