/* CockroachDB DDL. */
#include "db/engine_ddl.h"

const struct engine_ddl cockroach_ddl = {.newest = 250400};
