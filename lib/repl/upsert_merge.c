/*
 * The merge of staged rows: everything is decided and read in one round trip, everything is written
 * in a second one. In between, what will be overwritten reaches the disk; the locks see to it that
 * nothing else will be.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/conn_traffic.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/quote.h"
#include "repl/graph.h"
#include "repl/triggers.h"
#include "repl/upsert.h"

/* Tables that are written by one statement each, parents first. */
struct plan {
    size_t *order; /* places in upsert->tables */
    size_t *first; /* of each group, in the order; groups + 1 of them */
    size_t groups;
};

/* One round trip. */
struct trip {
    struct upsert *upsert;
    struct plan plan;
    size_t opening; /* statements before, and */
    size_t closing; /* after those of the tables */
};

/* --- groups -------------------------------------------------------------------- */

static size_t place_of(const struct upsert *upsert, const struct model_table *table)
{
    size_t i;

    if (!table)
        return upsert->count;
    table = model_root(upsert->model, table);
    for (i = 0; i < upsert->count && upsert->tables[i].table != table; i++)
        ;
    return i;
}

/* True when a merge may change what the foreign key refers to: then both ends go together. */
static bool refers_to_values(const struct model_constraint *c, const struct model_table *parent)
{
    size_t i;
    size_t j;

    for (i = 0; i < c->ref_column_count; i++) {
        for (j = 0; j < parent->key_count; j++)
            if (!strcmp(parent->columns[parent->key_columns[j]].name, c->ref_columns[i]))
                break;
        if (j == parent->key_count)
            return true;
    }
    return false;
}

static void add_edges(const struct upsert *upsert, const struct model_table *table,
                      struct graph *parents, struct graph *children)
{
    size_t child = place_of(upsert, table);
    size_t i;

    for (i = 0; child < upsert->count && i < table->constraint_count; i++) {
        const struct model_constraint *c = &table->constraints[i];
        size_t parent;

        if (c->type != 'f' || c->ref_outside)
            continue;
        parent = place_of(upsert, model_table(upsert->model, c->ref_table));
        if (parent == upsert->count)
            continue;
        graph_edge(parents, child, parent);
        graph_edge(children, parent, child);
        if (refers_to_values(c, upsert->tables[parent].table)) {
            graph_edge(parents, parent, child);
            graph_edge(children, child, parent);
        }
    }
}

/*
 * Groups are the strongly connected parts, by two searches: what is done last with its children
 * has nothing before it, and from there on what is reached through the parents, and not yet in a
 * group, is in a cycle with it.
 */
static void make_plan(const struct upsert *upsert, struct plan *plan)
{
    struct graph parents = {.count = upsert->count};
    struct graph children = {.count = upsert->count};
    size_t i;

    for (i = 0; i < upsert->model->table_count; i++)
        add_edges(upsert, &upsert->model->tables[i], &parents, &children);
    graph_freeze(&parents);
    graph_freeze(&children);
    for (i = 0; i < upsert->count; i++)
        graph_visit(&children, i);
    plan->order = mem_alloc((upsert->count + 1) * sizeof(*plan->order));
    plan->first = mem_alloc((upsert->count + 1) * sizeof(*plan->first));
    for (i = upsert->count; i-- > 0;) {
        graph_visit(&parents, children.order[i]);
        if (parents.ordered > plan->first[plan->groups])
            plan->first[++plan->groups] = parents.ordered;
    }
    memcpy(plan->order, parents.order, upsert->count * sizeof(*plan->order));
    graph_release(&parents);
    graph_release(&children);
}

static void release_plan(struct plan *plan)
{
    free(plan->order);
    free(plan->first);
}

/* --- the first trip: what is to be written -------------------------------------- */

typedef void (*table_sql)(struct buf *sql, const struct upsert_rows *u);

static bool queue(struct upsert *upsert, const struct upsert_table *t, table_sql write,
                  struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok;

    write(&sql, &t->sql);
    ok = pipeline_add(upsert->conn, sql.data, 0, NULL, err);
    buf_release(&sql);
    return ok;
}

