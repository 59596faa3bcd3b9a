/*
 * The two engines dbr knows, detected when a connection is made. An engine writes SQL from the
 * model; it never talks to a server. DDL writers stand in engine_ddl.h, writers of row statements
 * in engine_dml.h.
 */
#ifndef DBR_DB_ENGINE_H
#define DBR_DB_ENGINE_H

#include "db/conn.h"

struct engine_ddl;
struct engine_dml;

struct engine {
    enum engine_kind kind;
    const char *name; /* "postgres", "cockroach": as --dialect takes it */
    const struct engine_ddl *ddl;
    const struct engine_dml *dml;
};

extern const struct engine engine_postgres;
extern const struct engine engine_cockroach;

/* The engine of a --dialect name, or NULL. */
const struct engine *engine_by_name(const char *name);

#endif
