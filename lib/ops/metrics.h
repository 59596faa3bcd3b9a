/*
 * dbr-health --metrics: this machine, the application, both databases, the backups. --watch takes
 * the part of it that alerts are judged by. CPU is measured between two samples.
 */
#ifndef DBR_OPS_METRICS_H
#define DBR_OPS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/machine.h"
#include "cli/main.h"
#include "repl/measures.h"
#include "state/config.h"
#include "state/state.h"

/* The application's processes together. */
struct metrics_app {
    const char *source; /* "pid-file", "pm2", or NULL: none is configured */
    const char *name;   /* the file, or the name under PM2 */
    int processes;      /* that run */
    pid_t pid;          /* of the first */
    int64_t memory;     /* bytes */
    int64_t cpu_ms;
    double cpu_percent; /* of one CPU; -1: not measured */
    int64_t uptime_s;   /* of the youngest; -1: none runs */
    int64_t restarts;   /* -1: not known */
};

struct metrics {
    int64_t time_us;
    struct machine_cpu cpu;
    double cpu_percent; /* -1: there is no sample before this one */
    struct machine_memory memory;
    struct machine_disk disk;
    int64_t uptime_s;
    struct metrics_app app;
    struct measures databases[2];
    size_t count; /* of databases */
};

/* Percentages, -1 where something is not known. */
double metrics_memory_percent(const struct metrics *metrics);
double metrics_disk_percent(const struct metrics *metrics);
double metrics_connections_percent(const struct measures *database);

/* What alerts are judged by, against the CPU sample before (its total 0: there is none), which is
 * replaced. wanted: the databases that are asked, by role. ERR_STOPPED. */
bool metrics_sample(const struct config *config, const bool wanted[2], struct machine_cpu *before,
                    struct metrics *metrics, struct err *err);
void metrics_release(struct metrics *metrics);
/* Puts it into the state, for health_thresholds.c; between state_begin and state_commit. */
void metrics_remember(const struct metrics *metrics, struct state *state);

/* Everything, reported; alerts are judged, recorded and told. */
bool metrics_run(struct cli *cli, const struct config *config, struct err *err);

/* metrics_app.c */
void metrics_app_read(const struct config *config, bool restarts, struct metrics_app *app);

/* metrics_report.c */
void metrics_document(const struct config *config, const struct metrics *metrics,
                      struct json *document);
void metrics_print(const struct config *config, const struct metrics *metrics, bool color);

#endif
