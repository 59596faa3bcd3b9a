/* How a connection is protected, for those who report it. */
#ifndef DBR_DB_CONN_TLS_H
#define DBR_DB_CONN_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "db/conn.h"

struct conn_tls {
    bool local;            /* to this machine: a socket, or a loopback address */
    bool encrypted;        /* TLS, or GSSAPI */
    char protocol[16];     /* "TLSv1.3", or "" */
    char mode[16];         /* the sslmode that counted */
    char certificate[256]; /* the file of the client's certificate that libpq offers, or "" */
};

void conn_tls_read(const struct conn *conn, struct conn_tls *tls);

/* When the server's certificate expires, in microseconds since 1970; 0 where there is none, or
 * libpq uses a TLS library that cannot be asked. */
int64_t conn_tls_expiry(const struct conn *conn);

#endif
