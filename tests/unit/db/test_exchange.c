/*
 * How values pass between the engines: every type of the table ends in one of three ways of being
 * compared, and has its expressions. CockroachDB's side of them rests on its code: decimal addition
 * is exact (ExactCtx of pkg/sql/sem/tree/decimal.go), a float becomes a decimal by its shortest
 * digits (apd's SetFloat64), text of an array, a record, a bool or a time is PostgreSQL's
 * (pkg/sql/sem/tree/pgwire_encode.go), a float4 becomes text as a float8 (pkg/sql/sem/eval/cast.go,
 * "flawed"), and a cast to VARCHAR(n) cuts (the same).
 */
#include "db/engine_dml.h"
#include "db/exchange.h"
#include "unit.h"

static struct model_column parts[] = {{.name = "a", .type = "real"},
                                      {.name = "b", .type = "text"},
                                      {.name = "c", .type = "numeric(3,1)"}};
static struct model_column odd_parts[] = {{.name = "a", .type = "money"}};
static struct model_type types[] = {
    {.name = "role", .kind = TYPE_ENUM},
    {.name = "Mixed Case", .kind = TYPE_ENUM},
    {.name = "amount", .kind = TYPE_DOMAIN, .base = "money"},
    {.name = "price", .kind = TYPE_DOMAIN, .base = "amount"},
    {.name = "labels", .kind = TYPE_DOMAIN, .base = "text[]"},
    {.name = "doc", .kind = TYPE_DOMAIN, .base = "jsonb"},
    {.name = "place", .kind = TYPE_COMPOSITE, .attributes = parts, .attribute_count = 3},
    {.name = "odd", .kind = TYPE_COMPOSITE, .attributes = odd_parts, .attribute_count = 1},
    {.name = "gap", .kind = TYPE_RANGE},
};
static const struct model postgres = {
    .schema = "public", .engine = ENGINE_POSTGRES, .types = types, .type_count = 9};
static struct model_type their_types[] = {
    {.name = "role", .kind = TYPE_ENUM},
    {.name = "Mixed Case", .kind = TYPE_ENUM},
    {.name = "place", .kind = TYPE_COMPOSITE, .attributes = parts, .attribute_count = 3},
};
static const struct model cockroach = {
    .schema = "public", .engine = ENGINE_COCKROACH, .types = their_types, .type_count = 3};

/* A type of PostgreSQL, what CockroachDB's catalog calls the column that it became, and the
 * expressions of both sides. */
struct expected {
    const char *postgres, *cockroach;
    enum exchange_compared compared;
    const char *read, *text, *write; /* of PostgreSQL; NULL: what it mostly is */
    const char *cast;                /* of CockroachDB */
};

#define CLIENT EXCHANGE_CLIENT
#define HASHED EXCHANGE_HASHED
#define NAMED EXCHANGE_NAMED

