/*
 * Values as the two engines print them. What CockroachDB prints is from its published tests and
 * code: LT is pkg/sql/logictest/testdata/logic_test of github.com/cockroachdb/cockroach, JT is
 * pkg/util/json/json_test.go, and TREE is pkg/sql/sem/tree of github.com/cockroachdb/
 * cockroachdb-parser v0.25.2. What PostgreSQL prints was seen on PostgreSQL 15.
 */
#include "db/canonical.h"
#include "unit.h"

static const struct canonical json = {.kind = CANONICAL_JSON};
static const struct canonical decimal = {.kind = CANONICAL_DECIMAL};
static const struct canonical float4 = {.kind = CANONICAL_FLOAT4};
static const struct canonical float8 = {.kind = CANONICAL_FLOAT8};
static const struct canonical address = {.kind = CANONICAL_ADDRESS};
static const struct canonical vector = {.kind = CANONICAL_VECTOR};
static const struct canonical padded = {.kind = CANONICAL_PADDED};

static uint64_t sum(const struct canonical *form, const char *text)
{
    return canonical_digest(form, text, text ? strlen(text) : 0);
}

static void same(const struct canonical *form, const char *a, const char *b)
{
    if (sum(form, a) != sum(form, b))
        fail_msg("%s and %s are not the same", a, b);
}

static void differ(const struct canonical *form, const char *a, const char *b)
{
    if (sum(form, a) == sum(form, b))
        fail_msg("%s and %s are the same", a ? a : "NULL", b ? b : "NULL");
}

TEST(numbers_in_json)
{
    /* LT/json: '1.00'::JSON prints 1.00, '1.000' from a table 1.000; JT round trips
     * [1, 1.0, 1.00, ...]: both engines keep the scale. */
    differ(&json, "1.00", "1");
    differ(&json, "[1, 1.0]", "[1.0, 1]");
    /* TREE prints decimals by apd's to-scientific-string (DDecimal.Format): 1E+5, 1.3E+100, 1E-7.
     * PostgreSQL prints digits. */
    same(&json, "1E+5", "100000");
    same(&json, "1.3E+100",
         "13000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "000000000000000000000");
    same(&json, "1E-7", "0.0000001");
    same(&json, "-1.50E-9", "-0.00000000150");
    same(&json, "1.0E+1", "10");
    differ(&json, "1E+5", "100000.0");
    differ(&json, "1E-7", "0.00000010");
    differ(&json, "-1", "1");
    /* JT: 100000000000000000000000000000000000000000 round trips; no double could tell these. */
    differ(&json, "100000000000000000000000000000000000000000",
           "100000000000000000000000000000000000000001");
    differ(&json, "0.1", "0.10000000000000001");
    /* PostgreSQL's jsonb has no negative zero. */
    same(&json, "-0", "0");
    same(&json, "-0.0", "0.0");
    differ(&json, "1", "\"1\"");
}

TEST(objects)
{
    /* LT/json: '{"a": 1, "a": 2}'::JSON prints {"a": 2}. */
    same(&json, "{\"a\": 1, \"a\": 2}", "{\"a\": 2}");
    same(&json, "{\"a\": 1, \"b\": 3, \"a\": 2}", "{\"b\": 3, \"a\": 2}");
    differ(&json, "{\"a\": 1, \"a\": 2}", "{\"a\": 1}");
    /* JT, TestJSONOrdering: keys in the order of their bytes, {"aa": ...} before {"b": ...}; of
     * jsonb, PostgreSQL sorts shorter keys first. */
    same(&json, "{\"aa\": 1, \"b\": 2}", "{\"b\": 2, \"aa\": 1}");
    same(&json, "{\"a\":{\"c\":[1,{\"y\":2,\"x\":1}],\"b\":null}}",
         " { \"a\" : { \"b\" : null , \"c\" : [ 1 , { \"x\" : 1, \"y\" : 2 } ] } } ");
    differ(&json, "{\"a\": 1, \"b\": 2}", "{\"a\": 2, \"b\": 1}");
    differ(&json, "{\"a\": {\"b\": 1}, \"c\": 2}", "{\"a\": {\"b\": 1, \"c\": 2}}");
    differ(&json, "{}", "[]");
    differ(&json, "{\"a\": null}", "{}");
    differ(&json, "[1, 2]", "[2, 1]");
    differ(&json, "[[1], 2]", "[[1, 2]]");
    differ(&json, "[]", "[[]]");
    differ(&json, "null", NULL);
    differ(&json, "true", "false");
    differ(&json, "true", "\"true\"");
}

TEST(strings_in_json)
{
    /* TREE's json.encodeJSONString: \b and \f are \u0008 and \u000c; JT round trips each of
     * "\u0000" ... "\u001f", "\uffff" and "日本語". PostgreSQL prints \b and \f. */
    same(&json, "\"\\u0008\\u000c\"", "\"\\b\\f\"");
    same(&json, "\"\\n\\r\\t\\\"\\\\\"", "\"\\u000a\\u000d\\u0009\\u0022\\u005c\"");
    same(&json, "\"\\/\"", "\"/\"");
    same(&json, "\"\\u65e5\\u672c\\u8a9e\"", "\"日本語\"");
    same(&json, "\"\\ud83e\\udd14\"", "\"🤔\"");
    same(&json, "\"\\uD83E\\uDD14\"", "\"🤔\"");
    same(&json, "{\"a\\nb\": 1}", "{\"a\\u000ab\": 1}");
    /* PostgreSQL's json keeps half of a pair; Go's decoder makes it U+FFFD. */
    same(&json, "\"\\ud800x\"", "\"\\ufffdx\"");
    same(&json, "\"\\ud800\\u0041\"", "\"\\ufffdA\"");
    same(&json, "\"\\udc00\"", "\"\\ufffd\"");
    differ(&json, "\"a\\u0000\"", "\"a\"");
    differ(&json, "\"\\\\n\"", "\"\\n\"");
    differ(&json, "\"\"", "\" \"");
    differ(&json, "[\"a\", \"b\"]", "[\"a\\\", \\\"b\"]");
}

TEST(nesting_knows_no_limit)
{
    enum { DEPTH = 200000 };
    char *deep = malloc(2 * DEPTH + 2);

    memset(deep, '[', DEPTH);
    deep[DEPTH] = '1';
    memset(deep + DEPTH + 1, ']', DEPTH);
    deep[2 * DEPTH + 1] = '\0';
    same(&json, deep, deep);
    deep[DEPTH] = '2';
    assert_true(sum(&json, deep) != sum(&json, "[1]"));
    free(deep);
}

TEST(what_is_not_json_is_taken_as_it_is)
{
    /* JT, TestJSONErrors */
    const char *broken[] = {"true false", "trues",       "1 2 3",     "{foo: 1}", "{\"foo\": 1",
                            "\"\\v\"",    "{",           "{\"a\" 1}", "[1,]",     "",
                            "\"abc",      "-",           "1e",        "]",        "{\"a\": 1,}",
                            "\"\\u12\"",  "1e999999999", "[1}"};
    size_t i;

    for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        char *spaced = malloc(strlen(broken[i]) + 2);

        (void)snprintf(spaced, strlen(broken[i]) + 2, "%s ", broken[i]);
        same(&json, broken[i], broken[i]);
        differ(&json, broken[i], spaced);
        free(spaced);
    }
}

