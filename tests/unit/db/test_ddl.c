/* The DDL of one small schema on both engines, word for word, and what each says of what it
 * changes. */
#include "../shop.h"
#include "../unit.h"
#include "db/engine.h"
#include "db/engine_ddl.h"

static char *text(const struct ddl *ddl)
{
    struct buf all = BUF_INIT;
    for (size_t i = 0; i < ddl->statement_count; i++)
        buf_addf(&all, "%s;\n", ddl->statements[i].sql);
    for (size_t i = 0; i < ddl->note_count; i++)
        buf_addf(&all, "-- %s %s: %s\n", ddl->notes[i].substituted ? "~" : "-",
                 ddl->notes[i].object, ddl->notes[i].text);
    return buf_detach(&all);
}

static void expect(struct ddl *ddl, const char *expected)
{
    char *written = text(ddl);
    assert_string_equal(written, expected);
    free(written);
    ddl_release(ddl);
}

TEST(postgres_tables)
{
    struct shop shop;
    struct ddl ddl;
    ddl_init(&ddl, shop_open(&shop), &engine_postgres, 150000);
    postgres_ddl.type(&ddl, &shop.type);
    postgres_ddl.sequence(&ddl, &shop.sequence);
    postgres_ddl.table(&ddl, &shop.tables[0]);
    postgres_ddl.table(&ddl, &shop.tables[1]);
    postgres_ddl.sequence_owner(&ddl, &shop.sequence);
    expect(&ddl,
           "CREATE TYPE \"public\".\"status\" AS ENUM ('new', 'it''s paid');\n"
           "CREATE SEQUENCE \"public\".\"users_id_seq\" AS integer INCREMENT BY 1 MINVALUE 1 "
           "MAXVALUE 2147483647 START WITH 1;\n"
           "CREATE TABLE \"public\".\"users\" (\n"
           "    \"id\" integer DEFAULT nextval('users_id_seq'::regclass) NOT NULL,\n"
           "    \"email\" character varying(255) NOT NULL,\n"
           "    \"state\" status DEFAULT 'new'::status,\n"
           "    \"price\" money,\n"
           "    \"slug\" text GENERATED ALWAYS AS (lower((email)::text)) STORED,\n"
           "    CONSTRAINT \"users_email_check\" CHECK ((email ~~ '%@%'::text))\n"
           ");\n"
           "CREATE TABLE \"public\".\"orders\" (\n"
           "    \"id\" bigint GENERATED ALWAYS AS IDENTITY NOT NULL,\n"
           "    \"user \"\"id\"\"\" integer\n"
           ");\n"
           "ALTER SEQUENCE \"public\".\"users_id_seq\" OWNED BY \"public\".\"users\".\"id\";\n");
}

TEST(postgres_keys)
{
    struct shop shop;
    struct ddl ddl;
    ddl_init(&ddl, shop_open(&shop), &engine_postgres, 150000);
    postgres_ddl.keys(&ddl, &shop.tables[0]);
    postgres_ddl.foreign_keys(&ddl, &shop.tables[1]);
    postgres_ddl.comments(&ddl);
    expect(&ddl,
           "ALTER TABLE \"public\".\"users\" ADD CONSTRAINT \"users_pkey\" PRIMARY KEY (id);\n"
           "ALTER TABLE \"public\".\"users\" ADD CONSTRAINT \"users_email_key\" UNIQUE (email) "
           "DEFERRABLE;\n"
           "CREATE INDEX \"users_lower\" ON \"public\".\"users\" USING btree "
           "(lower((email)::text));\n"
           "CREATE INDEX \"users_state\" ON \"public\".\"users\" USING btree (state DESC) WHERE "
           "(id > 5);\n"
           "ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_user_fkey\" FOREIGN KEY "
           "(\"user \"\"id\"\"\") REFERENCES users(id) ON DELETE CASCADE DEFERRABLE;\n"
           "COMMENT ON TABLE \"public\".\"users\" IS 'people';\n"
           "COMMENT ON COLUMN \"public\".\"users\".\"price\" IS 'it''s dear';\n");
}

