/* What CockroachDB's catalog says, in the terms of the model. The texts are as its own tests of
 * pg_catalog have them. */
#include "../shop.h"
#include "repl/catalog_read.h"
#include "unit.h"

static struct arena arena;

static void spelled(const char *text, const char *expected)
{
    assert_string_equal(catalog_cockroach_expression(&arena, text), expected);
}

TEST(annotations_become_casts_and_types_lose_the_database)
{
    spelled("now():::TIMESTAMPTZ", "now()::TIMESTAMPTZ");
    spelled("m = 'foo'::constraint_db.public.mytype", "m = 'foo'::public.mytype");
    spelled("'a:::b'::\"a db\".public.\"My Type\"[]", "'a:::b'::public.\"My Type\"[]");
    spelled("e'it\\'s::a.b.c' || 'it''s'::STRING", "e'it\\'s::a.b.c' || 'it''s'::STRING");
    spelled("x::sc.mytype + 1.5:::DECIMAL", "x::sc.mytype + 1.5::DECIMAL");
    spelled("'{}'::STRING[]", "'{}'::STRING[]");
    assert_null(catalog_cockroach_expression(&arena, NULL));
    arena_release(&arena);
}

TEST(defaults_tell_of_sequences)
{
    assert_string_equal(catalog_cockroach_sequence(&arena, "nextval('public.t1_m_seq'::REGCLASS)"),
                        "t1_m_seq");
    assert_string_equal(
        catalog_cockroach_sequence(&arena, "nextval('public.\"It''s. \"\"S\"\"\"'::REGCLASS)"),
        "It's. \"S\"");
    assert_string_equal(catalog_cockroach_sequence(&arena, "nextval('s'::STRING)"), "s");
    assert_null(catalog_cockroach_sequence(&arena, "unique_rowid()"));
    assert_null(catalog_cockroach_sequence(&arena, NULL));
    arena_release(&arena);
}

TEST(keys_are_read_from_their_definitions)
{
    struct shop shop;
    shop_open(&shop);
    struct model_constraint key = {.type = 'p', .definition = "PRIMARY KEY (email ASC, id DESC)"};
    catalog_cockroach_key(&arena, "public", &shop.tables[0], &key);
    assert_int_equal(key.column_count, 2);
    assert_int_equal(key.columns[0], 1);
    assert_int_equal(key.columns[1], 0);

    struct model_constraint foreign = {
        .type = 'f',
        .definition = "FOREIGN KEY (id, \"user \"\"id\"\"\") REFERENCES users(\"a, b\", c) "
                      "ON DELETE CASCADE NOT VALID"};
    catalog_cockroach_key(&arena, "public", &shop.tables[1], &foreign);
    assert_int_equal(foreign.column_count, 2);
    assert_int_equal(foreign.columns[1], 1);
    assert_string_equal(foreign.ref_table, "users");
    assert_false(foreign.ref_outside);
    assert_int_equal(foreign.ref_column_count, 2);
    assert_string_equal(foreign.ref_columns[0], "a, b");

    struct model_constraint outside = {
        .type = 'f', .definition = "FOREIGN KEY (id) REFERENCES db.other.users(id)"};
    catalog_cockroach_key(&arena, "public", &shop.tables[1], &outside);
    assert_true(outside.ref_outside);
    assert_string_equal(outside.ref_table, "other.users");

    struct model_constraint inside = {.type = 'f',
                                      .definition = "FOREIGN KEY (id) REFERENCES public.users(id)"};
    catalog_cockroach_key(&arena, "public", &shop.tables[1], &inside);
    assert_false(inside.ref_outside);
    assert_string_equal(inside.ref_table, "users");

    struct model_constraint check = {.type = 'c', .definition = "CHECK ((id > 11))"};
    catalog_cockroach_key(&arena, "public", &shop.tables[1], &check);
    assert_int_equal(check.column_count, 0);
    arena_release(&arena);
}

/* The lists of an index over the users, whose columns are numbered from 1. */
static struct model_index index_of(struct shop *shop, const char *definition,
                                   struct catalog_index_lists lists)
{
    struct model_index index = {.definition = definition};
    for (size_t i = 0; i < shop->tables[0].column_count; i++)
        shop->users[i].number = (int)i + 1;
    catalog_cockroach_parts(&arena, &shop->tables[0], &lists, &index);
    return index;
}