TEST(decimals)
{
    /* LT/decimal: 1E-10, 5E-17, 1.0E-16; 1.00 and 2.0 keep their zeros, from an index too; NaN,
     * Infinity, -Infinity; -0, -0.00 and -0.0000, which PostgreSQL does not have. */
    same(&decimal, "1E-10", "0.0000000001");
    same(&decimal, "1.0E-16", "0.00000000000000010");
    same(&decimal, "-0.0000", "0.0000");
    /* TREE: a zero of scale 8 is 0E-8. */
    same(&decimal, "0E-8", "0.00000000");
    same(&decimal, "1E+3", "1000");
    same(&decimal, "1.5E+3", "1500");
    differ(&decimal, "1.00", "1.0");
    differ(&decimal, "10", "10.000000");
    differ(&decimal, "0", "0.0");
    differ(&decimal, "NaN", "Infinity");
    differ(&decimal, "Infinity", "-Infinity");
    differ(&decimal, "0", NULL);
    differ(&decimal, "12345678901234567890.1", "12345678901234567890.2");
}

TEST(floats)
{
    /* LT/float with extra_float_digits = 3: 1.2345678901234568e+22, 0.00012345678901234567.
     * TREE's PgwireFormatFloat prints by Go's 'g' of the shortest digits, so 1e+06; Infinity. */
    same(&float8, "1e+06", "1000000");
    same(&float8, "1.234567890123456e+13", "12345678901234.56");
    same(&float8, "1.2345678901234568e+22", "12345678901234567e6");
    differ(&float8, "0.1", "0.10000000000000002");
    differ(&float8, "-0", "0");
    same(&float8, "NaN", "nan");
    differ(&float8, "Infinity", "-Infinity");
    same(&float4, "1.6777216e+07", "16777216");
    same(&float4, "0.1", "0.10000000149011612");
    differ(&float8, "0.1", "0.10000000149011612");
}

