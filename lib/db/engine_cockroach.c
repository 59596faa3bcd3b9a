/* CockroachDB, and finding either engine by its name. */
#include "db/engine.h"

#include <string.h>

#include "db/engine_ddl.h"
#include "db/engine_dml.h"

const struct engine engine_cockroach = {
    .kind = ENGINE_COCKROACH,
    .name = "cockroach",
    .ddl = &cockroach_ddl,
    .dml = &cockroach_dml,
};

const struct engine *engine_by_name(const char *name)
{
    static const struct engine *const engines[] = {&engine_postgres, &engine_cockroach};
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
        if (strcmp(engines[i]->name, name) == 0)
            return engines[i];
    return NULL;
}
