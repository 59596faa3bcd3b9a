/* What dbr-sync tells: warnings, the table of tables, the keys that differ. */
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "ops/sync_run.h"

#define LISTED_KEYS 10

void sync_collect_warnings(struct sync_run *run)
{
    const struct reconciliation *f = &run->found;
    struct strlist *warnings = &run->outcome.warnings;
    size_t i;

    for (i = 0; i < run->config.warnings.count; i++)
        strlist_add(warnings, run->config.warnings.items[i]);
    for (i = 0; i < f->added.count; i++)
        log_info("Table %s is included, because a named table refers to it", f->added.items[i]);
    for (i = 0; i < f->pairs.strays.count; i++)
        strlist_addf(
            warnings,
            "table %s exists on the standby only; dbr-init-secondary --update --force drops it",
            f->pairs.strays.items[i]);
    for (i = 0; i < f->pairs.count; i++) {
        const struct pairing *pair = &f->pairs.items[i];
        size_t j;

        if (pairing_active(pair) && f->all.items[i].method == COMPARE_SKIP)
            log_info("Table %s is large and has no change column: it is compared once a day, or "
                     "with --full",
                     pair->name);

        if (pairing_active(pair) && pair->hold_deletes && f->all.items[i].deletes)
            strlist_addf(
                warnings,
                "table %s: %" PRId64
                " deletes wait, because a table that is not synced now may refer to these rows",
                pair->name, f->all.items[i].deletes);
        for (j = 0; j < pair->uncompared.count; j++)
            strlist_addf(warnings,
                         "column %s.%s is compared by no fingerprint: the two engines print its "
                         "type differently",
                         pair->name, pair->uncompared.items[j]);
    }
    if (f->kept_deletes)
        strlist_addf(
            warnings,
            "%" PRId64
            " rows that were to be deleted are on the active database again, and were kept",
            f->kept_deletes);
}

static void list_keys(const struct pairing *pair, struct keyset *changes)
{
    size_t width = row_sql_key_width(&pair->rows[SOURCE]);
    struct key_item item;
    struct err ignored = ERR_INIT;
    bool end = false;
    size_t n = 0;

    keyset_rewind(changes);
    while (n < LISTED_KEYS && keyset_next(changes, &item, &end, &ignored)) {
        size_t i;

        printf("  %s ", item.kind == 'i'   ? "missing on the standby:"
                        : item.kind == 'd' ? "only on the standby:   "
                                           : "different:             ");
        for (i = 0; i < width; i++)
            printf("%s%s=%s", i ? ", " : "",
                   pair->rows[SOURCE].key_count ? pair->rows[SOURCE].keys[i]->name : "row hash",
                   key_item_text(&item, i));
        putchar('\n');
        n++;
    }
    if (changes->count > n)
        printf("  ... and %zu more\n", changes->count - n);
}

static void list_differences(struct sync_run *run)
{
    size_t i;

    for (i = 0; i < run->found.pairs.count; i++) {
        struct pairing *pair = &run->found.pairs.items[i];
        struct comparison *c = &run->found.all.items[i];

        if (!pairing_active(pair) || c->equal)
            continue;
        printf("%s: %" PRId64 " missing, %" PRId64 " different, %" PRId64 " too many\n", pair->name,
               c->inserts, c->updates, c->deletes);
        list_keys(pair, &c->changes);
    }
}

void sync_summarise(struct sync_run *run, const struct err *trouble)
{
    struct totals sum = outcome_totals(&run->outcome);
    bool people = !run->cli->common.json && !run->cli->common.quiet;

    outcome_report(&run->outcome, run->cli, run->options->verify ? OUTCOME_VERIFY : OUTCOME_SYNC);
    if (run->cli->common.json) {
        json_set_str(run->cli->document, "activeDatabase",
                     role_name(run->found.session.roles[SOURCE]));
        json_set_int(run->cli->document, "sequencesMoved", (int64_t)run->found.sequences);
        json_set_bool(run->cli->document, "dryRun", run->options->dry_run);
    }
    if (people && !sync_writes(run->options))
        list_differences(run);
    if (people && run->found.sequences)
        printf("Sequences %s: %zu\n", sync_writes(run->options) ? "moved" : "that stand elsewhere",
               run->found.sequences);
    if (people && run->options->verify && trouble->code == ERR_NONE)
        printf("The databases are equal.\n");
    if (people && run->options->dry_run)
        printf("Dry run: nothing was written. A sync would change %" PRId64 " records.\n",
               sum.records);
    fflush(stdout);
    if (sync_writes(run->options))
        log_info("Sync completed: %" PRId64 " records updated", sum.records);
}
