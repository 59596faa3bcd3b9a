/* The timeline as the JSON that charts are drawn from, and as a table with a row of bars. */
#include "ops/timeline.h"

#include <stdio.h>

#include "base/clock.h"
#include "cli/report.h"
#include "cli/sparkline.h"

#define TEXT_SIZE 32
#define COLUMNS 60

static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};

/* --- JSON -------------------------------------------------------------------------- */

static void set_time(struct json *object, const char *name, int64_t us)
{
    char time[CLOCK_TEXT_SIZE];
    json_set_str(object, name, clock_format(us, time));
}

static void set_latency(struct json *object, const char *name, int64_t ms)
{
    if (ms < 0)
        json_set_null(object, name);
    else
        json_set_int(object, name, ms);
}

static void set_availability(struct json *object, const struct timeline_count *count)
{
    double availability = timeline_availability(count);
    if (availability < 0)
        json_set_null(object, "availability");
    else
        json_set_double(object, "availability", availability);
}

static void add_side(struct json *item, enum role role, const struct timeline_count *count)
{
    int64_t answered = count->checks - count->failures;
    if (count->checks == 0) {
        json_set_null(item, role_name(role));
        return;
    }
    struct json *side = json_set_object(item, role_name(role));
    json_set_bool(side, "connected", count->failures == 0);
    set_latency(side, "latency", answered > 0 ? (count->sum + answered / 2) / answered : -1);
    set_latency(side, "min", answered > 0 ? count->min : -1);
    set_latency(side, "max", answered > 0 ? count->max : -1);
    set_availability(side, count);
    json_set_int(side, "checks", count->checks);
}

static void add_points(const struct timeline *timeline, struct json *document)
{
    struct json *points = json_set_array(document, "points");
    for (size_t i = 0; i < timeline->count; i++) {
        const struct timeline_point *point = &timeline->points[i];
        if (!point->used)
            continue;
        struct json *item = json_add(points, json_object());
        set_time(item, "time", timeline->first_us + (int64_t)i * timeline->bucket_us);
        json_set_str(item, "active", role_name(point->active));
        for (size_t s = 0; s < 2; s++)
            add_side(item, roles[s], &point->side[s]);
    }
}

static void add_figures(const struct timeline *timeline, struct json *document, enum role role)
{
    const struct timeline_count *count = &timeline->side[role];
    if (count->checks == 0 && role == ROLE_SECONDARY) {
        json_set_null(document, role_name(role));
        return;
    }
    struct json *side = json_set_object(document, role_name(role));
    set_availability(side, count);
    json_set_int(side, "checks", count->checks);
    json_set_int(side, "failures", count->failures);
    set_latency(side, "p50", timeline_percentile(timeline, role, 50));
    set_latency(side, "p95", timeline_percentile(timeline, role, 95));
    set_latency(side, "p99", timeline_percentile(timeline, role, 99));
    set_latency(side, "max", count->checks > count->failures ? count->max : -1);
}

void timeline_document(const struct timeline *timeline, struct json *document)
{
    json_set_bool(document, "success", true);
    set_time(document, "from", timeline->from_us);
    set_time(document, "to", timeline->to_us);
    json_set_int(document, "bucketMs", timeline->bucket_us / 1000);
    add_points(timeline, document);
    for (size_t i = 0; i < 2; i++)
        add_figures(timeline, document, roles[i]);
    struct json *switches = json_set_array(document, "switches");
    for (size_t i = 0; i < timeline->switch_count; i++) {
        struct json *item = json_add(switches, json_object());
        json_set_str(item, "time", timeline->switches[i].time);
        json_set_str(item, "event", timeline->switches[i].event);
        json_set_str(item, "active", timeline->switches[i].active);
        json_set_str(item, "reason", timeline->switches[i].reason);
    }
    json_set_int(document, "damagedLines", timeline->damaged);
}

/* --- for people ---------------------------------------------------------------------- */

static const char *latency_cell(int64_t ms, char *text)
{
    if (ms < 0)
        return NULL;
    (void)snprintf(text, TEXT_SIZE, "%lld ms", (long long)ms);
    return text;
}

static void add_row(struct report *report, const struct timeline *timeline, enum role role)
{
    const struct timeline_count *count = &timeline->side[role];
    double availability = timeline_availability(count);
    char text[7][TEXT_SIZE];
    /* Never rounded up to 100 %. */
    double percent = (double)(int64_t)(availability * 100000) / 1000;
    (void)snprintf(text[0], TEXT_SIZE, "%.3f %%", percent);
    const char *const cells[] = {
        role_name(role),
        availability < 0 ? NULL : text[0],
        report_count(count->checks, text[1]),
        report_count(count->failures, text[2]),
        latency_cell(timeline_percentile(timeline, role, 50), text[3]),
        latency_cell(timeline_percentile(timeline, role, 95), text[4]),
        latency_cell(timeline_percentile(timeline, role, 99), text[5]),
        latency_cell(count->checks > count->failures ? count->max : -1, text[6]),
    };
    report_row(report, cells);
}

