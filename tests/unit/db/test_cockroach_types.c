/* What types of PostgreSQL become on CockroachDB, and what is said of it. */
#include "db/cockroach_ddl.h"
#include "unit.h"

static struct model_column scalar_parts[] = {{.name = "street", .type = "text", .type_kind = 'b'},
                                             {.name = "no", .type = "integer", .type_kind = 'b'}};
static struct model_column array_parts[] = {
    {.name = "tags", .type = "text[]", .element_name = "text", .type_category = 'A'}};
static struct model_column enum_parts[] = {{.name = "role", .type = "role"}};
static struct model_type types[] = {
    {.name = "role", .kind = TYPE_ENUM},
    {.name = "Mixed Case", .kind = TYPE_ENUM},
    {.name = "positive", .kind = TYPE_DOMAIN, .base = "integer"},
    {.name = "tiny", .kind = TYPE_DOMAIN, .base = "positive"},
    {.name = "labels", .kind = TYPE_DOMAIN, .base = "text[]"},
    {.name = "address", .kind = TYPE_COMPOSITE, .attributes = scalar_parts, .attribute_count = 2},
    {.name = "person", .kind = TYPE_COMPOSITE, .attributes = array_parts, .attribute_count = 1},
    {.name = "gap", .kind = TYPE_RANGE},
    {.name = "member", .kind = TYPE_COMPOSITE, .attributes = enum_parts, .attribute_count = 1},
};
static const struct model model = {.schema = "public", .types = types, .type_count = 9};

static void becomes_in(int version, const char *type, const char *expected, bool noted)
{
    struct buf sql = BUF_INIT;
    const char *why;
    cockroach_type(&sql, &model, type, version, &why);
    assert_string_equal(sql.data, expected);
    assert_int_equal(why != NULL, noted);
    buf_release(&sql);
}

static void becomes(const char *type, const char *expected, bool noted)
{
    becomes_in(250400, type, expected, noted);
}

TEST(numbers_keep_their_width)
{
    becomes("smallint", "INT2", false);
    becomes("integer", "INT4", false);
    becomes("bigint", "INT8", false);
    becomes("integer[]", "INT4[]", false);
    becomes("real", "FLOAT4", false);
    becomes("double precision", "FLOAT8", false);
    becomes("numeric", "DECIMAL", false);
    becomes("numeric(12,6)", "DECIMAL(12,6)", false);
    becomes("numeric(5,0)[]", "DECIMAL(5,0)[]", false);
    becomes("numeric(3,-2)", "DECIMAL", true);
    becomes("numeric(3,5)", "DECIMAL", true);
}

TEST(text_bits_and_times)
{
    becomes("text", "STRING", false);
    becomes("character varying(255)", "VARCHAR(255)", false);
    becomes("character varying", "VARCHAR", false);
    becomes("character(3)", "CHAR(3)", true);
    becomes("bpchar", "STRING", false);
    becomes("\"char\"", "\"char\"", false);
    becomes("bytea", "BYTES", false);
    becomes("bit(8)", "BIT(8)", false);
    becomes("bit varying(4)[]", "VARBIT(4)[]", false);
    becomes("timestamp without time zone", "TIMESTAMP", false);
    becomes("timestamp(3) without time zone", "TIMESTAMP(3)", false);
    becomes("timestamp(0) with time zone[]", "TIMESTAMPTZ(0)[]", false);
    becomes("time(2) with time zone", "TIMETZ(2)", false);
    becomes("interval", "INTERVAL", false);
    becomes("interval(3)", "INTERVAL(3)", false);
    becomes("interval day to second(2)", "INTERVAL DAY TO SECOND(2)", false);
}

TEST(what_it_lacks_becomes_text)
{
    const char *lacking[] = {"xml",       "macaddr",        "point",    "tstzrange",
                             "int4range", "datemultirange", "jsonpath", "other.thing"};
    for (size_t i = 0; i < sizeof lacking / sizeof *lacking; i++)
        becomes(lacking[i], "STRING", true);
    becomes("macaddr[]", "STRING", true);
    becomes("cidr", "INET", true);
    becomes("cidr[]", "INET[]", true);
    becomes("hstore", "JSONB", true);
    becomes("ext.hstore", "JSONB", true);
    /* It has no arrays of these. */
    becomes("hstore[]", "STRING", true);
    becomes("tsvector[]", "STRING", true);
    becomes("vector(3)[]", "STRING", true);
    becomes("money", "DECIMAL(19,2)", true);
    becomes("json", "JSONB", true);
    becomes("jsonb", "JSONB", false);
}

TEST(types_of_extensions_by_version)
{
    becomes_in(250300, "citext", "CITEXT", false);
    becomes_in(250200, "citext", "STRING", true);
    becomes_in(240200, "public.vector(3)", "VECTOR(3)", false);
    becomes_in(240100, "vector(3)", "STRING", true);
    becomes("geometry(Point,4326)", "GEOMETRY(Point,4326)", false);
    /* For comparing there is one spelling. */
    becomes_in(0, "citext", "STRING", true);
    becomes_in(0, "geometry(Point,4326)", "GEOMETRY", false);
    becomes_in(0, "interval day to second(2)", "INTERVAL(2)", false);
    becomes_in(0, "interval year to month", "INTERVAL", false);
}

TEST(arrays_of_arrays)
{
    const struct model_column flat = {.type = "integer[]", .dimensions = 1};
    const struct model_column deep = {.type = "integer[]", .dimensions = 2};
    struct buf sql = BUF_INIT;
    const char *why;

    cockroach_column_type(&sql, &model, &flat, 250400, &why);
    assert_string_equal(sql.data, "INT4[]");
    assert_null(why);
    buf_reset(&sql);
    cockroach_column_type(&sql, &model, &deep, 250400, &why);
    assert_string_equal(sql.data, "JSONB");
    assert_non_null(why);
    assert_false(cockroach_indexable(&model, &deep));
    buf_release(&sql);
}

TEST(types_of_the_schema)
{
    becomes("role", "\"public\".\"role\"", false);
    becomes("\"Mixed Case\"[]", "\"public\".\"Mixed Case\"[]", false);
    becomes("public.role", "\"public\".\"role\"", false);
    becomes("positive", "INT4", true);
    becomes("tiny", "INT4", true);
    becomes("positive[]", "INT4[]", true);
    becomes("labels", "STRING[]", true);
    becomes("labels[]", "STRING", true);
    becomes("address", "\"public\".\"address\"", false);
    becomes("address[]", "STRING", true);
    becomes("person", "STRING", true);
    becomes("gap", "STRING", true);
    becomes("member", "STRING", true);
}

TEST(some_types_cannot_stand_in_a_key)
{
    struct model_column column = {.type = "jsonb"};
    assert_false(cockroach_indexable(&model, &column));
    column.type = "address";
    assert_false(cockroach_indexable(&model, &column));
    column.type = "role";
    assert_true(cockroach_indexable(&model, &column));
    column.type = "tstzrange";
    assert_true(cockroach_indexable(&model, &column));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_keep_their_width),
        cmocka_unit_test(text_bits_and_times),
        cmocka_unit_test(what_it_lacks_becomes_text),
        cmocka_unit_test(types_of_extensions_by_version),
        cmocka_unit_test(arrays_of_arrays),
        cmocka_unit_test(types_of_the_schema),
        cmocka_unit_test(some_types_cannot_stand_in_a_key),
    };
    return cmocka_run_group_tests_name("cockroach types", tests, NULL, NULL);
}
