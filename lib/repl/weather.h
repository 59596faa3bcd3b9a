/*
 * Errors that another attempt may get past: serialization failures and lost connections, with a
 * pause before each attempt that grows.
 */
#ifndef DBR_REPL_WEATHER_H
#define DBR_REPL_WEATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct weather {
    int attempts;         /* that such errors have cost */
    int64_t away_ms;      /* how long a database that was there may be away; 0: not at all */
    bool seen;            /* both databases were connected once */
    int64_t last_seen_ms; /* monotonic clock: when a connection was lost last */
};

/*
 * After a failed attempt, of which connected tells whether both databases could be reached: waits,
 * and returns true, where it may be made again. A stop ends the wait; the next attempt notices it.
 */
bool weather_wait(struct weather *weather, bool connected, const struct err *err);

#endif
