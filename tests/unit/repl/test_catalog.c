/* What the catalog settles without a server: the key of a table, the filter, emptiness, the order
 * of tables. */
#include "../shop.h"
#include "repl/catalog.h"
#include "repl/catalog_read.h"
#include "unit.h"

static void choose(struct shop *shop, enum model_key_kind kind, const char *name, bool deferrable)
{
    struct model_table *table = &shop->tables[0];
    table->key_count = 0;
    table->key_name = NULL;
    catalog_choose_key(&shop->model, table);
    assert_int_equal(table->key_kind, kind);
    if (name)
        assert_string_equal(table->key_name, name);
    else
        assert_null(table->key_name);
    if (name)
        assert_int_equal(table->key_deferrable, deferrable);
    arena_release(&shop->model.arena);
}

TEST(the_best_key_is_chosen)
{
    struct shop shop;
    shop_open(&shop);
    choose(&shop, KEY_PRIMARY, "users_pkey", false);
    shop.users_indexes[0].unique = false;
    shop.users_indexes[1].immediate = false;
    choose(&shop, KEY_UNIQUE, "users_email_key", true);
    /* A deferrable one only when there is no other. */
    shop.users_indexes[3].unique = true;
    shop.users_indexes[3].predicate = NULL;
    shop.users[2].not_null = true;
    choose(&shop, KEY_UNIQUE, "users_state", false);
    shop.users[2].not_null = false;
    shop.users_indexes[1].valid = false;
    choose(&shop, KEY_ROW, NULL, false);
}

TEST(partial_expression_and_nullable_indexes_are_no_keys)
{
    struct shop shop;
    shop_open(&shop);
    shop.users_indexes[0].unique = shop.users_indexes[1].unique = false;
    shop.users_indexes[2].unique = shop.users_indexes[3].unique = true;
    shop.users[2].not_null = true;
    choose(&shop, KEY_ROW, NULL, false);
    shop.users_indexes[3].predicate = NULL;
    choose(&shop, KEY_UNIQUE, "users_state", false);
    shop.users[2].hidden = true;
    choose(&shop, KEY_ROW, NULL, false);
}

TEST(filters_name_tables)
{
    struct shop shop;
    struct err err = ERR_INIT;
    struct strlist tables = STRLIST_INIT, none = STRLIST_INIT;
    shop_open(&shop);
    strlist_add(&tables, "orders");
    assert_true(catalog_filter(&shop.model, NULL, &tables, &none, &err));
    assert_true(shop.tables[0].excluded);
    assert_false(shop.tables[1].excluded);
    assert_true(catalog_filter(&shop.model, NULL, &none, &tables, &err));
    assert_false(shop.tables[0].excluded);
    assert_true(shop.tables[1].excluded);
    assert_true(catalog_filter(&shop.model, NULL, &none, &none, &err));
    assert_false(shop.tables[1].excluded);
    strlist_add(&tables, "user");
    assert_false(catalog_filter(&shop.model, NULL, &tables, &none, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.message, "user"));
    assert_non_null(strstr(err.hint, "users"));
    strlist_release(&tables);
}

TEST(partitions_follow_their_table)
{
    struct shop shop;
    struct err err = ERR_INIT;
    struct strlist tables = STRLIST_INIT;
    shop_open(&shop);
    shop.tables[1].partition = true;
    shop.tables[1].parent = "users";
    strlist_add(&tables, "users");
    assert_true(catalog_filter(&shop.model, NULL, NULL, &tables, &err));
    assert_true(shop.tables[1].excluded);
    strlist_add(&tables, "orders");
    assert_false(catalog_filter(&shop.model, NULL, &tables, NULL, &err));
    assert_non_null(strstr(err.hint, "users"));
    strlist_release(&tables);
}

TEST(a_schema_of_extensions_is_empty)
{
    struct shop shop;
    shop_open(&shop);
    assert_false(catalog_is_empty(&shop.model));
    shop.model.table_count = shop.model.type_count = shop.model.sequence_count = 0;
    assert_false(catalog_is_empty(&shop.model));
    shop.objects[0].kind = OBJECT_EXTENSION;
    assert_true(catalog_is_empty(&shop.model));
}

TEST(parents_come_first)
{
    struct shop shop;
    uint32_t oids[] = {1, 2};
    shop_open(&shop);
    struct model_table users = shop.tables[0];
    shop.tables[0] = shop.tables[1];
    shop.tables[1] = users;
    struct catalog_reader reader = {.model = &shop.model, .table_oids = oids};
    catalog_order_tables(&reader);
    assert_string_equal(shop.model.tables[0].name, "users");
    assert_string_equal(shop.model.tables[1].name, "orders");
    assert_int_equal(reader.table_oids[0], 2);
    arena_release(&shop.model.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_key_is_chosen),
        cmocka_unit_test(partial_expression_and_nullable_indexes_are_no_keys),
        cmocka_unit_test(filters_name_tables),
        cmocka_unit_test(partitions_follow_their_table),
        cmocka_unit_test(a_schema_of_extensions_is_empty),
        cmocka_unit_test(parents_come_first),
    };
    return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