static const struct expected all[] = {
    {"smallint", "smallint", HASHED, NULL, NULL, NULL, "INT2"},
    {"integer", "integer", HASHED, NULL, NULL, NULL, "INT4"},
    {"bigint", "bigint", HASHED, NULL, NULL, NULL, "INT8"},
    {"numeric(12,6)", "numeric(12,6)", HASHED, NULL, NULL, NULL, "DECIMAL(12,6)"},
    {"numeric", "numeric", HASHED, NULL, NULL, NULL, "DECIMAL"},
    {"numeric(36,18)", "numeric(36,18)", HASHED, NULL, NULL, NULL, "DECIMAL(36,18)"},
    {"real", "real", CLIENT, NULL, NULL, NULL, "FLOAT4"},
    {"double precision", "double precision", HASHED, NULL, NULL, NULL, "FLOAT8"},
    {"money", "numeric(19,2)", HASHED, "$::numeric", NULL, NULL, "DECIMAL(19,2)"},
    {"boolean", "boolean", HASHED, NULL, NULL, NULL, "BOOL"},
    {"text", "text", HASHED, NULL, NULL, NULL, "STRING"},
    {"character varying(9)", "character varying(9)", HASHED, NULL, NULL, NULL, "STRING"},
    {"character(3)", "character(3)", HASHED, NULL, NULL, NULL, "STRING"},
    {"bpchar", "text", HASHED, "$::text", NULL, NULL, "STRING"},
    {"\"char\"", "\"char\"", HASHED, NULL, NULL, NULL, "\"char\""},
    {"name", "name", HASHED, NULL, NULL, NULL, "STRING"},
    {"bytea", "bytea", HASHED, NULL, "'\\x' || encode($, 'hex')", NULL, "BYTES"},
    {"date", "date", HASHED, NULL, NULL, NULL, "DATE"},
    {"time(3) without time zone", "time(3) without time zone", HASHED, NULL, NULL, NULL, "TIME(3)"},
    {"time with time zone", "time with time zone", HASHED, NULL, NULL, NULL, "TIMETZ"},
    {"timestamp(3) without time zone", "timestamp(3) without time zone", HASHED, NULL, NULL, NULL,
     "TIMESTAMP(3)"},
    {"timestamp with time zone", "timestamp with time zone", HASHED, NULL, NULL, NULL,
     "TIMESTAMPTZ"},
    {"interval", "interval", HASHED, NULL, NULL, NULL, "INTERVAL"},
    {"interval day to second(2)", "interval(2)", HASHED, NULL, NULL, NULL, "INTERVAL(2)"},
    {"uuid", "uuid", HASHED, NULL, NULL, NULL, "UUID"},
    {"json", "jsonb", CLIENT, NULL, NULL, NULL, "JSONB"},
    {"jsonb", "jsonb", CLIENT, NULL, NULL, NULL, "JSONB"},
    {"jsonpath", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"xml", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"ext.hstore", "jsonb", CLIENT, "$::jsonb", NULL,
     "CASE WHEN $ IS NOT NULL THEN coalesce((SELECT ext.hstore(array_agg(e.key), "
     "array_agg(e.value)) FROM jsonb_each_text($::jsonb) AS e), ''::ext.hstore) END",
     "JSONB"},
    {"hstore[]", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"citext", "citext", HASHED, NULL, NULL, NULL, "CITEXT"},
    {"citext", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"ltree", "ltree", HASHED, NULL, NULL, NULL, "LTREE"},
    {"int4range", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"tstzmultirange", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"gap", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"price", "numeric(19,2)", HASHED, "$::numeric", NULL, NULL, "DECIMAL(19,2)"},
    {"labels", "text[]", HASHED, "($)[:]", NULL, NULL, "STRING[]"},
    {"doc", "jsonb", CLIENT, NULL, NULL, NULL, "JSONB"},
    {"role", "role", HASHED, NULL, NULL, NULL, "\"public\".\"role\""},
    {"\"Mixed Case\"[]", "\"Mixed Case\"[]", HASHED, "($)[:]", NULL, NULL,
     "\"public\".\"Mixed Case\"[]"},
    {"place", "place", CLIENT, NULL, NULL, NULL, "\"public\".\"place\""},
    {"place[]", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"odd", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"text[]", "text[]", HASHED, "($)[:]", NULL, NULL, "STRING[]"},
    {"character varying(5)[]", "character varying(5)[]", HASHED, "($)[:]", NULL, NULL, "STRING[]"},
    {"uuid[]", "uuid[]", HASHED, "($)[:]", NULL, NULL, "UUID[]"},
    {"timestamp without time zone[]", "timestamp without time zone[]", HASHED, "($)[:]", NULL, NULL,
     "TIMESTAMP[]"},
    {"double precision[]", "double precision[]", CLIENT, "($)[:]", NULL, NULL, "FLOAT8[]"},
    {"numeric[]", "numeric[]", CLIENT, "($)[:]", NULL, NULL, "DECIMAL[]"},
    {"money[]", "numeric(19,2)[]", CLIENT, "($::numeric[])[:]", NULL, NULL, "DECIMAL(19,2)[]"},
    {"jsonb[]", "jsonb[]", CLIENT, "($)[:]", NULL, NULL, "JSONB[]"},
    {"character(3)[]", "character(3)[]", CLIENT, "($)[:]", NULL, NULL, "STRING[]"},
    {"inet[]", "inet[]", CLIENT, "($)[:]", NULL, NULL, "INET[]"},
    {"macaddr[]", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"bit(8)", "bit(8)", HASHED, NULL, NULL, NULL, "VARBIT"},
    {"bit varying(4)", "bit varying(4)", HASHED, NULL, NULL, NULL, "VARBIT"},
    {"inet", "inet", HASHED, NULL, "CASE WHEN host($) ~ ...", NULL, "INET"},
    {"cidr", "inet", HASHED, NULL, "CASE WHEN host($) ~ ...", NULL, "INET"},
    {"cidr[]", "inet[]", CLIENT, "($)[:]", NULL, NULL, "INET[]"},
    {"macaddr8", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"tsvector", "tsvector", HASHED, NULL, "replace($::text, '\\\\', '\\')", NULL, "TSVECTOR"},
    {"tsquery", "tsquery", NAMED, NULL, NULL, NULL, "TSQUERY"},
    {"point", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"polygon", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"geometry(Point,4326)", "geometry(point,4326)", HASHED, NULL, NULL, NULL,
     "GEOMETRY(point,4326)"},
    {"geography", "geography", HASHED, NULL, NULL, NULL, "GEOGRAPHY"},
    {"box2d", "box2d", NAMED, NULL, NULL, NULL, "BOX2D"},
    {"vector(3)", "vector", CLIENT, NULL, NULL, NULL, "VECTOR"},
    {"vector(3)", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"halfvec(3)", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"oid", "oid", HASHED, NULL, NULL, NULL, "OID"},
    {"regclass", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"pg_lsn", "pg_lsn", HASHED, NULL, NULL, NULL, "PG_LSN"},
    {"xid", "bigint", HASHED, NULL, NULL, NULL, "INT8"},
    {"xid8", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"pg_snapshot", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
    {"aclitem", "text", HASHED, "$::text", "$::text", NULL, "STRING"},
};

/* Up to "..." */
static void is(const char *of, const char *what, const char *expected)
{
    const char *dots = strstr(expected, "...");
    if (dots ? strncmp(of, expected, (size_t)(dots - expected)) != 0 : strcmp(of, expected) != 0)
        fail_msg("%s is %s, not %s", what, of, expected);
}

static void check(const struct expected *e)
{
    const struct model_column here = {.name = "h", .type = e->postgres};
    const struct model_column there = {.name = "h", .type = e->cockroach};
    const char *read = e->read ? e->read : "$";
    struct exchange ours, theirs;
    char usual[128];

    exchange_make(&ours, &postgres, &here, &cockroach, &there);
    exchange_make(&theirs, &cockroach, &there, &postgres, &here);
    if (ours.compared != e->compared || theirs.compared != e->compared)
        fail_msg("%s is compared as %d and %d", e->postgres, ours.compared, theirs.compared);
    assert_int_equal(ours.ended, theirs.ended);
    assert_int_equal(ours.form.kind, theirs.form.kind);
    assert_int_equal(ours.form.array, theirs.form.array);
    assert_int_equal(ours.form.part_count, theirs.form.part_count);
    is(ours.read, e->postgres, read);
    (void)snprintf(usual, sizeof usual, "%s::text", read);
    is(ours.text, e->postgres, e->text ? e->text : usual);
    (void)snprintf(usual, sizeof usual, "$::%s", e->postgres);
    is(ours.write, e->postgres, e->write ? e->write : usual);
    is(theirs.cast, e->cockroach, e->cast);
    is(theirs.read, e->cockroach, "$");
    exchange_release(&ours);
    exchange_release(&theirs);
}

TEST(every_type_ends_in_one_of_three_ways)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        check(&all[i]);
}