TEST(addresses)
{
    /* LT/inet: '192.168.1.2/32' prints 192.168.1.2, '::5/128' + 2 prints ::7; ::ffff:192.168.1.2
     * stays so. PostgreSQL writes ::4104:4066 as ::65.4.64.102 where six groups are zero. */
    same(&address, "192.168.1.2", "192.168.1.2/32");
    same(&address, "::7", "::7/128");
    same(&address, "::1.2.3.4", "::102:304");
    same(&address, "::ffff:192.168.1.2/120", "::ffff:192.168.1.2/120");
    differ(&address, "192.168.1.2/24", "192.168.1.2");
    differ(&address, "::ffff:192.168.0.1", "192.168.0.1");
}

TEST(arrays)
{
    const struct canonical floats = {.kind = CANONICAL_FLOAT8, .array = true};
    const struct canonical decimals = {.kind = CANONICAL_DECIMAL, .array = true};
    const struct canonical jsons = {.kind = CANONICAL_JSON, .array = true};
    const struct canonical addresses = {.kind = CANONICAL_ADDRESS, .array = true};
    const struct canonical paddeds = {.kind = CANONICAL_PADDED, .array = true};
    const struct canonical texts = {.kind = CANONICAL_TEXT, .array = true};

    same(&floats, "{1e+06,NULL,-0.5}", "{1000000,NULL,-0.5}");
    differ(&floats, "{1,2}", "{12}");
    differ(&floats, "{1,2}", "{2,1}");
    differ(&floats, "{NULL}", "{}");
    differ(&floats, "{}", NULL);
    same(&decimals, "{1E-7,2.50}", "{0.0000001,2.50}");
    /* TREE's DArray.pgwireFormat quotes what holds a quote, a comma, a brace or a blank. */
    same(&jsons, "{\"{\\\"a\\\": 1, \\\"bb\\\": 2}\",\"[1]\"}",
         "{\"{\\\"bb\\\":2,\\\"a\\\":1}\",[1]}");
    /* LT/inet: {192.168.0.1,192.168.0.1/10,::1,::ffff:1.2.3.4} */
    same(&addresses, "{192.168.0.1,192.168.0.1/10,::1,::ffff:1.2.3.4}",
         "{192.168.0.1/32,192.168.0.1/10,::1/128,::ffff:1.2.3.4}");
    same(&paddeds, "{\"ab  \",c}", "{ab,c}");
    same(&texts, "[0:1]={a,b}", "{a,b}");
    differ(&texts, "{NULL}", "{\"NULL\"}");
    differ(&texts, "{{a},{b}}", "{{a,b}}");
    differ(&texts, "{\"a,b\"}", "{a,b}");
    differ(&texts, "{\"\"}", "{}");
    same(&texts, "{\"a\\\\b\",\"c\\\"d\"}", "{\"a\\\\b\",\"c\\\"d\"}");
    differ(&texts, "{a", "{a}");
}

TEST(records)
{
    static const struct canonical parts[] = {
        {.kind = CANONICAL_FLOAT8}, {.kind = CANONICAL_TEXT}, {.kind = CANONICAL_JSON}};
    const struct canonical record = {.kind = CANONICAL_RECORD, .parts = parts, .part_count = 3};

    /* LT/composite_types: (1,2), and (1,) with NULL. TREE's DTuple.pgwireFormat doubles quotes and
     * backslashes. */
    same(&record, "(1e+06,\"a b\",\"{\"\"x\"\": 1, \"\"y\"\": 2}\")",
         "(1000000,\"a b\",\"{\"\"y\"\":2,\"\"x\"\":1}\")");
    differ(&record, "(1,,)", "(1,\"\",)");
    differ(&record, "(1,a,)", "(1,,a)");
    same(&record, "(1,\"a\\\\b\",)", "(1,\"a\\\\b\",)");
    differ(&record, "(1,\"a\\\\b\",)", "(1,ab,)");
    differ(&record, "(,,)", NULL);
    differ(&record, "(1,a)", "(1,a,)");
}

TEST(vectors_and_blanks)
{
    /* LT/vector: [-1.5950682e+06,...]; TREE's vector.String prints by Go's 'g' of 32 bits. */
    same(&vector, "[1.5950682e+06,2,3]", "[1595068.2,2,3]");
    differ(&vector, "[1,2]", "[12]");
    differ(&vector, "[1]", "[1,0]");
    same(&padded, "ab   ", "ab");
    differ(&padded, " ab", "ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_in_json),
        cmocka_unit_test(objects),
        cmocka_unit_test(strings_in_json),
        cmocka_unit_test(nesting_knows_no_limit),
        cmocka_unit_test(what_is_not_json_is_taken_as_it_is),
        cmocka_unit_test(decimals),
        cmocka_unit_test(floats),
        cmocka_unit_test(addresses),
        cmocka_unit_test(arrays),
        cmocka_unit_test(records),
        cmocka_unit_test(vectors_and_blanks),
    };
    return cmocka_run_group_tests_name("canonical", tests, NULL, NULL);
}