/* All at once, in the order of the model, which every run has. */
static bool queue_locks(struct upsert *upsert, struct err *err)
{
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok;

    for (i = 0; i < upsert->model->table_count; i++) {
        const struct model_table *table = &upsert->model->tables[i];
        size_t place = place_of(upsert, table);

        if (table->partition || place == upsert->count)
            continue;
        buf_adds(&sql, sql.len ? ", " : "LOCK TABLE ");
        row_sql_relation(&sql, &upsert->tables[place].sql.rows);
    }
    buf_adds(&sql, " IN SHARE ROW EXCLUSIVE MODE");
    ok = pipeline_add(upsert->conn, sql.data, 0, NULL, err);
    buf_release(&sql);
    return ok;
}

static bool queue_pause(struct upsert *upsert, size_t *statements, struct err *err)
{
    struct strlist names = STRLIST_INIT;
    size_t i;
    bool ok;

    for (i = 0; i < upsert->count; i++)
        strlist_add(&names, upsert->tables[i].table->name);
    ok = triggers_queue_pause(upsert->conn, &names, statements, err);
    strlist_release(&names);
    return ok;
}

static bool queue_identity(struct upsert *upsert, bool open, size_t *statements, struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok = true;
    size_t i;

    for (i = 0; i < upsert->count && ok; i++) {
        if (!upsert_sql_assigns_identity(&upsert->tables[i].sql))
            continue;
        buf_reset(&sql);
        upsert_sql_identity(&sql, &upsert->tables[i].sql, open);
        ok = pipeline_add(upsert->conn, sql.data, 0, NULL, err);
        ++*statements;
    }
    buf_release(&sql);
    return ok;
}

static bool queue_decisions(struct trip *trip, struct err *err)
{
    struct upsert *upsert = trip->upsert;
    size_t paused = 0;
    size_t i;

    trip->opening = 1;
    if (!queue_locks(upsert, err) || !queue_pause(upsert, &paused, err) ||
        !queue_identity(upsert, true, &trip->opening, err))
        return false;
    trip->opening += paused;
    for (i = 0; i < upsert->count; i++)
        if (!queue(upsert, &upsert->tables[i], upsert_sql_analyze, err) ||
            !queue(upsert, &upsert->tables[i], upsert_sql_repeats, err) ||
            !queue(upsert, &upsert->tables[i], upsert_sql_settle, err) ||
            !queue(upsert, &upsert->tables[i], upsert_sql_lost, err))
            return false;
    return pipeline_sync(upsert->conn, err) && pipeline_send(&upsert->conn, 1, err);
}

static bool read_counts(struct conn *conn, int64_t *first, int64_t *second, struct err *err)
{
    struct result *result;

    if (!pipeline_next(conn, &result, err))
        return false;
    *first = result_int(result, 0, 0);
    *second = result_int(result, 0, 1);
    result_free(result);
    return true;
}

/* Versions of rows as they arrive, in pairs. */
struct losses {
    struct archive *archive;
    const struct upsert_rows *sql;
    int64_t ordinal; /* of the row whose second version is to come */
};

static bool add_object(struct losses *losses, const char *name,
                       const struct model_column *const *columns, size_t count,
                       const struct result *row, size_t first, struct err *err)
{
    size_t i;

    if (!archive_object(losses->archive, name, err))
        return false;
    for (i = 0; i < count; i++)
        if (!archive_value(losses->archive, columns[i], result_text(row, 0, first + i),
                           result_length(row, 0, first + i), err))
            return false;
    return true;
}

static bool take_version(void *context, const struct result *row, struct err *err)
{
    struct losses *losses = context;
    const struct row_table *rows = &losses->sql->rows;
    bool coming = result_int(row, 0, 0) == 1;
    int64_t ordinal = result_int(row, 0, 1);
    size_t first = 2 + rows->key_count;

    if (coming != losses->archive->open || (coming && ordinal != losses->ordinal))
        return err_internal(err, "the versions of a row of %s arrived out of order",
                            rows->table->name);
    losses->ordinal = ordinal;
    if (coming)
        return add_object(losses, "kept", rows->columns, rows->column_count, row, first, err) &&
               archive_end(losses->archive, "import", true, err);
    return archive_begin(losses->archive, rows, err) &&
           add_object(losses, "key", rows->keys, rows->key_count, row, 2, err) &&
           add_object(losses, "lost", rows->columns, rows->column_count, row, first, err);
}

static bool receive_decision(struct upsert *upsert, struct upsert_table *t, struct err *err)
{
    struct losses losses = {upsert->archive, &t->sql, 0};

    return pipeline_next(upsert->conn, NULL, err) &&
           read_counts(upsert->conn, &t->rows, &t->repeated, err) &&
           read_counts(upsert->conn, &t->kept, &t->unchanged, err) &&
           pipeline_rows(upsert->conn, take_version, &losses, err);
}

