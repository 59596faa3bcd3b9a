/*
 * What init, sync and later the switches report: one line per table, totals, warnings, as a table
 * for people and as the result JSON. Shared, so that all programs mean the same by the same words.
 */
#ifndef DBR_OPS_OUTCOME_H
#define DBR_OPS_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strlist.h"
#include "cli/main.h"
#include "ops/traffic.h"

enum verdict { VERDICT_NONE, VERDICT_EQUAL, VERDICT_DIFFERENT };

struct table_outcome {
    char *name;
    int64_t rows; /* on the source; -1 not counted */
    int64_t inserted, updated, deleted, conflicts;
    int64_t bytes;       /* copied; 0 where that is not measured */
    int64_t duration_ms; /* of copying; -1 where that is not measured */
    enum verdict verified;
    char *error; /* why it was left as it is, or NULL */
};

struct outcome {
    struct table_outcome *tables;
    size_t count;
    struct strlist warnings;
    int64_t merged_conflicts; /* of a merge before it; they are in the totals */
    int64_t merged_equal;     /* of these: equal rows without a key (repl/merge.h) */
    int64_t duration_ms;
    int64_t
        retries_before; /* weather_retries() at the start: what came since belongs to this run */
    struct traffic_mark traffic; /* the same of what passed over the wire */
};

void outcome_init(struct outcome *outcome);
/* The entry of a table, added when new; the pointer is valid until the next one is added. */
struct table_outcome *outcome_table(struct outcome *outcome, const char *name);

struct totals {
    int64_t inserted, updated, deleted, conflicts;
    int64_t records; /* inserted + updated + deleted: the N of "N records updated" */
};
struct totals outcome_totals(const struct outcome *outcome);

/* Fills cli->document under --json; otherwise prints the table (with columns of a copy, of a
 * sync, of a comparison, or of an import) and warnings. */
enum outcome_style { OUTCOME_SYNC, OUTCOME_VERIFY, OUTCOME_COPY, OUTCOME_IMPORT };
void outcome_report(const struct outcome *outcome, struct cli *cli, enum outcome_style style);
void outcome_release(struct outcome *outcome);

#endif
