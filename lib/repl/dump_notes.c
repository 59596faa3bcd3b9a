/* Notes of a script: those of the plan, and what the choice of tables brings about. */
#include "repl/dump_notes.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/engine_ddl.h"
#include "db/quote.h"
#include "repl/dump_choice.h"

/* --- notes of the plan -------------------------------------------------------- */

/* What else there is, and is not in it, is what --tables asks for. */
static bool counts(const struct dump *dump, const struct plan_note *note)
{
    if (!dump->schema)
        return false;
    return !dump_selects(dump) || (note->beside && dump_writes(dump, note->beside));
}

static void drop_others(struct dump *dump)
{
    struct plan *plan = &dump->plan;
    size_t kept = 0;
    for (size_t i = 0; i < plan->note_count; i++) {
        struct plan_note *note = &plan->notes[i];
        if (counts(dump, note)) {
            plan->notes[kept++] = *note;
            continue;
        }
        free(note->object);
        free(note->text);
        free(note->beside);
    }
    plan->note_count = kept;
}

/* --- notes of the script ------------------------------------------------------ */

/* Takes the two strings over. One note for each object is enough. */
static void add(struct dump *dump, enum plan_note_kind kind, char *object, char *text)
{
    struct plan *plan = &dump->plan;
    for (size_t i = 0; i < plan->note_count; i++) {
        if (plan->notes[i].kind == kind && strcmp(plan->notes[i].object, object) == 0) {
            free(object);
            free(text);
            return;
        }
    }
    plan->notes = mem_array(plan->notes, plan->note_count + 1, sizeof *plan->notes);
    plan->notes[plan->note_count++] =
        (struct plan_note){.kind = kind, .object = object, .text = text};
}

/* No COPY and no INSERT with values can say how many rows there are. */
static void note_rows(struct dump *dump, const struct model_table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (model_column_copied(&table->columns[i]))
            return;
    add(dump, NOTE_NOT_CARRIED, mem_printf("rows of table %s", table->name),
        mem_printf("%s, so the rows hold nothing of their own; they are not written",
                   model_table_bare(table) ? "it has no columns"
                                           : "its columns are all generated"));
}

/* --- what is needed ----------------------------------------------------------- */

/* The name in a quoted text: "seq", "\"Seq\"", "public.seq". True when it lies in the schema. */
static bool read_name(const char *text, const char *schema, struct buf *name)
{
    bool quoted = false;
    bool qualified = false;
    buf_reset(name);
    for (; *text && !(text[0] == '\'' && text[1] != '\''); text++) {
        text += *text == '\'';
        if (*text == '"' && !(quoted && text[1] == '"')) {
            quoted = !quoted;
        } else if (*text == '.' && !quoted) {
            if (qualified || strcmp(name->data, schema) != 0)
                return false;
            qualified = true;
            buf_reset(name);
        } else {
            text += *text == '"';
            buf_addch(name, *text);
        }
    }
    return true;
}

static void need_sequences(struct dump *dump, const struct model_table *table,
                           const struct model_column *column)
{
    static const char call[] = "nextval(";
    const struct model *model = &dump->snapshot->model;
    struct buf name = BUF_INIT;
    const char *at = column->default_expr ? ddl_find(column->default_expr, call) : NULL;
    for (; at; at = ddl_find(at, call)) {
        at += sizeof call - 1;
        if (*at != '\'' || !read_name(at + 1, model->schema, &name))
            continue;
        const struct model_sequence *sequence = model_sequence(model, name.data);
        if (sequence && !dump_sequence_chosen(dump, sequence))
            add(dump, NOTE_NEEDED, mem_printf("sequence %s", sequence->name),
                mem_printf("default of column %s.%s", table->name, column->name));
    }
    buf_release(&name);
}

/* CockroachDB is given another type in place of some. */
static bool keeps_type(const struct dump *dump, const struct model_column *column, const char *name)
{
    const struct model *model = &dump->snapshot->model;
    struct buf text = BUF_INIT, wanted = BUF_INIT;
    dump->dialect->ddl->type_text(&text, model, column);
    ddl_name(&wanted, model, name);
    bool kept = dump->dialect->kind == ENGINE_POSTGRES || strstr(text.data, wanted.data);
    buf_release(&text);
    buf_release(&wanted);
    return kept;
}

static void need_type(struct dump *dump, const struct model_table *table,
                      const struct model_column *column)
{
    const struct model *model = &dump->snapshot->model;
    const char *name = column->element_name ? column->element_name : column->type_name;
    const struct model_table *row = model_table(model, name); /* a table's rows are a type, too */
    if (strcmp(column->type_schema, model->schema) != 0 || !keeps_type(dump, column, name) ||
        (row && dump_table_chosen(dump, model_root(model, row)->name)))
        return;
    add(dump, NOTE_NEEDED, mem_printf("%s %s", row ? "table" : "type", name),
        mem_printf("type of column %s.%s", table->name, column->name));
}

