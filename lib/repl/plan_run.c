/* Statements of a plan, sent in pipelines and their results matched with the objects that they
 * make. */
#include "repl/plan_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "repl/rounds.h"

static bool chosen(const struct plan_run *run, const struct plan_statement *s, enum plan_phase from,
                   enum plan_phase to)
{
    if (s->phase < from || s->phase > to)
        return false;
    if ((run->no_table && s->table) || (run->with_table && !s->table))
        return false;
    if (run->only_tables && !(s->table && strlist_has(run->only_tables, s->table)))
        return false;
    return !(run->except_tables && s->table && strlist_has(run->except_tables, s->table));
}

static bool fail(const struct plan_statement *s, struct err *err)
{
    err_prefix(err, "%s", s->object);
    if (query_names_nothing(err))
        err_hint(err, "dbr carries one schema and what this server's version has: create what is "
                      "missing (in the schema where it is elsewhere) on this server by hand, then "
                      "run the same command again");
    return false;
}

/* What a failed statement means: true when the run goes on. */
static bool tolerate(const struct plan_run *run, const struct plan_statement *s, struct err *err)
{
    if (err->code == ERR_STOPPED || !conn_alive(run->target))
        return false;
    if (run->exists_is_fine && query_is_there_already(err)) {
        err_clear(err);
        return true;
    }
    if (s->advice && run->failures && query_names_nothing(err)) {
        strlist_addf(run->failures, "%s: %s; %s", s->object, err->message, s->advice);
        log_warn("%s was not made: %s; %s", s->object, err->message, s->advice);
        err_clear(err);
        return true;
    }
    if (s->optional && run->failures) {
        strlist_addf(run->failures, "%s: %s", s->object, err->message);
        err_clear(err);
        return true;
    }
    return fail(s, err);
}

struct running {
    const struct plan_run *run;
    const struct plan_statement **statements; /* NULL for those that come before the plan's */
};

static bool failed(void *context, size_t i, struct err *err)
{
    const struct running *r = context;

    return r->statements[i] && tolerate(r->run, r->statements[i], err);
}

bool plan_run_one(const struct plan_run *run, const struct plan_statement *s, struct err *err)
{
    struct running running = {run, &s};
    struct round_statement statement = {.sql = s->sql};
    struct rounds rounds = {run->target, &statement, 1, &running, failed, NULL};

    if (conn_kind(run->target) == ENGINE_COCKROACH)
        return rounds_run(&rounds, err);
    return query_run(run->target, s->sql, 0, NULL, NULL, err) || tolerate(run, s, err);
}

static bool run_each(const struct plan_run *run, enum plan_phase from, enum plan_phase to,
                     const char *const *before, size_t n, struct err *err)
{
    size_t most = n + run->plan->statement_count + 1;
    struct running running = {run, mem_alloc(most * sizeof(struct plan_statement *))};
    struct rounds rounds = {
        run->target, mem_alloc(most * sizeof(struct round_statement)), 0, &running, failed, NULL};
    size_t i;
    bool ok;

    for (; before && rounds.count < n; rounds.count++)
        rounds.statements[rounds.count].sql = before[rounds.count];
    for (i = 0; i < run->plan->statement_count; i++) {
        const struct plan_statement *s = &run->plan->statements[i];

        if (!chosen(run, s, from, to))
            continue;
        running.statements[rounds.count] = s;
        rounds.statements[rounds.count++].sql = s->sql;
    }
    ok = rounds.count == 0 || rounds_run(&rounds, err);
    free(running.statements);
    free(rounds.statements);
    return ok;
}

bool plan_run_each(const struct plan_run *run, enum plan_phase from, enum plan_phase to,
                   struct err *err)
{
    return run_each(run, from, to, NULL, 0, err);
}

static bool queue_transaction(const struct plan_run *run, enum plan_phase from, enum plan_phase to,
                              const char *const *before, size_t n, struct err *err)
{
    size_t i;

    if (!pipeline_add(run->target, "BEGIN", 0, NULL, err))
        return false;
    for (i = 0; i < n; i++)
        if (!pipeline_add(run->target, before[i], 0, NULL, err))
            return false;
    for (i = 0; i < run->plan->statement_count; i++)
        if (chosen(run, &run->plan->statements[i], from, to) &&
            !pipeline_add(run->target, run->plan->statements[i].sql, 0, NULL, err))
            return false;
    return pipeline_add(run->target, "COMMIT", 0, NULL, err) && pipeline_sync(run->target, err) &&
           pipeline_send(&run->target, 1, err);
}

bool plan_run_transaction(const struct plan_run *run, enum plan_phase from, enum plan_phase to,
                          const char *const *before, size_t n, struct err *err)
{
    size_t i;

    if (conn_kind(run->target) != ENGINE_POSTGRES)
        return run_each(run, from, to, before, n, err);
    if (!queue_transaction(run, from, to, before, n, err))
        return false;
    for (i = 0; i < n + 1; i++) /* BEGIN, and what comes before */
        if (!pipeline_next(run->target, NULL, err))
            return false;
    for (i = 0; i < run->plan->statement_count; i++) {
        const struct plan_statement *s = &run->plan->statements[i];

        if (chosen(run, s, from, to) && !pipeline_next(run->target, NULL, err))
            return fail(s, err);
    }
    return pipeline_next(run->target, NULL, err) && pipeline_end(run->target, err);
}