TEST(postgres_how_tables_are_stored)
{
    struct shop shop;
    struct ddl ddl;
    ddl_init(&ddl, shop_open(&shop), &engine_postgres, 150000);
    shop.sequence.unlogged = true;
    shop.tables[1].access_method = "Columns";
    shop.tables[1].options = "fillfactor='70'";
    postgres_ddl.sequence(&ddl, &shop.sequence);
    postgres_ddl.table(&ddl, &shop.tables[1]);
    assert_true(ddl.statements[2].optional);
    expect(&ddl, "CREATE UNLOGGED SEQUENCE \"public\".\"users_id_seq\" AS integer INCREMENT BY 1 "
                 "MINVALUE 1 MAXVALUE 2147483647 START WITH 1;\n"
                 "CREATE TABLE \"public\".\"orders\" (\n"
                 "    \"id\" bigint GENERATED ALWAYS AS IDENTITY NOT NULL,\n"
                 "    \"user \"\"id\"\"\" integer\n"
                 ") WITH (fillfactor='70');\n"
                 "ALTER TABLE ONLY \"public\".\"orders\" SET ACCESS METHOD \"Columns\";\n");
    ddl_init(&ddl, &shop.model, &engine_postgres, 140000);
    shop.tables[1].options = NULL;
    postgres_ddl.sequence(&ddl, &shop.sequence);
    postgres_ddl.table(&ddl, &shop.tables[1]);
    expect(&ddl,
           "CREATE SEQUENCE \"public\".\"users_id_seq\" AS integer INCREMENT BY 1 MINVALUE 1 "
           "MAXVALUE 2147483647 START WITH 1;\n"
           "CREATE TABLE \"public\".\"orders\" (\n"
           "    \"id\" bigint GENERATED ALWAYS AS IDENTITY NOT NULL,\n"
           "    \"user \"\"id\"\"\" integer\n"
           ");\n"
           "-- ~ access method of table orders: Columns is left out before PostgreSQL 15: the "
           "table is a heap\n");
}

TEST(postgres_trigger_of_a_partition)
{
    struct shop shop;
    struct ddl ddl;
    struct model_object *above = &shop.objects[0], *own = &shop.objects[1];
    ddl_init(&ddl, shop_open(&shop), &engine_postgres, 150000);
    shop.model.object_count = 2;
    shop.tables[1].partition = true;
    shop.tables[1].parent = "users";
    *above = (struct model_object){.kind = OBJECT_TRIGGER,
                                   .word = "trigger",
                                   .name = "T on users",
                                   .plain = "T",
                                   .table = "users",
                                   .definition = "CREATE TRIGGER \"T\"",
                                   .on_table = true,
                                   .trigger_state = 'O'};
    *own = (struct model_object){.kind = OBJECT_TRIGGER_STATE,
                                 .word = "state of trigger",
                                 .name = "T on orders",
                                 .plain = "T",
                                 .table = "orders"};
    static const char states[] = "DARO";
    for (const char *s = states; *s; s++) {
        own->trigger_state = *s;
        postgres_ddl.object(&ddl, own);
    }
    above->trigger_state = 'D';
    postgres_ddl.object(&ddl, own);
    above->plain = "another";
    postgres_ddl.object(&ddl, own);
    cockroach_ddl.object(&ddl, own);
    expect(&ddl, "ALTER TABLE ONLY \"public\".\"orders\" DISABLE TRIGGER \"T\";\n"
                 "ALTER TABLE ONLY \"public\".\"orders\" ENABLE ALWAYS TRIGGER \"T\";\n"
                 "ALTER TABLE ONLY \"public\".\"orders\" ENABLE REPLICA TRIGGER \"T\";\n"
                 "ALTER TABLE ONLY \"public\".\"orders\" ENABLE TRIGGER \"T\";\n");
}

