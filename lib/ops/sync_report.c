/* What dbr-sync tells: warnings, the table of tables, the keys that differ. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "ops/sync_run.h"

/* Keys of a table shown to people, and in JSON; there also what all of them may cost in memory. */
#define PRINTED_KEYS 10
#define LISTED_KEYS 100
#define LISTED_BYTES ((size_t)2 << 20)
#define LISTED_COST 512
#define EXACT_INTEGER ((long long)1 << 53)

/* Of an interrupted run. */
static void tell_rows_out(struct sync_run *run, const char *table)
{
    size_t at = pairings_index(&run->found.pairs, table);
    bool back = sync_writes(run->options) && at < run->found.pairs.count &&
                pairing_active(&run->found.pairs.items[at]);

    strlist_addf(&run->outcome.warnings,
                 "rows of table %s that an interrupted run had taken out of the standby are %s",
                 table, back ? "back" : "still missing there");
}

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
            log_info("Table %s is large and has no %s: it is compared once a day, or with --full",
                     pair->name, pair->rows[SOURCE].key_count ? "change column" : "key");
        if (pairing_active(pair) && pair->hold_deletes && f->all.items[i].deletes)
            strlist_addf(
                warnings,
                "table %s: %" PRId64
                " deletes wait, because a table that is not synced now may refer to these rows",
                pair->name, f->all.items[i].deletes);
        for (j = 0; j < pair->uncompared.count; j++)
            strlist_addf(warnings,
                         "column %s.%s is not compared: the two engines have no common form of "
                         "its type",
                         pair->name, pair->uncompared.items[j]);
    }
    for (i = 0; i < f->session.off[TARGET].rows.count; i++)
        tell_rows_out(run, f->session.off[TARGET].rows.items[i]);
    if (f->session.off[TARGET].keys && f->applied)
        strlist_add(warnings, "foreign keys of the standby that an interrupted run had taken off "
                              "are back");
    if (f->quieted)
        strlist_add(warnings,
                    "triggers or rules of the standby were enabled; they are disabled again");
    if (f->kept_deletes)
        strlist_addf(
            warnings,
            "%" PRId64
            " rows that were to be deleted are on the active database again, and were kept",
            f->kept_deletes);
}

static const char *key_name(const struct pairing *pair, size_t i)
{
    return pair->rows[SOURCE].key_count ? pair->rows[SOURCE].keys[i]->name : "row hash";
}

/* The keys of a table in the order in which they are listed: those that one side lacks come first,
 * so that many changed rows do not hide a missing one. */
struct listing {
    struct keyset *changes;
    const char *kinds; /* still to come */
};

static struct listing list_keys(struct keyset *changes)
{
    keyset_rewind(changes);
    return (struct listing){changes, "idu"};
}

static bool next_key(struct listing *listing, struct key_item *item)
{
    struct err ignored = ERR_INIT;
    bool end = false;

    while (*listing->kinds) {
        while (keyset_next(listing->changes, item, &end, &ignored))
            if (item->kind == *listing->kinds)
                return true;
        keyset_rewind(listing->changes);
        listing->kinds++;
    }
    return false;
}

static void print_keys(const struct pairing *pair, struct keyset *changes)
{
    size_t width = row_sql_key_width(&pair->rows[SOURCE]);
    struct listing listing = list_keys(changes);
    struct key_item item;
    struct buf line = BUF_INIT;
    size_t n = 0;

    while (n < PRINTED_KEYS && next_key(&listing, &item)) {
        size_t i;

        buf_reset(&line);
        buf_addf(&line, "  %s ",
                 item.kind == 'i'   ? "missing on the standby:"
                 : item.kind == 'd' ? "only on the standby:   "
                                    : "different:             ");
        for (i = 0; i < width; i++) {
            buf_addf(&line, "%s%s=", i ? ", " : "", key_name(pair, i));
            buf_add_clean(&line, key_item_text(&item, i));
        }
        puts(line.data);
        n++;
    }
    if (changes->count > n)
        printf("  ... and %zu more\n", changes->count - n);
    buf_release(&line);
}

