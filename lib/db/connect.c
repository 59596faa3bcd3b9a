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

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

struct failure_class {
    const char *sqlstate; /* code or its first characters */
    enum conn_failure failure;
    const char *hint;
};

static const struct failure_class by_sqlstate[] = {
    {"28P01", CONN_CONFIG, "check user and password in the URL"},
    {"28", CONN_CONFIG, "check the user in the URL, and whether the server lets this host in"},
    {"3D000", CONN_CONFIG, "check the database name at the end of the URL"},
    {"3F000", CONN_CONFIG, "check DB_SCHEMA"},
    {"42704", CONN_CONFIG, "the server does not know one of the settings in the URL's options"},
    {"42501", CONN_CONFIG, "the role lacks the right to connect to this database"},
    {"53300", CONN_DEGRADED,
     "too many connections are open; close some, or raise the server's limit"},
    {"53100", CONN_DEGRADED, "the server's disk is full"},
    {"53", CONN_DEGRADED, "the server is out of resources; see its log"},
    {"55000", CONN_CONFIG, "the server lets nobody into this database (ALLOW_CONNECTIONS is off)"},
    {"57P03", CONN_DOWN, "the server is starting up or shutting down; try again in a moment"},
    {"57P01", CONN_DOWN, "the server is shutting down"},
    {"57P02", CONN_DOWN, "the server has crashed and is recovering"},
};

static const struct failure_class by_text[] = {
    {"unsupported startup parameter", CONN_CONFIG,
     "this is the address of a connection pooler; set DATABASE_URL_DIRECT to the server's own "
     "address"},
    {"certificate verify failed", CONN_CONFIG,
     "the server's certificate is not signed by the CA in sslrootcert (or ~/.postgresql/root.crt)"},
    {"root certificate file", CONN_CONFIG,
     "put the provider's CA certificate into ~/.postgresql/root.crt, or name it with sslrootcert "
     "in the URL"},
    {"server certificate for", CONN_CONFIG,
     "the host name in the URL is not the one in the certificate"},
    {"does not support SSL", CONN_CONFIG, "the URL asks for TLS, which this server does not offer"},
    {"no password supplied", CONN_CONFIG, "put the password into the URL or into ~/.pgpass"},
    {"channel binding", CONN_CONFIG,
     "this server does not offer channel binding; leave channel_binding out of its URL"},
    {"outing", CONN_CONFIG, "check the cluster's name in the host name of the URL"},
    {"no more connections allowed", CONN_DEGRADED,
     "the pooler has no connection left; close some, or raise its limits"},
    {"could not translate host name", CONN_DOWN,
     "check the host name in the URL and this machine's DNS"},
    {"efused", CONN_DOWN, "check that the server runs and listens on this address and port"},
    {"imeout", CONN_DOWN, "check that the server runs and that no firewall drops the connection"},
    {"No such file", CONN_DOWN, "no server listens on this socket; check host and port in the URL"},
};

/* The part of libpq's message that tells something new: after "failed: ", first line. */
static void plain_reason(const char *message, struct buf *out)
{
    const char *start = strstr(message, " failed: ");
    size_t len;

    start = start ? start + 9 : message;
    if (!strncmp(start, "FATAL:  ", 8))
        start += 8;
    len = strcspn(start, "\n");
    while (len > 0 && (start[len - 1] == '.' || start[len - 1] == ' '))
        len--;
    buf_add(out, start, len);
    if (out->len == 0)
        buf_adds(out, "the connection failed");
}

enum conn_failure connect_failure(PGconn *pg, const char *role, const char *shown, struct err *err)
{
    const char *message = PQerrorMessage(pg);
    char sqlstate[6] = "";
    const char *said = find_sqlstate(message, sqlstate);
    enum conn_failure failure = CONN_DOWN;
    const char *hint = NULL;
    struct buf reason = BUF_INIT;
    size_t i;

    if (said)
        plain_reason(said, &reason);
    else
        plain_reason(message, &reason);
    for (i = 0; said && !hint && i < sizeof(by_sqlstate) / sizeof(by_sqlstate[0]); i++)
        if (!strncmp(sqlstate, by_sqlstate[i].sqlstate, strlen(by_sqlstate[i].sqlstate))) {
            failure = by_sqlstate[i].failure;
            hint = by_sqlstate[i].hint;
        }
    for (i = 0; i < sizeof(by_text) / sizeof(by_text[0]); i++)
        if (has(message, by_text[i].sqlstate) && (!hint || i == 0)) {
            failure = by_text[i].failure;
            hint = by_text[i].hint;
            break;
        }
    err_set(err, ERR_UNREACHABLE, "cannot connect to the %s (%s): %s", role, shown, reason.data);
    memcpy(err->sqlstate, sqlstate, sizeof(sqlstate));
    err_hint(err, "%s", hint ? hint : "check the URL and that the server runs");
    buf_release(&reason);
    return failure;
}
