/* The control connections of a switch: what is asked and changed outside of moving rows. */
#include "ops/switch_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "ops/past.h"
#include "repl/apply.h"
#include "repl/base.h"
#include "repl/catalog.h"
#include "repl/fence.h"
#include "repl/fence_sessions.h"
#include "repl/identity.h"
#include "repl/position.h"
#include "repl/switch_mark.h"
#include "repl/triggers.h"
#include "repl/weather.h"

/* The application waits while a switch does: it gives up on a lock, and looks after a server that
 * has gone silent, rather than wait with it. */
#define LOCK_WAIT "10s"
#define SILENCE_MS 5000

void switch_init(struct switch_run *run, struct cli *cli, const struct config *config,
                 struct state *state)
{
    memset(run, 0, sizeof(*run));
    run->cli = cli;
    run->config = config;
    run->state = state;
    run->failed = (struct strlist)STRLIST_INIT;
    run->bases = (struct strlist)STRLIST_INIT;
    run->pointed_ms = -1;
    run->started_ms = clock_mono_ms();
    outcome_init(&run->outcome);
}

static void disconnect(struct switch_run *run, enum role role)
{
    conn_close(run->control[role]);
    run->control[role] = NULL;
    model_release(&run->models[role]);
    free(run->identities[role]);
    run->identities[role] = NULL;
    off_release(&run->off[role]);
}

void switch_disconnect(struct switch_run *run)
{
    disconnect(run, ROLE_PRIMARY);
    disconnect(run, ROLE_SECONDARY);
}

void switch_release(struct switch_run *run)
{
    size_t i;

    for (i = 0; i < run->merged_count; i++)
        free(run->merged[i].name);
    free(run->merged);
    switch_disconnect(run);
    outcome_release(&run->outcome);
    strlist_release(&run->failed);
    strlist_release(&run->bases);
}

/* --- connecting ---------------------------------------------------------------------------------
 */

static bool open_wanted(struct switch_run *run, const bool wanted[2], int timeout_ms,
                        struct err *err)
{
    struct conn_params params[2];
    struct conn *conns[2] = {NULL, NULL};
    struct err errs[2] = {ERR_INIT, ERR_INIT};
    enum role roles[2];
    size_t n = 0;
    size_t i;
    enum role role;
    bool ok;

    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++) {
        if (!wanted[role] || run->control[role])
            continue;
        params[n] = (struct conn_params){role_name(role), run->config->urls[role],
                                         run->config->schema, timeout_ms, false};
        roles[n++] = role;
    }
    ok = n == 0 || conn_open_many(params, n, conns, NULL, errs);
    for (i = 0; i < n; i++) {
        run->control[roles[i]] = conns[i];
        if (conns[i])
            conn_limit_silence(conns[i], SILENCE_MS);
        if (!ok && errs[i].code != ERR_NONE)
            *err = errs[i];
    }
    return ok;
}

static bool queue_questions(const struct switch_run *run, struct conn *conn, struct err *err)
{
    return pipeline_add(conn, "SET lock_timeout = '" LOCK_WAIT "'", 0, NULL, err) &&
           identity_queue(conn, err) && position_queue(conn, err) &&
           fence_queue_view(conn, run->config->fence_role, err) &&
           apply_queue_privileges(conn, err) && pipeline_add(conn, base_names, 0, NULL, err) &&
           catalog_queue(conn, err) && switch_mark_queue_look(conn, run->journal.id, err) &&
           keys_off_queue_look(conn, err);
}

static bool receive_answers(struct switch_run *run, enum role role, int64_t *epoch, struct err *err)
{
    struct conn *conn = run->control[role];
    struct err ending = ERR_INIT;
    struct result *base;
    struct position_look look = {position_known(run->state, role), {0}};
    bool found;
    bool temporary;
    size_t i;

    if (!pipeline_next(conn, NULL, err) || !identity_receive(conn, &run->identities[role], err) ||
        !position_receive(conn, &look.now, err) ||
        !fence_receive_view(conn, &run->fences[role], err) ||
        !apply_receive_privileges(conn, &run->unchecked[role], &temporary, err) ||
        !pipeline_next(conn, &base, err))
        return false;
    /* What the run itself has written since does not make it younger. */
    if (run->looks[role].now.log == 0)
        run->looks[role] = look;
    if (role == run->to) {
        strlist_release(&run->bases);
        for (i = 0; i < result_rows(base); i++)
            strlist_add(&run->bases, result_text(base, i, 0));
    }
    result_free(base);
    if (!catalog_receive(conn, &run->models[role], err) ||
        !switch_mark_receive(conn, &found, epoch, err) ||
        !keys_off_receive_look(conn, &run->off[role], err))
        return false;
    if (role == run->to)
        run->marked = found;
    (void)pipeline_end(conn, &ending);
    return true;
}

