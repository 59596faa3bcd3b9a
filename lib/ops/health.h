/*
 * dbr-health: looks at both databases, records what it saw, and says how the pair is; when asked
 * to, it switches by what it has counted. The exit status follows the convention of monitoring
 * plugins (health_exit_status).
 */
#ifndef DBR_OPS_HEALTH_H
#define DBR_OPS_HEALTH_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/main.h"

struct health_options {
    bool automatic;            /* --auto: fail over or back by the thresholds */
    bool peek;                 /* probe, record nothing */
    bool cached;               /* print the last record, probe nothing */
    bool watch;                /* repeat each interval until stopped */
    bool doctor;               /* examine configuration, files and databases (ops/doctor.h) */
    bool nagios;               /* one line for a monitoring system (ops/health_plugin.h) */
    const char *prometheus;    /* a file for its textfile collector, or NULL */
    bool breakers;             /* print the circuit breakers (ops/breakers.h) */
    const char *reset_breaker; /* "primary", "secondary", "all" or NULL */
    bool metrics;              /* measure machine, application and databases */
    const char *history;       /* "24h", "7d", ...; "" for the default; NULL: not asked for */
};

/* Sets cli->status to 0 OK, 1 WARNING or 2 CRITICAL, and fills cli->document under --json. */
bool ops_health(struct cli *cli, const struct health_options *options, struct err *err);

/* For cli_main_mapped: whatever kept dbr-health from an answer is 3 UNKNOWN. */
int health_exit_status(enum err_code code);

#endif
