/* Running a schema plan on the target: structure in one transaction, the rest statement by
 * statement in one pipeline. */
#ifndef DBR_REPL_PLAN_RUN_H
#define DBR_REPL_PLAN_RUN_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strlist.h"
#include "db/conn.h"
#include "repl/schema_plan.h"

struct plan_run {
    struct conn *target;
    const struct plan *plan;
    const struct strlist *only_tables; /* NULL: every table; else statements of these tables only */
    const struct strlist *except_tables; /* NULL: none left out */
    bool no_table;       /* statements that belong to no table only: names that are moved away */
    bool with_table;     /* none of those */
    bool exists_is_fine; /* after an interrupted run: what is there already is done */
    struct strlist *failures; /* optional statements that failed: "object: reason" */
};

/*
 * All statements of the phases in one transaction, after the n statements of `before` (one by one
 * on CockroachDB, where DDL does not roll back).
 */
bool plan_run_transaction(const struct plan_run *run, enum plan_phase from, enum plan_phase to,
                          const char *const *before, size_t n, struct err *err);

/* Each statement on its own; the first one that is not optional and fails ends the run. On
 * CockroachDB those that the weather hit are sent again. */
bool plan_run_each(const struct plan_run *run, enum plan_phase from, enum plan_phase to,
                   struct err *err);

/* One statement; used where statements run side by side on several connections. */
bool plan_run_one(const struct plan_run *run, const struct plan_statement *statement,
                  struct err *err);

#endif