static bool check_epoch(struct switch_run *run, const int64_t epochs[2], struct err *err)
{
    int64_t epoch = epochs[0] > epochs[1] ? epochs[0] : epochs[1];

    run->epoch_seen = epoch;
    /* Only its own mark may be ahead of the state: the switch is under way. */
    if (!switch_mark_check(run->state, epoch, run->marked ? run->journal.epoch : 0, err))
        return false;
    if (run->journal.step == STEP_NONE && run->journal.epoch <= epoch)
        run->journal.epoch = epoch + 1;
    return true;
}

static bool connect_wanted(struct switch_run *run, const bool wanted[2], int timeout_ms,
                           struct err *err)
{
    bool had[2];
    struct conn *fresh[2];
    int64_t epochs[2] = {0, 0};
    size_t n = 0;
    enum role role;

    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++) {
        if (wanted[role] && run->control[role] && !conn_alive(run->control[role]))
            disconnect(run, role);
        had[role] = run->control[role] != NULL;
    }
    if (!open_wanted(run, wanted, timeout_ms, err))
        return false;
    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++)
        if (run->control[role] && !had[role]) {
            if (!queue_questions(run, run->control[role], err))
                return false;
            fresh[n++] = run->control[role];
        }
    if (n == 0)
        return true;
    if (!pipeline_send(fresh, n, err))
        return false;
    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++)
        if (run->control[role] && !had[role] && !receive_answers(run, role, &epochs[role], err))
            return false;
    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++)
        if (run->control[role] && !had[role])
            catalog_exclude(&run->models[role], &run->config->tables, &run->config->exclude);
    return identity_check(run->state, run->identities, err) && check_epoch(run, epochs, err);
}

bool switch_connect(struct switch_run *run, const bool wanted[2], int timeout_ms, struct err *err)
{
    struct weather weather = {0};

    while (!connect_wanted(run, wanted, timeout_ms, err)) {
        /* One that stopped in the middle of its answers is of no use to anybody. */
        switch_disconnect(run);
        if (weather_kind(err) != WEATHER_CONFLICT || !weather_wait(&weather, true, err))
            return false;
        err_clear(err);
    }
    return true;
}

/* --- fences -------------------------------------------------------------------------------------
 */

bool switch_end_own(struct switch_run *run, enum role role, struct err *err)
{
    return fence_sessions_end_own(run->control[role], err);
}

struct fence switch_fence_of(const struct switch_run *run, enum role role)
{
    return (struct fence){run->identities[role],
                          run->role_missing ? NULL : run->config->fence_role};
}

bool switch_check_fences(struct switch_run *run, struct err *err)
{
    const char *role = run->config->fence_role;

    /* Where the application is out, a role that cannot be let in again is no reason to stay out. */
    run->role_missing = run->journal.forced && role && !run->fences[run->to].has_role;
    if (run->role_missing) {
        strlist_addf(&run->outcome.warnings, "DB_FENCE_ROLE names %s, which the %s does not have",
                     role, role_name(run->to));
        role = NULL;
    }
    if (!fence_check(run->control[run->to], role, &run->fences[run->to], false, err))
        return false;
    if (!run->journal.forced && run->config->fence && run->fences[run->from].placed &&
        !run->fences[run->to].placed)
        return fence_refuse_wrong_state(run->from, run->config->state_dir, err);
    return run->journal.forced ||
           fence_check(run->control[run->from], role, &run->fences[run->from], true, err);
}

bool switch_fence(struct switch_run *run, enum role role, struct err *err)
{
    struct fence fence = switch_fence_of(run, role);
    struct strlist names = STRLIST_INIT;
    bool ok;

    if (!fence_place(run->control[role], &fence, &run->outcome.warnings, err) ||
        !fence_prove(run->control[role], err))
        return false;
    ok = triggers_quiet(run->control[role], run->config, run->unchecked[role], &names, err);
    strlist_release(&names);
    return ok;
}

static bool is_fenced(struct switch_run *run, enum role role, bool *fenced, struct err *err)
{
    struct conn *conn = run->control[role];
    struct err ending = ERR_INIT;
    struct fence_view view;
    bool ok = fence_queue_view(conn, run->config->fence_role, err) &&
              pipeline_send(&conn, 1, err) && fence_receive_view(conn, &view, err);

    (void)pipeline_end(conn, &ending);
    *fenced = ok && view.placed;
    return ok;
}

