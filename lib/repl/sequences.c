/*
 * Sequences. Between servers of one engine a position is carried as it is stored; unlike engines
 * store it differently but agree on what comes next.
 */
#include "repl/sequences.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "db/pipeline.h"
#include "db/quote.h"

#define SETVALS 1000 /* in one statement; a target list has at most 1664 columns */

int64_t sequence_next(const struct model_sequence *sequence)
{
    return sequence->called ? sequence->last_value + sequence->increment : sequence->last_value;
}

static const struct model_sequence *find(const struct model *model, const char *name)
{
    size_t i;

    for (i = 0; i < model->sequence_count; i++)
        if (!strcmp(model->sequences[i].name, name))
            return &model->sequences[i];
    return NULL;
}

static bool as_stored(const struct model *source, const struct model *target)
{
    return source->engine == ENGINE_POSTGRES && target->engine == ENGINE_POSTGRES;
}

static bool differs(const struct model_sequence *from, const struct model_sequence *to, bool stored)
{
    if (stored)
        return from->last_value != to->last_value || from->called != to->called;
    return sequence_next(from) != sequence_next(to);
}

static bool is_behind(const struct model_sequence *sequence, const struct model_sequence *other)
{
    int64_t next = sequence_next(sequence);
    int64_t others = sequence_next(other);

    return sequence->increment < 0 ? next > others : next < others;
}

static bool moves(const struct model_sequence *from, const struct model_sequence *to, bool stored,
                  enum sequences_move move)
{
    switch (move) {
    case SEQUENCES_ALL:
        return true;
    case SEQUENCES_DIFFERING:
        return differs(from, to, stored);
    case SEQUENCES_FORWARD:
        return is_behind(to, from);
    }
    return false;
}

size_t sequences_differ(const struct model *source, const struct model *target)
{
    size_t n = 0;
    size_t i;

    for (i = 0; i < source->sequence_count; i++) {
        const struct model_sequence *to = find(target, source->sequences[i].name);

        if (to && differs(&source->sequences[i], to, as_stored(source, target)))
            n++;
    }
    return n;
}

/*
 * setval's third argument false stores the next value itself, on both engines alike. A PostgreSQL
 * sequence that has reached its end has no next value within bounds: there the last value is stored
 * as called.
 */
void sequence_add_setval(struct buf *sql, const char *schema, const struct model_sequence *from,
                         bool stored)
{
    int64_t next = sequence_next(from);
    bool beyond = next > from->maximum || next < from->minimum;
    struct buf name = BUF_INIT;

    quote_name(&name, schema, from->name);
    buf_adds(sql, "pg_catalog.setval(");
    quote_literal(sql, name.data);
    if (stored || beyond)
        buf_addf(sql, "::regclass, %" PRId64 ", %s)", from->last_value,
                 from->called ? "true" : "false");
    else
        buf_addf(sql, "::regclass, %" PRId64 ", false)", next);
    buf_release(&name);
}

/* The last value that was used, of a sequence in use by others: as it stands now, not as it stood
 * when the catalog was read. */
static void add_used(struct buf *sql, const struct model *model,
                     const struct model_sequence *sequence)
{
    if (model->engine == ENGINE_COCKROACH)
        buf_adds(sql, "(SELECT last_value::numeric FROM ");
    else
        buf_addf(sql,
                 "(SELECT last_value::numeric - CASE WHEN is_called THEN 0 ELSE %" PRId64
                 " END FROM ",
                 sequence->increment);
    quote_name(sql, model->schema, sequence->name);
    buf_addch(sql, ')');
}

static void add_regclass(struct buf *sql, const struct model *model, const char *name)
{
    struct buf full = BUF_INIT;

    quote_name(&full, model->schema, name);
    quote_literal(sql, full.data);
    buf_adds(sql, "::regclass");
    buf_release(&full);
}

/* To the source's position, or where it stands by now when that is further. */
static void add_forward(struct buf *sql, const struct model *target,
                        const struct model_sequence *from)
{
    int64_t used = from->called ? from->last_value : from->last_value - from->increment;

    buf_adds(sql, "pg_catalog.setval(");
    add_regclass(sql, target, from->name);
    buf_addf(sql, ", (%s(%" PRId64 "::numeric, ", from->increment < 0 ? "least" : "greatest", used);
    add_used(sql, target, from);
    buf_adds(sql, "))::int8, true)");
}

bool sequences_queue(struct conn *conn, const struct model *source, const struct model *target,
                     enum sequences_move move, size_t *statements, struct err *err)
{
    bool stored = as_stored(source, target);
    struct buf sql = BUF_INIT;
    size_t n = 0;
    size_t i;
    bool ok = true;

    *statements = 0;
    buf_adds(&sql, "SELECT ");
    for (i = 0; i < source->sequence_count; i++) {
        const struct model_sequence *to = find(target, source->sequences[i].name);

        if (!to || !moves(&source->sequences[i], to, stored, move))
            continue;
        if (n++ % SETVALS)
            buf_adds(&sql, ", ");
        if (move == SEQUENCES_FORWARD)
            add_forward(&sql, target, &source->sequences[i]);
        else
            sequence_add_setval(&sql, target->schema, &source->sequences[i], stored);
        if (n % SETVALS == 0) {
            ok = ok && pipeline_add(conn, sql.data, 0, NULL, err);
            ++*statements;
            buf_reset(&sql);
            buf_adds(&sql, "SELECT ");
        }
    }
    if (ok && n % SETVALS != 0) {
        ok = pipeline_add(conn, sql.data, 0, NULL, err);
        ++*statements;
    }
    buf_release(&sql);
    return ok;
}

