/*
 * The line of one database in the configuration file of PgBouncer:
 *
 *     [databases]
 *     app = host=db.example.com port=5432 dbname=app user=app password='it''s' pool_size=20
 */
#ifndef DBR_STATE_PGBOUNCER_INI_H
#define DBR_STATE_PGBOUNCER_INI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/url_parts.h"

/*
 * Reads the line (the last one that counts, as PgBouncer does). False when there is none or it
 * cannot be understood. An included file, which has no section of its own, is read as if it were
 * below [databases]. Release parts in either case.
 */
bool pgbouncer_ini_get(const char *text, size_t len, const char *database, struct url_parts *parts);

/*
 * Appends text to out with host, port, dbname, user and password of the database's line (each line
 * of that name) set to those of parts; what is NULL there goes from the line. The line's other
 * parameters and all other bytes stay. ERR_USAGE when there is no such line, or a value holds what
 * the file cannot (a line end); path is for errors.
 */
bool pgbouncer_ini_set(const char *path, const char *text, size_t len, const char *database,
                       const struct url_parts *parts, struct buf *out, struct err *err);

#endif
