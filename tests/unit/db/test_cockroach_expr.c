/* PostgreSQL's expressions, as its server prints them, on CockroachDB; and those that are left out
 * whole. */
#include "db/cockroach_ddl.h"
#include "unit.h"

static struct model_type types[] = {{.name = "order_status", .kind = TYPE_ENUM},
                                    {.name = "positive", .kind = TYPE_DOMAIN, .base = "integer"},
                                    {.name = "short", .kind = TYPE_DOMAIN, .base = "text"}};
static struct model_column columns[] = {
    {.name = "id", .type = "integer"},
    {.name = "name", .type = "text"},
    {.name = "valid_in", .type = "tstzrange"},
    {.name = "nick", .type = "citext"},
    {.name = "full", .type = "text", .generated = 's'},
    {.name = "price", .type = "numeric(10,2)"},
    {.name = "status", .type = "order_status"},
    {.name = "ratio", .type = "double precision"},
    {.name = "code", .type = "character(5)"},
    {.name = "data", .type = "jsonb"},
    {.name = "tags", .type = "text[]"},
    {.name = "born", .type = "date"},
    {.name = "at", .type = "timestamp without time zone"},
    {.name = "raw", .type = "bytea"},
    {.name = "ip", .type = "inet"},
    {.name = "words", .type = "tsvector"},
    {.name = "wait", .type = "interval"},
    {.name = "ordered", .type = "text", .collation = "\"C\""},
    {.name = "grid", .type = "integer[]", .dimensions = 2},
    {.name = "count", .type = "positive"},
    {.name = "label", .type = "short"},
    {.name = "flags", .type = "bit(8)"},
};
static struct model_table table = {
    .name = "t", .columns = columns, .column_count = sizeof columns / sizeof *columns};
static struct model_sequence sequences[] = {{.name = "t_id_seq"}, {.name = "Odd"}};
static const struct model model = {.schema = "public",
                                   .engine = ENGINE_POSTGRES,
                                   .types = types,
                                   .type_count = 3,
                                   .sequences = sequences,
                                   .sequence_count = 2,
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
    becomes("EXTRACT(epoch FROM now())", "EXTRACT(epoch FROM now())::DECIMAL");
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
    becomes("(id / 2)", "(id // 2)");
    becomes("((length(name) / 2))::numeric", "((length(name) // 2))::DECIMAL");
    becomes("(((id / 2))::numeric * price)", "(((id // 2))::DECIMAL * price)");
    becomes("(count / 2)", "(count // 2)");
    check((struct cockroach_expr){.table = NULL}, "(10 / 3)", "(10 // 3)");
    becomes("(ratio / (2)::double precision)", "(ratio / (2)::FLOAT8)");
    becomes("((born - '2020-01-01'::date) / 7)", "((born - '2020-01-01'::DATE) // 7)");
    becomes("(CASE WHEN (id > 0) THEN id ELSE 0 END / 2)",
            "(CASE WHEN (id > 0) THEN id ELSE 0 END // 2)");
    becomes("(CASE WHEN (id > 0) THEN CASE id WHEN 1 THEN 2 ELSE 3 END END / id)",
            "(CASE WHEN (id > 0) THEN CASE id WHEN 1 THEN 2 ELSE 3 END END // id)");
    refused("((CASE WHEN (id > 0) THEN name ELSE 'x'::text END > 'a'::text))");
    becomes("(COALESCE(id, 0) / 2)", "(COALESCE(id, 0) // 2)");
    becomes("((id)::numeric / (2)::numeric)", "((id)::DECIMAL / (2)::DECIMAL)");
    becomes("(price / (2)::numeric)", "(price / (2)::DECIMAL)");
}

TEST(operators_depend_on_types)
{
    refused("(name || id)");
    becomes("(name || (id)::text)", "(name || (id)::STRING)");
    becomes("(name || '-'::text)", "(name || '-'::STRING)");
    becomes("(tags || 'x'::text)", "(tags || 'x'::STRING)");
    refused("(words || words)");
    refused("(id << 1)");
    becomes("(id & 7)", "(id & 7)");
    becomes("(flags # B'11110000'::\"bit\")", "(flags # B'11110000'::VARBIT)");
    becomes("(ip << '10.0.0.0/8'::inet)", "(ip << '10.0.0.0/8'::INET)");
    becomes("(data @> '{\"a\": 1}'::jsonb)", "(data @> '{\"a\": 1}'::JSONB)");
    becomes("(data ? 'a'::text)", "(data ? 'a'::STRING)");
    refused("(data @@ '$.a'::jsonpath)");
    refused("(data @? '$.a'::jsonpath)");
    refused("(data > '1'::jsonb)");
    becomes("(data -> 'a'::text)", "(data -> 'a'::STRING)");
    refused("(code ~~ 'a%'::text)");
    becomes("((code)::text ~~ 'a%'::text)", "((code)::STRING LIKE 'a%'::STRING)");
    refused("(raw ~~ 'a%'::bytea)");
    becomes("(code = 'ab   '::bpchar)", "(code = 'ab'::STRING)");
    refused("(code = (name)::bpchar)");
    becomes("(- id)", "(- id)");
    becomes("(~ id)", "(~ id)");
    becomes("(id > '-1'::integer)", "(id > '-1'::INT4)");
    becomes("(id = ANY (ARRAY[1, 2]))", "(id = ANY (ARRAY[1, 2]))");
    becomes("(valid_in IS NOT NULL)", "(valid_in IS NOT NULL)");
    refused("(grid[1][1] > 0)");
    refused("(tags[1:2] = tags)");
    refused("(data['a'::text] = '1'::jsonb)");
    becomes("(tags[1] <> ''::text)", "(tags[1] <> ''::STRING)");
    becomes("(label <> ''::text)", "(label <> ''::STRING)");
}

