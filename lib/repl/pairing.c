/* Tables side by side: columns in one order, the key of the source, and the holds that spread along
 * foreign keys. */
#include "repl/pairing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "db/engine.h"
#include "db/engine_dml.h"
#include "repl/pairing_exchange.h"
#include "repl/schema_plan.h"

/* A change column must hold an instant: anything else (a counter, a text) cannot be compared with
 * the server's clock. */
const struct model_column *pairing_change_column(const struct model_table *table, const char *name)
{
    const struct model_column *column = model_column(table, name);

    if (!column || !model_column_copied(column))
        return NULL;
    if (strcmp(column->type_name, "timestamp") != 0 &&
        strcmp(column->type_name, "timestamptz") != 0)
        return NULL;
    return column;
}

/* The target needs a unique index over the source's key columns, or upserts have no arbiter. */
static bool has_key(const struct model_table *target, const struct model_table *source)
{
    size_t i;
    size_t j;
    size_t k;

    for (i = 0; i < target->index_count; i++) {
        const struct model_index *index = &target->indexes[i];

        if (!index->unique || index->predicate || !index->valid ||
            index->part_count != source->key_count)
            continue;
        for (j = 0; j < source->key_count; j++) {
            const char *name = source->columns[source->key_columns[j]].name;

            for (k = 0; k < index->part_count; k++)
                if (index->parts[k].column && !strcmp(index->parts[k].column, name))
                    break;
            if (k == index->part_count)
                break;
        }
        if (j == source->key_count)
            return true;
    }
    return false;
}

/* The target's column decides: one that CockroachDB cannot generate is an ordinary one there. */
static bool is_copied(const struct model_column *column, const struct model_table *target)
{
    const struct model_column *theirs = model_column(target, column->name);

    return theirs ? model_column_copied(theirs) && !column->hidden : model_column_copied(column);
}

static void fill_side(struct row_table *rows, const struct model *model,
                      const struct model_table *table, const struct conn *conn,
                      const struct model_table *source, const struct model_table *target,
                      const struct model_column **columns, const char *change)
{
    size_t i;

    rows->schema = model->schema;
    rows->table = table;
    rows->dml = conn_engine(conn)->dml;
    rows->columns = columns;
    for (i = 0; i < source->column_count; i++)
        if (is_copied(&source->columns[i], target))
            columns[rows->column_count++] = model_column(table, source->columns[i].name);
    rows->keys = columns + rows->column_count;
    for (i = 0; i < source->key_count; i++)
        rows->keys[rows->key_count++] =
            model_column(table, source->columns[source->key_columns[i]].name);
    rows->change = pairing_change_column(table, change);
}

bool pairing_is_utf8(const struct conn *conn)
{
    const char *encoding = conn_parameter(conn, "server_encoding");

    return !encoding || !strcasecmp(encoding, "UTF8");
}

/* Two PostgreSQL servers of one encoding hash a row's text as it stands. */
static enum hash_form choose_form(const struct conn *const conns[2])
{
    const char *a = conn_parameter(conns[SOURCE], "server_encoding");
    const char *b = conn_parameter(conns[TARGET], "server_encoding");

    if (conn_kind(conns[SOURCE]) != ENGINE_POSTGRES || conn_kind(conns[TARGET]) != ENGINE_POSTGRES)
        return HASH_PORTABLE;
    return a && b && !strcmp(a, b) ? HASH_NATIVE : HASH_PORTABLE;
}

static void pair_columns(struct pairing *pair, struct pairings *pairs,
                         const struct model_table *source, const struct model_table *target,
                         const struct conn *const conns[2], const char *change)
{
    enum hash_form form = choose_form(conns);
    size_t width = source->column_count + source->key_count;
    enum side side;

    pair->storage = mem_array(NULL, 2 * width + 1, sizeof(const struct model_column *));
    fill_side(&pair->rows[SOURCE], pairs->models[SOURCE], source, conns[SOURCE], source, target,
              pair->storage, change);
    fill_side(&pair->rows[TARGET], pairs->models[TARGET], target, conns[TARGET], source, target,
              pair->storage + width, change);
    for (side = SOURCE; side <= TARGET; side++) {
        pair->rows[side].form = form;
        pair->rows[side].convert_encoding = form == HASH_PORTABLE && !pairing_is_utf8(conns[side]);
    }
    if (conn_kind(conns[SOURCE]) != conn_kind(conns[TARGET]))
        pairing_exchange_make(pair, pairs->models);
}

