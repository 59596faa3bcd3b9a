/* What an update adds, and what it wants consent for. */
#include "../shop.h"
#include "base/buf.h"
#include "db/engine.h"
#include "repl/schema_plan.h"
#include "unit.h"

struct update {
    struct shop source, target;
    struct plan additions, removals;
    struct strlist new_tables;
};

static void begin(struct update *u)
{
    memset(u, 0, sizeof *u);
    shop_open(&u->source);
    shop_open(&u->target);
}

static void compare(struct update *u, const struct engine *engine)
{
    plan_update(&u->source.model, &u->target.model, engine, &u->additions, &u->removals,
                &u->new_tables);
}

static void expect_plan(struct plan *plan, const char *expected)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < plan->statement_count; i++)
        buf_addf(&text, "%d %s%s;\n", (int)plan->statements[i].phase,
                 plan->statements[i].optional ? "? " : "", plan->statements[i].sql);
    assert_string_equal(text.data, expected);
    buf_release(&text);
    plan_release(plan);
}

static void expect(struct update *u, const char *additions, const char *removals)
{
    compare(u, &engine_postgres);
    expect_plan(&u->additions, additions);
    expect_plan(&u->removals, removals);
    strlist_release(&u->new_tables);
}

TEST(equal_schemas_need_nothing)
{
    struct update u;
    begin(&u);
    expect(&u, "", "");
}

TEST(columns_come_and_go)
{
    struct update u;
    begin(&u);
    u.source.users[5] =
        (struct model_column){.name = "new", .type = "text", .not_null = true, .statistics = -1};
    u.source.tables[0].column_count = 6;
    u.source.orders[1].default_expr = "7";
    u.source.users[1].type = "text";
    u.source.users[0].not_null = false;
    u.source.tables[1].column_count = 2;
    expect(&u,
           "1 DROP VIEW IF EXISTS public.emails CASCADE;\n"
           "1 ALTER TABLE \"public\".\"users\" ALTER COLUMN \"id\" DROP NOT NULL;\n"
           "1 ALTER TABLE \"public\".\"users\" ALTER COLUMN \"email\" TYPE text USING "
           "\"email\"::text;\n"
           "1 ALTER TABLE \"public\".\"users\" ADD COLUMN \"new\" text;\n"
           "1 ALTER TABLE \"public\".\"orders\" ALTER COLUMN \"user \"\"id\"\"\" SET DEFAULT 7;\n"
           "3 ALTER TABLE \"public\".\"users\" ALTER COLUMN \"new\" SET NOT NULL;\n"
           "5 ? CREATE OR REPLACE VIEW public.emails AS SELECT email FROM users;\n",
           "");
    begin(&u);
    u.source.tables[0].column_count = 4;
    u.source.users[3].type = "integer";
    expect(&u, "5 ? CREATE OR REPLACE VIEW public.emails AS SELECT email FROM users;\n",
           "1 DROP VIEW IF EXISTS public.emails CASCADE;\n"
           "1 ALTER TABLE \"public\".\"users\" DROP COLUMN IF EXISTS \"slug\" CASCADE;\n"
           "1 ALTER TABLE \"public\".\"users\" ALTER COLUMN \"price\" TYPE integer USING "
           "\"price\"::integer;\n");
}

TEST(a_renamed_column_keeps_its_place)
{
    struct update u;
    begin(&u);
    u.source.users[3].name = "cost";
    u.source.users[3].comment = NULL;
    expect(&u, "", "1 ALTER TABLE \"public\".\"users\" RENAME COLUMN \"price\" TO \"cost\";\n");
}

TEST(enum_values_stand_where_they_should)
{
    struct update u;
    begin(&u);
    u.source.labels[0] = "first";
    u.source.labels[1] = "new";
    u.source.labels[2] = "mid";
    u.source.labels[3] = "it's paid";
    u.source.type.label_count = 4;
    expect(&u,
           "1 ALTER TYPE \"public\".\"status\" ADD VALUE 'first' BEFORE 'new';\n"
           "1 ALTER TYPE \"public\".\"status\" ADD VALUE 'mid' AFTER 'new';\n",
           "");
    begin(&u);
    u.source.labels[1] = "settled";
    expect(&u, "1 ALTER TYPE \"public\".\"status\" RENAME VALUE 'it''s paid' TO 'settled';\n", "");
}

