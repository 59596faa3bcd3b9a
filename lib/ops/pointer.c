/*
 * Goes through the targets of a switch. What one of them needs stands in its own file; here it is
 * decided that a failure of one does not keep the others, and how often it is tried.
 */
#include "ops/pointer.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "ops/pointer_target.h"

#define ATTEMPTS 3
#define PAUSE_BETWEEN_MS 500

/* The quick one first: what restarts by itself finds the new address already. */
static const struct pointer_target *const targets[] = {&pointer_env_file, &pointer_pgbouncer};
#define TARGETS (sizeof targets / sizeof targets[0])

bool pointer_configured(const struct config *config)
{
    for (size_t i = 0; i < TARGETS; i++) {
        if (targets[i]->configured(config))
            return true;
    }
    return false;
}

bool pointer_check(const struct config *config, struct err *err)
{
    for (size_t i = 0; i < TARGETS; i++) {
        if (targets[i]->configured(config) && !targets[i]->check(config, err))
            return false;
    }
    return true;
}

bool pointer_pause(const struct config *config, struct err *err)
{
    for (size_t i = 0; i < TARGETS; i++) {
        if (targets[i]->pause && targets[i]->configured(config) && !targets[i]->pause(config, err))
            return false;
    }
    return true;
}

bool pointer_resume(const struct config *config, struct err *err)
{
    for (size_t i = 0; i < TARGETS; i++) {
        if (targets[i]->resume && targets[i]->configured(config) &&
            !targets[i]->resume(config, err))
            return false;
    }
    return true;
}

/* Collects the failures of several targets into one error; the first one's code and hint stay. */
struct failures {
    struct strlist *lines; /* NULL: not wanted */
    struct buf text;
    struct err first;
};

static void add_failure(struct failures *failures, const struct pointer_target *target,
                        const struct err *why)
{
    if (failures->lines)
        strlist_addf(failures->lines, "%s: %s", target->name, why->message);
    if (failures->text.len > 0)
        buf_adds(&failures->text, "; ");
    else
        failures->first = *why;
    buf_addf(&failures->text, "%s: %s", target->name, why->message);
}

static bool report_failures(struct failures *failures, enum err_code code, struct err *err)
{
    bool ok = failures->text.len == 0;
    if (!ok) {
        err_set(err, code, "%s", failures->text.data);
        if (failures->first.hint[0])
            err_hint(err, "%s", failures->first.hint);
    }
    buf_release(&failures->text);
    return ok;
}

static bool move_one(const struct pointer_target *target, const struct config *config,
                     enum role active, struct err *err)
{
    for (int attempt = 1;; attempt++) {
        err_clear(err);
        if (target->move(config, active, err))
            return true;
        if (attempt == ATTEMPTS)
            break;
        log_warn("%s: %s; trying again", target->name, err->message);
        clock_sleep_ms(PAUSE_BETWEEN_MS);
    }
    /* Better an answer from the old database than none. */
    struct err ignored = ERR_INIT;
    if (target->resume)
        (void)target->resume(config, &ignored);
    return false;
}

bool pointer_move(const struct config *config, enum role active, struct strlist *failed,
                  struct err *err)
{
    struct failures failures = {failed, BUF_INIT, ERR_INIT};
    for (size_t i = 0; i < TARGETS; i++) {
        struct err why = ERR_INIT;
        if (!targets[i]->configured(config))
            continue;
        if (move_one(targets[i], config, active, &why))
            log_info("%s points at the %s", targets[i]->name, role_name(active));
        else
            add_failure(&failures, targets[i], &why);
    }
    return report_failures(&failures, ERR_FAILED, err);
}

bool pointer_agrees(const struct config *config, const struct state *state,
                    struct strlist *differing, struct err *err)
{
    enum role active = state_active(state);
    struct failures failures = {differing, BUF_INIT, ERR_INIT};
    for (size_t i = 0; i < TARGETS; i++) {
        struct err why = ERR_INIT;
        if (targets[i]->configured(config) && !targets[i]->agrees(config, active, &why))
            add_failure(&failures, targets[i], &why);
    }
    if (report_failures(&failures, failures.first.code, err))
        return true;
    if (failures.first.code != ERR_DIFFERENT)
        return false;
    if (state_init_status(state) == INIT_NONE)
        return err_hint(err,
                        "is the state of the pair elsewhere (another user, another DB_STATE_DIR), "
                        "or lost? find out which database the application uses: dbr(7), \"The "
                        "state file is lost\", says how to go on from there");
    return err_hint(err, "run dbr-fail%s: the %s is active already, and the targets will follow",
                    active == ROLE_SECONDARY ? "over" : "back", role_name(active));
}
