/*
 * How the pair fared over a span of time, from the record of its checks and events: figures of each
 * database, the span cut into at most some 500 points for a chart, and the switches in it.
 */
#ifndef DBR_OPS_TIMELINE_H
#define DBR_OPS_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "cli/main.h"
#include "state/config.h"

/* Checks of one database. Latencies are in milliseconds, of the checks that were answered; -1 while
 * there is none. */
struct timeline_count {
    int64_t checks, failures;
    int64_t min, max, sum;
};

struct timeline_point {
    enum role active; /* at its last check */
    bool used;        /* there was a check */
    struct timeline_count side[2];
};

struct timeline_switch {
    int64_t time_us;
    char *time, *event, *active, *reason; /* reason may be NULL */
};

struct timeline {
    int64_t from_us, to_us;
    int64_t first_us;  /* the start of the first point */
    int64_t bucket_us; /* what one point stands for */
    struct timeline_point *points;
    size_t count;
    struct timeline_count side[2];
    uint32_t *by_ms[2]; /* how many checks took that many milliseconds */
    struct timeline_switch *switches;
    size_t switch_count;
    int64_t damaged; /* lines of the record that could not be read */
};

/* Reads the record of the span_ms before to_us. Release it in either case. */
bool timeline_read(struct timeline *timeline, const char *state_dir, int64_t to_us, int64_t span_ms,
                   struct err *err);
void timeline_release(struct timeline *timeline);

/* The least latency that percent of the answered checks did not exceed; -1 without one. */
int64_t timeline_percentile(const struct timeline *timeline, enum role role, double percent);
/* 0 to 1; negative without a check. */
double timeline_availability(const struct timeline_count *count);

/* dbr-health --history: reads and reports. span: "24h", "7d", ...; "" is 24h. */
bool timeline_run(struct cli *cli, const struct config *config, const char *span, struct err *err);

/* timeline_report.c */
void timeline_document(const struct timeline *timeline, struct json *document);
void timeline_print(const struct timeline *timeline, bool color, bool utf8);

#endif
