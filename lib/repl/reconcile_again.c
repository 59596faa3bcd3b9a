/* What comes after an attempt that failed. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "repl/reconcile_internal.h"

void reconcile_hold_failures(struct reconciliation *r)
{
    size_t i;

    for (i = 0; i < r->failures.count; i++) {
        char *name = mem_strdup(r->failures.items[i]);
        char *state = strchr(name, '\t');
        char *why = strchr(state + 1, '\t');
        size_t at;

        *state = *why = '\0';
        at = pairings_index(&r->pairs, name);
        if (at < r->pairs.count) {
            pairing_hold(&r->pairs.items[at], HOLD_FAILED, why + 1);
            r->pairs.items[at].orphans = strcmp(state + 1, "23503") == 0;
        }
        free(name);
    }
}

/* Errors that are about the rows of one table: bad data, constraints, a missing column, a trigger,
 * a rule or a view that stands in the way. */
static bool is_about_rows(const struct err *err)
{
    return !strncmp(err->sqlstate, "22", 2) || !strncmp(err->sqlstate, "23", 2) ||
           !strncmp(err->sqlstate, "P0", 2) || !strcmp(err->sqlstate, "0A000") ||
           !strcmp(err->sqlstate, "54000") ||
           (!strncmp(err->sqlstate, "42", 2) && strcmp(err->sqlstate, "42501") != 0);
}

static bool has_failed_before(const struct reconciliation *r, const char *name)
{
    size_t len = strlen(name);
    size_t i;

    for (i = 0; i < r->failures.count; i++)
        if (!strncmp(r->failures.items[i], name, len) && r->failures.items[i][len] == '\t')
            return true;
    return false;
}

/* Rows that swap unique values, or refer to each other. */
static bool replace_all(struct reconciliation *r, const struct err *err)
{
    if (r->way == APPLY_REPLACE ||
        (strcmp(err->sqlstate, "23505") != 0 && strcmp(err->sqlstate, "23503") != 0 &&
         strcmp(err->sqlstate, "23P01") != 0))
        return false;
    r->way = APPLY_REPLACE;
    return true;
}

/* The same on CockroachDB, where rows are replaced in as few tables as possible, since that may not
 * fit one transaction, and keys are taken off only where they must. */
static bool replace_some(struct reconciliation *r, size_t failed, const struct err *err)
{
    if (!strcmp(err->sqlstate, "23505") && failed < r->pairs.count &&
        !strlist_has(&r->replaced, r->pairs.items[failed].name)) {
        strlist_add(&r->replaced, r->pairs.items[failed].name);
        return true;
    }
    if (strcmp(err->sqlstate, "23503") != 0 || r->keys_off)
        return false;
    r->keys_off = true;
    return true;
}

/* What is deleted there to be inserted again takes along the rows that refer to it: no foreign key
 * waits for the end of a transaction on CockroachDB, nor is any left out. */
bool reconcile_takes_along(const struct reconciliation *r)
{
    return r->session.models[TARGET].engine == ENGINE_COCKROACH;
}

#define SETBACKS 4

/*
 * The active database is to keep its foreign keys, and its rows. What the application does may be
 * behind an error that names them, so that a new round is the first answer; the next one is a
 * single transaction, which the application cannot come between.
 */
static bool merge_again(struct reconciliation *r, struct merge *merge, size_t failed,
                        const struct err *err)
{
    bool unique = !strcmp(err->sqlstate, "23505") && failed < r->pairs.count;
    const char *name = unique ? r->pairs.items[failed].name : NULL;

    if (unique && !strlist_has(&r->replaced, name)) {
        strlist_add(&r->replaced, name);
        return true;
    }
    if (strcmp(err->sqlstate, "23503") != 0)
        return false;
    merge->whole = ++r->setbacks >= SETBACKS;
    return true;
}

/* Rounds that bring nothing forward wait for something that no round will bring. */
static void note_setback(struct reconciliation *r, struct merge *merge, const struct err *err)
{
    if (merge && r->piecemeal && weather_kind(err) == WEATHER_CONFLICT)
        merge->whole = ++r->setbacks >= 2 * SETBACKS;
}

