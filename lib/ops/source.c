/* The state's word on which database is active, or the user's on which one is meant. */
#include "ops/source.h"

#include <string.h>

#include "base/log.h"
#include "state/breaker.h"

static bool read_state(const struct config *config, bool named, struct state *state,
                       struct strlist *warnings, struct err *err)
{
    if (state_peek(state, config->state_dir, err))
        return true;
    if (!named)
        return err->hint[0] ? false
                            : err_hint(err, "name the database: --source=primary or "
                                            "--source=secondary");
    log_warn("the state is not asked: %s", err->message);
    strlist_add(warnings, err->message);
    err_clear(err);
    *state = (struct state)STATE_INIT;
    return true;
}

bool source_choose(const struct config *config, const char *wish, struct state *state,
                   enum role *role, struct strlist *warnings, struct err *err)
{
    bool named = wish && strcmp(wish, "active") != 0;

    if (!read_state(config, named, state, warnings, err))
        return false;
    if (!named)
        *role = state->root ? state_active(state) : ROLE_PRIMARY;
    else
        *role = strcmp(wish, "secondary") == 0 ? ROLE_SECONDARY : ROLE_PRIMARY;
    /* The state of another user or directory would say otherwise. */
    if (!named && state->fresh && config->urls[ROLE_SECONDARY]) {
        log_warn("there is no state in %s: the primary is taken for the active database",
                 config->state_dir);
        strlist_add(warnings, "there is no state: the primary is taken for the active database");
    }
    if (!config->urls[*role]) {
        err_set(err, ERR_USAGE, "there is no secondary: DATABASE_URL_SECONDARY is not set");
        return err_hint(err, "set it, or name the primary");
    }
    return state->fresh || breaker_check_one(state, *role, err);
}
