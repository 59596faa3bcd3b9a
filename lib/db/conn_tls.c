/* Asks libpq how a connection is protected. */
#include "db/conn_tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/conn_internal.h"

static void copy(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text ? text : "");
}

static bool is_local(PGconn *pg)
{
    const char *host = PQhost(pg);
    const char *address = PQhostaddr(pg);

    return (host && *host == '/') ||
           (address && (strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0));
}

/* libpq offers this one unasked where it exists. */
static void find_certificate(struct conn_tls *tls)
{
    const char *home = getenv("HOME");

    if (tls->certificate[0])
        return;
    (void)snprintf(tls->certificate, sizeof(tls->certificate), "%s/.postgresql/postgresql.crt",
                   home ? home : "");
    if (!home || access(tls->certificate, F_OK) != 0)
        tls->certificate[0] = '\0';
}

void conn_tls_read(const struct conn *conn, struct conn_tls *tls)
{
    PQconninfoOption *options = PQconninfo(conn->pg);
    const PQconninfoOption *option;

    memset(tls, 0, sizeof(*tls));
    tls->local = is_local(conn->pg);
    tls->encrypted = PQsslInUse(conn->pg) || PQgssEncInUse(conn->pg);
    copy(tls->protocol, sizeof(tls->protocol), PQsslAttribute(conn->pg, "protocol"));
    for (option = options; option && option->keyword; option++) {
        if (!strcmp(option->keyword, "sslmode"))
            copy(tls->mode, sizeof(tls->mode), option->val);
        else if (!strcmp(option->keyword, "sslcert"))
            copy(tls->certificate, sizeof(tls->certificate), option->val);
    }
    PQconninfoFree(options);
    if (PQsslInUse(conn->pg))
        find_certificate(tls);
    else
        tls->certificate[0] = '\0';
}
