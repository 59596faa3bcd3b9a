/* Putting off triggers, rules and foreign keys of tables that are there. */
#include "repl/existing.h"

#include "base/buf.h"
#include "base/strlist.h"
#include "db/pipeline.h"
#include "db/quote.h"
#include "repl/triggers.h"

static bool queue(struct existing *existing, const char *sql, struct err *err)
{
    existing->queued++;
    return pipeline_add(existing->conn, sql, 0, NULL, err);
}

static bool finish(struct existing *existing, struct err *err)
{
    bool ok = pipeline_sync(existing->conn, err) && pipeline_send(&existing->conn, 1, err);
    for (; ok && existing->queued > 0; existing->queued--)
        ok = pipeline_next(existing->conn, NULL, err);
    return ok && pipeline_end(existing->conn, err);
}

static bool is_concerned(const struct existing *existing, const char *table)
{
    return !existing->tables || strlist_has(existing->tables, table);
}

/* A key to another table is fulfilled or not, whatever the order; one that can be deferred anyway
 * needs no change. */
static bool is_put_off(const struct existing *existing, const struct model_constraint *key)
{
    return key->type == 'f' && !key->deferrable && !key->inherited && !key->period &&
           key->enforced && !key->ref_outside && is_concerned(existing, key->ref_table);
}

static bool alter_keys(struct existing *existing, const char *how, struct err *err)
{
    const struct model *model = existing->model;
    struct buf sql = BUF_INIT;
    bool ok = true;

    for (size_t i = 0; i < model->table_count; i++) {
        const struct model_table *table = &model->tables[i];
        bool concerned = is_concerned(existing, table->name);
        for (size_t c = 0; concerned && ok && c < table->constraint_count; c++) {
            if (!is_put_off(existing, &table->constraints[c]))
                continue;
            buf_reset(&sql);
            buf_adds(&sql, "ALTER TABLE ");
            quote_name(&sql, model->schema, table->name);
            buf_adds(&sql, " ALTER CONSTRAINT ");
            quote_ident(&sql, table->constraints[c].name);
            buf_addf(&sql, " %s", how);
            ok = queue(existing, sql.data, err);
        }
    }
    buf_release(&sql);
    return ok;
}

static bool pause_triggers(struct existing *existing, struct err *err)
{
    struct strlist names = STRLIST_INIT;
    size_t statements = 0;

    for (size_t i = 0; i < existing->model->table_count; i++)
        if (is_concerned(existing, existing->model->tables[i].name))
            strlist_add(&names, existing->model->tables[i].name);
    bool ok = names.count == 0 || triggers_queue_pause(existing->conn, &names, &statements, err);
    existing->queued += statements;
    strlist_release(&names);
    return ok;
}

static bool is_anything(const struct existing *existing)
{
    return conn_kind(existing->conn) == ENGINE_POSTGRES && existing->model->table_count > 0;
}

bool existing_begin(struct existing *existing, struct err *err)
{
    existing->ready = true;
    return !is_anything(existing) || (alter_keys(existing, "DEFERRABLE INITIALLY DEFERRED", err) &&
                                      queue(existing, "SET CONSTRAINTS ALL DEFERRED", err) &&
                                      pause_triggers(existing, err) && finish(existing, err));
}

bool existing_end(struct existing *existing, struct err *err)
{
    size_t statements = 0;

    if (!existing->ready || !is_anything(existing))
        return true;
    bool ok = queue(existing, "SET CONSTRAINTS ALL IMMEDIATE", err) &&
              alter_keys(existing, "NOT DEFERRABLE", err) &&
              triggers_queue_resume(existing->conn, &statements, err);
    existing->queued += statements;
    return ok && finish(existing, err);
}
