/* What a client of the HTTP API is not told: addresses, paths, statements. And what it is. */
#include "ops/api_scrub.h"

#include "unit.h"

static void becomes(const char *text, const char *expected)
{
    struct buf out = BUF_INIT;
    api_scrub_text(text, &out);
    assert_string_equal(out.data, expected);
    buf_release(&out);
}

TEST(addresses)
{
    becomes("cannot connect to the primary (postgresql://a@127.0.0.1:1/x): Connection refused",
            "cannot connect to the primary: Connection refused");
    becomes("(postgresql://x/y", "([address]");
    becomes("(/etc/x)", "");
    becomes("postgresql://u:p@h/db", "[address]");
    becomes("see https://example.com/x, then", "see [address], then");
    becomes("host=db.example.com user=app password=x", "[address] [address] [address]");
}

TEST(paths)
{
    becomes("another run (pid 7, dbr-sync) holds the lock /var/lib/dbr/op.lock",
            "another run (pid 7, dbr-sync) holds the lock [path]");
    becomes("set it in ./.env or ~/.env or ../x", "set it in [path] or [path] or [path]");
    becomes("cannot open '/etc/dbr/dbr.env': no", "cannot open '[path]': no");
    becomes("dbr-import --input=/srv/x.sql", "dbr-import [path]");
    becomes("disk / is full", "disk / is full");
    becomes("insert and/or update, 3 rows/s", "insert and/or update, 3 rows/s");
}

TEST(statements)
{
    becomes("table users: UPDATE users SET balance = 1", "table users: [...]");
    becomes("duplicate key DETAIL: Key (email)=(a@example.com) already exists",
            "duplicate key [...]");
    becomes("allow it: \"GRANT CREATE ON DATABASE x TO y\"", "allow it: [...]");
    becomes("syntax error LINE 1: SELEC", "syntax error [...]");
    becomes("INITIATING FAILOVER TO SECONDARY DATABASE",
            "INITIATING FAILOVER TO SECONDARY DATABASE");
    becomes("150 records updated", "150 records updated");
}

TEST(nothing_else)
{
    becomes("", "");
    becomes("  two  blanks ", "  two  blanks ");
    becomes("2026-01-24T20:34:43.910Z", "2026-01-24T20:34:43.910Z");
    becomes("the secondary is not initialised: run dbr-init-secondary --resume",
            "the secondary is not initialised: run dbr-init-secondary --resume");
}

TEST(documents)
{
    static const char text[] = "{\"a\":[\"/etc/x\",{\"b\":\"at http://h/\"}],\"n\":1,\"/k\":null}";
    struct err err = ERR_INIT;
    struct buf out = BUF_INIT;
    struct json *json = json_parse(text, strlen(text), &err);
    api_scrub(json);
    json_print(json, false, &out);
    assert_string_equal(out.data,
                        "{\"a\":[\"[path]\",{\"b\":\"at [address]\"}],\"n\":1,\"/k\":null}");
    buf_release(&out);
    json_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),    cmocka_unit_test(paths),     cmocka_unit_test(statements),
        cmocka_unit_test(nothing_else), cmocka_unit_test(documents),
    };
    return cmocka_run_group_tests_name("api scrub", tests, NULL, NULL);
}
