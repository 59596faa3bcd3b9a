/*
 * Columns that have another name on the source. What the target prints of its constraints and
 * indexes still says the old name, which is no difference: they follow the column by themselves.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "db/quote.h"
#include "repl/schema_diff.h"

/*
 * A column renamed on the source keeps its place; a new one would stand last. A mistake costs
 * nothing that dropping it would not, since its values follow.
 */
bool diff_renamed(const struct diff *diff, const struct model_table *source,
                  const struct model_table *target, size_t i)
{
    if (!(diff->postgres || diff->unlike) || source->column_count != target->column_count ||
        i >= source->column_count || source->partition)
        return false;
    const struct model_column *ours = &source->columns[i], *theirs = &target->columns[i];
    return !model_column(target, ours->name) && !model_column(source, theirs->name) &&
           !ours->inherited_only && !ours->hidden && !theirs->hidden &&
           ours->generated == theirs->generated &&
           (diff->unlike || ours->identity == theirs->identity) &&
           (!diff_column_type(ours, diff->source, theirs, diff->target) ||
            diff_widens(theirs->type, ours->type));
}

/* The name on the source of a column of the target. */
static const char *new_name(const struct diff *diff, const char *table, const char *column)
{
    const struct model_table *source = model_table(diff->source, table);
    source = source ? model_root(diff->source, source) : NULL;
    const struct model_table *target = source ? model_table(diff->target, source->name) : NULL;
    for (size_t i = 0; target && i < target->column_count; i++)
        if (strcmp(target->columns[i].name, column) == 0 && diff_renamed(diff, source, target, i))
            return source->columns[i].name;
    return NULL;
}

const char *diff_new_name(const struct diff *diff, const char *table, const char *column)
{
    const char *other = column ? new_name(diff, table, column) : NULL;
    return other ? other : column;
}

/* One name of a text, quoted or not, without its quotes; returns what follows. */
static const char *take_name(const char *p, struct buf *name)
{
    buf_reset(name);
    if (*p != '"') {
        while (isalnum((unsigned char)*p) || *p == '_' || (unsigned char)*p >= 0x80)
            buf_addch(name, *p++);
        return p;
    }
    for (p++; *p && (*p != '"' || p[1] == '"'); p++) {
        p += *p == '"';
        buf_addch(name, *p);
    }
    return *p ? p + 1 : p;
}

/*
 * The text with every name quoted, or only those that change; tables NULL: as it stands, else with
 * the names of the source.
 */
static char *spell(const struct diff *diff, const char *text, const char *const *tables, bool all)
{
    struct buf out = BUF_INIT, name = BUF_INIT;
    bool literal = false;
    for (const char *p = text; *p;) {
        bool word =
            isalpha((unsigned char)*p) || *p == '_' || *p == '"' || (unsigned char)*p >= 0x80;
        if (literal || !word) {
            literal ^= *p == '\'';
            buf_addch(&out, *p++);
            continue;
        }
        const char *start = p;
        p = take_name(p, &name);
        const char *other = NULL;
        for (size_t i = 0; tables && i < 2 && tables[i] && !other; i++)
            other = new_name(diff, tables[i], name.data);
        if (other || all)
            quote_ident(&out, other ? other : name.data);
        else
            buf_add(&out, start, (size_t)(p - start));
    }
    buf_release(&name);
    return buf_detach(&out);
}

char *diff_new_names(const struct diff *diff, const char *table, const char *text)
{
    const char *const tables[2] = {table, NULL};
    return spell(diff, text, tables, false);
}

bool diff_same_renamed(const struct diff *diff, const char *table, const char *ref_table,
                       const char *ours, const char *theirs)
{
    const char *const tables[2] = {table, ref_table};
    if (diff->same_text ? diff_same_expr(ours, theirs) : diff_alike(ours, theirs))
        return true;
    if (!diff->postgres || !ours || !theirs)
        return false;
    char *a = spell(diff, ours, NULL, true), *b = spell(diff, theirs, tables, true);
    bool same = diff->same_text ? strcmp(a, b) == 0 : diff_alike(a, b);
    free(a);
    free(b);
    return same;
}
