/*
 * What the doctor asks a server, and what it makes of the answers. Asking changes nothing, takes
 * two round trips, and goes on where the role may not see something; judging is a pure function.
 */
#ifndef DBR_OPS_DOCTOR_SERVER_H
#define DBR_OPS_DOCTOR_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/conn.h"
#include "db/conn_tls.h"
#include "db/model.h"
#include "ops/findings.h"
#include "state/config.h"

/* Variables of a session of the application; all of CockroachDB but the first. */
enum doctor_setting {
    SETTING_TIME_ZONE,
    SETTING_SERIAL,    /* serial_normalization */
    SETTING_INT_SIZE,  /* default_int_size */
    SETTING_DDL,       /* autocommit_before_ddl */
    SETTING_FULL_SCAN, /* disallow_full_table_scans */
    SETTING_ROWS_READ, /* transaction_rows_read_err */
    SETTING_ROWS_WRITTEN,
    SETTING_COUNT
};

/* An 8-byte column that leads a key, or takes its values from unique_rowid(). */
struct doctor_column {
    char *table, *name;
    bool by_rowid;
    bool is_key;
    bool has_largest;
    int64_t largest;
};

enum doctor_right {
    RIGHT_SELECT,
    RIGHT_INSERT,
    RIGHT_UPDATE,
    RIGHT_DELETE,
    RIGHT_SEQUENCES, /* USAGE of sequences */
    RIGHT_COUNT
};

/* What a role may do in the schema, by itself or as a member of others. */
struct doctor_role {
    char *name;
    bool application;         /* may log in, and is neither a superuser nor dbr's own */
    int64_t may[RIGHT_COUNT]; /* on so many tables and views, or sequences */
    int64_t may_not[RIGHT_COUNT];
};

/* Owned texts are NULL, numbers -1, where the server did not say. */
struct doctor_facts {
    enum engine_kind engine;
    int version; /* conn_version */
    char version_text[64];
    char *database, *user;
    bool admin; /* superuser; on CockroachDB a member of admin */
    struct conn_tls tls;
    char *trouble; /* why rights could not be asked for, or NULL */

    bool schema_exists, may_use_schema, may_create_in_schema;
    int64_t tables, unreadable, unwritable;
    int64_t octets; /* of the tables of the schema with their indexes */
    bool knows_database, may_create_schema, owns_database;

    char *settings[SETTING_COUNT];
    int64_t connections, connection_limit; /* the limit -1: none known */
    bool knows_grants, may_see_sessions, may_cancel_sessions;
    bool makes_roles;         /* CREATEROLE */
    bool fence_role_admin;    /* DB_FENCE_ROLE is a member of admin */
    struct err fence_trouble; /* why no fence could be placed (repl/fence.h), or none */
    int64_t gc_seconds;
    char *keys_off; /* foreign keys that a broken-off sync took off (repl/keys_off.h), or NULL */
    char *rows_out; /* tables that lack rows, likewise */
    struct doctor_column *columns;
    size_t column_count;
    struct doctor_role *roles; /* by name; none: unknown */
    size_t role_count;
    struct model model;      /* of the schema; empty where: */
    char *model_trouble;     /* why it could not be read, or NULL */
    char **sequence_largest; /* by sequence of the model, the value nearest to its end that is in
                                use, as text; NULL: not asked, or none. The positions in the
                                model are younger than these */
};

/* One server to be asked. */
struct doctor_asked {
    struct conn *conn;
    const char *database; /* its name on the server */
    struct doctor_facts facts;
    struct err err; /* why it could not be asked, or none */
    bool late;      /* that is since an answer did not come in time */
};

/* All of them at the same time. Release the facts of each. */
void doctor_ask(struct doctor_asked *servers, size_t count, const struct config *config);
void doctor_facts_release(struct doctor_facts *facts);

/* doctor_lock.c. For a server that was late: says in err what it waits for, as far as that can be
 * found out by another connection. */
void doctor_explain_wait(const struct conn_params *params, struct err *err);

/* area: a literal. */
void doctor_judge(const struct doctor_facts *facts, const struct config *config, enum role role,
                  const char *area, struct findings *findings);
/* Of both together. */
void doctor_judge_zones(const struct doctor_facts *primary, const struct doctor_facts *secondary,
                        struct findings *findings);

/* What the primary holds against the room of CockroachDB Cloud's free plan, which no server tells.
 * shown: the URL of the secondary. */
void doctor_judge_storage(const struct doctor_facts *primary, const struct doctor_facts *secondary,
                          const char *shown, struct findings *findings);

/* doctor_schema.c. Of the schema of both: what the standby would have to follow, and sequences that
 * give out ids which are in use. */
void doctor_judge_schema(const struct doctor_facts *active, const struct doctor_facts *standby,
                         const struct config *config, struct findings *findings);
void doctor_judge_sequences(const struct doctor_facts *facts, bool active, const char *area,
                            struct findings *findings);

/* doctor_roles.c. Roles that may do less on the standby than on the active. */
struct result;
extern const char doctor_roles_sql[]; /* $1: the schema */
void doctor_read_roles(struct doctor_facts *facts, const struct result *answer);
void doctor_judge_roles(const struct doctor_facts *active, const struct doctor_facts *standby,
                        struct findings *findings);

/* Asks for the values in use that are nearest to the ends of sequences: rows (number of the
 * sequence, value); false when there is none to be asked for. */
struct buf;
bool doctor_sequences_sql(const struct model *model, struct buf *sql);
/* Asks where the same sequences stand: rows (number of the sequence, last value that was given out,
 * or NULL). In a statement after the one above, so that whatever is being written meanwhile can
 * only show a sequence further than its rows. */
bool doctor_positions_sql(const struct model *model, struct buf *sql);

/* The second question, over the columns that lead a key; false when there is none. */
bool doctor_largest_sql(const struct doctor_facts *facts, const char *schema, struct buf *sql);

#endif
