/*
 * The two orders of a schema: tables parents first by foreign key, which is the order in which rows
 * are copied, and the order of creation of types, tables and objects, which may need each other in
 * any direction. Cycles are cut where the search meets them; defaults and checks that close one
 * through a function are marked late instead.
 */
#include "repl/catalog_read.h"

#include <stdlib.h>
#include <string.h>

#include "repl/graph.h"

static int by_name(const void *a, const void *b, void *context)
{
    const struct model *model = context;
    return strcmp(model->tables[*(const size_t *)a].name, model->tables[*(const size_t *)b].name);
}

static size_t table_number(const struct model *model, const size_t *sorted, const char *name)
{
    size_t low = 0, high = model->table_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(model->tables[sorted[middle]].name, name);
        if (order == 0)
            return sorted[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return model->table_count;
}

void catalog_order_tables(struct catalog_reader *reader)
{
    struct model *model = reader->model;
    struct graph graph = {.count = model->table_count};
    size_t *sorted = mem_alloc((model->table_count + 1) * sizeof *sorted);
    for (size_t i = 0; i < model->table_count; i++)
        sorted[i] = i;
    qsort_r(sorted, model->table_count, sizeof *sorted, by_name, model);
    for (size_t i = 0; i < model->table_count; i++) {
        const struct model_table *table = &model->tables[i];
        if (table->partition) {
            size_t parent = table_number(model, sorted, table->parent);
            if (parent < model->table_count)
                graph_edge(&graph, i, parent);
        }
        for (size_t p = 0; p < table->inherit_count; p++) {
            size_t parent = table_number(model, sorted, table->inherits[p]);
            if (parent < model->table_count)
                graph_edge(&graph, i, parent);
        }
        for (size_t c = 0; c < table->constraint_count; c++) {
            const struct model_constraint *constraint = &table->constraints[c];
            if (constraint->type != 'f' || constraint->ref_outside)
                continue;
            size_t parent = table_number(model, sorted, constraint->ref_table);
            if (parent < model->table_count)
                graph_edge(&graph, i, parent);
        }
    }
    graph_freeze(&graph);
    for (size_t i = 0; i < model->table_count; i++)
        graph_visit(&graph, sorted[i]);

    struct model_table *tables = catalog_room(reader, model->table_count, sizeof *tables);
    uint32_t *oids = catalog_room(reader, model->table_count, sizeof *oids);
    for (size_t i = 0; i < model->table_count; i++) {
        tables[i] = model->tables[graph.order[i]];
        oids[i] = reader->table_oids[graph.order[i]];
    }
    model->tables = tables;
    reader->table_oids = oids;
    graph_release(&graph);
    free(sorted);
}

#define USER "16384" /* oids below belong to the system */

/*
 * from kind, from oid, to kind, to oid, via (o ordinary, c check, d default, i index: needed but
 * not for creation), name of the check or column
 */
static const char edges_sql[] =
    "WITH d AS (SELECT * FROM pg_depend WHERE deptype IN ('n', 'a', 'i') AND refobjid >= " USER
    "   AND refclassid IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass, "
    "'pg_collation'::regclass)"
    "   AND classid IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass, "
    "'pg_rewrite'::regclass,"
    "     'pg_constraint'::regclass, 'pg_attrdef'::regclass))"
    " SELECT DISTINCT f.kind, f.oid, t.kind, t.oid, f.via, f.name FROM d"
    " CROSS JOIN LATERAL ("
    "   SELECT 'r', c.oid, 'o', NULL::name FROM pg_class c WHERE d.classid = 'pg_class'::regclass "
    "AND c.oid = d.objid"
    "     AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
    "   UNION ALL SELECT 't', c.reltype, 'o', NULL FROM pg_class c WHERE d.classid = "
    "'pg_class'::regclass"
    "     AND c.oid = d.objid AND c.relkind = 'c'"
    "   UNION ALL SELECT 'r', i.indrelid, 'i', NULL FROM pg_index i WHERE d.classid = "
    "'pg_class'::regclass"
    "     AND i.indexrelid = d.objid"
    "   UNION ALL SELECT 'r', r.ev_class, 'o', NULL FROM pg_rewrite r WHERE d.classid = "
    "'pg_rewrite'::regclass"
    "     AND r.oid = d.objid AND r.rulename = '_RETURN'"
    "   UNION ALL SELECT CASE WHEN k.contypid <> 0 THEN 't' ELSE 'r' END,"
    "     CASE WHEN k.contypid <> 0 THEN k.contypid ELSE k.conrelid END, 'c', k.conname FROM "
    "pg_constraint k"
    "     WHERE d.classid = 'pg_constraint'::regclass AND k.oid = d.objid AND k.contype = 'c'"
    "   UNION ALL SELECT 'r', a.adrelid, CASE WHEN t.attgenerated = '' THEN 'd' ELSE 'o' END, "
    "t.attname FROM pg_attrdef a"
    "     JOIN pg_attribute t ON t.attrelid = a.adrelid AND t.attnum = a.adnum"
    "     WHERE d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid"
    "   UNION ALL SELECT 'f', d.objid, 'o', NULL WHERE d.classid = 'pg_proc'::regclass"
    "   UNION ALL SELECT 't', d.objid, 'o', NULL WHERE d.classid = 'pg_type'::regclass"
    " ) f(kind, oid, via, name)"
    " CROSS JOIN LATERAL ("
    "   SELECT CASE c.relkind WHEN 'c' THEN 't' ELSE 'r' END, CASE c.relkind WHEN 'c' THEN "
    "c.reltype ELSE c.oid END"
    "     FROM pg_class c WHERE d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid"
    "     AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')"
    "   UNION ALL SELECT CASE WHEN c.relkind <> 'c' THEN 'r' ELSE 't' END,"
    "     CASE WHEN c.relkind <> 'c' THEN c.oid ELSE coalesce(r.rngtypid, b.oid) END"
    "     FROM pg_type a JOIN pg_type b ON b.oid = CASE WHEN a.typcategory = 'A' AND a.typelem <> "
    "0 THEN a.typelem ELSE a.oid END"
    "     LEFT JOIN pg_class c ON c.oid = b.typrelid LEFT JOIN pg_range r ON r.rngmultitypid = "
    "b.oid"
    "     WHERE d.refclassid = 'pg_type'::regclass AND a.oid = d.refobjid"
    "   UNION ALL SELECT 'f', d.refobjid WHERE d.refclassid = 'pg_proc'::regclass"
    "   UNION ALL SELECT 'c', d.refobjid WHERE d.refclassid = 'pg_collation'::regclass"
    " ) t(kind, oid)"
    " WHERE t.oid IS NOT NULL AND (f.kind, f.oid) <> (t.kind, t.oid) AND $1::text IS NOT NULL"
    " ORDER BY 1, 2, 3, 4, 5, 6";

struct order {
    struct catalog_reader *reader;
    struct catalog_node *nodes; /* sorted by kind and oid */
    size_t node_count;
};

static int by_identity(const void *a, const void *b)
{
    const struct catalog_node *left = a, *right = b;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return left->oid < right->oid ? -1 : left->oid > right->oid;
}

static size_t node_number(const struct order *order, char kind, uint32_t oid)
{
    struct catalog_node key = {.kind = kind, .oid = oid};
    const struct catalog_node *node =
        bsearch(&key, order->nodes, order->node_count, sizeof key, by_identity);
    return node ? (size_t)(node - order->nodes) : order->node_count;
}

static void gather_nodes(struct order *order)
{
    struct catalog_reader *reader = order->reader;
    const struct model *model = reader->model;
    size_t room = model->type_count + model->table_count + model->object_count;
    order->nodes = mem_alloc((room + 1) * sizeof *order->nodes);
    struct catalog_node *node = order->nodes;
    for (size_t i = 0; i < model->type_count; i++)
        *node++ = (struct catalog_node){'t', reader->type_oids[i], {STEP_TYPE, i}};
    for (size_t i = 0; i < model->table_count; i++)
        *node++ = (struct catalog_node){'r', reader->table_oids[i], {STEP_TABLE, i}};
    for (size_t i = 0; i < model->object_count; i++)
        if (reader->object_nodes[i])
            *node++ = (struct catalog_node){
                reader->object_nodes[i], reader->object_oids[i], {STEP_OBJECT, i}};
    order->node_count = (size_t)(node - order->nodes);
    qsort(order->nodes, order->node_count, sizeof *order->nodes, by_identity);
}

/* Marks what `start` reaches. */
static void reach(struct graph *graph, size_t start, char *reached)
{
    graph_restart(graph);
    graph_visit(graph, start);
    for (size_t i = 0; i < graph->ordered; i++)
        reached[graph->order[i]] = 1;
}

static void mark_late(struct model_table *table, char via, const char *name)
{
    for (size_t i = 0; via == 'c' && i < table->constraint_count; i++)
        if (strcmp(table->constraints[i].name, name) == 0)
            table->constraints[i].late = true;
    for (size_t i = 0; via == 'd' && i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            table->columns[i].default_late = true;
}

static bool is_function(const struct model *model, const struct catalog_node *node)
{
    if (node->step.kind != STEP_OBJECT)
        return false;
    enum model_object_kind kind = model->objects[node->step.index].kind;
    return kind == OBJECT_FUNCTION || kind == OBJECT_PROCEDURE || kind == OBJECT_AGGREGATE;
}

static bool is_view(const struct model *model, const struct catalog_node *node)
{
    if (node->step.kind != STEP_OBJECT)
        return false;
    enum model_object_kind kind = model->objects[node->step.index].kind;
    return kind == OBJECT_VIEW || kind == OBJECT_MATERIALIZED_VIEW;
}

/*
 * Objects that tables and types need are early. A function calls others by name without a recorded
 * dependency, so one early function makes all functions early that no view stands before.
 */
static void mark_early(struct order *order, struct graph *all)
{
    struct model *model = order->reader->model;
    char *reached = mem_alloc(order->node_count + 1);
    graph_restart(all);
    for (size_t i = 0; i < order->node_count; i++)
        if (order->nodes[i].step.kind != STEP_OBJECT)
            graph_visit(all, i);
    bool functions = false;
    for (size_t i = 0; i < all->ordered; i++) {
        const struct catalog_node *node = &order->nodes[all->order[i]];
        if (node->step.kind != STEP_OBJECT)
            continue;
        model->objects[node->step.index].early = true;
        functions |= is_function(model, node);
    }
    for (size_t i = 0; functions && i < order->node_count; i++) {
        if (!is_function(model, &order->nodes[i]))
            continue;
        memset(reached, 0, order->node_count);
        reach(all, i, reached);
        bool view = false;
        for (size_t n = 0; n < order->node_count; n++)
            view |= reached[n] && is_view(model, &order->nodes[n]);
        if (!view)
            model->objects[order->nodes[i].step.index].early = true;
    }
    free(reached);
}

static void add_step(struct model *model, enum model_step_kind kind, size_t index)
{
    model->steps[model->step_count++] = (struct model_step){kind, index};
}

/* Extensions first, then what the graph orders, then what nothing needs, as it came. */
static void write_steps(struct order *order, struct graph *graph)
{
    struct catalog_reader *reader = order->reader;
    struct model *model = reader->model;
    graph_restart(graph);
    for (size_t i = 0; i < model->type_count; i++)
        graph_visit(graph, node_number(order, 't', reader->type_oids[i]));
    for (size_t i = 0; i < model->table_count; i++)
        graph_visit(graph, node_number(order, 'r', reader->table_oids[i]));
    for (size_t i = 0; i < model->object_count; i++)
        if (reader->object_nodes[i])
            graph_visit(graph, node_number(order, reader->object_nodes[i], reader->object_oids[i]));
    model->steps = catalog_room(
        reader, model->type_count + model->table_count + model->object_count, sizeof *model->steps);
    for (size_t i = 0; i < model->object_count; i++)
        if (model->objects[i].kind == OBJECT_EXTENSION)
            add_step(model, STEP_OBJECT, i);
    for (size_t i = 0; i < graph->ordered; i++)
        add_step(model, order->nodes[graph->order[i]].step.kind,
                 order->nodes[graph->order[i]].step.index);
    for (size_t i = 0; i < model->object_count; i++)
        if (!reader->object_nodes[i] && model->objects[i].kind != OBJECT_EXTENSION)
            add_step(model, STEP_OBJECT, i);
}

/* model->objects in the order of the steps. */
static void sort_objects(struct catalog_reader *reader)
{
    struct model *model = reader->model;
    struct model_object *objects = catalog_room(reader, model->object_count, sizeof *objects);
    size_t count = 0;
    for (size_t i = 0; i < model->step_count; i++) {
        struct model_step *step = &model->steps[i];
        if (step->kind != STEP_OBJECT)
            continue;
        objects[count] = model->objects[step->index];
        step->index = count++;
    }
    model->objects = objects;
}

static bool read_edges(struct catalog_reader *reader, const struct result *result, struct err *err)
{
    (void)err;
    struct model *model = reader->model;
    struct order order = {.reader = reader};
    gather_nodes(&order);
    struct graph all = {.count = order.node_count}, creation = {.count = order.node_count};
    struct graph firm = {.count = order.node_count};
    size_t rows = result ? result_rows(result) : 0;
    size_t *from = mem_alloc((rows + 1) * sizeof *from), *to = mem_alloc((rows + 1) * sizeof *to);
    for (size_t i = 0; i < rows; i++) {
        from[i] =
            node_number(&order, *result_text(result, i, 0), (uint32_t)result_int(result, i, 1));
        to[i] = node_number(&order, *result_text(result, i, 2), (uint32_t)result_int(result, i, 3));
        if (from[i] == order.node_count || to[i] == order.node_count)
            continue;
        char via = *result_text(result, i, 4);
        graph_edge(&all, from[i], to[i]);
        if (via == 'o')
            graph_edge(&firm, from[i], to[i]);
    }
    graph_freeze(&all);
    graph_freeze(&firm);
    char *reached = mem_alloc(order.node_count + 1);
    for (size_t i = 0; i < rows; i++) {
        if (from[i] == order.node_count || to[i] == order.node_count)
            continue;
        char via = *result_text(result, i, 4);
        const struct catalog_node *node = &order.nodes[from[i]];
        if (via == 'i')
            continue;
        if ((via == 'c' || via == 'd') && node->step.kind == STEP_TABLE) {
            memset(reached, 0, order.node_count);
            reach(&firm, to[i], reached);
            if (reached[from[i]]) {
                mark_late(&model->tables[node->step.index], via, result_text(result, i, 5));
                continue;
            }
        }
        graph_edge(&creation, from[i], to[i]);
    }
    graph_freeze(&creation);
    mark_early(&order, &all);
    write_steps(&order, &creation);
    sort_objects(reader);
    free(reached);
    free(from);
    free(to);
    graph_release(&all);
    graph_release(&firm);
    graph_release(&creation);
    free(order.nodes);
    return true;
}

const struct catalog_family catalog_edges = {"dependencies", edges_sql, NULL, read_edges};
