/*
 * The admin console of a PgBouncer: a connection that knows a few commands and the simple protocol
 * only. Errors are ERR_FAILED; a console that is away is no database that is unreachable.
 */
#ifndef DBR_DB_PGBOUNCER_H
#define DBR_DB_PGBOUNCER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct pgbouncer;

/* Connects within 5 s. url: as conn_check_url accepts it; its database is pgbouncer unless it says
 * otherwise. */
bool pgbouncer_open(const char *url, struct pgbouncer **console, struct err *err);
void pgbouncer_close(struct pgbouncer *console); /* NULL is fine */

/*
 * Sends "VERB" or "VERB database" and waits at most limit_ms for its end. In time: true with
 * *in_time set. Not in time: true with *in_time unset; the console is then of no more use, and the
 * command stays in force. A NULL in_time makes that an error. until_stop: a requested stop ends the
 * wait (ERR_STOPPED), with the same effect on console and command.
 */
bool pgbouncer_command(struct pgbouncer *console, const char *verb, const char *database,
                       int64_t limit_ms, bool until_stop, bool *in_time, struct err *err);

/* A database as PgBouncer has it now; malloced, "" where it has none. */
struct pgbouncer_database {
    char *host, *port, *dbname, *user;
    bool paused;
};
/* ERR_USAGE when PgBouncer has no database of that name. */
bool pgbouncer_show(struct pgbouncer *console, const char *name,
                    struct pgbouncer_database *database, struct err *err);
void pgbouncer_database_release(struct pgbouncer_database *database);

/* A setting by its name; malloced, NULL when there is none of that name. */
bool pgbouncer_setting(struct pgbouncer *console, const char *name, char **value, struct err *err);

#endif
