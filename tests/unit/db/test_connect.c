/*
 * What a failed connection is taken for, and what is advised. The messages are those of libpq 15 to
 * 17 with OpenSSL, of PostgreSQL, and of CockroachDB's proxy as its source words them
 * (cockroachdb/cockroach, pkg/ccl/sqlproxyccl: proxy.go, proxy_handler.go, connector.go).
 */
#include <stdlib.h>
#include <string.h>

#include "db/conn_internal.h"
#include "unit.h"

#define PREFIX "connection to server at \"h\" (203.0.113.9), port 26257 failed: "
#define CLOUD "shop-1234.x1y.cockroachlabs.cloud"

static const struct connect_target elsewhere = {
    .host = "db.example.com", .port = "5433", .dbname = "shop", .libpq = 150018};
static const struct connect_target cloud = {
    .host = CLOUD, .port = "26257", .dbname = "shop", .libpq = 150018};

static struct err judged;

static void judge(const struct connect_target *target, const char *message,
                  enum conn_failure expected)
{
    enum conn_failure failure = connect_judge(message, target, "secondary", "shown", &judged);

    if (failure != expected)
        fail_msg("taken for %d, not %d: %s", (int)failure, (int)expected, message);
    assert_int_equal(judged.code, ERR_UNREACHABLE);
    assert_non_null(strstr(judged.message, "cannot connect to the secondary (shown): "));
    assert_null(strchr(judged.message, '\n'));
    assert_true(judged.hint[0]);
    assert_true(strlen(judged.hint) < sizeof(judged.hint) - 1); /* none is cut */
}

static void says(const char *part)
{
    if (!strstr(judged.message, part))
        fail_msg("'%s' is not in: %s", part, judged.message);
}

static void advises(const char *part)
{
    if (!strstr(judged.hint, part))
        fail_msg("'%s' is not in: %s", part, judged.hint);
}

static void does_not_advise(const char *part)
{
    if (strstr(judged.hint, part))
        fail_msg("'%s' is in: %s", part, judged.hint);
}

TEST(certificates_are_configuration)
{
    judge(&elsewhere, PREFIX "SSL error: certificate verify failed", CONN_CONFIG);
    advises("~/.postgresql/root.crt, or has expired, or this machine's clock is wrong");
    advises("openssl s_client -starttls postgres -connect db.example.com:5433 -servername "
            "db.example.com </dev/null | openssl x509 -noout -issuer -dates");
    judge(&elsewhere,
          PREFIX "root certificate file \"/root/.postgresql/root.crt\" does not exist\n"
                 "Either provide the file or change sslmode to disable server certificate "
                 "verification.",
          CONN_CONFIG);
    says("/root/.postgresql/root.crt\" does not exist");
    advises("put the provider's CA certificate into ~/.postgresql/root.crt");
    does_not_advise("sslmode");
    judge(&elsewhere,
          PREFIX "server certificate for \"db.example.org\" does not match host name "
                 "\"db.example.com\"",
          CONN_CONFIG);
    advises("is not the one in the certificate");
    judge(&elsewhere,
          PREFIX "server certificate for \"a\" (and 2 other names) does not match host name \"b\"",
          CONN_CONFIG);
    judge(&elsewhere, PREFIX "server does not support SSL, but SSL was required", CONN_CONFIG);
    judge(&elsewhere,
          PREFIX
          "certificate present, but not private key file \"/root/.postgresql/postgresql.key\"",
          CONN_CONFIG);
    advises("sslkey");
    judge(&elsewhere, PREFIX "could not read certificate file \"x\": no start line", CONN_CONFIG);
    judge(&elsewhere, PREFIX "SSL error: tlsv1 alert unknown ca", CONN_CONFIG);
    judge(&elsewhere, "invalid sslmode value: \"full\"", CONN_CONFIG);
    judge(&elsewhere,
          "weak sslmode \"require\" may not be used with sslrootcert=system (use \"verify-full\")",
          CONN_CONFIG);
    advises("sslmode=verify-full");
    judge(&elsewhere, "host name must be specified for a verified SSL connection", CONN_CONFIG);
}

