/* What a client of the HTTP API is not told: addresses, paths, statements. And what it is. */
#include "ops/api_scrub.h"

#include "unit.h"

static struct api_names names = API_NAMES_INIT;

static void becomes(const char *text, const char *expected)
{
    struct buf out = BUF_INIT;
    api_scrub_text(&names, text, &out);
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

static void know(const char *url)
{
    api_names_release(&names);
    api_names_add_url(&names, url);
}

static void becomes_of_check(const char *text, const char *expected)
{
    struct json *document = json_object();
    json_set_str(document, "text", text);
    api_scrub_checks(document);
    assert_string_equal(json_str(document, "text", NULL), expected);
    json_free(document);
}

TEST(words_of_checks)
{
    becomes_of_check("check redis: refused by host x", "check redis: it failed");
    becomes_of_check("over after 3 m: check a-b_c: x: y", "over after 3 m: check a-b_c: it failed");
    becomes_of_check("check it: check that: secret", "check it: it failed");
    becomes_of_check("check the database: it is full", "check the database: it is full");
    becomes_of_check("the health check: ran", "the health check: ran");
    becomes_of_check("recheck redis: ran", "recheck redis: ran");
    becomes_of_check("check ", "check ");
    becomes_of_check("check redis:", "check redis:");
}

TEST(names_that_a_server_quotes)
{
    becomes("could not translate host name \"db.internal.example.com\" to address: unknown",
            "could not translate host name \"[name]\" to address: unknown");
    becomes("password authentication failed for user \"secret user\"",
            "password authentication failed for user \"[name]\"");
    becomes("no pg_hba.conf entry for host \"10.1.2.3\", user \"u\", database \"d\", no encryption",
            "no pg_hba.conf entry for host \"[name]\", user \"[name]\", database \"[name]\", no "
            "encryption");
    becomes("server certificate for \"a.example.com\" does not match host name \"b\"",
            "server certificate for \"[name]\" does not match host name \"[name]\"");
    becomes("table \"users\" has no column \"x\"", "table \"users\" has no column \"x\"");
}

TEST(ip_addresses)
{
    becomes("at 10.1.2.3:5432, fe80::1, [::1]:5432 and ::ffff:1.2.3.4.",
            "at [address]:5432, [address], [[address]]:5432 and [address].");
    becomes("10.1.2.3", "[address]");
    becomes("at 12:34:56 version 15.3 or 1.2.3 took 1.5.",
            "at 12:34:56 version 15.3 or 1.2.3 took 1.5.");
    becomes("a cast x::date, a face, dead", "a cast x::date, a face, dead");
}

TEST(names_of_the_configuration)
{
    know("postgresql://us%65r1:p%40ss@ep-cool-name-7-pooler.eu.example.com:5432,two.example.com/"
         "shop?sslmode=require&options=--cluster%3Dbig-42");
    becomes(
        "ep-cool-name-7.eu.example.com is gone, and EP-COOL-NAME-7, Two.example.com. And big-42",
        "[address] is gone, and [address], [address]. And [address]");
    becomes("must be owner of database shop, says user1 of the workshop (shop-1, shop.x)",
            "must be owner of database [name], says [name] of the workshop (shop-1, shop.x)");
    becomes("shop", "shop");
    becomes("two.example.com", "[address]");
    know("host = 'pg' user=app dbname='a b\\'c' password=x");
    becomes("pg says: app may not open \"a b'c\"",
            "[address] says: [name] may not open \"[name]\"");
    know("postgresql://primary@localhost/x");
    becomes("the primary of x at localhost: role \"primary\"",
            "the primary of x at [address]: role \"[name]\"");
    becomes("primary", "primary");
    static const char *const odd[] = {"",
                                      "=",
                                      "host",
                                      "host=",
                                      "host='",
                                      "postgresql://",
                                      "user=\\",
                                      "postgresql://@/?&=&host",
                                      "postgresql://[::1/%",
                                      "a b c=%"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        know(odd[i]);
        becomes("it is \"so\", and \"so", "it is \"so\", and \"so");
    }
    api_names_release(&names);
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
    api_scrub(&names, json);
    json_print(json, false, &out);
    assert_string_equal(out.data,
                        "{\"a\":[\"[path]\",{\"b\":\"at [address]\"}],\"n\":1,\"/k\":null}");
    buf_release(&out);
    json_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),       cmocka_unit_test(paths),
        cmocka_unit_test(statements),      cmocka_unit_test(names_that_a_server_quotes),
        cmocka_unit_test(ip_addresses),    cmocka_unit_test(names_of_the_configuration),
        cmocka_unit_test(words_of_checks), cmocka_unit_test(nothing_else),
        cmocka_unit_test(documents),
    };
    return cmocka_run_group_tests_name("api scrub", tests, NULL, NULL);
}
