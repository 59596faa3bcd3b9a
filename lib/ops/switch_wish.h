/*
 * The look before a switch: what both databases are like, and which kind of switch that allows. For
 * lib/ops/switch*.c only.
 */
#ifndef DBR_OPS_SWITCH_WISH_H
#define DBR_OPS_SWITCH_WISH_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/switch_run.h"
#include "ops/switchover.h"
#include "repl/probe.h"

/* One wish, with what was seen. */
struct wish {
    enum switch_op op;
    const struct switch_options *options;
    bool automatic;
    struct probe probes[2]; /* by role */
    bool forced;            /* decided by the look */
    int64_t looked_ms;      /* monotonic: when that was */
};

void wish_release(struct wish *wish);
/* Probes both databases (with --force only the one to switch to) and notes it as `before`. */
bool wish_look(struct switch_run *run, struct wish *wish, struct err *err);
/* ERR_REFUSED for a database that is none of the state's, or that knows of a later switch. */
bool wish_check_pair(const struct switch_run *run, const struct wish *wish, struct err *err);
/* Planned or forced (wish->forced), by the look; ERR_UNREACHABLE or ERR_REFUSED when neither. */
bool wish_decide(struct switch_run *run, struct wish *wish, struct err *err);
/* Looks once more when the last look is old; ERR_REFUSED when it would be another kind of switch
 * now. */
bool wish_still_so(struct switch_run *run, struct wish *wish, struct err *err);

#endif
