/* Asks libpq how a connection is protected. */
#include "db/conn_tls.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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

/* --- the server's certificate ----------------------------------------------------------- */

/*
 * libpq has no function for it, and hands out the handle of OpenSSL instead. dbr does not link
 * OpenSSL: the functions are those of the library that libpq has loaded.
 */
union symbol {
    void *object;
    void *(*get)(const void *);
    void (*free)(void *);
    int (*to_tm)(const void *, struct tm *);
};

static bool find(const char *name, union symbol *symbol)
{
    symbol->object = dlsym(RTLD_DEFAULT, name);
    return symbol->object != NULL;
}

int64_t conn_tls_expiry(const struct conn *conn)
{
    union symbol peer, not_after, to_tm, free_it;
    struct tm tm = {0};
    void *ssl = PQsslInUse(conn->pg) ? PQsslStruct(conn->pg, "OpenSSL") : NULL;
    if (!ssl ||
        (!find("SSL_get1_peer_certificate", &peer) && !find("SSL_get_peer_certificate", &peer)) ||
        !find("X509_get0_notAfter", &not_after) || !find("ASN1_TIME_to_tm", &to_tm) ||
        !find("X509_free", &free_it))
        return 0;
    void *certificate = peer.get(ssl);
    bool ok = certificate && to_tm.to_tm(not_after.get(certificate), &tm) == 1;
    if (certificate)
        free_it.free(certificate);
    return ok ? (int64_t)timegm(&tm) * 1000000 : 0;
}
