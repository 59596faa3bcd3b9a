/* PostgreSQL, and servers that speak it (Neon). */
#include "db/engine.h"

#include "db/engine_ddl.h"
#include "db/engine_dml.h"

const struct engine engine_postgres = {
    .kind = ENGINE_POSTGRES,
    .name = "postgres",
    .ddl = &postgres_ddl,
    .dml = &postgres_dml,
};