TEST(postgres_older_target)
{
    struct shop shop;
    struct ddl ddl;
    ddl_init(&ddl, shop_open(&shop), &engine_postgres, 140000);
    shop.users[4].generated = 'v';
    shop.users_constraints[2].definition = "UNIQUE NULLS NOT DISTINCT (email)";
    shop.users_constraints[1].enforced = false;
    shop.users_constraints[1].definition = "CHECK (false) NOT ENFORCED";
    shop.orders_constraints[1].definition =
        "FOREIGN KEY (a, b) REFERENCES users(id, x) ON DELETE SET NULL (b) DEFERRABLE";
    shop.users_indexes[2].definition = "CREATE UNIQUE INDEX users_lower ON ONLY public.users USING "
                                       "btree (\"a NULLS NOT DISTINCT\") NULLS NOT DISTINCT";
    shop.users_indexes[3].valid = false;
    shop.tables[0].column_count = 5;
    postgres_ddl.table(&ddl, &shop.tables[0]);
    postgres_ddl.keys(&ddl, &shop.tables[0]);
    postgres_ddl.foreign_keys(&ddl, &shop.tables[1]);
    expect(&ddl,
           "CREATE TABLE \"public\".\"users\" (\n"
           "    \"id\" integer DEFAULT nextval('users_id_seq'::regclass) NOT NULL,\n"
           "    \"email\" character varying(255) NOT NULL,\n"
           "    \"state\" status DEFAULT 'new'::status,\n"
           "    \"price\" money,\n"
           "    \"slug\" text GENERATED ALWAYS AS (lower((email)::text)) STORED\n"
           ");\n"
           "ALTER TABLE \"public\".\"users\" ADD CONSTRAINT \"users_pkey\" PRIMARY KEY (id);\n"
           "ALTER TABLE \"public\".\"users\" ADD CONSTRAINT \"users_email_key\" UNIQUE (email);\n"
           "CREATE INDEX \"users_lower\" ON \"public\".\"users\" USING btree (\"a NULLS NOT "
           "DISTINCT\");\n"
           "ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_user_fkey\" FOREIGN KEY (a, "
           "b) REFERENCES users(id, x) ON DELETE SET NULL DEFERRABLE;\n"
           "-- ~ column users.slug: virtual generated column becomes a stored one\n"
           "-- - check users_email_check of table users: NOT ENFORCED needs PostgreSQL 18 on the "
           "target\n"
           "-- ~ constraint users_email_key of table users: NULLS NOT DISTINCT needs PostgreSQL "
           "15: NULLs are distinct\n"
           "-- ~ index users_lower: NULLS NOT DISTINCT needs PostgreSQL 15: NULLs are distinct\n"
           "-- - index users_state: it is invalid on the source\n"
           "-- ~ foreign key orders_user_fkey of table orders: ON DELETE SET NULL for some columns "
           "needs PostgreSQL 15: sets all of them\n");
}

static bool doubtful(struct shop *shop, int version, const char *expr)
{
    struct ddl ddl;
    shop->users[2].default_expr = expr;
    ddl_init(&ddl, &shop->model, &engine_postgres, version);
    bool doubtful = postgres_ddl.default_doubtful(&ddl, &shop->users[2]);
    ddl_release(&ddl);
    return doubtful;
}

TEST(defaults_that_the_target_may_refuse)
{
    struct shop shop;
    shop_open(&shop);
    assert_true(doubtful(&shop, 150000, "ext.g()"));
    assert_true(doubtful(&shop, 150000, "(1 + \"Ext x\".\"g h\"('a('))"));
    assert_false(doubtful(&shop, 150000, "uuidv7()"));
    assert_false(doubtful(&shop, 150000, "public.g()"));
    assert_false(doubtful(&shop, 150000, "'ext.g()'::text"));
    assert_false(doubtful(&shop, 150000, "(1.5 + (2)::numeric(3,1))"));
    shop.model.version = 180000;
    assert_true(doubtful(&shop, 150000, "uuidv7()"));
    assert_false(doubtful(&shop, 180001, "uuidv7()"));
    assert_false(doubtful(&shop, 150000, "nextval('s'::regclass)"));
    assert_false(doubtful(&shop, 150000, "'new'::status"));
    assert_false(doubtful(&shop, 150000, "(0)::numeric(10,2)"));
    assert_false(doubtful(&shop, 150000, NULL));
}

