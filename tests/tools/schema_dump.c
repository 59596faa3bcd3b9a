/*
 * schema_dump ENGINE VERSION URL [SCHEMA]: prints the statements that create the schema at URL on
 * that engine (VERSION as 150000; 0: the newest), with the notes as comments. With ENGINE "drop" it
 * prints what would drop the schema, with "update" and a second URL in place of VERSION, what would
 * make that one follow. For the tests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/pipeline.h"
#include "repl/catalog.h"
#include "repl/schema_plan.h"

static bool read_model(const char *role, const char *url, const char *schema, struct model *model,
                       struct err *err)
{
    struct conn *conn;
    struct conn_params params = {.role = role, .url = url, .schema = schema};
    if (!conn_open(&params, &conn, err))
        return false;
    bool read = catalog_queue(conn, err) && pipeline_sync(conn, err) &&
                pipeline_send(&conn, 1, err) && catalog_receive(conn, model, err) &&
                pipeline_end(conn, err);
    conn_close(conn);
    return read;
}

/* One comment line, whatever the text. */
static void print_note(const char *word, const char *object, const char *text)
{
    printf("-- %s: ", word);
    for (const char *p = object; *p; p++)
        putchar(*p == '\n' ? ' ' : *p);
    printf(": %s\n", text);
}

static void print_plan(const struct plan *plan, const char *title)
{
    static const char *const phases[] = {"schema",       "structure", "keys",
                                         "foreign keys", "programs",  "comments"};
    printf("-- %s\n", title);
    for (size_t i = 0; i < plan->note_count; i++)
        print_note(plan->notes[i].kind == NOTE_SUBSTITUTED ? "substituted" : "not carried",
                   plan->notes[i].object, plan->notes[i].text);
    for (size_t i = 0; i < plan->statement_count; i++) {
        const struct plan_statement *statement = &plan->statements[i];
        if (i == 0 || statement->phase != plan->statements[i - 1].phase)
            printf("-- phase: %s\n", phases[statement->phase]);
        printf("%s;\n", statement->sql);
    }
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct model model = {0}, other = {0};
    struct plan plan = PLAN_INIT, removals = PLAN_INIT;
    struct strlist tables = STRLIST_INIT;
    if (argc < 4) {
        fputs("usage: schema_dump postgres|cockroach|drop|update VERSION|TARGET URL [SCHEMA]\n",
              stderr);
        return 2;
    }
    const char *schema = argc > 4 ? argv[4] : "public";
    bool update = strcmp(argv[1], "update") == 0;
    if (!read_model("primary", argv[3], schema, &model, &err) ||
        (update && !read_model("secondary", argv[2], schema, &other, &err))) {
        fprintf(stderr, "schema_dump: %s\n", err.message);
        model_release(&model);
        return 1;
    }
    if (update) {
        plan_update(&model, &other, &engine_postgres, &plan, &removals, &tables);
        print_plan(&plan, "additions");
        print_plan(&removals, "removals");
        for (size_t i = 0; i < tables.count; i++)
            printf("-- new table: %s\n", tables.items[i]);
    } else if (strcmp(argv[1], "drop") == 0) {
        plan_drop(&model, &engine_postgres, &plan);
        print_plan(&plan, "drop");
    } else {
        plan_create(&model, engine_by_name(argv[1]), atoi(argv[2]), &plan);
        print_plan(&plan, "create");
    }
    plan_release(&plan);
    plan_release(&removals);
    strlist_release(&tables);
    model_release(&model);
    model_release(&other);
    return 0;
}