/* The points that one column of the bars stands for. */
static double column_value(const struct timeline *timeline, enum role role, size_t first,
                           size_t end)
{
    int64_t checks = 0;
    int64_t failures = 0;
    int64_t sum = 0;
    for (size_t i = first; i < end; i++) {
        checks += timeline->points[i].side[role].checks;
        failures += timeline->points[i].side[role].failures;
        sum += timeline->points[i].side[role].sum;
    }
    if (failures > 0)
        return SPARKLINE_BAD;
    return checks > 0 ? (double)sum / (double)checks : SPARKLINE_NONE;
}

static size_t columns_of(const struct timeline *timeline)
{
    if (timeline->count >= COLUMNS)
        return COLUMNS;
    return timeline->count > 0 ? timeline->count : 1;
}

static void print_bars(const struct timeline *timeline, enum role role, bool utf8)
{
    double values[COLUMNS];
    struct buf line = BUF_INIT;
    size_t columns = columns_of(timeline);
    for (size_t i = 0; i < columns; i++)
        values[i] = column_value(timeline, role, i * timeline->count / columns,
                                 (i + 1) * timeline->count / columns);
    sparkline_add(&line, values, columns, utf8);
    printf("%-9s  %s\n", role_name(role), line.data);
    buf_release(&line);
}

static void print_marks(const struct timeline *timeline)
{
    char marks[COLUMNS + 1] = "";
    size_t columns = columns_of(timeline);
    size_t used = 0;
    for (size_t i = 0; i < columns; i++)
        marks[i] = ' ';
    for (size_t i = 0; i < timeline->switch_count; i++) {
        size_t point =
            (size_t)((timeline->switches[i].time_us - timeline->first_us) / timeline->bucket_us);
        /* The column whose points reach this far. */
        size_t column = (point * columns + columns - 1) / timeline->count;
        while (column > 0 && column * timeline->count / columns > point)
            column--;
        column = column < columns ? column : columns - 1;
        marks[column] = '^';
        used = column + 1 > used ? column + 1 : used;
    }
    marks[used] = '\0';
    printf("%-9s  %s\n", "switches", marks);
}

static void print_switches(const struct timeline *timeline)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < timeline->switch_count; i++) {
        const struct timeline_switch *one = &timeline->switches[i];
        buf_reset(&text);
        buf_add_clean(&text, one->event);
        buf_adds(&text, one->reason ? ": " : "");
        buf_add_clean(&text, one->reason ? one->reason : "");
        printf("%s %s\n", one->time, text.data);
    }
    buf_release(&text);
}

void timeline_print(const struct timeline *timeline, bool color, bool utf8)
{
    static const char *const headings[] = {"DATABASE", ">AVAILABLE", ">CHECKS", ">FAILURES",
                                           ">P50",     ">P95",       ">P99",    ">MAX"};
    char from[CLOCK_TEXT_SIZE];
    char to[CLOCK_TEXT_SIZE];
    char width[TEXT_SIZE];
    bool two = timeline->side[ROLE_SECONDARY].checks > 0;
    struct report *report = report_new(headings, sizeof headings / sizeof headings[0]);
    for (size_t i = 0; i < (two ? 2U : 1U); i++)
        add_row(report, timeline, roles[i]);
    printf("%s to %s\n\n", clock_format(timeline->from_us, from),
           clock_format(timeline->to_us, to));
    report_print(report, stdout, color);
    report_free(report);
    if (timeline->side[ROLE_PRIMARY].checks == 0 && !two) {
        puts("\nno check is recorded in this span");
        return;
    }
    putchar('\n');
    for (size_t i = 0; i < (two ? 2U : 1U); i++)
        print_bars(timeline, roles[i], utf8);
    if (timeline->switch_count > 0)
        print_marks(timeline);
    printf("%-9s  mean latency, %s a column; %s: a check failed\n", "",
           report_duration(
               (timeline->to_us - timeline->from_us) / 1000 / (int64_t)columns_of(timeline), width),
           utf8 ? "\u00d7" : "x");
    if (timeline->switch_count > 0)
        putchar('\n');
    print_switches(timeline);
}
