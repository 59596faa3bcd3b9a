/* What the files that build plans share; private to lib/repl/schema_*.c. */
#ifndef DBR_REPL_SCHEMA_PLAN_BUILD_H
#define DBR_REPL_SCHEMA_PLAN_BUILD_H

#include "base/mem.h"
#include "db/engine_ddl.h"
#include "repl/schema_plan.h"

/* Moves what the writers have left to the end of the plan, as statements of that phase. */
void plan_take(struct plan *plan, struct ddl *ddl, enum plan_phase phase);
/* Phase by phase; the order within a phase stays. */
void plan_sort(struct plan *plan);
/*
 * Indexes of the plan over functions that a server may not be able to call while it builds an
 * index get their advice; those of tables that the plan creates come before the rows.
 */
void plan_advise(struct plan *plan, const struct model *source, const struct engine *target,
                 int target_version);
/* A sequence with a statement of its own: not that of a table left out, nor an identity's on
 * PostgreSQL. */
bool plan_sequence_created(const struct model *model, const struct model_sequence *sequence,
                           const struct engine_ddl *engine);
/* An object that is created before the rows come. */
bool plan_object_early(const struct model_object *object);

#endif