TEST(new_tables_are_whole_and_named)
{
    struct update u;
    begin(&u);
    u.target.model.table_count = 1;
    compare(&u, &engine_postgres);
    assert_int_equal(u.new_tables.count, 1);
    assert_string_equal(u.new_tables.items[0], "orders");
    expect_plan(&u.additions,
                "1 CREATE TABLE \"public\".\"orders\" (\n"
                "    \"id\" bigint GENERATED ALWAYS AS IDENTITY NOT NULL,\n"
                "    \"user \"\"id\"\"\" integer\n"
                ");\n"
                "3 ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_pkey\" PRIMARY KEY "
                "(id);\n"
                "4 ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_user_fkey\" FOREIGN "
                "KEY (\"user \"\"id\"\"\") REFERENCES users(id) ON DELETE CASCADE DEFERRABLE;\n");
    expect_plan(&u.removals, "");
    strlist_release(&u.new_tables);
    begin(&u);
    u.source.model.table_count = 1;
    expect(&u, "", "1 DROP TABLE IF EXISTS \"public\".\"orders\" CASCADE;\n");
}

TEST(changed_keys_bring_their_foreign_keys_back)
{
    struct update u;
    begin(&u);
    u.source.users_constraints[0].definition = "PRIMARY KEY (id, email)";
    expect(&u,
           "3 ? ALTER TABLE \"public\".\"users\" DROP CONSTRAINT IF EXISTS \"users_pkey\";\n"
           "3 ? ALTER TABLE \"public\".\"users\" ADD CONSTRAINT \"users_pkey\" PRIMARY KEY (id, "
           "email);\n"
           "4 ALTER TABLE \"public\".\"orders\" DROP CONSTRAINT IF EXISTS \"orders_user_fkey\";\n"
           "4 ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_user_fkey\" FOREIGN KEY "
           "(\"user \"\"id\"\"\") REFERENCES users(id) ON DELETE CASCADE DEFERRABLE;\n",
           "1 ALTER TABLE \"public\".\"users\" DROP CONSTRAINT IF EXISTS \"users_pkey\" "
           "CASCADE;\n");
}

TEST(indexes_are_replaced_added_and_dropped)
{
    struct update u;
    begin(&u);
    u.source.users_indexes[2].definition =
        "CREATE INDEX users_lower ON public.users USING hash (x)";
    u.source.users_indexes[3].name = "users_new";
    expect(&u,
           "3 DROP INDEX IF EXISTS \"public\".\"users_lower\";\n"
           "3 CREATE INDEX \"users_lower\" ON \"public\".\"users\" USING hash (x);\n"
           "3 CREATE INDEX \"users_new\" ON \"public\".\"users\" USING btree (state DESC) WHERE "
           "(id > 5);\n",
           "1 DROP INDEX IF EXISTS \"public\".\"users_state\";\n");
}

TEST(other_versions_print_otherwise)
{
    struct update u;
    begin(&u);
    u.target.model.version = 180000;
    u.target.objects[0].definition = "CREATE VIEW public.emails AS SELECT users.email FROM users";
    u.target.users_constraints[1].definition = "CHECK (email ~~ ('%@%')::text)";
    u.target.users[2].default_expr = "'new'::public.status";
    expect(&u, "", "");
    begin(&u);
    u.target.model.version = 180000;
    u.target.objects[0].definition = "CREATE VIEW public.emails AS SELECT users.state FROM users";
    expect(&u, "5 ? CREATE OR REPLACE VIEW public.emails AS SELECT email FROM users;\n", "");
}

/* The target is what dbr makes of the source on CockroachDB, as its catalog tells of it. */
static void begin_twin(struct update *u)
{
    begin(u);
    u->target.model.engine = ENGINE_COCKROACH;
    u->target.users[3].type = "numeric(19,2)";
    u->target.users[4].generated_expr = "lower(email)";
    u->target.users[2].default_expr = "'new'::public.status";
    u->target.users_constraints[1].check_expr = "(email LIKE '%@%'::STRING)";
    u->target.orders[0].identity = 0;
    u->target.orders[0].default_expr = "nextval('orders_id_seq')";
    u->target.lower_part[0].expression = "(lower(email))";
    u->target.users_indexes[3].predicate = "id > 5";
    /* Its unique constraint is an index. */
    u->target.tables[0].constraint_count = 2;
    u->target.model.object_count = 0;
}

