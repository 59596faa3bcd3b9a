/* Asking a running sync to make way. */
#include "ops/preempt.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fsio.h"
#include "base/log.h"
#include "base/mem.h"

#define STOP_WAIT_MS 30000
#define COMM_MAX 64

/* The pid in the lock is for people: a process of another machine's or container's numbering may
 * have it here. Only one that is dbr-sync by its own account is asked. */
static bool is_sync(long pid)
{
    char *path = mem_printf("/proc/%ld/comm", pid);
    struct buf name = BUF_INIT;
    struct err ignored = ERR_INIT;
    bool yes = fsio_read(path, COMM_MAX, &name, &ignored) && !strcmp(name.data, "dbr-sync\n");

    buf_release(&name);
    free(path);
    return yes;
}

static bool ask_to_stop(const struct state *state)
{
    char *path = state_path(state, "op.lock");
    long pid = lock_holder(path);

    free(path);
    if (pid <= 0 || !is_sync(pid) || kill((pid_t)pid, SIGTERM) != 0)
        return false;
    log_warn("asked a running dbr-sync (pid %ld) to stop", pid);
    return true;
}

static bool take(struct cli *cli, const struct state *state, int64_t wait_ms, struct lock *lock,
                 struct err *err)
{
    const char *program = cli->program->name;

    if (state_lock_operation(state, program, 0, lock, err))
        return true;
    if (err->code != ERR_LOCKED)
        return false;
    if (ask_to_stop(state) && wait_ms < STOP_WAIT_MS)
        wait_ms = STOP_WAIT_MS;
    err_clear(err);
    return state_lock_operation(state, program, wait_ms, lock, err);
}

bool preempt_lock(struct cli *cli, const struct config *config, struct state *state,
                  int64_t wait_ms, struct lock *lock, struct err *err)
{
    if (!take(cli, state, wait_ms, lock, err))
        return false;
    state_release(state);
    *state = (struct state)STATE_INIT;
    return state_load(state, config->state_dir, err);
}
