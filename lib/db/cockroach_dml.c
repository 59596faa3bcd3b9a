/* What CockroachDB needs in statements about rows. */
#include "db/engine_dml.h"
#include "db/row_sql.h"

/* 15 hexadecimal digits fit an INT8 with the sign to spare. */
static void hash(struct buf *sql, const struct row_table *t, const char *text)
{
    (void)t;
    buf_addf(sql, "('0x' || substr(md5(%s), 1, 15))::int8", text);
}

const struct engine_dml cockroach_dml = {
    .only = "",
    .overriding = "",
    .bytewise = "",
    .keyed_query = true,
    .pieces = false, /* no temporary table goes with its transaction there */
    .hash = hash,
};