/* What a column of that type can hold; false for a column that no sequence feeds. */
static bool type_limits(const char *type, int64_t *minimum, int64_t *maximum)
{
    static const struct {
        const char *type;
        int64_t minimum, maximum;
    } limits[] = {
        {"int2", INT16_MIN, INT16_MAX},
        {"int4", INT32_MIN, INT32_MAX},
        {"int8", INT64_MIN, INT64_MAX},
        {"numeric", INT64_MIN, INT64_MAX},
    };
    size_t i;

    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        if (!strcmp(type, limits[i].type)) {
            *minimum = limits[i].minimum;
            *maximum = limits[i].maximum;
            return true;
        }
    return false;
}

static bool feeds(const struct model_sequence *sequence, const struct model_table *table,
                  const struct model_column *column)
{
    if (table->partition)
        return false; /* the root tells for all of them */
    if (column->sequence && !strcmp(column->sequence, sequence->name))
        return true;
    return sequence->owner_table && !strcmp(sequence->owner_table, table->name) &&
           !strcmp(sequence->owner_column, column->name);
}

/* ", (SELECT max(id) FROM table WHERE id < limit)" for each column that the sequence feeds, of the
 * type of what it is compared with, which CockroachDB insists on. An id at the very end of its type
 * is somebody's marker, and nothing can go beyond it. */
static void add_tops(struct buf *sql, const struct model *model,
                     const struct model_sequence *sequence, int64_t *limit)
{
    bool down = sequence->increment < 0;
    int64_t minimum;
    int64_t maximum;
    size_t i;
    size_t j;

    for (i = 0; i < model->table_count; i++)
        for (j = 0; j < model->tables[i].column_count; j++) {
            const struct model_table *table = &model->tables[i];
            const struct model_column *column = &table->columns[j];

            if (!feeds(sequence, table, column) ||
                !type_limits(column->type_name, &minimum, &maximum))
                continue;
            if (down && minimum > *limit)
                *limit = minimum;
            if (!down && maximum < *limit)
                *limit = maximum;
            buf_addf(sql, ", (SELECT %s(", down ? "min" : "max");
            quote_ident(sql, column->name);
            buf_adds(sql, ")::numeric FROM ");
            quote_name(sql, model->schema, table->name);
            buf_adds(sql, " WHERE ");
            quote_ident(sql, column->name);
            buf_addf(sql, " %s %" PRId64 ")", down ? ">" : "<", *limit);
        }
}

/* Values that are left out: the gap, but never more than a share of what the sequence has left. */
#define GAP_SHARE 8

static void add_gap(struct buf *sql, int64_t limit, int64_t increment, int64_t gap)
{
    if (gap == 0)
        buf_adds(sql, "0::numeric");
    else
        buf_addf(sql,
                 "least(%" PRId64 "::numeric, floor((%" PRId64 "::numeric - w.used) / %" PRId64
                 "::numeric / %d::numeric))",
                 gap, limit, increment, GAP_SHARE);
}

/*
 * In whole steps of the increment from where the sequence stands, over the farthest id in use, then
 * the gap: as much of it as there is room for. An exhausted sequence stays as it is.
 */
static void add_advance(struct buf *sql, const struct model *model,
                        const struct model_sequence *sequence, int64_t gap)
{
    bool down = sequence->increment < 0;
    int64_t limit = down ? sequence->minimum : sequence->maximum;
    struct buf tops = BUF_INIT;

    add_tops(&tops, model, sequence, &limit);
    buf_adds(sql, "SELECT CASE WHEN w.used ");
    buf_addf(sql, "%s %" PRId64 "%s THEN pg_catalog.setval(", down ? ">" : "<", limit,
             gap ? "" : " AND w.used <> w.position");
    add_regclass(sql, model, sequence->name);
    buf_addf(sql, ", %s(%" PRId64 "::numeric, w.used + %" PRId64 "::numeric * (1::numeric + ",
             down ? "greatest" : "least", limit, sequence->increment);
    add_gap(sql, limit, sequence->increment, gap);
    buf_addf(sql, "))::int8, false) END FROM (SELECT q.used AS position, q.used + ceil((%s(q.used",
             down ? "least" : "greatest");
    buf_adds(sql, tops.data);
    buf_addf(sql,
             ") - q.used) / %" PRId64 "::numeric) * %" PRId64 "::numeric AS used FROM (SELECT ",
             sequence->increment, sequence->increment);
    add_used(sql, model, sequence);
    buf_adds(sql, " AS used) AS q) AS w");
    buf_release(&tops);
}

bool sequences_queue_advance(struct conn *conn, const struct model *model, int64_t gap,
                             size_t *statements, struct err *err)
{
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok = true;

    *statements = 0;
    for (i = 0; i < model->sequence_count && ok; i++) {
        buf_reset(&sql);
        add_advance(&sql, model, &model->sequences[i], gap);
        ok = pipeline_add(conn, sql.data, 0, NULL, err);
        ++*statements;
    }
    buf_release(&sql);
    return ok;
}
