/* URLs: what is shown of them, what is said of broken ones, and the direct address of a Neon host.
 */
#include <stdlib.h>
#include <string.h>

#include "db/conn.h"
#include "unit.h"

static void shown_is(const char *url, const char *expected)
{
    struct err err = ERR_INIT;
    char *shown = NULL;

    assert_true(conn_check_url("DATABASE_URL", url, &shown, &err));
    assert_string_equal(shown, expected);
    assert_null(strstr(shown, "s3cret"));
    free(shown);
}

static void refused(const char *url)
{
    struct err err = ERR_INIT;

    assert_false(conn_check_url("DATABASE_URL", url, NULL, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.message, "DATABASE_URL"));
    assert_null(strstr(err.message, "s3cret"));
    assert_null(strstr(err.hint, "s3cret"));
    assert_true(err.hint[0]);
}

TEST(passwords_are_not_shown)
{
    shown_is("postgresql://app:s3cret@db.example.com:5433/shop?sslmode=require",
             "postgresql://app@db.example.com:5433/shop");
    shown_is("host=db.example.com user=app password=s3cret dbname=shop",
             "postgresql://app@db.example.com/shop");
    shown_is("postgresql:///shop", "postgresql:///shop");
    shown_is("postgresql://u%0Aforged@h/d", "postgresql://u?forged@h/d");
}

static void refused_for(const char *url, const char *part)
{
    struct err err = ERR_INIT;

    refused(url);
    (void)conn_check_url("DATABASE_URL", url, NULL, &err);
    if (!strstr(err.message, part))
        fail_msg("'%s' is not in: %s", part, err.message);
}

TEST(the_reason_is_the_right_one)
{
    refused_for("host=db.example.com pasword=s3cret", "a keyword is unknown");
    refused_for("host=db.example.com password='s3cret", "a quote is not closed");
    refused_for("mysql://app:s3cret@db.example.com/shop?a=b", "starts with neither");
    refused_for("host=h password=://s3cret nothing=1", "a keyword is unknown");
    refused_for("s3cret", "neither a postgresql:// URL nor a list");
}

TEST(broken_urls_are_never_quoted)
{
    refused("");
    refused(" postgresql://app:s3cret@db.example.com/shop");
    refused("postgresql://app:s3cret@[::1/shop");
    refused("postgresql://app:s3cret%zz@db.example.com/shop");
    refused("postgresql://app:s3cret@db.example.com/shop?bogus=1");
    refused("mysql://app:s3cret@db.example.com/shop");
    refused("app:s3cret");
    refused(NULL);
}

static void direct_is(const char *url, const char *expected)
{
    char *direct = conn_direct_url(url);

    assert_string_equal(direct, expected);
    free(direct);
}

TEST(only_neon_hosts_lose_their_pooler)
{
    direct_is("postgresql://u:p@ep-cool-1-pooler.eu-central-1.aws.neon.tech/db?sslmode=require",
              "postgresql://u:p@ep-cool-1.eu-central-1.aws.neon.tech/db?sslmode=require");
    direct_is("postgresql://u:p-pooler@ep-cool-1-pooler.eu.neon.tech:5432/db-pooler",
              "postgresql://u:p-pooler@ep-cool-1.eu.neon.tech:5432/db-pooler");
    direct_is("postgresql://u:p%40x@ep-1.eu.neon.tech/db",
              "postgresql://u:p%40x@ep-1.eu.neon.tech/db");
    direct_is("postgresql://u:p@db-pooler.example.com/db",
              "postgresql://u:p@db-pooler.example.com/db");
    direct_is("host=ep-1-pooler.eu.neon.tech dbname=x", "host=ep-1.eu.neon.tech dbname=x");
    direct_is("postgresql://u@-pooler.neon.tech/db", "postgresql://u@-pooler.neon.tech/db");
    direct_is("service=shop", "service=shop");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_are_not_shown),
        cmocka_unit_test(the_reason_is_the_right_one),
        cmocka_unit_test(broken_urls_are_never_quoted),
        cmocka_unit_test(only_neon_hosts_lose_their_pooler),
    };
    return cmocka_run_group_tests_name("conn_url", tests, NULL, NULL);
}
