/*
 * Errors that another attempt may get past, which are the weather of a distributed database and of
 * long links: serialization failures, nodes that go and come, lost connections. Before each further
 * attempt there is a pause: exponential, with full jitter.
 */
#ifndef DBR_REPL_WEATHER_H
#define DBR_REPL_WEATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "db/conn.h"

enum weather_kind {
    WEATHER_NONE,     /* another attempt would end as this one */
    WEATHER_CONFLICT, /* the server has undone the transaction (40001, 40P01, 55C01, 58C00, 58C01)
                       */
    WEATHER_UNSURE,   /* a COMMIT that was under way may have happened (40003) */
    WEATHER_LOST      /* the connection is lost, or the server ends it: the same for a COMMIT */
};
enum weather_kind weather_kind(const struct err *err);
/* After a COMMIT was sent: it may have been done. Everything that is not the server's word that the
 * transaction is undone is that: a stop, a lost connection, a cancelled wait, what failed here. */
bool weather_is_doubt(const struct err *err);
/* Less at once may get past it: the transaction or the statement was too large for the server. */
bool weather_is_size(const struct err *err);

/* One chain of attempts at the same thing. Zeroed: none yet. */
struct weather {
    int attempts;         /* that such errors have cost */
    int64_t began_ms;     /* monotonic clock: when the first one did */
    int64_t away_ms;      /* how long a database that was there may be away; 0: not at all */
    bool seen;            /* both databases were connected once */
    int64_t last_seen_ms; /* monotonic clock: when a connection was lost last */
};

/*
 * After a failed attempt, of which connected tells whether both databases could be reached: waits,
 * and returns true, where it may be made again. A stop ends the wait; the next attempt notices it.
 */
bool weather_wait(struct weather *weather, bool connected, const struct err *err);

/*
 * The same for an attempt that needs nothing but this connection: it comes back idle and outside of
 * a transaction, opened anew where it was lost, and err is cleared. The connection must not be
 * within a COPY. False, with err as it is to be told, where it is given up.
 */
bool weather_recover(struct weather *weather, struct conn *conn, struct err *err);
/* What to do after it was given up, as a hint of err. */
void weather_give_up(const struct weather *weather, struct err *err);
/* Brings it back without waiting, whatever the error was. */
bool weather_settle(struct conn *conn, struct err *err);
/*
 * Runs a step that needs nothing but this connection and may be run again whatever came of it: on
 * CockroachDB until it succeeds or fails of something else. On PostgreSQL once.
 */
typedef bool (*weather_step)(void *context, struct err *err);
bool weather_pass(struct conn *conn, weather_step step, void *context, struct err *err);

/* It went well: what comes next has all attempts before it. */
void weather_clear(struct weather *weather);

/* How often something was tried again in this process; counts one more, of what needed no wait. */
void weather_count(void);
int64_t weather_retries(void);

#endif