static void expect_on_cockroach(struct update *u, const char *additions, const char *removals)
{
    compare(u, &engine_cockroach);
    expect_plan(&u->additions, additions);
    expect_plan(&u->removals, removals);
    strlist_release(&u->new_tables);
}

TEST(a_twin_of_another_engine_is_followed_by_its_structure)
{
    struct update u;
    begin_twin(&u);
    compare(&u, &engine_cockroach);
    expect_plan(&u.additions, "");
    expect_plan(&u.removals, "");
    u.source.users[5] = (struct model_column){.name = "new", .type = "integer", .statistics = -1};
    u.source.tables[0].column_count = 6;
    compare(&u, &engine_cockroach);
    expect_plan(&u.additions, "1 ALTER TABLE \"public\".\"users\" ADD COLUMN \"new\" INT4;\n");
    expect_plan(&u.removals, "");
    strlist_release(&u.new_tables);
}

TEST(what_a_twin_has_by_design_is_no_difference)
{
    struct update u;
    struct model_constraint checks[3];
    struct model_type domain = {
        .name = "status", .kind = TYPE_DOMAIN, .base = "text", .not_null = true, .check_count = 1};
    struct model_constraint check = {.name = "known"};
    begin_twin(&u);
    /* The check of a domain, a default that gives NULL, one that is not carried. */
    domain.checks = &check;
    u.source.type = domain;
    u.source.users[2].default_expr = NULL;
    u.target.model.type_count = 0;
    u.target.users[2] = u.source.users[2];
    u.target.users[2].type = "text";
    u.target.users[2].type_name = "text";
    u.target.users[2].not_null = true;
    checks[0] = u.target.users_constraints[0];
    checks[1] = u.target.users_constraints[1];
    checks[2] = (struct model_constraint){.name = "state_known", .type = 'c', .enforced = true};
    u.target.tables[0].constraints = checks;
    u.target.tables[0].constraint_count = 3;
    u.source.users[1].default_expr = "NULL::character varying";
    u.source.users[3].default_expr = "my_function()";
    expect_on_cockroach(&u, "", "");
}

TEST(a_twin_follows_what_means_something_else)
{
    struct update u;
    begin_twin(&u);
    u.source.users[2].default_expr = "'it''s paid'::status";
    u.source.users_constraints[1].check_expr = "((email)::text ~~ '%.%'::text)";
    u.source.users_indexes[3].predicate = "(id > 6)";
    u.source.orders_constraints[1].on_delete = 'n';
    expect_on_cockroach(
        &u,
        "1 ALTER TABLE \"public\".\"users\" ALTER COLUMN \"state\" SET DEFAULT 'it''s "
        "paid'::\"public\".\"status\";\n"
        "1 ALTER TABLE \"public\".\"users\" DROP CONSTRAINT IF EXISTS \"users_email_check\";\n"
        "1 ALTER TABLE \"public\".\"orders\" DROP CONSTRAINT IF EXISTS \"orders_user_fkey\";\n"
        "3 ALTER TABLE \"public\".\"users\" ADD CONSTRAINT \"users_email_check\" CHECK "
        "(((email)::STRING LIKE '%.%'::STRING));\n"
        "3 DROP INDEX IF EXISTS \"public\".\"users\"@\"users_state\";\n"
        "3 CREATE INDEX \"users_state\" ON \"public\".\"users\" (\"state\" DESC) WHERE (id > "
        "6);\n"
        "4 ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_user_fkey\" FOREIGN KEY "
        "(\"user \"\"id\"\"\") REFERENCES \"public\".\"users\" (\"id\") ON DELETE SET NULL;\n",
        "");
}

