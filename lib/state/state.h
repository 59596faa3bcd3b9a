/*
 * state.json: the truth about the pair that survives between runs. Opened for reading, or changed
 * by a short read-modify-write under state.lock. Unknown members of a state of this version are
 * kept; a newer version is refused.
 */
#ifndef DBR_STATE_STATE_H
#define DBR_STATE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/lock.h"
#include "state/config.h"

#define STATE_VERSION 1
/* The hint where the state is broken, and not only out of reach or a newer one. */
#define STATE_ASK_DOCTOR "nothing was changed; run dbr-health --doctor, which says how to go on"

struct state {
    char *dir;          /* the state directory */
    struct json *root;  /* the document */
    struct json *saved; /* as it was at state_begin; NULL outside */
    struct lock lock;   /* held between state_begin and state_commit or state_rollback */
    bool fresh;         /* there is no state.json yet */
};
#define STATE_INIT                                                                                 \
    {                                                                                              \
        NULL, NULL, NULL, LOCK_INIT, true                                                          \
    }

/*
 * Reads the state; a missing file is a fresh state (active: primary), a missing directory is
 * created (0700). A corrupt, unreadable or newer file is ERR_USAGE with the way out as hint: never
 * a silent fresh start. So is a directory on a network file system. After a failure nothing need be
 * released, and state->dir is NULL.
 */
bool state_load(struct state *state, const char *dir, struct err *err);
/* As state_load, but creates nothing on disk (for --peek, --dry-run, --doctor). */
bool state_peek(struct state *state, const char *dir, struct err *err);
void state_release(struct state *state);

/* Takes state.lock (waits up to 10 s), reads again; then change state->root and commit or roll
 * back. */
bool state_begin(struct state *state, struct err *err);
/* Writes atomically and releases the lock; on failure the state is as state_rollback leaves it. */
bool state_commit(struct state *state, struct err *err);
void state_rollback(struct state *state); /* forgets the changes, releases the lock */

enum role state_active(const struct state *state);

/* Identity of a database (repl/identity.h): "postgres:7412.../app" or "cockroach:uuid/app". NULL
 * when not yet known. */
const char *state_identity(const struct state *state, enum role role);
void state_set_identity(struct state *state, enum role role, const char *identity);

/* The schema that the pair keeps; NULL before the first init. */
const char *state_schema(const struct state *state);
void state_set_schema(struct state *state, const char *schema); /* NULL: forget it */

/* Where init stands: INIT_NONE before the first, INIT_RUNNING also after a kill, INIT_FAILED,
 * INIT_DONE. */
enum state_init { INIT_NONE, INIT_RUNNING, INIT_FAILED, INIT_DONE };
enum state_init state_init_status(const struct state *state);
/* What --update was refused or failed for last, NULL when the standby follows the schema. */
const char *state_update_failure(const struct state *state);
/* For a run that sees that the schemas are the same by now. */
void state_forget_update_failure(struct state *state);
void state_set_update(struct state *state, const char *failure);
void state_set_init(struct state *state, enum state_init status, const char *reason);

/*
 * The members "sync", "health", "init", "tables" of root, created when missing:
 *  sync:   {"lastSync": time, "recordsSynced": n, "status": "healthy|late|failed|refused",
 * "durationMs", "conflicts", "lastVerification": {"time", "ok"}, "error"} tables: {NAME:
 * {"watermark": text, "lastFingerprint": time, "rows": n}} health: {"primary": {"connected",
 * "latency", "lastCheck", "consecutiveFailures", "consecutiveSuccesses", "engine", "version",
 *           "error"}, "secondary": {...}}
 *  init:   {"status": "none|running|failed|done", "reason", "time"}
 * A switch writes "lastSwitch": {"op": "failover|failback", "time", "id"} together with
 * activeDatabase; a state whose secondary is active without a failover recorded there is refused.
 */
struct json *state_part(struct state *state, const char *name);

/*
 * op.lock in the state directory: one sync, init, switch or import at a time. ERR_LOCKED names the
 * holder. Creates the directory when missing.
 */
bool state_lock_operation(const struct state *state, const char *program, int64_t wait_ms,
                          struct lock *lock, struct err *err);

/* Path of a file in the state directory; malloced. */
char *state_path(const struct state *state, const char *name);

#endif
