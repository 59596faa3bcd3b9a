/*
 * Constraints of tables and domains, and the choice of the key by which the rows of a table are
 * told apart. NOT NULL constraints belong to their columns, constraint triggers to the triggers.
 */
#include "repl/catalog_read.h"

#include <string.h>

static const char constraints_sql[] =
    "SELECT CASE WHEN con.contypid <> 0 THEN con.contypid ELSE con.conrelid END, con.contypid <> 0,"
    " con.conname, con.contype, pg_get_constraintdef(con.oid),"
    " (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(con.conkey) WITH ORDINALITY k(num, n)"
    "   JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.num),"
    " CASE WHEN rc.relnamespace = ns.oid THEN rc.relname::text"
    "   ELSE quote_ident(rn.nspname) || '.' || quote_ident(rc.relname) END,"
    " rc.relnamespace <> ns.oid,"
    " (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(con.confkey) WITH ORDINALITY k(num, n)"
    "   JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.num),"
    " con.confdeltype, con.confupdtype, con.confmatchtype, con.condeferrable, con.condeferred,"
    " con.convalidated, <<18?con.conenforced:true>>,"
    " con.conparentid <> 0 OR (con.contype = 'c' AND con.conrelid <> 0 AND NOT con.conislocal),"
    " con.connoinherit AND con.contype = 'c', <<18?con.conperiod:false>>,"
    " pg_get_expr(con.conbin, con.conrelid), obj_description(con.oid, 'pg_constraint')"
    " FROM pg_namespace ns JOIN pg_constraint con ON con.connamespace = ns.oid"
    " LEFT JOIN pg_class rc ON rc.oid = con.confrelid LEFT JOIN pg_namespace rn ON rn.oid = "
    "rc.relnamespace"
    " WHERE ns.nspname = $1 AND con.contype IN ('c', 'f', 'p', 'u', 'x')"
    " ORDER BY 1, con.contype = 'f', con.conname";

static void read_constraint(struct catalog_row *row, const struct model_table *table,
                            struct model_constraint *constraint)
{
    constraint->name = catalog_name(row);
    constraint->type = catalog_char(row);
    constraint->definition = catalog_name(row);
    size_t count;
    const char **names = catalog_array(row, &count);
    if (table && count > 0) {
        constraint->columns = arena_alloc(row->arena, count * sizeof *constraint->columns);
        for (size_t i = 0; i < count; i++) {
            const struct model_column *column = model_column(table, names[i]);
            if (column)
                constraint->columns[constraint->column_count++] = (size_t)(column - table->columns);
        }
    }
    constraint->ref_table = catalog_text(row);
    constraint->ref_outside = catalog_bool(row);
    constraint->ref_columns = catalog_array(row, &constraint->ref_column_count);
    constraint->on_delete = catalog_char(row);
    constraint->on_update = catalog_char(row);
    constraint->match = catalog_char(row);
    constraint->deferrable = catalog_bool(row);
    constraint->deferred = catalog_bool(row);
    constraint->validated = catalog_bool(row);
    constraint->enforced = catalog_bool(row);
    constraint->inherited = catalog_bool(row);
    constraint->no_inherit = catalog_bool(row);
    constraint->period = catalog_bool(row);
    constraint->check_expr = catalog_expression(row);
    constraint->comment = catalog_text(row);
}

/* CockroachDB's definition names the columns, and its number is needed for the comment. */
static void complete_constraint(struct catalog_reader *reader, struct catalog_row *row,
                                const struct model_table *table,
                                struct model_constraint *constraint)
{
    catalog_cockroach_key(row->arena, reader->model->schema, table, constraint);
    reader->constraint_oids[reader->constraint_count] = catalog_oid(row);
    reader->constraints[reader->constraint_count++] = constraint;
}

static bool read_constraints(struct catalog_reader *reader, const struct result *result,
                             struct err *err)
{
    (void)err;
    bool cockroach = reader->model->engine == ENGINE_COCKROACH;
    size_t rows = result_rows(result);
    if (cockroach) {
        reader->constraint_oids = catalog_room(reader, rows, sizeof *reader->constraint_oids);
        reader->constraints = catalog_room(reader, rows, sizeof(struct model_constraint *));
    }
    for (size_t first = 0, count; first < rows; first += count) {
        count = catalog_group(result, first);
        struct catalog_row head = {&reader->model->arena, result, first, 0};
        uint32_t oid = catalog_oid(&head);
        bool domain = catalog_bool(&head);
        struct model_table *table = domain ? NULL : catalog_table(reader, oid);
        struct model_type *type = domain ? catalog_type(reader, oid) : NULL;
        if (!table && !type)
            continue;
        struct model_constraint *list = catalog_room(reader, count, sizeof *list);
        for (size_t i = 0; i < count; i++) {
            struct catalog_row row = {&reader->model->arena, result, first + i, 2};
            read_constraint(&row, table, &list[i]);
            if (cockroach)
                complete_constraint(reader, &row, table, &list[i]);
            if (table && table->outside_parent)
                list[i].inherited = false;
        }
        if (table) {
            table->constraints = list;
            table->constraint_count = count;
        } else {
            type->checks = list;
            type->check_count = count;
        }
    }
    return true;
}

const struct catalog_family catalog_constraints = {"constraints", constraints_sql,
                                                   catalog_cockroach_constraints, read_constraints};

/* A unique index that tells every row apart: whole, plain columns, none of them NULL. */
static bool identifies(const struct model_table *table, const struct model_index *index)
{
    if (!index->unique || !index->valid || index->predicate || index->part_count == 0)
        return false;
    for (size_t i = 0; i < index->part_count; i++) {
        const struct model_column *column = model_column(table, index->parts[i].column);
        if (!column || !column->not_null || column->hidden)
            return false;
    }
    return true;
}

static bool better(const struct model_index *a, const struct model_index *b)
{
    if (a->primary != b->primary)
        return a->primary;
    bool a_arbiter = a->immediate && !a->exclusion, b_arbiter = b->immediate && !b->exclusion;
    if (a_arbiter != b_arbiter)
        return a_arbiter;
    if (a->part_count != b->part_count)
        return a->part_count < b->part_count;
    return strcmp(a->name, b->name) < 0;
}

void catalog_choose_key(struct model *model, struct model_table *table)
{
    const struct model_index *best = NULL;
    for (size_t i = 0; i < table->index_count; i++) {
        const struct model_index *index = &table->indexes[i];
        if (identifies(table, index) && (!best || better(index, best)))
            best = index;
    }
    table->key_kind = KEY_ROW;
    if (!best)
        return;
    table->key_kind = best->primary ? KEY_PRIMARY : KEY_UNIQUE;
    table->key_name = best->name;
    table->key_deferrable = !best->immediate || best->exclusion;
    table->key_columns = arena_alloc(&model->arena, best->part_count * sizeof *table->key_columns);
    for (size_t i = 0; i < best->part_count; i++)
        table->key_columns[table->key_count++] =
            (size_t)(model_column(table, best->parts[i].column) - table->columns);
}