TEST(indexes_have_parts_and_stored_columns)
{
    struct shop shop;
    shop_open(&shop);
    const char *expressions[] = {"(lower(email:::STRING))", "(a + b)"};
    struct model_index index =
        index_of(&shop, "CREATE INDEX i ON public.users USING btree (id DESC, lower(email) ASC)",
                 (struct catalog_index_lists){"1 0 3", "1 2", 2, expressions, 1});
    assert_string_equal(index.method, "btree");
    assert_int_equal(index.part_count, 2);
    assert_string_equal(index.parts[0].column, "id");
    assert_true(index.parts[0].descending);
    assert_true(index.parts[0].nulls_first);
    assert_null(index.parts[1].column);
    assert_string_equal(index.parts[1].expression, "(lower(email::STRING))");
    assert_false(index.parts[1].descending);
    assert_int_equal(index.include_count, 1);
    assert_string_equal(index.include[0], "state");

    index = index_of(&shop, "CREATE INDEX i ON public.users USING gin (email gin_trgm_ops)",
                     (struct catalog_index_lists){"2", "2", 1, NULL, 0});
    assert_string_equal(index.method, "gin");
    assert_string_equal(index.parts[0].opclass, "gin_trgm_ops");
    index = index_of(&shop, "CREATE INDEX i ON public.users USING cspann (email vector_l2_ops)",
                     (struct catalog_index_lists){"2", "2", 1, NULL, 0});
    assert_string_equal(index.method, "hnsw");
    assert_string_equal(index.parts[0].opclass, "vector_l2_ops");
    arena_release(&arena);
}

TEST(a_hash_sharded_index_is_one_over_its_columns)
{
    struct shop shop;
    shop_open(&shop);
    shop.users[4].name = "crdb_internal_id_shard_16";
    shop.users[4].hidden = true;
    struct model_index index =
        index_of(&shop, "CREATE UNIQUE INDEX i ON public.users USING btree (id ASC) USING HASH",
                 (struct catalog_index_lists){"5 1", "2 2", 2, NULL, 0});
    assert_int_equal(index.part_count, 1);
    assert_string_equal(index.parts[0].column, "id");
    arena_release(&arena);
}

TEST(definitions_lose_the_database)
{
    assert_string_equal(
        catalog_cockroach_definition(
            &arena,
            "CREATE UNIQUE INDEX \"a ON b.c.d\" ON constraint_db.public.t1 USING btree (p)"),
        "CREATE UNIQUE INDEX \"a ON b.c.d\" ON public.t1 USING btree (p)");
    assert_string_equal(catalog_cockroach_definition(&arena, "CREATE INDEX i ON public.t (a)"),
                        "CREATE INDEX i ON public.t (a)");
    arena_release(&arena);
}

TEST(types_of_the_schema_are_quoted)
{
    struct model_column column = {.type = "Mixed Case[]",
                                  .type_name = "_Mixed Case",
                                  .element_name = "Mixed Case",
                                  .type_schema = "public",
                                  .type_kind = 'e'};
    assert_string_equal(catalog_cockroach_type(&arena, "public", &column), "\"Mixed Case\"[]");
    assert_string_equal(catalog_cockroach_type(&arena, "shop", &column),
                        "\"public\".\"Mixed Case\"[]");
    column.type = "character varying(20)";
    column.type_schema = "pg_catalog";
    assert_string_equal(catalog_cockroach_type(&arena, "shop", &column), "character varying(20)");
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(annotations_become_casts_and_types_lose_the_database),
        cmocka_unit_test(defaults_tell_of_sequences),
        cmocka_unit_test(keys_are_read_from_their_definitions),
        cmocka_unit_test(indexes_have_parts_and_stored_columns),
        cmocka_unit_test(a_hash_sharded_index_is_one_over_its_columns),
        cmocka_unit_test(definitions_lose_the_database),
        cmocka_unit_test(types_of_the_schema_are_quoted),
    };
    return cmocka_run_group_tests_name("catalog_spelling", tests, NULL, NULL);
}