static void pair_one(struct pairing *pair, struct pairings *pairs, const struct model_table *source,
                     const struct conn *const conns[2], const char *change, bool keys_later)
{
    const struct model_table *target = model_table(pairs->models[TARGET], source->name);
    char *difference;

    pair->name = source->name;
    pair->selected = true;
    pair->uncompared = (struct strlist)STRLIST_INIT;
    pair->rows[SOURCE].table = source;
    if (!target) {
        pairing_hold(pair, HOLD_SCHEMA, "the table does not exist on the standby");
        return;
    }
    difference = plan_table_difference(source, pairs->models[SOURCE], target, pairs->models[TARGET],
                                       conn_role(conns[TARGET]));
    if (difference) {
        pairing_hold(pair, HOLD_SCHEMA, difference);
        pair->needs_force = plan_difference_needs_force(source, pairs->models[SOURCE], target,
                                                        pairs->models[TARGET]);
        free(difference);
        return;
    }
    pair_columns(pair, pairs, source, target, conns, change);
    if (!keys_later && pair->rows[SOURCE].key_count > 0 && !has_key(target, source))
        pairing_hold(pair, HOLD_SCHEMA, "the key of the table is not unique on the standby");
}

/*
 * A table of the target that is not compared (left out, or gone from the source) may refer to rows
 * of one that is: those rows are not deleted under it.
 */
static void hold_for_uncompared(struct pairings *pairs)
{
    const struct model *model = pairs->models[TARGET];
    size_t i;
    size_t j;

    for (i = 0; i < model->table_count; i++) {
        const struct model_table *table = &model->tables[i];

        if (pairings_index_of_rows(pairs, table->name) < pairs->count)
            continue;
        for (j = 0; j < table->constraint_count; j++) {
            size_t parent;

            if (table->constraints[j].type != 'f' || table->constraints[j].ref_outside)
                continue;
            parent = pairings_index_of_rows(pairs, table->constraints[j].ref_table);
            if (parent < pairs->count)
                pairs->items[parent].hold_deletes = true;
        }
    }
}

void pairings_build(struct pairings *pairs, const struct model *source, const struct model *target,
                    const struct conn *const conns[2], const char *change, bool keys_later)
{
    size_t i;

    memset(pairs, 0, sizeof(*pairs));
    pairs->models[SOURCE] = source;
    pairs->models[TARGET] = target;
    pairs->strays = (struct strlist)STRLIST_INIT;
    pairs->items = mem_alloc((source->table_count + 1) * sizeof(*pairs->items));
    for (i = 0; i < source->table_count; i++)
        if (model_table_copied(&source->tables[i]))
            pair_one(&pairs->items[pairs->count++], pairs, &source->tables[i], conns, change,
                     keys_later);
    for (i = 0; i < target->table_count; i++)
        if (model_table_copied(&target->tables[i]) && !model_table(source, target->tables[i].name))
            strlist_add(&pairs->strays, target->tables[i].name);
    hold_for_uncompared(pairs);
}

size_t pairings_index(const struct pairings *pairs, const char *name)
{
    size_t i;

    for (i = 0; i < pairs->count && strcmp(pairs->items[i].name, name) != 0; i++)
        ;
    return i;
}

size_t pairings_index_of_rows(const struct pairings *pairs, const char *name)
{
    const struct model_table *table = model_table(pairs->models[SOURCE], name);

    while (table && table->partition && table->parent) {
        name = table->parent;
        table = model_table(pairs->models[SOURCE], name);
    }
    return pairings_index(pairs, name);
}

void pairings_each_reference(struct pairings *pairs, pairing_visit visit, void *context)
{
    const struct model *model = pairs->models[SOURCE];
    size_t i;
    size_t j;

    for (i = 0; i < model->table_count; i++) {
        const struct model_table *table = &model->tables[i];
        size_t child = pairings_index_of_rows(pairs, table->name);

        for (j = 0; j < table->constraint_count && child < pairs->count; j++) {
            const struct model_constraint *c = &table->constraints[j];
            size_t parent;

            if (c->type != 'f' || c->ref_outside)
                continue;
            parent = pairings_index_of_rows(pairs, c->ref_table);
            if (parent < pairs->count && parent != child)
                visit(pairs, child, parent, context);
        }
    }
}

struct selection {
    struct strlist *added;
    bool again;
};

static void select_parent(struct pairings *pairs, size_t child, size_t parent, void *context)
{
    struct selection *selection = context;

    if (!pairs->items[child].selected || pairs->items[parent].selected)
        return;
    pairs->items[parent].selected = true;
    strlist_add(selection->added, pairs->items[parent].name);
    selection->again = true;
}

/* A child outside the selection may still refer to rows that would be deleted. */
static void hold_unselected_child(struct pairings *pairs, size_t child, size_t parent,
                                  void *context)
{
    (void)context;
    if (!pairs->items[child].selected && pairs->items[parent].selected)
        pairs->items[parent].hold_deletes = true;
}

