/*
 * Foreign keys in a merge. Decisions about the tables concerned go into staging tables on the
 * secondary, where they are changed in sets until nothing changes any more, and are then read back.
 * Tables are concerned when something was deleted on either side that others may refer to, or when
 * a column that others refer to beside the key may have changed: mostly none is.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/pipeline.h"
#include "repl/merge_stage.h"

#define PASSES_MAX 64 /* in one round trip */

struct link {
    size_t child, parent; /* pairings */
    const struct model_table *relation;
    const struct model_constraint *key;
    bool by_value; /* it refers to columns that are not the parent's key */
    struct stage_link sql;
};

/* --- which are concerned ---------------------------------------------------------------------- */

static bool is_key_column(const struct row_table *rows, const char *name)
{
    size_t i;

    for (i = 0; i < rows->key_count; i++)
        if (!strcmp(rows->keys[i]->name, name))
            return true;
    return false;
}

static bool refers_by_value(const struct model_constraint *key, const struct row_table *parent)
{
    size_t i;

    for (i = 0; i < key->ref_column_count; i++)
        if (!is_key_column(parent, key->ref_columns[i]))
            return true;
    return false;
}

/* A parent that is put back may need one of its own. */
static bool is_concerned(const struct following *f, const struct link *link)
{
    const struct tally *child = &f->m->tallies[link->child];
    const struct tally *parent = &f->m->tallies[link->parent];

    return parent->dropped > 0 || (parent->buried > 0 && (child->taken > 0 || f->restores)) ||
           (link->by_value && parent->updates > 0);
}

static void find_links(struct following *f, const struct model_table *table)
{
    struct merging *m = f->m;
    size_t child = pairings_index_of_rows(m->pairs, table->name);
    size_t i;

    for (i = 0; i < table->constraint_count && child < m->pairs->count; i++) {
        struct link link = {.child = child, .relation = table, .key = &table->constraints[i]};

        if (link.key->type != 'f' || link.key->ref_outside || link.key->inherited)
            continue;
        link.parent = pairings_index_of_rows(m->pairs, link.key->ref_table);
        if (link.parent == m->pairs->count || !m->rows[child][TARGET].table ||
            !m->rows[link.parent][TARGET].table)
            continue;
        link.by_value = refers_by_value(link.key, &m->rows[link.parent][TARGET]);
        if (!is_concerned(f, &link))
            continue;
        if (f->link_count == f->link_cap) {
            f->link_cap = f->link_cap ? f->link_cap * 2 : 16;
            f->links = mem_array(f->links, f->link_cap, sizeof(*f->links));
        }
        f->links[f->link_count++] = link;
    }
}

static void find_all_links(struct following *f, const struct model *model)
{
    size_t i;

    for (i = 0; i < model->table_count; i++)
        find_links(f, &model->tables[i]);
    for (i = 0; i < f->link_count; i++)
        f->restores = f->restores || f->m->tallies[f->links[i].parent].buried > 0;
    if (!f->restores)
        return;
    f->link_count = 0;
    for (i = 0; i < model->table_count; i++)
        find_links(f, &model->tables[i]);
}

static void need_value(struct stage *stage, const char *column)
{
    size_t i;

    for (i = 0; i < stage->value_count; i++)
        if (!strcmp(stage->values[i], column))
            return;
    stage->values = mem_array(stage->values, stage->value_count + 1, sizeof(*stage->values));
    stage->values[stage->value_count++] = column;
}

static struct stage *concern(struct following *f, size_t pair)
{
    struct stage *stage = &f->stages[pair];

    stage->rows = &f->m->rows[pair][TARGET];
    stage->number = pair;
    stage->changes = f->m->tallies[pair].taken + f->m->tallies[pair].dropped > 0;
    return stage;
}

static void prepare_link(struct following *f, struct link *link)
{
    struct stage *child = concern(f, link->child);
    struct stage *parent = concern(f, link->parent);
    const struct model_constraint *key = link->key;
    size_t i;

    link->sql.child = child;
    link->sql.parent = parent;
    link->sql.relation = link->relation->name;
    link->sql.count = key->column_count;
    link->sql.from = mem_array(NULL, key->column_count, sizeof(*link->sql.from));
    link->sql.to = mem_array(NULL, key->column_count, sizeof(*link->sql.to));
    for (i = 0; i < key->column_count; i++) {
        link->sql.from[i] = link->relation->columns[key->columns[i]].name;
        link->sql.to[i] = key->ref_columns[i];
        need_value(child, link->sql.from[i]);
        need_value(parent, link->sql.to[i]);
    }
}

/* --- following -------------------------------------------------------------------------------- */

static bool queue_link(struct following *f, const struct link *link, struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok;

    stage_sql_keep(&sql, &link->sql, f->engine);
    ok = pipeline_add(f->m->conns[TARGET], sql.data, 0, NULL, err);
    buf_reset(&sql);
    if (link->by_value)
        stage_sql_keep_value(&sql, &link->sql, f->engine);
    else
        buf_adds(&sql, "SELECT 0");
    ok = ok && pipeline_add(f->m->conns[TARGET], sql.data, 0, NULL, err);
    buf_reset(&sql);
    stage_sql_restore(&sql, &link->sql, f->engine);
    ok = ok && pipeline_add(f->m->conns[TARGET], sql.data, 0, NULL, err);
    buf_release(&sql);
    return ok;
}