/* One database of a switch, for what may be done again. */
struct lifting {
    struct switch_run *run;
    enum role role;
};

static bool unfence(void *context, struct err *err)
{
    const struct lifting *lifting = context;
    struct switch_run *run = lifting->run;
    enum role role = lifting->role;
    struct conn *conn = run->control[role];
    struct fence fence = switch_fence_of(run, role);
    struct err ending = ERR_INIT;
    size_t wakes;
    size_t lifts = 0;
    size_t n;
    bool fenced;
    bool ok;

    /* A fence that dbr could not place is none that it could lift. */
    if (!switch_end_own(run, role, err) || !is_fenced(run, role, &fenced, err))
        return false;
    ok = triggers_queue_wake(conn, &wakes, err) &&
         (!fenced || fence_queue_lift(conn, &fence, &lifts, err)) && pipeline_sync(conn, err) &&
         pipeline_send(&conn, 1, err);
    for (n = ok ? wakes + lifts : 0; n > 0 && ok; n--)
        ok = pipeline_next(conn, NULL, err);
    (void)pipeline_end(conn, &ending);
    return ok;
}

bool switch_unfence(struct switch_run *run, enum role role, struct err *err)
{
    struct lifting lifting = {run, role};

    return weather_pass(run->control[role], unfence, &lifting, err);
}

bool switch_ask_mark(struct switch_run *run, struct err *err)
{
    struct conn *conn = run->control[run->to];
    struct err ending = ERR_INIT;
    int64_t epoch = 0;
    bool ok = switch_mark_queue_look(conn, run->journal.id, err) && pipeline_send(&conn, 1, err) &&
              switch_mark_receive(conn, &run->marked, &epoch, err);

    (void)pipeline_end(conn, &ending);
    run->epoch_seen = epoch;
    return ok;
}

bool switch_told_overtaken(const struct switch_run *run)
{
    return run->epoch_seen > run->journal.epoch ||
           (run->epoch_seen == run->journal.epoch && !run->marked);
}

bool switch_is_overtaken(struct switch_run *run)
{
    const bool wanted[2] = {run->to == ROLE_PRIMARY, run->to == ROLE_SECONDARY};
    struct err ignored = ERR_INIT;

    run->epoch_seen = 0;
    /* Being refused is what tells of it. Of one that does not answer nobody here can know; the
     * database that is left must not stay closed for that. */
    if (run->control[run->to] && conn_alive(run->control[run->to]))
        (void)switch_ask_mark(run, &ignored);
    else
        (void)switch_connect(run, wanted, run->config->health_timeout_ms, &ignored);
    return switch_told_overtaken(run);
}

bool switch_still_fenced(struct switch_run *run, bool *fenced, struct err *err)
{
    const bool wanted[2] = {run->from == ROLE_PRIMARY, run->from == ROLE_SECONDARY};
    struct err ignored = ERR_INIT;

    /* Who lifts the fence ends the sessions of other runs first: a connection that is gone is a
     * reason to look again. */
    if (run->control[run->from] && conn_alive(run->control[run->from]) &&
        is_fenced(run, run->from, fenced, &ignored))
        return true;
    disconnect(run, run->from);
    return switch_connect(run, wanted, run->config->health_timeout_ms, err) &&
           is_fenced(run, run->from, fenced, err);
}

/* strays: what the application wrote there meanwhile is on that database alone. */
static void owe_fence(struct switch_run *run, bool strays)
{
    struct err why = ERR_INIT;

    if (!state_begin(run->state, &why)) {
        log_warn("%s", why.message);
        return;
    }
    if (strays)
        journal_set_all_unmerged(run->state);
    journal_set_debt(run->state, run->from, true);
    if (!state_commit(run->state, &why))
        log_warn("%s", why.message);
}

void switch_keep_fenced(struct switch_run *run)
{
    struct err why = ERR_INIT;
    bool fenced = false;
    bool seen = switch_still_fenced(run, &fenced, &why);

    if (seen && fenced)
        return;
    if (seen)
        log_warn("the fence of the %s was taken off meanwhile, by another state directory or by "
                 "hand: what was written there since is on it alone, and no sync deletes it",
                 role_name(run->from));
    else
        log_warn("whether the %s is fenced still is not known: %s", role_name(run->from),
                 why.message);
    owe_fence(run, seen);
    err_clear(&why);
    if (seen && !past_pay(run->cli, run->config, run->state, run->from, &why))
        log_warn("%s", why.message);
}
