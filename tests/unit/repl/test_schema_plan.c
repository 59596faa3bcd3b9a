/* Plans: statements in their phases, tables left out, what is dropped, and how tables differ for
 * their rows. */
#include "../shop.h"
#include "db/engine.h"
#include "repl/catalog.h"
#include "repl/catalog_read.h"
#include "repl/schema_diff.h"
#include "repl/schema_plan.h"
#include "unit.h"

static bool has_statement(const struct plan *plan, enum plan_phase phase, const char *object)
{
    for (size_t i = 0; i < plan->statement_count; i++)
        if (plan->statements[i].phase == phase && strcmp(plan->statements[i].object, object) == 0)
            return true;
    return false;
}

static bool has_note(const struct plan *plan, const char *object)
{
    for (size_t i = 0; i < plan->note_count; i++)
        if (strcmp(plan->notes[i].object, object) == 0)
            return true;
    return false;
}

TEST(phases_come_in_order)
{
    struct shop shop;
    struct plan plan = PLAN_INIT;
    plan_create(shop_open(&shop), &engine_postgres, 0, &plan);
    for (size_t i = 1; i < plan.statement_count; i++)
        assert_true(plan.statements[i].phase >= plan.statements[i - 1].phase);
    assert_true(has_statement(&plan, PLAN_SCHEMA, "schema public"));
    assert_true(has_statement(&plan, PLAN_STRUCTURE, "type status"));
    assert_true(has_statement(&plan, PLAN_STRUCTURE, "table orders"));
    assert_true(has_statement(&plan, PLAN_KEYS, "constraint users_pkey of table users"));
    assert_true(has_statement(&plan, PLAN_KEYS, "index users_state"));
    assert_true(
        has_statement(&plan, PLAN_FOREIGN_KEYS, "foreign key orders_user_fkey of table orders"));
    assert_true(has_statement(&plan, PLAN_PROGRAMS, "view emails"));
    assert_true(has_statement(&plan, PLAN_COMMENTS, "comment on users"));
    assert_true(has_note(&plan, "owners and privileges"));
    plan_release(&plan);
    plan_release(&plan);
}

TEST(statements_know_their_table_and_whether_they_matter)
{
    struct shop shop;
    struct plan plan = PLAN_INIT;
    plan_create(shop_open(&shop), &engine_postgres, 0, &plan);
    for (size_t i = 0; i < plan.statement_count; i++) {
        const struct plan_statement *statement = &plan.statements[i];
        bool optional = statement->phase >= PLAN_PROGRAMS;
        assert_int_equal(statement->optional, optional);
        if (statement->phase == PLAN_KEYS)
            assert_non_null(strstr(statement->sql, statement->table));
    }
    plan_release(&plan);
}

TEST(tables_left_out_are_named_and_so_are_keys_to_them)
{
    struct shop shop;
    struct plan plan = PLAN_INIT;
    shop_open(&shop);
    shop.tables[0].excluded = true;
    plan_create(&shop.model, &engine_postgres, 0, &plan);
    assert_false(has_statement(&plan, PLAN_STRUCTURE, "table users"));
    assert_false(has_statement(&plan, PLAN_STRUCTURE, "sequence users_id_seq"));
    assert_true(has_note(&plan, "table users"));
    assert_true(has_note(&plan, "foreign key orders_user_fkey of table orders"));
    plan_release(&plan);
}

TEST(steps_decide_the_order)
{
    struct shop shop;
    struct plan plan = PLAN_INIT;
    struct model_step steps[] = {
        {STEP_TABLE, 1}, {STEP_TYPE, 0}, {STEP_TABLE, 0}, {STEP_OBJECT, 0}};
    shop_open(&shop);
    shop.model.steps = steps;
    shop.model.step_count = 4;
    plan_create(&shop.model, &engine_postgres, 0, &plan);
    const char *expected[] = {"sequence users_id_seq", "table orders", "type status",
                              "table users"};
    size_t at = 0;
    for (size_t i = 0; i < plan.statement_count && at < 4; i++)
        if (plan.statements[i].phase == PLAN_STRUCTURE)
            assert_string_equal(plan.statements[i].object, expected[at++]);
    plan_release(&plan);
}