TEST(postgres_from_cockroach)
{
    struct shop shop;
    struct ddl ddl;
    shop_open(&shop)->engine = ENGINE_COCKROACH;
    ddl_init(&ddl, &shop.model, &engine_postgres, 0);
    shop.users[2].default_expr = "'new'::public.status";
    shop.users[0].default_expr = "nextval('public.users_id_seq'::REGCLASS)";
    shop.users[4].generated_expr = "lower(email::STRING)";
    shop.users_constraints[1].check_expr = "(email LIKE '%@%'::STRING)";
    shop.users_constraints[0].definition = "PRIMARY KEY (id ASC)";
    shop.users_indexes[2].definition = "CREATE INDEX users_lower ON db.public.users";
    shop.orders[0].hidden = true;
    postgres_ddl.table(&ddl, &shop.tables[0]);
    postgres_ddl.keys(&ddl, &shop.tables[0]);
    postgres_ddl.keys(&ddl, &shop.tables[1]);
    postgres_ddl.foreign_keys(&ddl, &shop.tables[1]);
    postgres_ddl.object(&ddl, &shop.objects[0]);
    expect(&ddl,
           "CREATE TABLE \"public\".\"users\" (\n"
           "    \"id\" integer DEFAULT nextval('public.users_id_seq'::REGCLASS) NOT NULL,\n"
           "    \"email\" character varying(255) NOT NULL,\n"
           "    \"state\" status DEFAULT 'new'::public.status,\n"
           "    \"price\" money,\n"
           "    \"slug\" text GENERATED ALWAYS AS (lower(email::text)) STORED,\n"
           "    CONSTRAINT \"users_email_check\" CHECK ((email LIKE '%@%'::text))\n"
           ");\n"
           "ALTER TABLE \"public\".\"users\" ADD CONSTRAINT \"users_pkey\" PRIMARY KEY (\"id\");\n"
           "ALTER TABLE \"public\".\"users\" ADD CONSTRAINT \"users_email_key\" UNIQUE "
           "(\"email\");\n"
           "CREATE INDEX \"users_lower\" ON \"public\".\"users\" USING btree "
           "((lower((email)::text)));\n"
           "CREATE INDEX \"users_state\" ON \"public\".\"users\" USING btree (\"state\" DESC) "
           "WHERE (id > 5);\n"
           "ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_user_fkey\" FOREIGN KEY "
           "(\"user \"\"id\"\"\") REFERENCES \"public\".\"users\" (\"id\") ON DELETE CASCADE;\n"
           "-- - view emails: it is written in CockroachDB's dialect; create it by hand\n");
}

/* What only CockroachDB has in expressions: words that are functions there, its SERIAL, functions
 * that may be its own. */
TEST(postgres_from_cockroach_expressions)
{
    struct shop shop;
    struct ddl ddl;
    shop_open(&shop)->engine = ENGINE_COCKROACH;
    ddl_init(&ddl, &shop.model, &engine_postgres, 0);
    shop.users[0].type = "bigint";
    shop.users[0].default_expr = "unique_rowid()";
    shop.users[0].sequence = NULL;
    shop.users[1].default_expr = "e'it\\'s::STRING'::STRING(10)";
    shop.users[2].default_expr = "gen_random_ulid()::STRING";
    shop.users[3].default_expr = "current_timestamp()::TIMESTAMPTZ";
    shop.users[4].generated_expr =
        "coalesce(\"current_date()\"::BYTES, current_date()::VARCHAR(4))";
    shop.users_constraints[1].check_expr = "(email <> 'it''s::STRING')";
    postgres_ddl.table(&ddl, &shop.tables[0]);
    postgres_ddl.defaults_last(&ddl, &shop.tables[0]);
    assert_true(ddl.statements[1].optional);
    expect(&ddl, "CREATE TABLE \"public\".\"users\" (\n"
                 "    \"id\" bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,\n"
                 "    \"email\" character varying(255) DEFAULT "
                 "e'it\\'s::STRING'::varchar(10) NOT NULL,\n"
                 "    \"state\" status,\n"
                 "    \"price\" money DEFAULT current_timestamp::timestamptz,\n"
                 "    \"slug\" text GENERATED ALWAYS AS "
                 "(coalesce(\"current_date()\"::bytea, current_date::VARCHAR(4))) STORED,\n"
                 "    CONSTRAINT \"users_email_check\" CHECK ((email <> 'it''s::STRING'))\n"
                 ");\n"
                 "ALTER TABLE \"public\".\"users\" ALTER COLUMN \"state\" SET DEFAULT "
                 "gen_random_ulid()::text;\n"
                 "-- ~ column users.id: unique_rowid() becomes GENERATED BY DEFAULT AS IDENTITY\n");
}