TEST(a_handshake_that_ends_is_an_outage)
{
    judge(&elsewhere, PREFIX "SSL SYSCALL error: EOF detected", CONN_DOWN);
    judge(&elsewhere, PREFIX "SSL error: unexpected eof while reading", CONN_DOWN);
    judge(&elsewhere, PREFIX "Connection refused\n\tIs the server running on that host?",
          CONN_DOWN);
    judge(&elsewhere, PREFIX "Connection timed out\n\tIs the server running?", CONN_DOWN);
    judge(&elsewhere, "something that nobody has ever heard of", CONN_DOWN);
}

TEST(the_certificate_of_a_cloud_cluster)
{
    static const char missing[] =
        PREFIX "root certificate file \"/root/.postgresql/root.crt\" does not exist";
    struct connect_target target = cloud;

    judge(&target, missing, CONN_CONFIG);
    advises("curl --create-dirs -o $HOME/.postgresql/root.crt "
            "'https://cockroachlabs.cloud/clusters/<cluster id>/cert'");
    advises("the id of shop-1234 is in the address of its page in the Cloud Console");
    advises("sslrootcert=/etc/");
    target.libpq = 160002;
    target.sslrootcert = "/etc/dbr/ca.crt";
    judge(&target, missing, CONN_CONFIG);
    advises("-o /etc/dbr/ca.crt ");
    advises("sslrootcert=system");
    target.options = "-c a=b --cluster=free-77 -c c=d";
    judge(&target, missing, CONN_CONFIG);
    advises("the id of free-77 is");
    target.options = NULL;
    target.dbname = "old-9.defaultdb";
    judge(&target, missing, CONN_CONFIG);
    advises("the id of old-9 is");
    judge(&target, PREFIX "SSL error: certificate verify failed", CONN_CONFIG);
    advises("a CA in /etc/dbr/ca.crt");
    advises("Basic and Standard need sslrootcert=system");
    advises("-connect " CLOUD ":26257 -servername " CLOUD);
}

/* A host name is pasted into a command: only one that a shell takes as it is. */
TEST(commands_hold_no_more_than_a_name)
{
    struct connect_target target = elsewhere;

    target.host = "a;reboot";
    judge(&target, PREFIX "SSL error: certificate verify failed", CONN_CONFIG);
    does_not_advise("reboot");
    advises("-servername HOST");
}

static void proxy(const char *message, enum conn_failure expected)
{
    char text[512];

    (void)snprintf(text, sizeof text,
                   PREFIX "FATAL:  08C00: %s\nHINT:  Ensure that your cluster identifier is "
                          "specified\nLOCATION:  x, y",
                   message);
    judge(&cloud, text, expected);
    assert_string_equal(judged.sqlstate, "08C00");
    says(message);
    (void)snprintf(text, sizeof text, PREFIX "FATAL:  08004: %s", message);
    judge(&cloud, text, expected);
}

TEST(what_the_proxy_of_the_cloud_says)
{
    proxy("codeParamsRoutingFailed: cluster shop-1234 not found", CONN_CONFIG);
    advises("NAME-1234.REGION.cockroachlabs.cloud");
    proxy("codeParamsRoutingFailed: missing cluster identifier", CONN_CONFIG);
    advises("options=--cluster%3DNAME-1234");
    proxy("CodeParamsRoutingFailed: rejected by BackendConfigFromParams: Invalid cluster name",
          CONN_CONFIG);
    proxy("multiple different cluster identifiers provided", CONN_CONFIG);
    proxy("codeProxyRefusedConnection: connection refused", CONN_CONFIG);
    advises("IP allowlist");
    proxy("codeProxyRefusedConnection: too many failed authentication attempts", CONN_CONFIG);
    advises("wait a few minutes");
    does_not_advise("allowlist");
    proxy("codeProxyRefusedConnection: connection attempt throttled", CONN_CONFIG);
    advises("wait a few minutes");
    proxy("server requires encryption", CONN_CONFIG);
    advises("sslmode=verify-full&sslrootcert=");
    proxy("codeUnavailable: this cluster is disabled", CONN_DOWN);
    advises("request units");
    proxy("codeBackendDialFailed: unable to reach backend SQL server", CONN_DOWN);
    proxy("internal server error", CONN_DOWN);
}

