/* The database setting that makes sessions read-only by default. */
#include "repl/fence.h"

#include <string.h>

#include "base/buf.h"
#include "db/query.h"
#include "db/quote.h"

static bool alter(struct conn *conn, const char *identity, const char *change, struct err *err)
{
    const char *name = strchr(identity, '/');
    struct buf sql = BUF_INIT;
    bool ok;

    buf_adds(&sql, "ALTER DATABASE ");
    quote_ident(&sql, name ? name + 1 : identity);
    buf_addf(&sql, " %s", change);
    ok = query_run(conn, sql.data, 0, NULL, NULL, err);
    buf_release(&sql);
    return ok;
}

bool fence_place(struct conn *conn, const char *identity, struct err *err)
{
    return alter(conn, identity, "SET default_transaction_read_only = on", err);
}

bool fence_lift(struct conn *conn, const char *identity, struct err *err)
{
    return alter(conn, identity, "RESET default_transaction_read_only", err);
}