TEST(order_of_texts_is_theirs)
{
    refused("(name > 'a'::text)");
    refused("((status)::text < 'a'::text)");
    refused("GREATEST(name, 'a'::text)");
    becomes("(ordered > 'a'::text)", "(ordered > 'a'::STRING)");
    becomes("(status > 'pending'::order_status)",
            "(status > 'pending'::\"public\".\"order_status\")");
    becomes("GREATEST(id, 1)", "GREATEST(id, 1)");
}

TEST(patterns_are_read_alike_or_refused)
{
    becomes("(name ~ '^[A-Za-z0-9._%-]+@[a-z]{2,}$'::text)",
            "(name ~ '^[A-Za-z0-9._%-]+@[a-z]{2,}$'::STRING)");
    becomes("(name ~* '^a.c\\d(?:x|y)$'::text)", "(name ~* '(?s)^a.c\\d(?:x|y)$'::STRING)");
    becomes("(name !~ 'it''s'::text)", "(name !~ 'it''s'::STRING)");
    refused("(name ~ '^\\w+$'::text)");
    refused("(name ~ '\\mword\\M'::text)");
    refused("(name ~ '\\yword'::text)");
    refused("(name ~ '(a)\\1'::text)");
    refused("(name ~ '^(?=.*x)'::text)");
    refused("(name ~ '^(?!x)'::text)");
    refused("(name ~ '(?i)x'::text)");
    refused("(name ~ '***=x'::text)");
    refused("(name ~ '[[:alpha:]]'::text)");
    refused("(name ~ '[[:<:]]x'::text)");
    refused("(name ~ 'a\\'::text)");
    refused("(name ~ '[a'::text)");
    refused("(name ~ 'a{,2}'::text)");
    refused("(name ~ name)");
    refused("(name ~ similar_to_escape('a%'::text))");
    becomes("(name ~ '[]a.]'::text)", "(name ~ '[]a.]'::STRING)");
}

TEST(casts_that_differ)
{
    refused("(name)::integer");
    refused("(name)::date");
    refused("(name)::interval");
    refused("(ratio)::text");
    refused("(data)::text");
    refused("(born)::text");
    refused("(raw)::text");
    refused("(id)::bit(8)");
    becomes("(price)::integer", "(price)::INT4");
    becomes("(ratio)::integer", "(ratio)::INT4");
    becomes("((data ->> 'a'::text))::numeric", "((data ->> 'a'::STRING))::DECIMAL");
    becomes("((data ->> 'a'::text))::boolean", "((data ->> 'a'::STRING))::BOOL");
    becomes("(at)::date", "(at)::DATE");
    becomes("to_tsvector('english'::regconfig, name)", "to_tsvector('english'::STRING, name)");
}

TEST(functions_that_differ)
{
    becomes("btrim(name)", "btrim(name, ' ')");
    becomes("btrim(name, 'x'::text)", "btrim(name, 'x'::STRING)");
    becomes("TRIM(BOTH FROM name)", "TRIM(BOTH ' ' FROM name)");
    becomes("TRIM(LEADING 'x'::text FROM name)", "TRIM(LEADING 'x'::STRING FROM name)");
    becomes("SUBSTRING(name FROM 1 FOR 3)", "SUBSTRING(name FROM 1 FOR 3)");
    becomes("substr(name, 1, 3)", "substr(name, 1, 3)");
    refused("SUBSTRING(name FROM 'a+'::text)");
    refused("\"substring\"(name, 'a+'::text)");
    refused("octet_length(code)");
    becomes("octet_length(name)", "octet_length(name)");
    becomes("length(raw)", "length(raw)");
    refused("length(words)");
    becomes("encode(raw, 'hex'::text)", "encode(raw, 'hex'::STRING)");
    refused("encode(raw, 'base64'::text)");
    becomes("split_part(name, '@'::text, 2)", "split_part(name, '@'::STRING, 2)");
    refused("split_part(name, '@'::text, '-1'::integer)");
    becomes("(now() AT TIME ZONE 'utc'::text)", "(now() AT TIME ZONE 'utc'::STRING)");
    becomes("timezone('utc'::text, now())", "timezone('utc'::STRING, now())");
    refused("timezone('UTC+3'::text, now())");
    refused("(now() AT TIME ZONE 'UTC+3'::text)");
    refused("(now() AT TIME ZONE name)");
    refused("EXTRACT(julian FROM born)");
    becomes("(EXTRACT(year FROM born) / (2)::numeric)",
            "(EXTRACT(year FROM born)::DECIMAL / (2)::DECIMAL)");
    refused("to_char(born, 'YYYY'::text)");
    refused("initcap(name)");
    refused("regexp_replace(name, 'a'::text, 'b'::text)");
    refused("to_hex(id)");
    refused("array_to_string(tags, ','::text)");
    refused("concat(name, ratio)");
    becomes("concat(name, id)", "concat(name, id)");
    refused("(born AT LOCAL)");
    refused("t.*");
    becomes("date_trunc('month'::text, (born)::timestamp with time zone)",
            "date_trunc('month'::STRING, (born)::TIMESTAMPTZ)");
    becomes("(wait * (2)::double precision)", "(wait * (2)::FLOAT8)");
}

