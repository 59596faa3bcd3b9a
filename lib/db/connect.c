/*
 * Why a connection failed: libpq's message sorted into classes that decide what is done about it,
 * and worded with a hint. The SQLSTATE is read from the verbose form of the message, so a server
 * that speaks another language is understood too.
 */
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "db/conn_internal.h"

/* Finds ":  28P01: " (severity, two blanks, code) in a verbose message; the text after it is what
 * the server said. */
static const char *find_sqlstate(const char *message, char *sqlstate)
{
    const char *p;

    for (p = strstr(message, ":  "); p; p = strstr(p + 1, ":  ")) {
        size_t i;

        for (i = 0; i < 5; i++)
            if (!isdigit((unsigned char)p[3 + i]) && !isupper((unsigned char)p[3 + i]))
                break;
        if (i == 5 && p[8] == ':' && p[9] == ' ') {
            memcpy(sqlstate, p + 3, 5);
            sqlstate[5] = '\0';
            return p + 10;
        }
    }
    return NULL;
}

struct failure_class {
    const char *mark; /* part of the message; in by_sqlstate a code or its first characters */
    enum conn_failure failure;
    const char *hint; /* or, where that is NULL: */
    void (*advise)(struct buf *, const struct connect_target *);
};

/* Said by what stands between us and the server, which has codes of its own or none: looked for
 * first. */
static const struct failure_class by_proxy[] = {
    {"unsupported startup parameter", CONN_CONFIG, CONN_POOLER_HINT, NULL},
    {"no more connections allowed", CONN_DEGRADED,
     "the pooler has no connection left; close some, or raise its limits", NULL},
    {"Endpoint ID is not specified", CONN_CONFIG,
     "write the host name that the provider gives, not an address: it says which database is meant",
     NULL},
    {"query_wait_timeout", CONN_DEGRADED,
     "the pooler had no free connection to the database in time: close some, or raise its pool "
     "size",
     NULL},
    {"no such database", CONN_CONFIG,
     "the pooler has no database of that name: check the end of the URL, and the pooler's own list",
     NULL},
    {"server login has been failing", CONN_DOWN,
     "the pooler cannot log in to the database behind it: see its log, and host, user and password "
     "of its entry",
     NULL},
    /* Neon: what its proxy says while a compute does not run */
    {"connect to compute node", CONN_DOWN, NULL, hint_cold_start},
    {"Control plane request failed", CONN_DOWN, NULL, hint_cold_start},
    {"limit of concurrently active endpoints", CONN_DOWN,
     "suspend other computes in the Neon Console, or have the limit raised: this one cannot start "
     "beside them",
     NULL},
    {"has exceeded the ", CONN_DOWN, NULL, hint_quota},
    {"Enable it using Neon API", CONN_DOWN,
     "the compute was disabled by somebody or by the provider: enable it in the Neon Console",
     NULL},
    {"ould not be found, or you don't have access", CONN_CONFIG,
     "check the host name in the URL: the provider has no such database, or no longer", NULL},
    {"acquire permit", CONN_DEGRADED,
     "too many connect at the same time: close idle connections, then try again", NULL},
    {"Too many connections attempts", CONN_DEGRADED,
     "too many connect at the same time: close idle connections, then try again", NULL},
    /* CockroachDB Cloud */
    {"ParamsRoutingFailed", CONN_CONFIG, NULL, hint_routing},
    {"SNIRoutingFailed", CONN_CONFIG, NULL, hint_routing},
    {"cluster identifier", CONN_CONFIG, NULL, hint_routing},
    {"failed authentication attempts", CONN_CONFIG,
     "correct user and password in the URL, then wait a few minutes: the provider slows down an "
     "address after failed logins",
     NULL},
    {"connection attempt throttled", CONN_CONFIG,
     "correct user and password in the URL, then wait a few minutes: the provider slows down an "
     "address after failed logins",
     NULL},
    {"ProxyRefusedConnection", CONN_CONFIG,
     "add this machine's address to the cluster's IP allowlist (Cloud Console, Networking)", NULL},
    {"codeUnavailable", CONN_DOWN,
     "see the cluster in the Cloud Console: one whose request units are used up is disabled until "
     "its limit is raised or the next month begins",
     NULL},
    {"server requires encryption", CONN_CONFIG, NULL, hint_encryption_missing},
    {"SSL connection required", CONN_CONFIG, NULL, hint_encryption_missing},
    {"no encryption", CONN_CONFIG, NULL, hint_not_in_clear},
    {"valid client certificate", CONN_CONFIG, NULL, hint_client_certificate},
    {"no client certificate", CONN_CONFIG, NULL, hint_client_certificate},
    {"certificate authentication failed", CONN_CONFIG, NULL, hint_client_certificate},
};

