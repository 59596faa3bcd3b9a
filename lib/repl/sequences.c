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
static void add_setval(struct buf *sql, const char *schema, const struct model_sequence *from,
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

bool sequences_queue(struct conn *conn, const struct model *source, const struct model *target,
                     bool all, size_t *statements, struct err *err)
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

        if (!to || (!all && !differs(&source->sequences[i], to, stored)))
            continue;
        if (n++ % SETVALS)
            buf_adds(&sql, ", ");
        add_setval(&sql, target->schema, &source->sequences[i], stored);
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
