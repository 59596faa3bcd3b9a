/* The lock of a switch: a sync that runs is asked to stop, since it can be done again; everything
 * else is waited for. */
#ifndef DBR_OPS_PREEMPT_H
#define DBR_OPS_PREEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"
#include "cli/main.h"
#include "state/config.h"
#include "state/state.h"

/*
 * Takes op.lock and reads the state anew under it. A dbr-sync that holds it gets SIGTERM and half a
 * minute to stop. wait_ms: how long another program is waited for; ERR_LOCKED after that.
 */
bool preempt_lock(struct cli *cli, const struct config *config, struct state *state,
                  int64_t wait_ms, struct lock *lock, struct err *err);

#endif