static const struct failure_class by_sqlstate[] = {
    {"28P01", CONN_CONFIG, "check user and password in the URL", NULL},
    {"28", CONN_CONFIG, "check the user in the URL, and whether the server lets this host in",
     NULL},
    {"3D000", CONN_CONFIG, "check the database name at the end of the URL", NULL},
    {"3F000", CONN_CONFIG, "check DB_SCHEMA", NULL},
    {"42704", CONN_CONFIG, "the server does not know one of the settings in the URL's options",
     NULL},
    {"42501", CONN_CONFIG, "the role lacks the right to connect to this database", NULL},
    {"53300", CONN_DEGRADED, NULL, hint_no_connection_left},
    {"53100", CONN_DEGRADED, NULL, hint_no_space_left},
    {"53", CONN_DEGRADED, "the server is out of resources; see its log", NULL},
    {"55000", CONN_CONFIG, "the server lets nobody into this database (ALLOW_CONNECTIONS is off)",
     NULL},
    {"57P03", CONN_DOWN, "the server is starting up or shutting down; try again in a moment", NULL},
    {"57P01", CONN_DOWN, "the server is shutting down", NULL},
    {"57P02", CONN_DOWN, "the server has crashed and is recovering", NULL},
};

/* Said by libpq and its TLS library. A peer that ends the handshake is an outage; whatever else
 * they do not accept is for a person to set right, on this machine or in the URL. */
static const struct failure_class by_text[] = {
    {"certificate verify failed", CONN_CONFIG, NULL, hint_not_verified},
    {"root certificate file", CONN_CONFIG, NULL, hint_no_root_certificate},
    {"does not match host name", CONN_CONFIG, NULL, hint_wrong_host},
    {"host name must be specified", CONN_CONFIG,
     "add the name that is in the certificate: host=NAME beside hostaddr", NULL},
    {"does not support SSL", CONN_CONFIG, "the URL asks for TLS, which this server does not offer",
     NULL},
    {"no password supplied", CONN_CONFIG, "put the password into the URL or into ~/.pgpass", NULL},
    {"channel binding", CONN_CONFIG, NULL, hint_channel_binding},
    {"may not be used with sslrootcert=system", CONN_CONFIG,
     "write sslmode=verify-full into the URL", NULL},
    {"private key", CONN_CONFIG, NULL, hint_client_certificate},
    {"certificate", CONN_CONFIG, "see sslrootcert, sslcert and sslkey in the URL", NULL},
    {"unexpected eof", CONN_DOWN, "the server ended the TLS handshake; see its log", NULL},
    {"SSL SYSCALL", CONN_DOWN, "the server ended the TLS handshake; see its log", NULL},
    {"SSL error", CONN_CONFIG,
     "the server's TLS and this machine's do not agree; see the server's log", NULL},
    {"could not translate host name", CONN_DOWN,
     "check the host name in the URL and this machine's DNS", NULL},
    {"invalid", CONN_CONFIG, "correct this parameter of the URL", NULL},
    {"efused", CONN_DOWN, "check that the server runs and listens on this address and port", NULL},
    {"imeout", CONN_DOWN, NULL, hint_no_answer},
    {"No such file", CONN_DOWN, "no server listens on this socket; check host and port in the URL",
     NULL},
};