static bool skip(struct conn *conn, size_t statements, struct err *err)
{
    while (statements-- > 0)
        if (!pipeline_next(conn, NULL, err))
            return false;
    return true;
}

static bool decide(struct trip *trip, struct err *err)
{
    struct upsert *upsert = trip->upsert;
    size_t i;

    if (!queue_decisions(trip, err) || !skip(upsert->conn, trip->opening, err))
        return false;
    for (i = 0; i < upsert->count; i++)
        if (!receive_decision(upsert, &upsert->tables[i], err))
            return err_prefix(err, "comparing the rows of table %s", upsert->tables[i].table->name);
    return archive_sync(upsert->archive, err);
}

/* --- the second trip: writing ---------------------------------------------------- */

static bool queue_group(struct upsert *upsert, const size_t *places, size_t count, struct err *err)
{
    const struct upsert_rows **all = mem_array(NULL, count, sizeof(*all));
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok;

    for (i = 0; i < count; i++)
        all[i] = &upsert->tables[places[i]].sql;
    upsert_sql_write(&sql, all, count);
    ok = pipeline_add(upsert->conn, sql.data, 0, NULL, err);
    buf_release(&sql);
    free(all);
    return ok;
}

static bool queue_writes(struct trip *trip, struct err *err)
{
    struct upsert *upsert = trip->upsert;
    const struct plan *plan = &trip->plan;
    size_t resumed = 0;
    size_t i;

    for (i = 0; i < plan->groups; i++)
        if (!queue_group(upsert, plan->order + plan->first[i], plan->first[i + 1] - plan->first[i],
                         err))
            return false;
    /* A table with checks to come could not be altered. */
    trip->closing = 1;
    if (!pipeline_add(upsert->conn, "SET CONSTRAINTS ALL IMMEDIATE", 0, NULL, err) ||
        !queue_identity(upsert, false, &trip->closing, err) ||
        !triggers_queue_resume(upsert->conn, &resumed, err))
        return false;
    trip->closing += resumed;
    return pipeline_sync(upsert->conn, err) && pipeline_send(&upsert->conn, 1, err);
}

/* Names the tables of a statement that failed. */
static bool blame(const struct upsert *upsert, const size_t *places, size_t count, struct err *err)
{
    struct buf names = BUF_INIT;
    size_t i;

    for (i = 0; i < count && i < 5; i++)
        buf_addf(&names, "%s%s", i ? ", " : "", upsert->tables[places[i]].table->name);
    if (i < count)
        buf_addf(&names, " and %zu more", count - i);
    err_prefix(err, "merging the rows of %s %s", count > 1 ? "tables" : "table", names.data);
    buf_release(&names);
    return false;
}

static bool receive_group(struct upsert *upsert, const size_t *places, size_t count,
                          struct err *err)
{
    struct result *result;
    size_t i;

    if (!pipeline_next(upsert->conn, &result, err))
        return blame(upsert, places, count, err);
    for (i = 0; i < count; i++) {
        upsert->tables[places[i]].updated = result_int(result, 0, 2 * i);
        upsert->tables[places[i]].inserted = result_int(result, 0, 2 * i + 1);
        conn_traffic_wrote(upsert->conn,
                           result_int(result, 0, 2 * i) + result_int(result, 0, 2 * i + 1));
    }
    result_free(result);
    return true;
}

static bool write_all(struct trip *trip, struct err *err)
{
    struct upsert *upsert = trip->upsert;
    const struct plan *plan = &trip->plan;
    size_t i;

    if (!queue_writes(trip, err))
        return false;
    for (i = 0; i < plan->groups; i++)
        if (!receive_group(upsert, plan->order + plan->first[i],
                           plan->first[i + 1] - plan->first[i], err))
            return false;
    return skip(upsert->conn, trip->closing, err);
}

bool upsert_merge(struct upsert *upsert, struct err *err)
{
    struct trip trip = {.upsert = upsert};
    struct err ending = ERR_INIT;
    bool ok;

    if (upsert->count == 0)
        return true;
    make_plan(upsert, &trip.plan);
    ok = decide(&trip, err) && write_all(&trip, err);
    release_plan(&trip.plan);
    if (!pipeline_end(upsert->conn, &ending) && ok) {
        *err = ending;
        ok = false;
    }
    return ok;
}