TEST(keys_of_partitions_come_before_those_of_their_table)
{
    struct shop shop;
    struct plan plan = PLAN_INIT;
    shop_open(&shop);
    struct model_index *indexes = shop.users_indexes;
    struct model_table *tables = shop.tables;
    const char *names[] = {"root", "middle", "leaf"};
    for (size_t i = 0; i < 3; i++) {
        tables[i] = tables[0];
        tables[i].name = names[i];
        tables[i].kind = i < 2 ? 'p' : 'r';
        tables[i].constraint_count = 0;
        tables[i].indexes = &indexes[i + 1];
        tables[i].index_count = 1;
        tables[i].partition = i > 0;
        tables[i].parent = i > 0 ? names[i - 1] : NULL;
        tables[i].partition_bound = "DEFAULT";
        tables[i].partition_key = "LIST (id)";
        indexes[i + 1].name = names[i];
        indexes[i + 1].constraint = false;
    }
    shop.model.table_count = 3;
    plan_create(&shop.model, &engine_postgres, 0, &plan);
    const char *expected[] = {"index leaf", "index middle", "index root"};
    size_t at = 0;
    for (size_t i = 0; i < plan.statement_count; i++)
        if (plan.statements[i].phase == PLAN_KEYS) {
            assert_string_equal(plan.statements[i].object, expected[at++]);
            assert_string_equal(plan.statements[i].table, "root");
        }
    assert_int_equal(at, 3);
    plan_release(&plan);
    /* One table on CockroachDB. */
    plan_create(&shop.model, &engine_cockroach, 0, &plan);
    assert_true(has_statement(&plan, PLAN_STRUCTURE, "table root"));
    assert_false(has_statement(&plan, PLAN_STRUCTURE, "table leaf"));
    assert_true(has_note(&plan, "index leaf of partition leaf"));
    plan_release(&plan);
}

TEST(an_index_over_a_function_without_a_search_path_comes_before_the_rows)
{
    struct shop shop;
    struct plan plan = PLAN_INIT;
    shop_open(&shop);
    shop.objects[1] = (struct model_object){
        .kind = OBJECT_FUNCTION,
        .word = "function",
        .name = "lower(text)",
        .plain = "lower",
        .early = true,
        .definition = "CREATE OR REPLACE FUNCTION public.lower(text)\n LANGUAGE plpgsql\nAS $$ $$",
        .comment_on = "FUNCTION public.lower(text)"};
    shop.model.object_count = 2;
    plan_create(&shop.model, &engine_postgres, 180000, &plan);
    assert_true(has_statement(&plan, PLAN_EARLY, "index users_lower"));
    assert_true(has_statement(&plan, PLAN_KEYS, "index users_state"));
    for (size_t i = 1; i < plan.statement_count; i++) {
        assert_true(plan.statements[i].phase >= plan.statements[i - 1].phase);
        if (plan.statements[i].phase == PLAN_EARLY)
            assert_non_null(strstr(plan.statements[i].advice,
                                   "ALTER FUNCTION public.lower(text) SET search_path = public"));
    }
    plan_release(&plan);
    plan_create(&shop.model, &engine_postgres, 160000, &plan);
    assert_true(has_statement(&plan, PLAN_KEYS, "index users_lower"));
    plan_release(&plan);
    shop.objects[1].definition = "CREATE OR REPLACE FUNCTION public.lower(text)\n LANGUAGE sql\n "
                                 "SET search_path TO 'public'\nAS $$ $$";
    plan_create(&shop.model, &engine_postgres, 180000, &plan);
    assert_true(has_statement(&plan, PLAN_KEYS, "index users_lower"));
    plan_release(&plan);
}

