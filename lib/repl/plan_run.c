/* Statements of a plan, sent in pipelines and their results matched with the objects that they
 * make. */
#include "repl/plan_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "repl/weather.h"

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
    if (query_names_nothing(err) && !err->hint[0])
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

/* A statement under way that is a transaction of its own. */
struct entry {
    const char *sql;
    const struct plan_statement *s; /* NULL: one that comes before the plan's */
    bool done;
    bool unsure; /* an earlier attempt may have succeeded */
};

static bool drops(const char *sql)
{
    return !strncmp(sql, "DROP ", 5) || strstr(sql, " DROP ");
}

/* What an earlier attempt has done makes the next one fail. */
static bool was_done(const struct entry *e, const struct err *err)
{
    return e->unsure &&
           (query_is_there_already(err) || (query_names_nothing(err) && drops(e->sql)));
}

static bool lose(struct entry *entries, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        entries[i].unsure = true;
    return false;
}

static bool send(const struct plan_run *run, const struct entry *entries, size_t n, struct err *err)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (!entries[i].done && (!pipeline_add(run->target, entries[i].sql, 0, NULL, err) ||
                                 !pipeline_sync(run->target, err)))
            return false;
    return pipeline_send(&run->target, 1, err);
}

/*
 * Sends what is not done yet and reads what came of it. Behind a statement that the weather hit
 * others may fail because of that: they are not judged in this round.
 */
static bool run_round(const struct plan_run *run, struct entry *entries, size_t n, struct err *err)
{
    bool hit = false;
    size_t i;

    if (!send(run, entries, n, err))
        return lose(entries, n);
    for (i = 0; i < n; i++) {
        struct entry *e = &entries[i];
        struct err why = ERR_INIT;

        if (e->done)
            continue;
        e->done = pipeline_next(run->target, NULL, &why) || was_done(e, &why);
        if (e->done)
            continue;
        if (!conn_alive(run->target) || why.code == ERR_STOPPED) {
            *err = why;
            return lose(entries, n);
        }
        if (conn_kind(run->target) == ENGINE_COCKROACH && weather_kind(&why) != WEATHER_NONE) {
            e->unsure = e->unsure || weather_kind(&why) != WEATHER_CONFLICT;
            if (!hit)
                *err = why;
            hit = true;
        } else if (!hit) {
            e->done = e->s && tolerate(run, e->s, &why);
            if (!e->done) {
                *err = why;
                return false;
            }
        }
    }
    return !hit && pipeline_end(run->target, err);
}

static size_t count_done(const struct entry *entries, size_t n)
{
    size_t done = 0;
    size_t i;

    for (i = 0; i < n; i++)
        done += entries[i].done;
    return done;
}

static bool run_entries(const struct plan_run *run, struct entry *entries, size_t n,
                        struct err *err)
{
    struct weather weather = {0};
    size_t before = 0;

    while (!run_round(run, entries, n, err)) {
        if (conn_kind(run->target) != ENGINE_COCKROACH)
            return false;
        if (count_done(entries, n) > before)
            weather_clear(&weather);
        before = count_done(entries, n);
        if (!weather_recover(&weather, run->target, err))
            return false;
    }
    return true;
}

bool plan_run_one(const struct plan_run *run, const struct plan_statement *s, struct err *err)
{
    struct entry entry = {.sql = s->sql, .s = s};

    if (conn_kind(run->target) == ENGINE_COCKROACH)
        return run_entries(run, &entry, 1, err);
    return query_run(run->target, s->sql, 0, NULL, NULL, err) || tolerate(run, s, err);
}

static bool run_each(const struct plan_run *run, enum plan_phase from, enum plan_phase to,
                     const char *const *before, size_t n, struct err *err)
{
    struct entry *entries = mem_alloc((n + run->plan->statement_count + 1) * sizeof(*entries));
    size_t count = 0;
    size_t i;
    bool ok;

    for (; count < n; count++)
        entries[count].sql = before[count];
    for (i = 0; i < run->plan->statement_count; i++) {
        const struct plan_statement *s = &run->plan->statements[i];

        if (chosen(run, s, from, to))
            entries[count++] = (struct entry){.sql = s->sql, .s = s};
    }
    ok = count == 0 || run_entries(run, entries, count, err);
    free(entries);
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