TEST(an_address_names_no_cluster)
{
    struct connect_target target = cloud;

    target.host = "203.0.113.9";
    judge(&target, PREFIX "FATAL:  08C00: codeParamsRoutingFailed: missing cluster identifier",
          CONN_CONFIG);
    advises("a host that is an address does not say which cluster is meant");
    judge(&target,
          PREFIX "server certificate for \"*.x1y.cockroachlabs.cloud\" does not match host name "
                 "\"203.0.113.9\"",
          CONN_CONFIG);
    advises("host=NAME&hostaddr=203.0.113.9");
}

TEST(channel_binding_of_another_provider)
{
    static const char refused[] =
        PREFIX "channel binding is required, but server did not offer an authentication method "
               "that supports channel binding";

    judge(&cloud, refused, CONN_CONFIG);
    advises("CockroachDB does not offer channel binding: leave channel_binding=require");
    judge(&elsewhere, refused, CONN_CONFIG);
    advises("this server does not offer channel binding");
}

TEST(what_servers_say)
{
    judge(&elsewhere, PREFIX "FATAL:  28P01: password authentication failed for user \"app\"",
          CONN_CONFIG);
    advises("check user and password");
    judge(&elsewhere, PREFIX "FATAL:  3D000: database \"x\" does not exist", CONN_CONFIG);
    judge(&elsewhere, PREFIX "FATAL:  53300: sorry, too many clients already", CONN_DEGRADED);
    advises("close some");
    does_not_advise("Console");
    judge(&cloud, PREFIX "FATAL:  53300: sorry, too many clients already", CONN_DEGRADED);
    advises("storage limit");
    judge(&cloud, PREFIX "FATAL:  53100: no space", CONN_DEGRADED);
    advises("raise the limit in the Cloud Console");
    judge(&elsewhere, PREFIX "FATAL:  53100: no space", CONN_DEGRADED);
    advises("disk is full");
    judge(&elsewhere, PREFIX "FATAL:  57P01: server is not accepting clients, try another node",
          CONN_DOWN);
    judge(&elsewhere, PREFIX "FATAL:  08P01: node is running secure mode, SSL connection required",
          CONN_CONFIG);
    judge(&elsewhere, PREFIX "FATAL:  08P01: unsupported startup parameter: options", CONN_CONFIG);
    advises("DATABASE_URL_DIRECT");
    judge(&elsewhere, PREFIX "FATAL:  42704: unrecognized configuration parameter \"cluster\"",
          CONN_CONFIG);
    judge(&elsewhere, PREFIX "FATAL:  53300: zu viele Verbindungen", CONN_DEGRADED);
    /* Two tries, as with sslmode=prefer, and a hint in words of its own. */
    judge(&elsewhere,
          PREFIX "FATAL:  42704: not known\nHINT:  certificate\n" PREFIX "FATAL:  42704: not known",
          CONN_CONFIG);
    assert_string_equal(judged.message, "cannot connect to the secondary (shown): not known");
    advises("does not know one of the settings");
}

static const struct connect_target neon = {.host = "ep-cool-1.eu-central-1.aws.neon.tech",
                                           .port = "5432",
                                           .dbname = "shop",
                                           .libpq = 150018};

/* As the proxy of Neon words them (neondatabase/neon, proxy/src: errors.rs, compute/mod.rs) and its
 * control plane. */
