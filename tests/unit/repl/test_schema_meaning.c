/* What PostgreSQL and CockroachDB print of the same expressions, the first in the words that dbr
 * writes for the second; and what is another one. */
#include "repl/schema_meaning.h"
#include "unit.h"

#define SAME(ours, theirs) assert_true(meaning_same(ours, theirs))
#define OTHER(ours, theirs) assert_false(meaning_same(ours, theirs))

TEST(checks_and_predicates)
{
    SAME("((balance >= (0)::DECIMAL))", "balance >= 0");
    SAME("(POSITION(('@'::STRING) IN (email)) > 1)", "strpos(email, '@'::STRING) > 1");
    SAME("((status)::STRING = ANY ((ARRAY['a'::VARCHAR, 'b'::VARCHAR])::STRING[]))",
         "status::STRING = ANY '{a,b}'::STRING[]");
    SAME("(status = 'it''s'::\"public\".\"order_status\")",
         "status = e'it\\'s'::public.order_status");
    SAME("((closed_at IS NULL) OR (closed_at >= opened_at))",
         "(closed_at IS NULL) OR (closed_at >= opened_at)");
    SAME("(\"a\"\"b\" <> \"it's\")", "\"a\"\"b\" != \"it's\"");
    SAME("(lower((name)::STRING) LIKE '%x'::STRING)", "lower(name) LIKE '%x'");
    SAME("(n > '-1'::INT4)", "n > (-1)");
    OTHER("(balance >= (0)::DECIMAL)", "balance > 0");
    OTHER("(balance >= (0)::DECIMAL)", "balance >= 1");
    OTHER("(balance >= (0)::DECIMAL)", "amount >= 0");
    OTHER("(status = ANY (ARRAY['a'::STRING, 'b'::STRING]))", "status = ANY ARRAY['a'::STRING]");
    OTHER("(a AND b)", "a OR b");
    OTHER("(a < b)", "b < a");
    SAME("(ROW(a, b) = ROW(1, 2))", "(a, b) = (1, 2)");
    OTHER("(name IS NULL)", "name IS NOT NULL");
}

TEST(defaults)
{
    SAME("0", "0");
    SAME("0.30", "0.3");
    SAME("'draft'::\"public\".\"invoice_status\"", "'draft'::public.invoice_status");
    SAME("CURRENT_TIMESTAMP", "current_timestamp()");
    SAME("CURRENT_TIMESTAMP", "now()::TIMESTAMPTZ");
    SAME("'{\"a\": 1}'::JSONB", "'{\"a\":1}'::JSONB");
    SAME("'{}'::STRING[]", "ARRAY[]::STRING[]");
    SAME("'{a,\"b c\"}'::STRING[]", "ARRAY['a'::STRING, 'b c'::STRING]");
    SAME("'\\xdeadbeef'::BYTES", "'\\xDEADBEEF'::BYTES");
    SAME("'1 day'::INTERVAL", "'1 day'::INTERVAL");
    SAME("(24 * 60)", "1440");
    SAME("1000000.0", "1e+06");
    SAME("timezone('utc'::STRING, now())", "now() AT TIME ZONE 'utc'");
    OTHER("0", "1");
    OTHER("'draft'::STRING", "'open'::STRING");
    OTHER("now()", "gen_random_uuid()");
    OTHER("true", "false");
    OTHER("'{}'::JSONB", "'[]'::JSONB");
    OTHER("'{a}'::STRING[]", "'{b}'::STRING[]");
    OTHER("-1", "1");
    SAME("'2020-01-01'::DATE", "'2020-01-01'::DATE");
    OTHER("'2020-01-01'::DATE", "'2021-01-01'::DATE");
}

TEST(nothing_tells_nothing)
{
    SAME(NULL, "1");
    SAME("1", NULL);
    assert_true(meaning_null("NULL::character varying"));
    assert_true(meaning_null("NULL"));
    assert_false(meaning_null("NULLIF(1, 1)"));
    assert_false(meaning_null("0"));
    assert_false(meaning_null(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_and_predicates),
        cmocka_unit_test(defaults),
        cmocka_unit_test(nothing_tells_nothing),
    };
    return cmocka_run_group_tests_name("schema_meaning", tests, NULL, NULL);
}