/* Reads as many counts; *changed: of the last `size` of them. */
static bool read_counts(struct following *f, size_t count, size_t size, int64_t *changed,
                        struct err *err)
{
    size_t i;

    *changed = 0;
    for (i = 0; i < count; i++) {
        struct result *result;

        if (!pipeline_next(f->m->conns[TARGET], &result, err))
            return false;
        if (count - i <= size)
            *changed += result_int(result, 0, 0);
        result_free(result);
    }
    return true;
}

/*
 * Children first, so that where tables do not refer in a circle one pass does it and a second one
 * finds nothing. Long chains within one table take passes in growing numbers for a round trip.
 */
static bool follow(struct following *f, struct err *err)
{
    struct conn *conn = f->m->conns[TARGET];
    size_t passes = 2;
    int64_t changed;

    do {
        size_t pass;
        size_t i;

        for (pass = 0; pass < passes; pass++)
            for (i = f->link_count; i-- > 0;)
                if (!queue_link(f, &f->links[i], err))
                    return false;
        if (!pipeline_sync(conn, err) || !pipeline_send(&conn, 1, err) ||
            !read_counts(f, passes * f->link_count * 3, f->link_count * 3, &changed, err))
            return false;
        passes = passes < PASSES_MAX ? passes * 2 : passes;
    } while (changed > 0);
    return true;
}

static bool check_orphans(struct following *f, struct err *err)
{
    struct conn *conn = f->m->conns[TARGET];
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok = true;

    for (i = 0; i < f->link_count && ok; i++) {
        buf_reset(&sql);
        stage_sql_orphans(&sql, &f->links[i].sql, f->engine);
        ok = pipeline_add(conn, sql.data, 0, NULL, err);
    }
    buf_release(&sql);
    ok = ok && pipeline_sync(conn, err) && pipeline_send(&conn, 1, err);
    for (i = 0; i < f->link_count && ok; i++) {
        const struct pairings *pairs = f->m->pairs;
        struct result *result;

        if (!pipeline_next(conn, &result, err))
            return false;
        if (result_int(result, 0, 0) > 0) {
            err_set(err, ERR_REFUSED,
                    "table %s: row %s of the primary refers by %s to a row of %s that the "
                    "secondary has changed or does not have",
                    pairs->items[f->links[i].child].name, result_text(result, 0, 1),
                    f->links[i].key->name, pairs->items[f->links[i].parent].name);
            ok = err_hint(err, "change one of the two rows so that they fit, then run this again; "
                               "nothing was written");
        }
        result_free(result);
    }
    return ok;
}

/* Where the transaction only reads, the staging table is written in one of its own. It is never
 * committed: nothing that it has read is in anybody's way. */
static bool begin_own(struct following *f, struct err *err)
{
    struct conn *conn = f->m->conns[TARGET];

    return pipeline_add(conn, "COMMIT", 0, NULL, err) &&
           pipeline_add(conn, "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE", 0, NULL, err) &&
           pipeline_sync(conn, err) && pipeline_send(&conn, 1, err) &&
           pipeline_next(conn, NULL, err) && pipeline_next(conn, NULL, err);
}

static bool end_own(struct following *f, struct err *err)
{
    struct conn *conn = f->m->conns[TARGET];

    return pipeline_add(conn, "ROLLBACK", 0, NULL, err) &&
           pipeline_add(conn, "BEGIN READ ONLY", 0, NULL, err) && pipeline_sync(conn, err) &&
           pipeline_send(&conn, 1, err) && pipeline_next(conn, NULL, err) &&
           pipeline_next(conn, NULL, err);
}

static bool run(struct following *f, struct err *err)
{
    size_t i;

    for (i = 0; i < f->m->pairs->count; i++)
        if (f->stages[i].rows && !merge_stage_fill(f, i, err))
            return false;
    if (!follow(f, err) || !check_orphans(f, err))
        return false;
    for (i = 0; i < f->m->pairs->count; i++)
        if (f->stages[i].rows && !merge_stage_read(f, i, err))
            return false;
    return true;
}

/* New rows of the children of deleted ones must not appear meanwhile: where the server does not
 * check foreign keys for us, the next attempt locks these tables first. */
static void note_locks(const struct following *f)
{
    struct strlist *locked = &f->m->merge->locked;
    size_t i;

    for (i = 0; i < f->link_count; i++)
        if (f->m->tallies[f->links[i].parent].dropped > 0 &&
            !strlist_has(locked, f->links[i].relation->name))
            strlist_add(locked, f->links[i].relation->name);
}

bool merge_keep_parents(struct merging *m, struct err *err)
{
    const struct model *model = m->pairs->models[TARGET];
    struct following f = {.m = m, .engine = conn_kind(m->conns[TARGET])};
    bool own = f.engine == ENGINE_COCKROACH && !m->merge->whole;
    size_t i;
    bool ok = true;

    find_all_links(&f, model);
    f.stages = mem_alloc((m->pairs->count + 1) * sizeof(*f.stages));
    for (i = 0; i < f.link_count; i++)
        prepare_link(&f, &f.links[i]);
    note_locks(&f);
    if (f.link_count > 0)
        ok = (!own || begin_own(&f, err)) && run(&f, err) && (!own || end_own(&f, err));
    for (i = 0; i < f.link_count; i++) {
        free(f.links[i].sql.from);
        free(f.links[i].sql.to);
    }
    for (i = 0; i < m->pairs->count; i++)
        free(f.stages[i].values);
    free(f.stages);
    free(f.links);
    return ok;
}