/* One transaction would have to delete rows of all tables first. */
bool reconcile_refuse_meanwhile(const char *table, struct err *err)
{
    err_set(
        err, ERR_REFUSED,
        "table %s cannot be merged while the application changes the rows that are to be merged",
        table);
    return err_hint(err,
                    "run this again when the application is quieter, or stop it for the moment");
}

bool reconcile_try_again(struct reconciliation *r, struct merge *merge, bool connected,
                         size_t failed, struct err *err)
{
    if (err->code == ERR_STOPPED || r->exhausted)
        return false;
    if (r->too_large) {
        r->too_large = false;
        weather_count();
        return true;
    }
    note_setback(r, merge, err);
    if (weather_wait(&r->weather, connected, err))
        return true;
    if (merge && r->piecemeal               ? merge_again(r, merge, failed, err)
        : r->piecemeal                      ? replace_some(r, failed, err)
        : merge && reconcile_takes_along(r) ? false
                                            : replace_all(r, err)) {
        log_debug("trying again with rows replaced: %s", err->message);
        r->full = true;
        return true;
    }
    /* In many transactions they had been given room; the next run begins so again. */
    if (merge && merge->whole && failed < r->pairs.count && !strcmp(err->sqlstate, "23505"))
        return reconcile_refuse_meanwhile(r->pairs.items[failed].name, err);
    if (failed < r->pairs.count && is_about_rows(err) &&
        !has_failed_before(r, r->pairs.items[failed].name)) {
        strlist_addf(&r->failures, "%s\t%s\t%s", r->pairs.items[failed].name, err->sqlstate,
                     err->message);
        return true;
    }
    return false;
}

/*
 * After a failed attempt. Rolled back, or broken off within a line and so before the COMMIT:
 * nothing of it was lost. Whether a COMMIT whose answer did not come was done is not known: then
 * its lines stay, whatever attempts before or after it add. Where each wave is committed by itself,
 * the applier has seen to it.
 */
bool reconcile_end_archive(struct reconciliation *r, const struct err *err, struct err *why)
{
    bool doubt = r->committing && !r->archive.open && weather_is_doubt(err);

    if (r->piecemeal)
        return true;
    return doubt ? archive_mark(&r->archive, why) : archive_back(&r->archive, why);
}

/* sign: 1 or -1. */
static void add_merged(struct merge_counts *counts, const struct applied *sum, int sign)
{
    counts->inserted[ROLE_SECONDARY] += sign * sum->inserts;
    counts->updated[ROLE_SECONDARY] += sign * sum->updates;
    counts->deleted[ROLE_SECONDARY] += sign * sum->deletes;
    counts->conflicts += sign * sum->conflicts;
    counts->kept += sign * sum->kept;
}

bool reconcile_keep_applied(struct reconciliation *r, struct merge *merge,
                            const struct applied *applied)
{
    bool any = false;
    size_t i;

    for (i = 0; i < r->pairs.count; i++) {
        const struct applied *sum = &applied[i];

        if (sum->inserts + sum->updates + sum->deletes == 0)
            continue;
        any = true;
        if (merge)
            add_merged(&merge->counts[i], sum, -1);
        r->earlier = mem_array(r->earlier, r->earlier_count + 1, sizeof(*r->earlier));
        r->earlier[r->earlier_count++] = (struct earlier){mem_strdup(r->pairs.items[i].name), *sum};
    }
    return any;
}

static void add_synced(struct comparison *c, int64_t *conflicts, const struct applied *sum)
{
    c->inserts += sum->inserts;
    c->updates += sum->updates;
    c->deletes += sum->deletes;
    *conflicts += sum->conflicts;
}

void reconcile_add_earlier(struct reconciliation *r, struct merge *merge)
{
    size_t i;

    for (i = 0; i < r->earlier_count; i++) {
        const struct applied *sum = &r->earlier[i].sum;
        size_t at = pairings_index(&r->pairs, r->earlier[i].table);

        r->applied = true;
        if (at == r->pairs.count)
            continue;
        if (merge)
            add_merged(&merge->counts[at], sum, 1);
        else
            add_synced(&r->all.items[at], &r->conflicts[at], sum);
    }
}
