/* What PostgreSQL needs in statements about rows. */
#include "db/engine_dml.h"
#include "db/row_sql.h"

static void hash(struct buf *sql, const struct row_table *t, const char *text)
{
    if (t->form == HASH_NATIVE)
        buf_addf(sql, "hashtextextended((%s) COLLATE \"C\", 0)", text);
    else if (t->convert_encoding)
        buf_addf(sql, "('x0' || substr(md5(convert_to(%s, 'UTF8')), 1, 15))::bit(64)::int8", text);
    else
        buf_addf(sql, "('x0' || substr(md5(%s), 1, 15))::bit(64)::int8", text);
}

const struct engine_dml postgres_dml = {
    .only = "ONLY ",
    .overriding = " OVERRIDING SYSTEM VALUE",
    .bytewise = " COLLATE \"C\"",
    .pieces = true,
    .hash = hash,
};
