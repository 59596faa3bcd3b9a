/*
 * The targets of a switch outside the state: what tells the application which database is active.
 * DB_ACTIVE_ENV_FILE (pointer_env.h) and PgBouncer (pointer_pgbouncer.h); both, one or none may be
 * configured, and every function here is content when none is. The command DB_ON_EVENT is the
 * matter of hook.h.
 *
 * The calls of a planned switch, in order:
 *
 *     pointer_check     before anything is changed
 *     pointer_pause     just before the active database is fenced
 *     pointer_move      once the new active database takes writes; it also ends the pause
 *     pointer_resume    instead of pointer_move when the switch is undone
 *
 * A forced switch has no pause. The targets hold the application's URL (config->app_urls).
 */
#ifndef DBR_OPS_POINTER_H
#define DBR_OPS_POINTER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strlist.h"
#include "state/config.h"
#include "state/state.h"

/* True when a target is configured at all. */
bool pointer_configured(const struct config *config);

/*
 * Everything that can be known before a switch; changes nothing. ERR_USAGE: the configuration must
 * be corrected (the file cannot be written or is dbr's own, the ini lacks the database, a URL
 * cannot be written there, PgBouncer would weaken TLS). ERR_FAILED: a target is away at the moment
 * (the admin console does not answer); a forced switch need not wait for that.
 */
bool pointer_check(const struct config *config, struct err *err);

/*
 * Holds the clients of PgBouncer: new transactions wait from now on, running ones get a few seconds
 * to end. Those that run longer end with the fence, which terminates them; that is logged and no
 * failure. On failure clients are not held (or pointer_resume is due, where the console went away
 * in between). Clients wait until pointer_move or pointer_resume, at most PgBouncer's
 * query_wait_timeout (120 s).
 */
bool pointer_pause(const struct config *config, struct err *err);

/*
 * Points every target at the active database; what points there already is left as it is. Each
 * target is tried three times, and one that fails does not keep the others. On failure (ERR_FAILED)
 * the message names the targets that failed; `failed`, when not NULL, gets one line "target: why"
 * for each. Safe to repeat, also after a run that died in between: clients that were left paused go
 * on. A stop that was requested does not break it off.
 */
bool pointer_move(const struct config *config, enum role active, struct strlist *failed,
                  struct err *err);

/* Lets the clients go on where they were; done when they are not held. */
bool pointer_resume(const struct config *config, struct err *err);

/*
 * Reads back what each target points at. False with ERR_DIFFERENT when one does not point at the
 * database that is active by the state or holds clients, ERR_FAILED (or ERR_USAGE) when one cannot
 * be read; `differing`, when not NULL, gets one line "target: what is wrong" for each. A state that
 * knows of no init may have been lost: the hint then names no switch, it could be the wrong one.
 */
bool pointer_agrees(const struct config *config, const struct state *state,
                    struct strlist *differing, struct err *err);

#endif
