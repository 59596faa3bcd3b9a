/*
 * The doctor on the schema: the standby that has not followed a migration, and sequences that give
 * out ids which rows have already.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "db/engine.h"
#include "db/quote.h"
#include "ops/doctor_server.h"
#include "repl/drift.h"
#include "repl/sequences.h"

#define NAMED 4
#define SEQUENCES_ASKED 500 /* more would be a statement of a size that nobody plans well */

/* --- the schema -------------------------------------------------------------------- */

static void report_drift(const struct drift *drift, struct findings *findings)
{
    struct buf text = BUF_INIT;
    if (drift->missing.count) {
        buf_adds(&text, "to be added or altered: ");
        drift_add_names(&text, &drift->missing, NAMED);
    }
    if (drift->beyond.count) {
        buf_addf(&text, "%sto be dropped or retyped: ", text.len ? "; " : "");
        drift_add_names(&text, &drift->beyond, NAMED);
    }
    findings_add(findings, FINDING_WARNING, "schema",
                 drift->beyond.count
                     ? "dbr-init-secondary --update --dry-run lists it; --update follows, and "
                       "what it drops or retypes needs --force"
                     : "dbr-init-secondary --update",
                 "the standby's schema is not the active's: %s", text.data);
    buf_release(&text);
}

void doctor_judge_schema(const struct doctor_facts *active, const struct doctor_facts *standby,
                         const struct config *config, struct findings *findings)
{
    struct drift drift;
    const char *trouble = active->model_trouble ? active->model_trouble : standby->model_trouble;
    if (trouble) {
        findings_add(findings, FINDING_WARNING, "schema",
                     "grant the role of the URL what it may not see, or connect as the owner",
                     "whether the schemas agree cannot be seen: %s", trouble);
        return;
    }
    drift_find(&drift, &active->model, &standby->model,
               standby->engine == ENGINE_COCKROACH ? &engine_cockroach : &engine_postgres);
    if (drift_any(&drift))
        report_drift(&drift, findings);
    else
        findings_add(findings, FINDING_WELL, "schema", NULL,
                     "schema %s is the same on both: %zu tables", config->schema,
                     active->model.table_count);
    drift_release(&drift);
}

/* --- sequences ---------------------------------------------------------------------- */

/* It feeds the column that leads the key: its largest value is found in the index. */
static bool leads_key(const struct model *model, const struct model_sequence *sequence)
{
    const struct model_table *table =
        sequence->owner_table ? model_table(model, sequence->owner_table) : NULL;
    return table && model_table_copied(table) && table->key_count > 0 &&
           table->key_kind != KEY_ROW && !sequence->cycle &&
           strcmp(table->columns[table->key_columns[0]].name, sequence->owner_column) == 0;
}

static void add_in_use(struct buf *sql, const char *schema, const struct model_sequence *sequence)
{
    buf_addf(sql, "SELECT %s(", sequence->increment < 0 ? "min" : "max");
    quote_ident(sql, sequence->owner_column);
    buf_adds(sql, ") FROM ");
    quote_name(sql, schema, sequence->owner_table);
}

bool doctor_sequences_sql(const struct model *model, struct buf *sql)
{
    size_t count = 0;
    for (size_t i = 0; i < model->sequence_count && count < SEQUENCES_ASKED; i++) {
        if (!leads_key(model, &model->sequences[i]))
            continue;
        buf_addf(sql, "%sSELECT %zu, (", count++ ? " UNION ALL " : "", i);
        add_in_use(sql, model->schema, &model->sequences[i]);
        buf_adds(sql, ")::text");
    }
    return count > 0;
}

bool doctor_positions_sql(const struct model *model, struct buf *sql)
{
    size_t count = 0;
    for (size_t i = 0; i < model->sequence_count && count < SEQUENCES_ASKED; i++) {
        const struct model_sequence *sequence = &model->sequences[i];
        struct buf name = BUF_INIT;
        if (!leads_key(model, sequence))
            continue;
        quote_name(&name, model->schema, sequence->name);
        buf_addf(sql, "%sSELECT %zu, ", count++ ? " UNION ALL " : "", i);
        if (model->engine == ENGINE_COCKROACH) {
            buf_addf(sql, "last_value::text FROM %s", name.data);
        } else {
            buf_adds(sql, "pg_catalog.pg_sequence_last_value(");
            quote_literal(sql, name.data);
            buf_adds(sql, "::regclass)::text");
        }
        buf_release(&name);
    }
    return count > 0;
}

/* One that is at the end of its type gives nothing more, and is behind nothing. */
static bool is_behind(const struct model_sequence *sequence, const char *largest)
{
    int64_t end;
    if (sequence->called && __builtin_add_overflow(sequence->last_value, sequence->increment, &end))
        return false;
    int64_t next = sequence_next(sequence);
    int64_t used = strtoll(largest, NULL, 10);
    return sequence->increment < 0 ? used <= next : used >= next;
}

/* The command that moves it beyond the rows; never back, since ids that were given out may be in
 * rows that are not committed. Where it stands is read last. */
static char *move_it(const struct model *model, const struct model_sequence *sequence)
{
    struct buf name = BUF_INIT;
    struct buf sql = BUF_INIT;
    quote_name(&name, model->schema, sequence->name);
    buf_adds(&sql, "SELECT setval(");
    quote_literal(&sql, name.data);
    buf_addf(&sql, ", %s((", sequence->increment < 0 ? "least" : "greatest");
    add_in_use(&sql, model->schema, sequence);
    buf_addf(&sql, "), (SELECT last_value FROM %s)))", name.data);
    buf_release(&name);
    return buf_detach(&sql);
}

void doctor_judge_sequences(const struct doctor_facts *facts, bool active, const char *area,
                            struct findings *findings)
{
    const struct model *model = &facts->model;
    const struct model_sequence *first = NULL;
    const char *used = NULL;
    size_t count = 0;
    for (size_t i = 0; facts->sequence_largest && i < model->sequence_count; i++) {
        const char *largest = facts->sequence_largest[i];
        if (!largest || !is_behind(&model->sequences[i], largest) || count++ > 0)
            continue;
        first = &model->sequences[i];
        used = largest;
    }
    if (!first)
        return;
    char *command = move_it(model, first);
    char *next = active ? mem_printf("%s%s", command, count > 1 ? "; likewise the others" : "")
                        : mem_strdup("dbr-sync carries the positions of the active's sequences");
    findings_add(findings, FINDING_WARNING, area, next,
                 "%zu sequences are behind their rows (%s would give %" PRId64 ", and %s.%s has %s "
                 "in use): %s",
                 count, first->name, sequence_next(first), first->owner_table, first->owner_column,
                 used,
                 active ? "inserts fail on a key that is there already"
                        : "after a switch without sync inserts would fail");
    free(command);
    free(next);
}
