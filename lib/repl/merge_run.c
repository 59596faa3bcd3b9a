/* A merge is a reconciliation with a step more. */
#include "repl/merge_run.h"

#include <string.h>

static const struct strlist all_tables = STRLIST_INIT;

bool merge_run(struct reconciliation *r, struct merge *merge, bool *already,
               const struct config *config, const struct state *state,
               const struct merge_options *options, struct err *err)
{
    struct reconcile_options how = {
        .source = ROLE_PRIMARY,
        .write = options->write,
        .every_table = true,
        .force = options->force,
        .latest = true,
        .merge = merge,
        .tables = &all_tables,
        .batch_rows = config->batch_size,
        .program = options->program,
    };

    memset(merge, 0, sizeof(*merge));
    merge->run = options->run;
    merge->force = options->force;
    merge->skew_ms = options->skew_ms;
    merge->max_skew_ms = config->max_clock_skew_ms;
    merge->max_delete_percent = config->max_delete_percent;
    merge->config = config;
    merge->state = state;
    merge->locked = (struct strlist)STRLIST_INIT;
    if (!reconcile(r, config, state, &how, err))
        return false;
    *already = merge->base.merged_at != NULL && !merge->committed;
    return true;
}