bool pairings_select(struct pairings *pairs, const struct strlist *tables, struct strlist *added,
                     struct err *err)
{
    struct selection selection = {added, added != NULL};
    size_t i;

    if (tables->count == 0)
        return true;
    for (i = 0; i < pairs->count; i++)
        pairs->items[i].selected = strlist_has(tables, pairs->items[i].name);
    for (i = 0; i < tables->count; i++) {
        const struct model_table *known;
        const char **names;
        const char *nearest;
        size_t j;

        if (pairings_index(pairs, tables->items[i]) < pairs->count)
            continue;
        known = model_table(pairs->models[SOURCE], tables->items[i]);
        if (known && model_root(pairs->models[SOURCE], known)->excluded) {
            err_set(err, ERR_USAGE, "the configuration leaves table %s out", known->name);
            return err_hint(err, "see DB_SYNC_TABLES and DB_SYNC_EXCLUDE_TABLES");
        }
        names = mem_array(NULL, pairs->count + 1, sizeof(*names));
        for (j = 0; j < pairs->count; j++)
            names[j] = pairs->items[j].name;
        nearest = strlist_nearest(tables->items[i], names, pairs->count);
        err_set(err, ERR_USAGE, "unknown table \"%s\"", tables->items[i]);
        if (nearest)
            err_hint(err, "did you mean \"%s\"?", nearest);
        else
            err_hint(err, "name tables of the schema %s, separated by commas",
                     pairs->models[SOURCE]->schema);
        free(names);
        return false;
    }
    while (selection.again) {
        selection.again = false;
        pairings_each_reference(pairs, select_parent, &selection);
    }
    pairings_each_reference(pairs, hold_unselected_child, NULL);
    return true;
}

void pairing_hold(struct pairing *pair, enum hold_kind kind, const char *why)
{
    if (pair->hold != HOLD_NONE)
        return;
    pair->hold = kind;
    pair->why = mem_strdup(why);
}

static void spread(struct pairings *pairs, size_t child, size_t parent, void *context)
{
    struct pairing *below = &pairs->items[child];
    struct pairing *above = &pairs->items[parent];
    bool *again = context;

    if (above->hold != HOLD_NONE && below->hold == HOLD_NONE) {
        char *why = mem_printf("it refers to %s, which is left as it is", above->name);

        pairing_hold(below, HOLD_LINKED, why);
        free(why);
        *again = true;
    }
    if (below->hold != HOLD_NONE && above->hold == HOLD_NONE && !above->hold_deletes) {
        above->hold_deletes = true;
        *again = true;
    }
}

void pairings_spread_holds(struct pairings *pairs)
{
    bool again = true;

    while (again) {
        again = false;
        pairings_each_reference(pairs, spread, &again);
    }
}

bool pairing_active(const struct pairing *pair)
{
    return pair->selected && pair->hold == HOLD_NONE;
}

/* Columns in the order of the target, which is that of the base. */
static void order_as_target(struct pairing *pair)
{
    const struct model_table *source = pair->rows[SOURCE].table;
    const struct model_table *target = pair->rows[TARGET].table;
    size_t n = 0;
    size_t i;

    for (i = 0; i < target->column_count; i++) {
        const struct model_column *column = model_column(source, target->columns[i].name);

        if (!column || !is_copied(column, target) || n == pair->rows[SOURCE].column_count)
            continue;
        pair->rows[SOURCE].columns[n] = column;
        pair->rows[TARGET].columns[n++] = &target->columns[i];
    }
}

void pairings_hash_rows_alike(struct pairings *pairs, const struct conn *const conns[2])
{
    size_t i;
    enum side side;

    for (i = 0; i < pairs->count; i++) {
        struct pairing *pair = &pairs->items[i];

        if (!pair->rows[TARGET].table || pair->rows[SOURCE].key_count > 0)
            continue;
        order_as_target(pair);
        if (pair->exchanges)
            pairing_exchange_make(pair, pairs->models);
        for (side = SOURCE; side <= TARGET; side++) {
            pair->rows[side].form = HASH_PORTABLE;
            pair->rows[side].convert_encoding = !pairing_is_utf8(conns[side]);
        }
    }
}

void pairings_release(struct pairings *pairs)
{
    size_t i;

    for (i = 0; i < pairs->count; i++) {
        free(pairs->items[i].why);
        pairing_exchange_release(&pairs->items[i]);
        free(pairs->items[i].storage);
    }
    free(pairs->items);
    strlist_release(&pairs->strays);
    memset(pairs, 0, sizeof(*pairs));
}