static void need_parents(struct dump *dump, const struct model_table *table)
{
    const struct model *model = &dump->snapshot->model;
    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct model_constraint *key = &table->constraints[i];
        const struct model_table *parent =
            key->type == 'f' && !key->ref_outside ? model_table(model, key->ref_table) : NULL;
        if (!parent || dump_table_chosen(dump, model_root(model, parent)->name))
            continue;
        char *object = mem_printf("foreign key %s of table %s", key->name, table->name);
        if (dump->schema ? dump_writes(dump, object) : key->enforced && !key->inherited)
            add(dump, NOTE_NEEDED, mem_printf("table %s", parent->name),
                mem_printf("foreign key %s of table %s", key->name, table->name));
        free(object);
    }
}

/* Foreign keys of other tables went with the table, if it was dropped, and are not in its file. */
static void note_children(struct dump *dump, const struct model_table *table)
{
    const struct model *model = &dump->snapshot->model;
    for (size_t i = 0; i < model->table_count; i++) {
        const struct model_table *child = &model->tables[i];
        if (dump_table_chosen(dump, model_root(model, child)->name))
            continue;
        for (size_t c = 0; c < child->constraint_count; c++) {
            const struct model_constraint *key = &child->constraints[c];
            if (key->type != 'f' || key->ref_outside || key->inherited ||
                strcmp(key->ref_table, table->name) != 0)
                continue;
            struct buf text = BUF_INIT;
            buf_addf(&text, "it refers to %s; where it is gone: ALTER TABLE ", table->name);
            ddl_name(&text, model, child->name);
            buf_adds(&text, " ADD CONSTRAINT ");
            quote_ident(&text, key->name);
            buf_addf(&text, " %s", key->definition);
            add(dump, NOTE_NOT_CARRIED,
                mem_printf("foreign key %s of table %s", key->name, child->name),
                buf_detach(&text));
        }
    }
}

static void need_ancestors(struct dump *dump, const struct model_table *table)
{
    if (table->partition || dump->dialect->kind != ENGINE_POSTGRES)
        return;
    for (size_t i = 0; i < table->inherit_count; i++)
        if (!dump_table_chosen(dump, table->inherits[i]))
            add(dump, NOTE_NEEDED, mem_printf("table %s", table->inherits[i]),
                mem_printf("table %s inherits from it", table->name));
}

static void note_needs(struct dump *dump, const struct model_table *table)
{
    char *object = mem_printf("table %s", table->name);
    bool written = dump_writes(dump, object);
    free(object);
    need_parents(dump, table);
    if (!written)
        return;
    need_ancestors(dump, table);
    note_children(dump, table);
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].hidden)
            continue;
        need_type(dump, table, &table->columns[i]);
        need_sequences(dump, table, &table->columns[i]);
    }
}

/* --- all of them -------------------------------------------------------------- */

void dump_gather_notes(struct dump *dump)
{
    const struct model *model = &dump->snapshot->model;
    drop_others(dump);
    for (size_t i = 0; i < model->table_count; i++) {
        const struct model_table *table = &model->tables[i];
        if (!dump_table_chosen(dump, model_root(model, table)->name))
            continue;
        if (dump->data && !table->partition)
            note_rows(dump, table);
        if (dump_selects(dump))
            note_needs(dump, table);
    }
}

const char *dump_note_kind(const struct plan_note *note)
{
    return note->kind == NOTE_SUBSTITUTED ? "substituted"
           : note->kind == NOTE_NEEDED    ? "needed"
                                          : "notCarried";
}

char *dump_note_text(const struct plan_note *note)
{
    if (note->kind == NOTE_NEEDED)
        return mem_printf("needs %s (%s)", note->object, note->text);
    return mem_printf("%s: %s: %s",
                      note->kind == NOTE_SUBSTITUTED ? "substituted" : "not carried over",
                      note->object, note->text);
}

void dump_add_notes(const struct dump *dump, struct buf *out, const char *beside)
{
    for (size_t i = 0; i < dump->plan.note_count; i++) {
        const struct plan_note *note = &dump->plan.notes[i];
        bool here = beside ? note->beside && strcmp(note->beside, beside) == 0
                           : !note->beside || !dump_writes(dump, note->beside);
        if (!here)
            continue;
        /* A comment ends with its line: text with line breaks must not escape from it. */
        char *text = dump_note_text(note);
        buf_adds(out, "-- note: ");
        buf_add_clean(out, text);
        buf_addch(out, '\n');
        free(text);
    }
}