TEST(cockroach_tables)
{
    struct shop shop;
    struct ddl ddl;
    shop_open(&shop);
    shop.orders[0].sequence = "orders_id_seq";
    ddl_init(&ddl, &shop.model, &engine_cockroach, 0);
    cockroach_ddl.type(&ddl, &shop.type);
    cockroach_ddl.sequence(&ddl, &shop.sequence);
    cockroach_ddl.table(&ddl, &shop.tables[0]);
    cockroach_ddl.table(&ddl, &shop.tables[1]);
    expect(
        &ddl,
        "CREATE TYPE \"public\".\"status\" AS ENUM ('new', 'it''s paid');\n"
        "CREATE SEQUENCE \"public\".\"users_id_seq\" AS INT4 INCREMENT BY 1 MINVALUE 1 "
        "MAXVALUE 2147483647 START WITH 1;\n"
        "CREATE TABLE \"public\".\"users\" (\n"
        "    \"id\" INT4 NOT NULL DEFAULT nextval('\"public\".\"users_id_seq\"'::REGCLASS),\n"
        "    \"email\" VARCHAR(255) NOT NULL,\n"
        "    \"state\" \"public\".\"status\" DEFAULT 'new'::\"public\".\"status\",\n"
        "    \"price\" DECIMAL(19,2),\n"
        "    \"slug\" STRING GENERATED ALWAYS AS (lower((email)::STRING)) STORED,\n"
        "    CONSTRAINT \"users_pkey\" PRIMARY KEY (\"id\"),\n"
        "    CONSTRAINT \"users_email_check\" CHECK ((email LIKE '%@%'::STRING))\n"
        ");\n"
        "CREATE TABLE \"public\".\"orders\" (\n"
        "    \"id\" INT8 NOT NULL DEFAULT nextval('\"public\".\"orders_id_seq\"'::REGCLASS),\n"
        "    \"user \"\"id\"\"\" INT4,\n"
        "    CONSTRAINT \"orders_pkey\" PRIMARY KEY (\"id\")\n"
        ");\n"
        "-- ~ column users.price: money becomes DECIMAL(19,2) (money)\n"
        "-- ~ column users.slug: its values are worked out there and no run compares them: upper "
        "and lower case of letters beyond ASCII may differ\n"
        "-- ~ column orders.id: GENERATED ALWAYS AS IDENTITY becomes a default from its "
        "sequence\n");
}

TEST(cockroach_keys)
{
    struct shop shop;
    struct ddl ddl;
    ddl_init(&ddl, shop_open(&shop), &engine_cockroach, 0);
    cockroach_ddl.keys(&ddl, &shop.tables[0]);
    cockroach_ddl.foreign_keys(&ddl, &shop.tables[1]);
    cockroach_ddl.object(&ddl, &shop.objects[0]);
    expect(&ddl,
           "ALTER TABLE \"public\".\"users\" ADD CONSTRAINT \"users_email_key\" UNIQUE "
           "(\"email\");\n"
           "CREATE INDEX \"users_lower\" ON \"public\".\"users\" ((lower((email)::STRING)));\n"
           "CREATE INDEX \"users_state\" ON \"public\".\"users\" (\"state\" DESC) WHERE (id > "
           "5);\n"
           "ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_user_fkey\" FOREIGN KEY "
           "(\"user \"\"id\"\"\") REFERENCES \"public\".\"users\" (\"id\") ON DELETE CASCADE;\n"
           "-- ~ constraint users_email_key of table users: DEFERRABLE is left out: it is checked "
           "at each statement\n"
           "-- ~ foreign key orders_user_fkey of table orders: DEFERRABLE is left out: it is "
           "checked at each statement\n"
           "-- - view emails: dbr carries tables, types, sequences, keys and indexes to "
           "CockroachDB\n");
}

