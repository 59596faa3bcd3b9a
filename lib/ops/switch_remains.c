/* What a sync that was broken off has left in the database that becomes, or is, the active one. */
#include "ops/switch_run.h"

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

    return switch_end_own(m->run, m->role, err) && keys_off_put_back(m->run->control[m->role], err);
}

/* Where nobody waits for a report, the log is where it is read. */
static void tell(struct switch_run *run, const char *text)
{
    strlist_add(&run->outcome.warnings, text);
    if (run->journal.automatic || run->journal.step == STEP_NONE)
        log_warn("%s", text);
}

static void complain(struct switch_run *run, enum role role, const struct strlist *keys,
                     const struct err *why)
{
    struct buf text = BUF_INIT;
    size_t i;

    buf_addf(&text, "the %s is without foreign keys that a broken-off sync had taken off: ",
             role_name(role));
    for (i = 0; i < keys->count; i++)
        buf_addf(&text, "%s%s", i ? ", " : "", keys->items[i]);
    buf_addf(&text, " (%s); mend the rows that do not fulfil them: every later run tries again",
             why->message);
    tell(run, text.data);
    events_write(run->state, "error", "sync", text.data, NULL);
    buf_release(&text);
}

/* Puts back what can be; adds what stays off. */
static void mend_keys(struct switch_run *run, enum role role, struct strlist *keys)
{
    struct mending mending = {run, role};
    struct conn *conn = run->control[role];
    struct err why = ERR_INIT;
    struct err ignored = ERR_INIT;

    if (!run->keys_off[role])
        return;
    if (weather_pass(conn, put_keys_back, &mending, &why)) {
        run->keys_off[role] = false;
        tell(run, "foreign keys that a broken-off sync had taken off are back");
        return;
    }
    /* What it knows to be off still; where it cannot be asked, that there is something. */
    if (!weather_settle(conn, &ignored) || !keys_off_list(conn, keys, &ignored) || keys->count == 0)
        strlist_add(keys, "not known which");
    complain(run, role, keys, &why);
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
    struct remains remains = {STRLIST_INIT};

    mend_keys(run, role, &remains.keys_off);
    if (remains.keys_off.count > 0 || json_get(run->state->root, "remains"))
        remember(run->state, role, &remains);
    strlist_release(&remains.keys_off);
}
