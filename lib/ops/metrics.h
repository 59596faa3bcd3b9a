/*
 * dbr-health --metrics: this machine, the application, both databases, the backups, to be looked
 * at. Nothing is recorded, and what alerts are judged by is measured by each check
 * (ops/samples.h): the half second between the two samples of CPU here says little.
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
    double cpu_percent; /* -1: not known */
    struct machine_memory memory;
    struct machine_disk disk;
    int64_t uptime_s;
    struct metrics_app app;
    struct measures databases[2];
    size_t count; /* of databases */
};

/* Measures and reports, with the alerts of the record. */
bool metrics_run(struct cli *cli, const struct config *config, struct err *err);

/* metrics_app.c */
void metrics_app_read(const struct config *config, bool restarts, struct metrics_app *app);

/* metrics_report.c */
void metrics_document(const struct config *config, const struct metrics *metrics,
                      struct json *document);
void metrics_print(const struct config *config, const struct metrics *metrics, bool color);

#endif