TEST(a_compute_that_does_not_run)
{
    judge(&neon, PREFIX "ERROR:  XX000: Couldn't connect to compute node", CONN_DOWN);
    advises("a compute that slept");
    advises("HEALTH_CHECK_TIMEOUT");
    judge(&neon, PREFIX "ERROR:  XX000: Control plane request failed", CONN_DOWN);
    advises("try again in a moment");
    judge(&neon, PREFIX "FATAL:  57P03: the database system is starting up", CONN_DOWN);
    advises("try again in a moment");
    judge(&neon,
          PREFIX "ERROR:  XX000: Your account or project has exceeded the compute time quota. "
                 "Upgrade your plan to increase limits.",
          CONN_DOWN);
    says("has exceeded the compute time quota");
    advises("a quota is used up");
    advises("Neon Console");
    judge(&neon,
          PREFIX "ERROR:  XX000: Your project has exceeded the data transfer quota. Upgrade your "
                 "plan to increase limits.",
          CONN_DOWN);
    advises("a quota is used up");
    does_not_advise("slept");
    judge(&elsewhere, PREFIX "ERROR:  Your project has exceeded the written data quota", CONN_DOWN);
    advises("the provider's console");
    judge(&neon,
          PREFIX "ERROR:  XX000: You have exceeded the limit of concurrently active endpoints. "
                 "Please suspend some endpoints and try again.",
          CONN_DOWN);
    advises("suspend other computes");
    judge(&neon,
          PREFIX "ERROR:  XX000: The requested endpoint could not be found, or you don't have "
                 "access to it. Please check the provided ID and try again.",
          CONN_CONFIG);
    advises("no such database");
    judge(&neon,
          PREFIX "ERROR:  XX000: Failed to acquire permit to connect to the database. Too many "
                 "database connection attempts are currently ongoing.",
          CONN_DEGRADED);
    advises("close idle connections");
}

TEST(a_pooler_in_between)
{
    judge(&neon,
          PREFIX "ERROR:  08P01: unsupported startup parameter in options: search_path. Please "
                 "use unpooled connection or remove this parameter from the startup package.",
          CONN_CONFIG);
    advises("the address of a connection pooler; set DATABASE_URL_DIRECT");
    judge(&elsewhere, PREFIX "FATAL:  08P01: query_wait_timeout", CONN_DEGRADED);
    advises("pool size");
    judge(&elsewhere, PREFIX "FATAL:  08P01: no more connections allowed (max_client_conn)",
          CONN_DEGRADED);
    judge(&elsewhere, PREFIX "FATAL:  08P01: no such database: shop", CONN_CONFIG);
    advises("the pooler has no database of that name");
    judge(&elsewhere,
          PREFIX "FATAL:  08P01: server login has been failing, cached error: connect failed "
                 "(server_login_retry)",
          CONN_DOWN);
    advises("the pooler cannot log in");
}

TEST(a_certificate_of_the_client)
{
    judge(&elsewhere, PREFIX "FATAL:  28000: connection requires a valid client certificate",
          CONN_CONFIG);
    advises("sslcert and sslkey");
    judge(&elsewhere, PREFIX "FATAL:  28000: certificate authentication failed for user \"app\"",
          CONN_CONFIG);
    advises("made out to the user of the URL");
    judge(&elsewhere,
          PREFIX "FATAL:  28000: no pg_hba.conf entry for host \"203.0.113.9\", user \"app\", "
                 "database \"shop\", no encryption",
          CONN_CONFIG);
    advises("over TLS only: write sslmode=verify-full");
    judge(&elsewhere,
          PREFIX "FATAL:  28000: no pg_hba.conf entry for host \"203.0.113.9\", user \"app\", "
                 "database \"shop\", SSL encryption",
          CONN_CONFIG);
    advises("whether the server lets this host in");
}

static void refused(const char *sqlstate, const char *part)
{
    if (!query_hint(sqlstate) || !strstr(query_hint(sqlstate), part))
        fail_msg("'%s' is not what is advised about %s", part, sqlstate);
}

