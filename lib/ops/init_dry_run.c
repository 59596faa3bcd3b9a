/* dbr-init-secondary --dry-run: the DDL as a file that psql runs, notes as comments. Nothing is
 * written anywhere. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "db/engine.h"
#include "db/pipeline.h"
#include "ops/init_run.h"
#include "repl/catalog.h"
#include "repl/nested.h"

/* A comment ends with its line: text with line breaks must not escape from it. */
static void print_comment(const char *kind, const char *object, const char *text)
{
    const char *p;

    printf("-- %s: ", kind);
    for (p = object; *p; p++)
        putchar((unsigned char)*p < 0x20 ? ' ' : *p);
    printf(": ");
    for (p = text; *p; p++)
        putchar((unsigned char)*p < 0x20 ? ' ' : *p);
    putchar('\n');
}

static void print_notes(const struct plan *plan)
{
    size_t i;

    for (i = 0; i < plan->note_count; i++)
        print_comment(plan->notes[i].kind == NOTE_SUBSTITUTED ? "substituted" : "not carried over",
                      plan->notes[i].object, plan->notes[i].text);
}

static void print_statements(const struct plan *plan, bool commented)
{
    size_t i;

    for (i = 0; i < plan->statement_count; i++)
        if (commented)
            print_comment("needs --force", plan->statements[i].object, plan->statements[i].sql);
        else
            printf("%s;\n", plan->statements[i].sql);
}

static void print_header(const char *schema, const struct engine *engine)
{
    printf("-- Schema %s for %s, as dbr-init-secondary creates it.\n", schema,
           engine->kind == ENGINE_POSTGRES ? "PostgreSQL" : "CockroachDB");
}

static void set_statements(struct cli *cli, const char *key, const struct plan *plan)
{
    struct json *list = json_set_array(cli->document, key);
    size_t i;

    for (i = 0; i < plan->statement_count; i++)
        json_add_str(list, plan->statements[i].sql);
}

/* The keys of every result: nothing has been done. */
static void start_document(struct init_run *run)
{
    run->outcome.duration_ms = clock_mono_ms() - run->started;
    outcome_report(&run->outcome, run->cli, OUTCOME_SYNC);
    json_set_bool(run->cli->document, "dryRun", true);
}

static void print_create(struct init_run *run, const struct model *model,
                         const struct engine *engine, int version)
{
    plan_create(model, engine, version, &run->plan);
    if (run->cli->common.json) {
        start_document(run);
        set_statements(run->cli, "ddl", &run->plan);
        init_report_notes(run, &run->plan);
        return;
    }
    if (run->cli->common.quiet)
        return;
    print_header(model->schema, engine);
    print_notes(&run->plan);
    print_statements(&run->plan, false);
}

/* With --dialect only the primary is asked. */
static bool for_dialect(struct init_run *run, struct err *err)
{
    const struct conn_params params = {role_name(ROLE_PRIMARY), run->config.urls[ROLE_PRIMARY],
                                       run->config.schema, 0, false};
    const struct engine *engine = engine_by_name(run->options->dialect);
    struct conn *conn = NULL;
    struct model model;
    bool ok;

    memset(&model, 0, sizeof(model));
    ok = conn_open(&params, &conn, err) && catalog_queue(conn, err) && pipeline_sync(conn, err) &&
         pipeline_send(&conn, 1, err) && catalog_receive(conn, &model, err) &&
         catalog_check_schema(&model, params.role, err) &&
         catalog_filter(&model, NULL, &run->config.tables, &run->config.exclude, err) &&
         (engine->kind != ENGINE_COCKROACH || nested_find(conn, &model, err));
    if (ok)
        print_create(run, &model, engine, 0);
    model_release(&model);
    conn_close(conn);
    return ok;
}

static bool for_update(struct init_run *run)
{
    struct plan additions = PLAN_INIT;
    struct plan removals = PLAN_INIT;
    struct strlist new_tables = STRLIST_INIT;
    const struct engine *engine = conn_engine(run->session.conns[TARGET]);

    plan_update(&run->session.models[SOURCE], &run->session.models[TARGET], engine, &additions,
                &removals, &new_tables);
    if (run->cli->common.json) {
        start_document(run);
        set_statements(run->cli, "ddl", &additions);
        set_statements(run->cli, "needsForce", &removals);
        init_report_notes(run, &additions);
    } else if (!run->cli->common.quiet) {
        print_header(run->config.schema, engine);
        print_notes(&additions);
        print_statements(&removals, !run->options->force);
        print_statements(&additions, false);
    }
    plan_release(&additions);
    plan_release(&removals);
    strlist_release(&new_tables);
    return true;
}

bool init_dry_run(struct init_run *run, struct err *err)
{
    if (run->options->dialect)
        return for_dialect(run, err);
    run->open = session_open(&run->session, &run->config, &run->state,
                             run->options->update ? state_active(&run->state) : ROLE_PRIMARY, false,
                             NULL, err);
    if (!run->open || (conn_kind(run->session.conns[TARGET]) == ENGINE_COCKROACH &&
                       !nested_find(run->session.conns[SOURCE], &run->session.models[SOURCE], err)))
        return false;
    if (run->options->update)
        return for_update(run);
    print_create(run, &run->session.models[SOURCE], conn_engine(run->session.conns[TARGET]),
                 conn_version(run->session.conns[TARGET]));
    return true;
}
