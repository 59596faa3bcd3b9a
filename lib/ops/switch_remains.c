/* What a sync that was broken off has left in the database that becomes, or is, the active one. */
#include "ops/switch_run.h"

#include <string.h>

#include "base/log.h"
#include "repl/keys_off.h"
#include "repl/weather.h"
#include "state/events.h"
#include "state/remains.h"

struct mending {
    struct switch_run *run;
    enum role role;
};

/* What the broken-off run has sent may still be at work, and take off what was put back. */
static bool put_keys_back(void *context, struct err *err)
{
    const struct mending *m = context;

    return switch_end_own(m->run, m->role, err) &&
           keys_off_put_back(m->run->control[m->role], NULL, err);
}

/* Where nobody waits for a report, the log is where it is read. */
static void tell(struct switch_run *run, const char *text)
{
    strlist_add(&run->outcome.warnings, text);
    if (run->journal.automatic || run->journal.step == STEP_NONE)
        log_warn("%s", text);
}

static void add_names(struct buf *text, const struct strlist *names)
{
    size_t i;

    for (i = 0; i < names->count; i++)
        buf_addf(text, "%s%s", i ? ", " : "", names->items[i]);
}

/* Told and written down. */
static void complain(struct switch_run *run, const char *what, const struct strlist *names,
                     const char *next)
{
    struct buf text = BUF_INIT;

    buf_adds(&text, what);
    add_names(&text, names);
    buf_adds(&text, next);
    tell(run, text.data);
    events_write(run->state, "error", "sync", text.data, NULL);
    buf_release(&text);
}

static void complain_of_keys(struct switch_run *run, enum role role, const struct strlist *keys,
                             const struct err *why)
{
    struct buf what = BUF_INIT;
    struct buf next = BUF_INIT;

    buf_addf(&what, "the %s is without foreign keys that a broken-off sync had taken off: ",
             role_name(role));
    buf_addf(&next, " (%s); mend the rows that do not fulfil them: every later run tries again",
             why->message);
    complain(run, what.data, keys, next.data);
    buf_release(&what);
    buf_release(&next);
}

static void complain_of_rows(struct switch_run *run, enum role role, const struct strlist *tables)
{
    struct buf what = BUF_INIT;

    buf_addf(&what, "the %s is without rows that a broken-off sync had taken out of table ",
             role_name(role));
    complain(run, what.data, tables,
             role == ROLE_SECONDARY
                 ? "; they are in salvage/ of the state directory, and come back when the primary "
                   "is merged"
                 : "; they are in salvage/ of the state directory");
    buf_release(&what);
}

bool switch_check_rows(const struct switch_run *run, struct err *err)
{
    const struct strlist *tables = &run->off[run->to].rows;
    struct buf names = BUF_INIT;

    if (tables->count == 0 || run->unasked || run->journal.automatic)
        return true;
    add_names(&names, tables);
    err_set(err, ERR_REFUSED,
            "the %s is without rows that a sync took out of table %s, and that was broken off "
            "before it could bring them back",
            role_name(run->to), names.data);
    buf_release(&names);
    return err_hint(err,
                    "wait for the %s and run dbr-sync; or take over without these rows by --force "
                    "(they are in salvage/ of the state directory)",
                    role_name(run->from));
}

/* Puts keys back; what it did not, and which rows are out, is added to remains. */
static void mend(struct switch_run *run, enum role role, struct remains *remains)
{
    struct mending mending = {run, role};
    struct conn *conn = run->control[role];
    struct err why = ERR_INIT;
    struct err ignored = ERR_INIT;
    bool ok = !run->off[role].keys || weather_pass(conn, put_keys_back, &mending, &why);

    if (ok && run->off[role].keys)
        tell(run, "foreign keys that a broken-off sync had taken off are back");
    /* Looked at earlier: a sync may have brought the rows back since. */
    if (!(ok || weather_settle(conn, &ignored)) ||
        !keys_off_list(conn, &remains->keys_off, &remains->rows_out, &ignored)) {
        strlist_add(&remains->keys_off, "not known which");
        why = ok ? ignored : why;
    }
    if (remains->keys_off.count > 0)
        complain_of_keys(run, role, &remains->keys_off, &why);
    if (remains->rows_out.count > 0)
        complain_of_rows(run, role, &remains->rows_out);
}

static void remember(struct state *state, enum role role, const struct remains *remains)
{
    struct err why = ERR_INIT;

    if (!state_begin(state, &why)) {
        log_warn("%s", why.message);
        return;
    }
    remains_set(state, role, remains);
    if (!state_commit(state, &why))
        log_warn("%s", why.message);
}

void switch_mend(struct switch_run *run, enum role role)
{
    struct remains remains = {STRLIST_INIT, STRLIST_INIT};

    if (run->off[role].keys || run->off[role].rows.count > 0)
        mend(run, role, &remains);
    if (remains_found(&remains) || json_get(run->state->root, "remains"))
        remember(run->state, role, &remains);
    strlist_release(&remains.keys_off);
    strlist_release(&remains.rows_out);
}