TEST(cockroach_indexes)
{
    struct shop shop;
    struct ddl ddl;
    ddl_init(&ddl, shop_open(&shop), &engine_cockroach, 0);
    struct model_index *index = &shop.users_indexes[3];
    const char *include[] = {"id", "price", "state"};
    index->include = include;
    index->include_count = 3;
    index->predicate = NULL;
    index->unique = index->nulls_not_distinct = true;
    shop.unique_part[0] = (struct model_index_part){.column = "state", .nulls_first = true};
    cockroach_ddl.index(&ddl, &shop.tables[0], index);
    shop.users[3].type = "jsonb";
    shop.unique_part[0] = (struct model_index_part){.column = "price"};
    index->unique = index->nulls_not_distinct = false;
    index->method = "gin";
    cockroach_ddl.index(&ddl, &shop.tables[0], index);
    shop.unique_part[0] =
        (struct model_index_part){.column = "email", .opclass = "public.gin_trgm_ops"};
    cockroach_ddl.index(&ddl, &shop.tables[0], index);
    index->method = "spgist";
    cockroach_ddl.index(&ddl, &shop.tables[0], index);
    cockroach_ddl.drop_index(&ddl, &shop.tables[0], "old", true);
    expect(&ddl, "CREATE UNIQUE INDEX \"users_state\" ON \"public\".\"users\" (\"state\" ASC NULLS "
                 "FIRST) STORING (\"price\");\n"
                 "CREATE UNIQUE INDEX \"users_state_nulls\" ON \"public\".\"users\" ((\"state\" IS "
                 "NULL)) WHERE \"state\" IS NULL;\n"
                 "CREATE INVERTED INDEX \"users_state\" ON \"public\".\"users\" (\"price\");\n"
                 "CREATE INDEX \"users_state\" ON \"public\".\"users\" USING GIN (\"email\" "
                 "gin_trgm_ops);\n"
                 "DROP INDEX IF EXISTS \"public\".\"users\"@\"old\" CASCADE;\n"
                 "-- ~ index users_state: NULLS NOT DISTINCT becomes a second unique index "
                 "users_state_nulls\n"
                 "-- - index users_state: CockroachDB has no such spgist index\n");
}

TEST(needles_inside_quotes_are_not_found)
{
    const char *sql = "\"a USING b\" ' USING ' USING c";
    assert_ptr_equal(ddl_find(sql, " USING "), sql + 21);
    assert_null(ddl_find("\" USING \"", " USING "));
}

TEST(engines_by_name)
{
    assert_ptr_equal(engine_by_name("postgres"), &engine_postgres);
    assert_ptr_equal(engine_by_name("cockroach"), &engine_cockroach);
    assert_null(engine_by_name("oracle"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(postgres_tables),
        cmocka_unit_test(postgres_keys),
        cmocka_unit_test(postgres_how_tables_are_stored),
        cmocka_unit_test(postgres_trigger_of_a_partition),
        cmocka_unit_test(postgres_older_target),
        cmocka_unit_test(defaults_that_the_target_may_refuse),
        cmocka_unit_test(postgres_from_cockroach),
        cmocka_unit_test(postgres_from_cockroach_expressions),
        cmocka_unit_test(cockroach_tables),
        cmocka_unit_test(cockroach_keys),
        cmocka_unit_test(cockroach_indexes),
        cmocka_unit_test(needles_inside_quotes_are_not_found),
        cmocka_unit_test(engines_by_name),
    };
    return cmocka_run_group_tests_name("ddl", tests, NULL, NULL);
}
