/*
 * A merge into CockroachDB (repl/merge.h): in pieces, as a sync, but beside an application that
 * writes. A wave looks at its rows before it writes them. Where some had to be left another round
 * follows; else the versions that lose go to the archive, and the base is marked.
 */
#include <string.h>

#include "db/pipeline.h"
#include "repl/apply_internal.h"
#include "repl/base.h"
#include "repl/sequences.h"

/* The same as for a transaction that was undone: what comes of it is begun anew. */
static bool ask_again(struct err *err)
{
    err_set_hint(err, ERR_FAILED, "run the program again: it begins from what there is now",
                 "the application has changed rows that the merge was to write");
    memcpy(err->sqlstate, "40001", sizeof("40001"));
    return false;
}

static bool mark(struct applying *s, void *context, struct err *err)
{
    struct applier *a = s->a;
    size_t setvals = 0;

    (void)context;
    if (!sequences_queue(a->conns[TARGET], a->pairs->models[SOURCE], a->pairs->models[TARGET],
                         SEQUENCES_FORWARD, &setvals, err) ||
        !pipeline_add(a->conns[TARGET], base_mark_merged, 0, NULL, err))
        return false;
    s->wave.before += setvals + 1;
    return true;
}

bool apply_merge_pieces(struct applying *s, struct err *err)
{
    s->reading = true;
    if (!apply_upsert_all(s, err) || !apply_delete_all(s, err))
        return false;
    if (s->a->left > 0)
        return ask_again(err);
    return apply_add_all(s, BATCH_LOSE, false, err) && apply_flush(s, false, err) &&
           apply_transact(s, mark, NULL, 0, err);
}
