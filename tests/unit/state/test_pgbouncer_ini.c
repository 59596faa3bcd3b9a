/* The line of a database in PgBouncer's file: what is read from it and which bytes change. */
#include "state/pgbouncer_ini.h"
#include "unit.h"

#define TWO "postgresql://u2:it%27s@two.example:6543/b"

static void set(const char *before, const char *url, const char *after)
{
    struct url_parts parts;
    struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    assert_true(url_parts_read(&parts, url));
    if (!pgbouncer_ini_set("f.ini", before, strlen(before), "app", &parts, &out, &err))
        fail_msg("%s", err.message);
    assert_string_equal(out.data, after);
    char *once = buf_detach(&out);
    assert_true(pgbouncer_ini_set("f.ini", once, strlen(once), "app", &parts, &out, &err));
    assert_string_equal(out.data, once);
    free(once);
    url_parts_release(&parts);
    buf_release(&out);
}

#define SET "host=two.example port=6543 dbname=b user=u2 password='it''s'"

TEST(only_the_line_of_the_database_changes)
{
    set("[databases]\napp = host=one\n", TWO, "[databases]\napp = " SET "\n");
    set("[databases]\napp=host=one", TWO, "[databases]\napp= " SET);
    set("; app = host=x\n[databases]\r\nappx = host=1\r\n  app  =  pool_size=3 host=one "
        "connect_query='SELECT ''a b''' user=a \r\n[pgbouncer]\r\napp = host=one\r\n",
        TWO,
        "; app = host=x\n[databases]\r\nappx = host=1\r\n  app  =  " SET
        " pool_size=3 connect_query='SELECT ''a b''' \r\n[pgbouncer]\r\napp = host=one\r\n");
    set("[databases]\napp = host=1\napp = host=2\n", TWO,
        "[databases]\napp = " SET "\napp = " SET "\n");
    set("app = host=1\n", TWO, "app = " SET "\n"); /* included below [databases] */
    set("[databases]\napp =\n", TWO, "[databases]\napp = " SET "\n");
}

TEST(a_login_that_is_not_given_goes)
{
    set("[databases]\napp = host=one user=a password='b' pool_size=3\n",
        "postgresql://two.example:5432/b%20c",
        "[databases]\napp = host=two.example port=5432 dbname='b c' pool_size=3\n");
}

static void refused(const char *text, const char *url, const char *part)
{
    struct url_parts parts;
    struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    assert_true(url_parts_read(&parts, url));
    assert_false(pgbouncer_ini_set("f.ini", text, strlen(text), "app", &parts, &out, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.message, part));
    assert_int_equal(out.len, 0);
    url_parts_release(&parts);
    buf_release(&out);
}

TEST(what_cannot_be_written_is_refused)
{
    refused("[databases]\napp = host=one\n", "postgresql://u:p%0Aadmin_users@h/d", "line end");
    refused("[databases]\n* = host=one\n", TWO, "no line for app");
    refused("[pgbouncer]\napp = host=one\n", TWO, "no line for app");
    refused("", TWO, "no line for app");
    refused("[databases]\napp = host='one\n", TWO, "cannot be understood");
    refused("[databases]\napp = host\n", TWO, "cannot be understood");
}

TEST(the_last_line_is_read)
{
    struct url_parts parts;
    const char *text =
        "[databases]\napp = host=1\napp = password='it''s # ; x' host = /run port=7\n";
    assert_true(pgbouncer_ini_get(text, strlen(text), "app", &parts));
    assert_string_equal(parts.host, "/run");
    assert_string_equal(parts.port, "7");
    assert_string_equal(parts.password, "it's # ; x");
    assert_null(parts.user);
    url_parts_release(&parts);
    assert_false(pgbouncer_ini_get(text, strlen(text), "ap", &parts));
    url_parts_release(&parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_line_of_the_database_changes),
        cmocka_unit_test(a_login_that_is_not_given_goes),
        cmocka_unit_test(what_cannot_be_written_is_refused),
        cmocka_unit_test(the_last_line_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