/* relation "x" does not exist, and its like; prepared statement "x" does not exist. */
TEST(what_a_statement_is_refused_for)
{
    refused("42P01", "dbr-init-secondary");
    refused("42P01", "migrations");
    refused("42P01", "DB_SCHEMA");
    refused("3F000", "DB_SCHEMA");
    refused("42703", "--update");
    refused("42883", "extension");
    refused("26000", "the address of a connection pooler");
    refused("53100", "storage limit");
    refused("22P02", "correct it where it comes from");
    refused("23503", "do not fulfil that constraint");
    assert_null(query_hint("XX000"));
}

static void warned(const char *url, const char *part)
{
    char *warning = conn_url_warning(url);

    if (!part) {
        assert_null(warning);
        return;
    }
    assert_non_null(warning);
    if (!strstr(warning, part))
        fail_msg("'%s' is not in: %s", part, warning);
    assert_non_null(strstr(warning, "sslmode=verify-full"));
    assert_null(strstr(warning, "s3cret"));
    free(warning);
}

TEST(weak_verification_is_said)
{
    assert_int_equal(unsetenv("PGSSLMODE"), 0);
    assert_int_equal(unsetenv("PGSSLROOTCERT"), 0);
    warned("postgresql://app:s3cret@" CLOUD ":26257/shop?sslmode=require", "sslmode=require does");
    warned("postgresql://app:s3cret@" CLOUD "/shop?sslmode=verify-ca", "sslmode=verify-ca does");
    warned("postgresql://app:s3cret@" CLOUD "/shop", "a URL without sslmode does");
    warned("host=" CLOUD " password=s3cret sslmode=prefer", "&sslrootcert=");
    warned("postgresql://app@" CLOUD "/shop?sslmode=verify-full", NULL);
    warned("postgresql://app@db.example.com/shop?sslmode=require", NULL);
    warned("postgresql://app@cockroachlabs.cloud.example.com/shop", NULL);
    warned("service=shop host=" CLOUD, NULL);
    assert_int_equal(setenv("PGSSLMODE", "verify-full", 1), 0);
    warned("postgresql://app@" CLOUD "/shop", NULL);
    warned("postgresql://app@" CLOUD "/shop?sslmode=require", "sslmode=require does");
    assert_int_equal(unsetenv("PGSSLMODE"), 0);
}

TEST(silence_of_a_cloud_cluster)
{
    struct err err = ERR_INIT;

    conn_no_answer("secondary", "postgresql://app:s3cret@" CLOUD ":26257/shop", 2500, &err);
    assert_string_equal(err.message, "the secondary (postgresql://app@" CLOUD
                                     ":26257/shop) did not answer within 2.5 s");
    assert_non_null(strstr(err.hint, "IP allowlist"));
    conn_no_answer("primary", "postgresql://app:s3cret@db.example.com/shop", 1000, &err);
    assert_null(strstr(err.hint, "allowlist"));
    assert_null(strstr(err.hint, "slept"));
    conn_no_answer("primary", "postgresql://app:s3cret@ep-cool-1.eu-central-1.aws.neon.tech/shop",
                   1000, &err);
    assert_non_null(strstr(err.hint, "a compute that slept takes some seconds to start"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_configuration),
        cmocka_unit_test(a_handshake_that_ends_is_an_outage),
        cmocka_unit_test(the_certificate_of_a_cloud_cluster),
        cmocka_unit_test(commands_hold_no_more_than_a_name),
        cmocka_unit_test(what_the_proxy_of_the_cloud_says),
        cmocka_unit_test(an_address_names_no_cluster),
        cmocka_unit_test(channel_binding_of_another_provider),
        cmocka_unit_test(what_servers_say),
        cmocka_unit_test(a_compute_that_does_not_run),
        cmocka_unit_test(a_pooler_in_between),
        cmocka_unit_test(a_certificate_of_the_client),
        cmocka_unit_test(what_a_statement_is_refused_for),
        cmocka_unit_test(weak_verification_is_said),
        cmocka_unit_test(silence_of_a_cloud_cluster),
    };
    return cmocka_run_group_tests_name("connect", tests, NULL, NULL);
}
