/* PostgreSQL's expressions, as its server prints them, on CockroachDB; and those that are left out
 * whole. */
#include "db/cockroach_ddl.h"
#include "unit.h"

static struct model_type types[] = {{.name = "order_status", .kind = TYPE_ENUM},
                                    {.name = "positive", .kind = TYPE_DOMAIN, .base = "integer"}};
static struct model_column columns[] = {
    {.name = "id", .type = "integer"},
    {.name = "name", .type = "text"},
    {.name = "valid_in", .type = "tstzrange"},
    {.name = "nick", .type = "citext"},
    {.name = "full", .type = "text", .generated = 's'},
    {.name = "price", .type = "numeric(10,2)"},
};
static struct model_table table = {.name = "t", .columns = columns, .column_count = 6};
static const struct model model = {.schema = "public",
                                   .engine = ENGINE_POSTGRES,
                                   .types = types,
                                   .type_count = 2,
                                   .tables = &table,
                                   .table_count = 1};

static void check(struct cockroach_expr context, const char *expr, const char *expected)
{
    struct buf sql = BUF_INIT;
    context.model = &model;
    context.version = 250400;
    context.why = (struct buf)BUF_INIT;
    buf_adds(&sql, "<");
    bool written = cockroach_expression(&sql, &context, expr);
    if (expected) {
        assert_string_equal(sql.data + 1, expected);
        assert_true(written);
    } else {
        assert_string_equal(sql.data, "<");
        assert_false(written);
        assert_true(context.why.len > 0);
    }
    buf_release(&sql);
    buf_release(&context.why);
}

static void becomes(const char *expr, const char *expected)
{
    check((struct cockroach_expr){.table = &table}, expr, expected);
}

static void refused(const char *expr)
{
    becomes(expr, NULL);
}

TEST(casts_get_its_names)
{
    becomes("'x'::character varying", "'x'::VARCHAR");
    becomes("('now'::text)::date", "('now'::STRING)::DATE");
    becomes("'{}'::text[]", "'{}'::STRING[]");
    becomes("'2020'::timestamp(3) without time zone", "'2020'::TIMESTAMP(3)");
    becomes("'pending'::order_status", "'pending'::\"public\".\"order_status\"");
    becomes("3::positive", "3::INT4");
    becomes("(0)::numeric", "(0)::DECIMAL");
    becomes("'101'::\"bit\"", "'101'::VARBIT");
    becomes("ARRAY[]::text[]", "ARRAY[]::STRING[]");
    becomes("(status)::text = ANY ((ARRAY['a'::character varying])::text[])",
            "(status)::STRING = ANY ((ARRAY['a'::VARCHAR])::STRING[])");
}

TEST(like_is_a_word)
{
    becomes("(name ~~ '%@%'::text)", "(name LIKE '%@%'::STRING)");
    becomes("(name !~~ 'a'::text)", "(name NOT LIKE 'a'::STRING)");
    becomes("(name ~~* 'a'::text)", "(name ILIKE 'a'::STRING)");
    becomes("(name !~~* 'a'::text)", "(name NOT ILIKE 'a'::STRING)");
    becomes("(name ~ '^a'::text)", "(name ~ '^a'::STRING)");
}

TEST(strings_and_names_are_left_alone)
{
    becomes("'it''s ~~ ::text'", "'it''s ~~ ::text'");
    becomes("(\"a ~~ b\" = E'\\\\n'::text)", "(\"a ~~ b\" = E'\\\\n'::STRING)");
    becomes("\"VALUE\"", "\"VALUE\"");
}

TEST(collations_go)
{
    becomes("(name COLLATE \"de_DE\")", "(name)");
    becomes("((name COLLATE \"C\") > 'a'::text)", "((name) > 'a'::STRING)");
    becomes("lower((name COLLATE pg_catalog.\"C\"))", "lower((name))");
}

TEST(functions_are_known_or_refused)
{
    becomes("COALESCE(lower(name), 'x'::text)", "COALESCE(lower(name), 'x'::STRING)");
    becomes("public.uuid_generate_v4()", "uuid_generate_v4()");
    becomes("uuidv7()", "gen_random_uuid()");
    becomes("POSITION(('@'::text) IN (name))", "POSITION(('@'::STRING) IN (name))");
    becomes("EXTRACT(epoch FROM now())", "EXTRACT(epoch FROM now())");
    refused("slug_of(name)");
    refused("public.slug_of(name)");
    refused("\"Odd Name\"(name)");
    refused("(name OPERATOR(public.===) 'x'::text)");
    refused("(name ^@ 'x'::text)");
    refused("sha256('x'::bytea)");
}

TEST(columns_of_another_type_take_no_part)
{
    refused("(lower(valid_in) < now())");
    refused("(nick = 'x'::citext)");
    becomes("(price > (0)::numeric)", "(price > (0)::DECIMAL)");
    check((struct cockroach_expr){.table = &table, .no_generated = true}, "lower(\"full\")", NULL);
    becomes("lower(\"full\")", "lower(\"full\")");
}

TEST(integers_divide_otherwise)
{
    refused("(id / 2)");
    becomes("((id)::numeric / (2)::numeric)", "((id)::DECIMAL / (2)::DECIMAL)");
    becomes("(price / (2)::numeric)", "(price / (2)::DECIMAL)");
}

TEST(a_default_may_name_anything)
{
    check((struct cockroach_expr){.table = NULL}, "'x'::citext", "'x'::CITEXT");
}

TEST(value_is_the_column)
{
    struct cockroach_expr context = {.table = &table, .value = "price"};
    check(context, "((VALUE > 0) AND (VALUE < 10))", "((\"price\" > 0) AND (\"price\" < 10))");
    context.value = "valid_in";
    check(context, "(upper(VALUE) > 0)", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(casts_get_its_names),
        cmocka_unit_test(like_is_a_word),
        cmocka_unit_test(strings_and_names_are_left_alone),
        cmocka_unit_test(collations_go),
        cmocka_unit_test(functions_are_known_or_refused),
        cmocka_unit_test(columns_of_another_type_take_no_part),
        cmocka_unit_test(integers_divide_otherwise),
        cmocka_unit_test(a_default_may_name_anything),
        cmocka_unit_test(value_is_the_column),
    };
    return cmocka_run_group_tests_name("cockroach expressions", tests, NULL, NULL);
}
