/*
 * Writers of row statements: what the finders and the applier send. Each appends one statement to sql; nothing is executed here.
 * Keys travel as text: parameter arrays of text ($1::text[], one per key column), cast on the server.
 */
#ifndef DBR_DB_ENGINE_DML_H
#define DBR_DB_ENGINE_DML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "db/model.h"

/*
 * How a row becomes 64 bits. NATIVE: two PostgreSQL servers of the same encoding, hashtextextended over the row's text (2.5 times as
 * fast). PORTABLE: md5 over length-prefixed columns, the same number on PostgreSQL and CockroachDB.
 */
enum hash_form { HASH_NATIVE, HASH_PORTABLE };

/* One table as rows see it on one server. */
struct row_table {
    const char *schema;
    const struct model_table *table;            /* of this server's model */
    const struct model_column **columns;        /* the copied ones, in the same order on both servers */
    size_t column_count;
    const struct model_column **keys;           /* empty for KEY_ROW: the row hash is the key */
    size_t key_count;
    enum hash_form form;
    bool convert_encoding;                      /* the server's encoding is not UTF8 (PORTABLE only) */
    const char *change_column;                  /* present in columns, or NULL */
};

struct engine_dml {
    /* SELECT count(*), sum(row hash)::text FROM table */
    void (*fingerprint)(struct buf *sql, const struct row_table *t);
    /* SELECT bucket, count(*), sum(row hash)::text ... GROUP BY bucket ORDER BY bucket; bucket = key hash & mask */
    void (*buckets)(struct buf *sql, const struct row_table *t, int64_t mask);
    /*
     * SELECT key hash, row hash, octets, key... FROM table ORDER BY key hash, key in byte order. Only buckets in `dirty`
     * (n of them) where mask is not 0; only changed rows where since is not NULL ("" since: everything). For KEY_ROW:
     * key hash = row hash, the second column is the number of equal rows, the key is the hash as text.
     */
    void (*keys)(struct buf *sql, const struct row_table *t, int64_t mask, const int64_t *dirty, size_t n,
                 const char *since);
    /* As keys (same columns and order), for the keys in the parameters. */
    void (*keys_of)(struct buf *sql, const struct row_table *t);
    /* SELECT key..., column... of the rows whose keys are in the parameters */
    void (*rows_of)(struct buf *sql, const struct row_table *t);
    /* SELECT key... of the parameters' keys that exist */
    void (*existing)(struct buf *sql, const struct row_table *t);
    /*
     * INSERT of the rows in the parameters (one text array per column). upsert: ON CONFLICT (key) DO UPDATE; otherwise a
     * plain INSERT.
     */
    void (*insert)(struct buf *sql, const struct row_table *t, bool upsert);
    /* DELETE of the rows whose keys are in the parameters */
    void (*delete_keys)(struct buf *sql, const struct row_table *t);
    /* COPY ... TO STDOUT / FROM STDIN in the format that both ends share. */
    void (*copy_out)(struct buf *sql, const struct row_table *t, const char *format);
    void (*copy_in)(struct buf *sql, const struct row_table *t, const char *format);
    /* SELECT name, last_value, is_called FROM every sequence of the names, in one statement */
    void (*sequence_values)(struct buf *sql, const char *schema, const struct model_sequence *sequences,
                            size_t count);
    /* SELECT setval so that the next value is `next` */
    void (*sequence_set)(struct buf *sql, const char *schema, const char *name, int64_t last_value,
                         bool called, int64_t increment);
};

extern const struct engine_dml postgres_dml;
extern const struct engine_dml cockroach_dml;

/* An upsert is possible: a key that can be an arbiter, no GENERATED ALWAYS identity outside it. */
bool row_table_can_upsert(const struct row_table *t);

#endif