TEST(a_check_holds_for_good)
{
    struct cockroach_expr context = {.table = &table, .check = true};
    check(context, "(at < now())", NULL);
    check(context, "(born <= CURRENT_DATE)", NULL);
    check(context, "(born >= '2000-01-01'::date)", "(born >= '2000-01-01'::DATE)");
    becomes("(at < now())", "(at < now())");
}

TEST(defaults_of_other_types)
{
    struct cockroach_expr context = {.table = NULL};
    check(context, "'$1,234.50'::money", "'1234.50'::DECIMAL(19,2)");
    check(context, "'1,50 \xe2\x82\xac'::money", NULL);
    check(context, "'a=>1'::hstore", NULL);
    check(context, "'{{1,2},{3,4}}'::integer[]", NULL);
    check(context, "'[0:1]={1,2}'::integer[]", NULL);
    check(context, "ARRAY[ARRAY[1, 2], ARRAY[3, 4]]", NULL);
    check(context, "ARRAY['a'::text, 'b'::text]", "ARRAY['a'::STRING, 'b'::STRING]");
    check(context, "nextval('t_id_seq'::regclass)", "nextval('\"public\".\"t_id_seq\"'::REGCLASS)");
    check(context, "nextval('\"Odd\"'::regclass)", "nextval('\"public\".\"Odd\"'::REGCLASS)");
    check(context, "nextval('public.t_id_seq'::regclass)",
          "nextval('\"public\".\"t_id_seq\"'::REGCLASS)");
    check(context, "nextval('other.seq'::regclass)", NULL);
    check(context, "'[1,2)'::int4range", "'[1,2)'::STRING");
    check(context, "lower('[1,2)'::int4range)", NULL);
    check(context, "('2020-01-01'::text)::date", NULL);
    check(context, "((EXTRACT(epoch FROM now()) * (1000)::numeric))::bigint",
          "((EXTRACT(epoch FROM now())::DECIMAL * (1000)::DECIMAL))::INT8");
}

TEST(what_may_differ_is_said)
{
    static const char *const loose[] = {
        "lower(name)",      "(price / (3)::numeric)", "(data ->> 'a'::text)",
        "(ratio)::numeric", "(price)::text",          "to_tsvector('english'::regconfig, name)",
        "sqrt(ratio)"};
    static const char *const exact[] = {"(id / 2)", "(price * (3)::numeric)", "round(price, 1)",
                                        "(name || '-'::text)", "btrim(name)"};
    struct buf sql = BUF_INIT;
    for (size_t i = 0; i < sizeof loose / sizeof *loose + sizeof exact / sizeof *exact; i++) {
        size_t exactly = sizeof loose / sizeof *loose;
        struct cockroach_expr context = {
            .model = &model, .version = 250400, .table = &table, .why = BUF_INIT};
        assert_true(
            cockroach_expression(&sql, &context, i < exactly ? loose[i] : exact[i - exactly]));
        assert_int_equal(context.loose != NULL, i < exactly);
        buf_release(&context.why);
    }
    buf_release(&sql);
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
        cmocka_unit_test(operators_depend_on_types),
        cmocka_unit_test(order_of_texts_is_theirs),
        cmocka_unit_test(patterns_are_read_alike_or_refused),
        cmocka_unit_test(casts_that_differ),
        cmocka_unit_test(functions_that_differ),
        cmocka_unit_test(a_check_holds_for_good),
        cmocka_unit_test(defaults_of_other_types),
        cmocka_unit_test(what_may_differ_is_said),
        cmocka_unit_test(a_default_may_name_anything),
        cmocka_unit_test(value_is_the_column),
    };
    return cmocka_run_group_tests_name("cockroach expressions", tests, NULL, NULL);
}