TEST(dropping_leaves_extensions_and_the_schema)
{
    struct shop shop;
    struct plan plan = PLAN_INIT;
    shop_open(&shop);
    shop.objects[1] = (struct model_object){.kind = OBJECT_EXTENSION,
                                            .word = "extension",
                                            .name = "citext",
                                            .plain = "citext",
                                            .schema = "public",
                                            .definition = "CREATE EXTENSION citext"};
    shop.model.object_count = 2;
    plan_drop(&shop.model, &engine_postgres, &plan);
    const char *expected[] = {
        "DROP VIEW IF EXISTS public.emails CASCADE",
        "DROP TABLE IF EXISTS \"public\".\"users\", \"public\".\"orders\" CASCADE",
        "DROP SEQUENCE IF EXISTS \"public\".\"users_id_seq\" CASCADE",
        "DROP TYPE IF EXISTS \"public\".\"status\""};
    assert_int_equal(plan.statement_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(plan.statements[i].sql, expected[i]);
    plan_release(&plan);
}

static void differs(struct shop *a, struct shop *b, const char *role, const char *expected)
{
    char *text = plan_table_difference(&a->tables[0], &a->model, &b->tables[0], &b->model, role);
    if (expected)
        assert_string_equal(text, expected);
    else
        assert_null(text);
    free(text);
}

TEST(tables_differ_by_what_rows_need)
{
    struct shop a, b;
    shop_open(&a);
    shop_open(&b);
    differs(&a, &b, "secondary", NULL);
    b.users[1].default_expr = "'x'";
    b.users[1].not_null = false;
    differs(&a, &b, "secondary", NULL);
    b.users[1].type = "text";
    differs(&a, &b, "secondary",
            "column email is character varying(255) on the primary and text on the secondary");
    differs(&a, &b, "primary",
            "column email is character varying(255) on the secondary and text on the primary");
    shop_open(&b);
    b.tables[0].column_count = 4;
    differs(&a, &b, "secondary", "column slug is missing on the secondary");
    differs(&b, &a, "secondary", "column slug is missing on the primary");
    shop_open(&b);
    b.type.label_count = 1;
    differs(&a, &b, "secondary", "value 'it's paid' of type status is missing on the secondary");
    differs(&b, &a, "secondary", NULL);
}

TEST(a_constraint_of_the_target_alone_is_a_difference)
{
    struct shop a, b;
    shop_open(&a);
    shop_open(&b);
    a.users[1].not_null = false;
    b.users[1].not_null = true;
    differs(&a, &b, "secondary", "column email is NOT NULL on the secondary only");
    differs(&b, &a, "secondary", NULL);
    assert_false(plan_difference_needs_force(&a.tables[0], &a.model, &b.tables[0], &b.model));
    shop_open(&a);
    a.users_constraints[1].check_expr = "email ~~ ('%@%')::text";
    differs(&a, &b, "secondary", NULL);
    a.users_constraints[1].check_expr = "(email ~~ '%@'::text)";
    differs(&a, &b, "secondary", "check users_email_check is another one on the secondary");
    b.model.version = 170000;
    differs(&a, &b, "secondary", NULL);
    shop_open(&b);
    a.tables[0].constraint_count = 1;
    differs(&a, &b, "secondary", "check users_email_check is there on the secondary only");
    differs(&b, &a, "secondary", NULL);
    assert_true(plan_difference_needs_force(&a.tables[0], &a.model, &b.tables[0], &b.model));
    shop_open(&a);
    a.users_indexes[1].name = "other";
    differs(&a, &b, "secondary", NULL);
    a.tables[0].index_count = 1;
    differs(&a, &b, "secondary", "unique index users_email_key is there on the secondary only");
    differs(&b, &a, "secondary", NULL);
}

TEST(a_foreign_key_of_the_target_alone_is_a_difference)
{
    struct shop a, b;
    shop_open(&a);
    shop_open(&b);
    a.tables[1].constraint_count = 1;
    char *text = plan_table_difference(&a.tables[1], &a.model, &b.tables[1], &b.model, "secondary");
    assert_string_equal(text, "foreign key orders_user_fkey is there on the secondary only");
    free(text);
    assert_null(plan_table_difference(&b.tables[1], &b.model, &a.tables[1], &a.model, "secondary"));
    b.orders_constraints[1].ref_outside = true;
    assert_null(plan_table_difference(&a.tables[1], &a.model, &b.tables[1], &b.model, "secondary"));
}

TEST(expressions_are_alike_however_often_they_were_printed)
{
    static const char *const a =
        "((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))";
    static const char *const b = "((status)::text = ANY (ARRAY[('a'::character varying)::text, "
                                 "('b'::character varying)::text]))";
    assert_true(diff_alike(a, b));
    assert_true(diff_same_expr(a, b));
    assert_false(diff_same_expr("(a > 1)", "a > 1"));
    assert_true(diff_alike("(a > 1)", "a > 1"));
    assert_false(diff_alike("a = 'x::y'", "a = 'x'"));
    assert_false(diff_alike("a = ' '", "a = ''"));
    assert_false(diff_alike("a::text > b", "a::text > c"));
    assert_false(diff_alike("a", "a b"));
}

TEST(unlike_engines_compare_what_types_become)
{
    struct shop a, b;
    shop_open(&a);
    shop_open(&b)->engine = ENGINE_COCKROACH;
    b.users[3].type = "numeric(19,2)";
    differs(&a, &b, "secondary", NULL);
    b.users[0].type = "bigint";
    differs(&a, &b, "secondary", "column id is integer on the primary and bigint on the secondary");
}

TEST(wider_types_lose_nothing)
{
    static const char *const wider[][2] = {
        {"integer", "bigint"},
        {"smallint", "integer"},
        {"integer", "numeric"},
        {"real", "double precision"},
        {"character varying(5)", "character varying(6)"},
        {"character varying(5)", "character varying"},
        {"character varying(5)", "text"},
        {"numeric(5,2)", "numeric(7,4)"},
        {"numeric(5,2)", "numeric"},
        {"timestamp(3) without time zone", "timestamp without time zone"},
        {"timestamp(3) without time zone", "timestamp(6) without time zone"},
        {"bit varying(3)", "bit varying(4)"},
    };
    static const char *const other[][2] = {
        {"bigint", "integer"},
        {"integer", "text"},
        {"integer", "numeric(5,2)"},
        {"double precision", "real"},
        {"character varying(6)", "character varying(5)"},
        {"character varying", "character varying(5)"},
        {"character(3)", "text"},
        {"numeric(5,2)", "numeric(6,4)"},
        {"numeric", "numeric(50,10)"},
        {"timestamp without time zone", "timestamp with time zone"},
        {"timestamp without time zone", "timestamp(3) without time zone"},
        {"bit(3)", "bit(4)"},
        {"text", "character varying(9)"},
    };
    for (size_t i = 0; i < sizeof wider / sizeof *wider; i++)
        assert_true(diff_widens(wider[i][0], wider[i][1]));
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_false(diff_widens(other[i][0], other[i][1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases_come_in_order),
        cmocka_unit_test(statements_know_their_table_and_whether_they_matter),
        cmocka_unit_test(tables_left_out_are_named_and_so_are_keys_to_them),
        cmocka_unit_test(steps_decide_the_order),
        cmocka_unit_test(keys_of_partitions_come_before_those_of_their_table),
        cmocka_unit_test(an_index_over_a_function_without_a_search_path_comes_before_the_rows),
        cmocka_unit_test(dropping_leaves_extensions_and_the_schema),
        cmocka_unit_test(tables_differ_by_what_rows_need),
        cmocka_unit_test(a_constraint_of_the_target_alone_is_a_difference),
        cmocka_unit_test(a_foreign_key_of_the_target_alone_is_a_difference),
        cmocka_unit_test(expressions_are_alike_however_often_they_were_printed),
        cmocka_unit_test(unlike_engines_compare_what_types_become),
        cmocka_unit_test(wider_types_lose_nothing),
    };
    return cmocka_run_group_tests_name("schema plan", tests, NULL, NULL);
}