/* With the other server away, or for a file, a column is what dbr would make of it. */
TEST(the_same_without_the_other_side)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct model_column here = {.name = "h", .type = all[i].postgres};
        const struct model_column there = {.name = "h", .type = all[i].cockroach};
        struct exchange x;

        exchange_make(&x, &cockroach, &there, NULL, NULL);
        assert_int_equal(x.compared, all[i].compared);
        exchange_release(&x);
        /* What depends on the version is of the newest then. */
        if (strcmp(all[i].cockroach, "text") == 0 &&
            (strncmp(all[i].postgres, "vector", 6) == 0 || strcmp(all[i].postgres, "citext") == 0))
            continue;
        exchange_make(&x, &postgres, &here, NULL, NULL);
        if (x.compared != all[i].compared)
            fail_msg("%s is compared as %d", all[i].postgres, x.compared);
        is(x.read, all[i].postgres, all[i].read ? all[i].read : "$");
        exchange_release(&x);
    }
}

TEST(arrays_of_arrays_pass_as_json)
{
    const struct model_column here = {.name = "h", .type = "integer[]", .dimensions = 2};
    const struct model_column there = {.name = "h", .type = "jsonb"};
    struct exchange x;

    exchange_make(&x, &postgres, &here, &cockroach, &there);
    assert_int_equal(x.compared, EXCHANGE_CLIENT);
    assert_int_equal(x.form.kind, CANONICAL_JSON);
    assert_false(x.form.array);
    assert_string_equal(x.read, "to_jsonb($)");
    assert_string_equal(x.write, "(SELECT r.v FROM jsonb_to_record(jsonb_build_object('v', "
                                 "$::jsonb)) AS r(v integer[]))");
    exchange_release(&x);
    exchange_make(&x, &postgres, &here, NULL, NULL);
    assert_string_equal(x.read, "to_jsonb($)");
    exchange_release(&x);
}

TEST(attributes_are_compared_by_their_types)
{
    const struct model_column place = {.name = "h", .type = "place"};
    struct exchange x;

    exchange_make(&x, &postgres, &place, &cockroach, &place);
    assert_int_equal(x.form.kind, CANONICAL_RECORD);
    assert_int_equal(x.form.part_count, 3);
    assert_int_equal(x.form.parts[0].kind, CANONICAL_FLOAT4);
    assert_int_equal(x.form.parts[1].kind, CANONICAL_TEXT);
    assert_int_equal(x.form.parts[2].kind, CANONICAL_DECIMAL);
    exchange_release(&x);
}

TEST(the_column_is_put_into_an_expression)
{
    struct buf sql = BUF_INIT;

    exchange_expression(&sql, "abs($) + $", "t.\"a$b\"");
    assert_string_equal(sql.data, "abs(t.\"a$b\") + t.\"a$b\"");
    buf_release(&sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_ends_in_one_of_three_ways),
        cmocka_unit_test(the_same_without_the_other_side),
        cmocka_unit_test(arrays_of_arrays_pass_as_json),
        cmocka_unit_test(attributes_are_compared_by_their_types),
        cmocka_unit_test(the_column_is_put_into_an_expression),
    };
    return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
