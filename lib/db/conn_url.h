/* URLs inside lib/db: see conn_check_url and conn_direct_url in conn.h for what other layers use.
 */
#ifndef DBR_DB_CONN_URL_H
#define DBR_DB_CONN_URL_H

#include <libpq-fe.h>

/* postgresql://user@host:port/db from parsed keywords; malloced. */
char *conn_url_shown(const PQconninfoOption *options);

#endif