/* Integers as numbers, as far as every reader of JSON keeps them exact; all else as text. */
static void set_key_value(struct json *key, const struct pairing *pair, size_t i, const char *text)
{
    const struct row_table *rows = &pair->rows[SOURCE];
    const char *type = rows->key_count ? rows->keys[i]->type_name : "";
    long long number = strtoll(text, NULL, 10);

    if ((!strcmp(type, "int2") || !strcmp(type, "int4") || !strcmp(type, "int8")) &&
        llabs(number) <= EXACT_INTEGER)
        json_set_int(key, key_name(pair, i), number);
    else
        json_set_str(key, key_name(pair, i), text);
}

/* Adds "differences", "differenceCount" and "truncated" to a table's object. *room: bytes left for
 * all tables. */
static void set_keys(struct json *table, const struct pairing *pair, struct keyset *changes,
                     size_t *room)
{
    size_t width = row_sql_key_width(&pair->rows[SOURCE]);
    struct json *list = json_set_array(table, "differences");
    struct listing listing = list_keys(changes);
    struct key_item item;
    size_t n = 0;

    while (n < LISTED_KEYS && next_key(&listing, &item)) {
        size_t cost = item.key_len + LISTED_COST;
        struct json *entry;
        struct json *key;
        size_t i;

        if (cost > *room)
            break;
        *room -= cost;
        entry = json_add(list, json_object());
        json_set_str(entry, "kind",
                     item.kind == 'i'   ? "insert"
                     : item.kind == 'd' ? "delete"
                                        : "update");
        key = json_set_object(entry, "key");
        for (i = 0; i < width; i++)
            set_key_value(key, pair, i, key_item_text(&item, i));
        n++;
    }
    json_set_int(table, "differenceCount", (int64_t)changes->count);
    json_set_bool(table, "truncated", changes->count > n);
}

/* Columns that no comparison says anything about. */
static void set_not_compared(struct json *table, const struct pairing *pair)
{
    struct json *list;
    size_t i;

    if (pair->uncompared.count == 0)
        return;
    list = json_set_array(table, "notCompared");
    for (i = 0; i < pair->uncompared.count; i++)
        json_add_str(list, pair->uncompared.items[i]);
}

static void set_differences(struct sync_run *run)
{
    struct json *tables = json_get(run->cli->document, "tables");
    size_t room = LISTED_BYTES;
    struct json *table;

    for (table = json_first(tables); table; table = json_next(table)) {
        size_t at = pairings_index(&run->found.pairs, json_str(table, "name", ""));

        if (at < run->found.pairs.count)
            set_not_compared(table, &run->found.pairs.items[at]);
        if (at < run->found.pairs.count && pairing_active(&run->found.pairs.items[at]))
            set_keys(table, &run->found.pairs.items[at], &run->found.all.items[at].changes, &room);
    }
}

static void print_differences(struct sync_run *run)
{
    size_t i;

    for (i = 0; i < run->found.pairs.count; i++) {
        struct pairing *pair = &run->found.pairs.items[i];
        struct comparison *c = &run->found.all.items[i];

        if (!pairing_active(pair) || c->equal)
            continue;
        printf("%s: %" PRId64 " missing, %" PRId64 " different, %" PRId64 " too many\n", pair->name,
               c->inserts, c->updates, c->deletes);
        print_keys(pair, &c->changes);
    }
}

void sync_summarise(struct sync_run *run, const struct err *trouble)
{
    struct totals sum = outcome_totals(&run->outcome);
    bool people = !run->cli->common.json && !run->cli->common.quiet;
    /* What a sync has written is no difference any more; what a repair has left is. */
    bool lists = !sync_writes(run->options) || run->repaired;

    outcome_report(&run->outcome, run->cli, run->options->verify ? OUTCOME_VERIFY : OUTCOME_SYNC);
    if (run->cli->common.json) {
        json_set_str(run->cli->document, "activeDatabase",
                     role_name(run->found.session.roles[SOURCE]));
        json_set_int(run->cli->document, "sequencesMoved", (int64_t)run->found.sequences);
        json_set_bool(run->cli->document, "dryRun", run->options->dry_run);
        if (lists)
            set_differences(run);
    }
    if (people && lists)
        print_differences(run);
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
        log_info("Sync %s: %" PRId64 " records updated",
                 trouble->code == ERR_NONE ? "completed" : "not completed", sum.records);
}