/* The first line, which tells something new: the hints of servers and of libpq follow it. */
static void first_line(const char *text, struct buf *out)
{
    size_t len = strcspn(text, "\n");

    while (len > 0 && (text[len - 1] == '.' || text[len - 1] == ' '))
        len--;
    buf_add(out, text, len);
    if (out->len == 0)
        buf_adds(out, "the connection failed");
}

/* Where the reason begins in a message that libpq has written itself: after "failed: ". */
static const char *after_address(const char *message)
{
    const char *start = strstr(message, " failed: ");

    start = start ? start + 9 : message;
    return strncmp(start, "FATAL:  ", 8) != 0 ? start : start + 8;
}

static const struct failure_class *find_text(const struct failure_class *classes, size_t count,
                                             const char *reason)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (strstr(reason, classes[i].mark))
            return &classes[i];
    return NULL;
}

static const struct failure_class *find_code(const char *sqlstate)
{
    size_t i;

    for (i = 0; i < sizeof(by_sqlstate) / sizeof(by_sqlstate[0]); i++)
        if (!strncmp(sqlstate, by_sqlstate[i].mark, strlen(by_sqlstate[i].mark)))
            return &by_sqlstate[i];
    return NULL;
}

enum conn_failure connect_judge(const char *message, const struct connect_target *target,
                                const char *role, const char *shown, struct err *err)
{
    char sqlstate[6] = "";
    const char *said = find_sqlstate(message, sqlstate);
    const struct failure_class *found;
    struct buf reason = BUF_INIT;
    struct buf hint = BUF_INIT;

    first_line(said ? said : after_address(message), &reason);
    found = find_text(by_proxy, sizeof(by_proxy) / sizeof(by_proxy[0]), reason.data);
    if (!found && said)
        found = find_code(sqlstate);
    if (!found)
        found = find_text(by_text, sizeof(by_text) / sizeof(by_text[0]), reason.data);
    if (found && found->advise)
        found->advise(&hint, target);
    else
        buf_adds(&hint, found ? found->hint : "check the URL and that the server runs");
    err_set(err, ERR_UNREACHABLE, "cannot connect to the %s (%s): %s", role, shown, reason.data);
    memcpy(err->sqlstate, sqlstate, sizeof(sqlstate));
    err_hint(err, "%s", hint.data);
    buf_release(&reason);
    buf_release(&hint);
    return found ? found->failure : CONN_DOWN;
}

static const char *setting(const PQconninfoOption *options, const char *keyword)
{
    for (; options && options->keyword; options++)
        if (!strcmp(options->keyword, keyword))
            return options->val && *options->val ? options->val : NULL;
    return NULL;
}

static struct connect_target target_of(PGconn *pg, const PQconninfoOption *options)
{
    return (struct connect_target){PQhost(pg),
                                   setting(options, "hostaddr"),
                                   PQport(pg),
                                   setting(options, "dbname"),
                                   setting(options, "options"),
                                   setting(options, "sslmode"),
                                   setting(options, "sslrootcert"),
                                   PQlibVersion()};
}

enum conn_failure connect_failure(PGconn *pg, const char *role, const char *shown, struct err *err)
{
    PQconninfoOption *options = PQconninfo(pg);
    struct connect_target target = target_of(pg, options);
    enum conn_failure failure = connect_judge(PQerrorMessage(pg), &target, role, shown, err);

    PQconninfoFree(options);
    return failure;
}

bool connect_settings_known(PGconn *pg, const char *role, struct err *err)
{
    PQconninfoOption *options = PQconninfo(pg);
    const char *root = setting(options, "sslrootcert");
    bool known = !root || strcmp(root, "system") != 0 || PQlibVersion() >= LIBPQ_KNOWS_SYSTEM;
    struct buf hint = BUF_INIT;

    PQconninfoFree(options);
    if (known)
        return true;
    hint_encryption_missing(&hint, &(struct connect_target){.libpq = PQlibVersion()});
    err_set(err, ERR_USAGE,
            "the URL of the %s says sslrootcert=system, which libpq knows from version 16 on; this "
            "one is %d",
            role, PQlibVersion() / 10000);
    err_hint(err, "%s", hint.data);
    buf_release(&hint);
    return false;
}