/* CockroachDB keeps the rows by it; a table that has none has a hidden column for that. */
TEST(a_primary_key_takes_the_place_of_another)
{
    struct update u;
    size_t hidden = 5;
    begin_twin(&u);
    u.source.users_constraints[0].columns = u.source.second;
    expect_on_cockroach(
        &u,
        "1 ALTER TABLE \"public\".\"orders\" DROP CONSTRAINT IF EXISTS \"orders_user_fkey\";\n"
        "3 ? ALTER TABLE \"public\".\"users\" DROP CONSTRAINT \"users_pkey\", ADD CONSTRAINT "
        "\"users_pkey\" PRIMARY KEY (\"email\");\n"
        "4 ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_user_fkey\" FOREIGN KEY "
        "(\"user \"\"id\"\"\") REFERENCES \"public\".\"users\" (\"id\") ON DELETE CASCADE;\n",
        "");
    begin_twin(&u);
    u.target.users[5] = (struct model_column){
        .name = "rowid", .type = "bigint", .type_name = "int8", .not_null = true, .hidden = true};
    u.target.tables[0].column_count = 6;
    u.target.users_constraints[0].columns = &hidden;
    u.source.orders_constraints[1].type = 'u';
    u.source.tables[1].constraint_count = u.target.tables[1].constraint_count = 1;
    expect_on_cockroach(&u,
                        "3 ALTER TABLE \"public\".\"users\" ADD CONSTRAINT \"users_pkey\" "
                        "PRIMARY KEY (\"id\");\n",
                        "");
}

TEST(what_is_generated_and_counted_follows)
{
    struct update u;
    begin_twin(&u);
    u.source.users[4].generated = 0;
    u.source.users[4].generated_expr = NULL;
    expect_on_cockroach(
        &u, "1 ALTER TABLE \"public\".\"users\" ALTER COLUMN \"slug\" DROP STORED;\n", "");
    begin_twin(&u);
    u.source.users[4].not_null = true;
    u.target.users[4].generated = 0;
    u.target.users[4].generated_expr = NULL;
    expect_on_cockroach(&u, "", "");
    begin_twin(&u);
    u.target.sequence.cache = 1;
    u.target.sequence.type = "bigint";
    expect_on_cockroach(&u, "", "");
    u.source.sequence.increment = 5;
    expect_on_cockroach(&u,
                        "1 ALTER SEQUENCE \"public\".\"users_id_seq\" INCREMENT BY 5 MINVALUE 1 "
                        "MAXVALUE 2147483647;\n",
                        "");
}

/* The other way: nothing of PostgreSQL goes because CockroachDB cannot have it. */
TEST(a_source_on_cockroach_takes_nothing_away)
{
    struct update u;
    struct model_type types[2];
    struct model_constraint constraints[4];
    begin_twin(&u);
    struct update other = u;
    shop_open(&u.source);
    begin_twin(&other);
    types[0] = other.source.type;
    types[1] = (struct model_type){.name = "few", .kind = TYPE_DOMAIN, .base = "integer"};
    other.source.model.types = types;
    other.source.model.type_count = 2;
    memcpy(constraints, other.source.users_constraints, sizeof constraints);
    constraints[3] = (struct model_constraint){.name = "odd",
                                               .type = 'c',
                                               .enforced = true,
                                               .validated = true,
                                               .definition = "CHECK (my_function(id))",
                                               .check_expr = "my_function(id)"};
    other.source.tables[0].constraints = constraints;
    other.source.tables[0].constraint_count = 4;
    other.source.users[1].default_expr = "my_function()";
    other.source.model.object_count = 0;
    plan_update(&other.target.model, &other.source.model, &engine_postgres, &u.additions,
                &u.removals, &u.new_tables);
    expect_plan(&u.additions, "");
    expect_plan(&u.removals, "");
    strlist_release(&u.new_tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_schemas_need_nothing),
        cmocka_unit_test(columns_come_and_go),
        cmocka_unit_test(a_renamed_column_keeps_its_place),
        cmocka_unit_test(enum_values_stand_where_they_should),
        cmocka_unit_test(new_tables_are_whole_and_named),
        cmocka_unit_test(changed_keys_bring_their_foreign_keys_back),
        cmocka_unit_test(indexes_are_replaced_added_and_dropped),
        cmocka_unit_test(other_versions_print_otherwise),
        cmocka_unit_test(a_twin_of_another_engine_is_followed_by_its_structure),
        cmocka_unit_test(what_a_twin_has_by_design_is_no_difference),
        cmocka_unit_test(a_twin_follows_what_means_something_else),
        cmocka_unit_test(a_primary_key_takes_the_place_of_another),
        cmocka_unit_test(what_is_generated_and_counted_follows),
        cmocka_unit_test(a_source_on_cockroach_takes_nothing_away),
    };
    return cmocka_run_group_tests_name("schema diff", tests, NULL, NULL);
}
