/* The timeline of a record: figures, percentiles, points, and switches. */
#include "base/clock.h"
#include "ops/timeline.h"
#include "unit.h"

#define END "2026-01-24T00:00:00.000Z"

static int64_t end_us;

/* Writes a record of a check every 30 s in the hour before END: the primary takes i + 1 ms and does
 * not answer the last six times. */
static void write_record(void)
{
    char time[CLOCK_TEXT_SIZE];
    FILE *file = fopen("history.jsonl", "w");
    assert_non_null(file);
    assert_true(clock_parse(END, &end_us));
    for (int i = 0; i < 120; i++) {
        (void)fprintf(file, "{\"time\":\"%s\",\"active\":\"%s\",\"primary\":{\"connected\":%s,",
                      clock_format(end_us - (int64_t)(120 - i) * 30000000, time),
                      i < 117 ? "primary" : "secondary", i < 114 ? "true" : "false");
        if (i < 114)
            (void)fprintf(file, "\"latency\":%d}", i + 1);
        else
            (void)fputs("\"latency\":null}", file);
        (void)fputs(",\"secondary\":{\"connected\":true,\"latency\":7}}\n", file);
    }
    assert_int_equal(fclose(file), 0);
    unit_write(
        "events.jsonl",
        "{\"time\":\"2026-01-23T23:58:30.000Z\",\"event\":\"failover\",\"active\":"
        "\"secondary\",\"reason\":null,\"message\":\"m\"}\n"
        "{\"time\":\"2026-01-23T23:58:31.000Z\",\"event\":\"error\",\"active\":\"secondary\","
        "\"reason\":\"failover\"}\n"
        "{\"time\":\"2026-01-23T23:58:32.000Z\",\"event\":\"failback\",\"active\":\"secondary\","
        "\"reason\":\"asked for\",\"via\":\"api\"}\n"
        "{\"time\":\"2025-01-23T23:58:30.000Z\",\"event\":\"failback\",\"active\":"
        "\"primary\",\"reason\":\"old\"}\n");
}

TEST(figures_and_percentiles)
{
    struct timeline timeline;
    struct err err = ERR_INIT;
    write_record();
    assert_true(timeline_read(&timeline, ".", end_us, 3600000, &err));
    assert_int_equal(timeline.side[ROLE_PRIMARY].checks, 120);
    assert_int_equal(timeline.side[ROLE_PRIMARY].failures, 6);
    assert_true(timeline_availability(&timeline.side[ROLE_PRIMARY]) == 0.95);
    assert_int_equal(timeline_percentile(&timeline, ROLE_PRIMARY, 50), 57);
    assert_int_equal(timeline_percentile(&timeline, ROLE_PRIMARY, 95), 109);
    assert_int_equal(timeline_percentile(&timeline, ROLE_PRIMARY, 99), 113);
    assert_int_equal(timeline_percentile(&timeline, ROLE_PRIMARY, 100), 114);
    assert_int_equal(timeline_percentile(&timeline, ROLE_PRIMARY, 0), 1);
    assert_int_equal(timeline_percentile(&timeline, ROLE_SECONDARY, 99), 7);
    assert_int_equal(timeline.switch_count, 1);
    assert_string_equal(timeline.switches[0].event, "failover");
    assert_null(timeline.switches[0].reason);
    assert_int_equal(timeline.damaged, 0);
    timeline_release(&timeline);
}

TEST(points_cover_the_span)
{
    static const int64_t spans[] = {1000,      60000,      5400000,     86400000,
                                    604800000, 2592000000, 31536000000, 315360000000};
    struct err err = ERR_INIT;
    write_record();
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        struct timeline timeline;
        int64_t seen = 0;
        assert_true(timeline_read(&timeline, ".", end_us, spans[i], &err));
        assert_in_range(timeline.count, 1, 501);
        assert_true(timeline.first_us <= timeline.from_us);
        for (size_t p = 0; p < timeline.count; p++)
            seen += timeline.points[p].side[ROLE_PRIMARY].checks;
        assert_int_equal(seen, timeline.side[ROLE_PRIMARY].checks);
        timeline_release(&timeline);
    }
}

TEST(a_point_sums_up_its_checks)
{
    struct timeline timeline;
    struct err err = ERR_INIT;
    write_record();
    /* A point a minute: two checks each. */
    assert_true(timeline_read(&timeline, ".", end_us, 28800000, &err));
    assert_int_equal(timeline.bucket_us, 60000000);
    const struct timeline_point *last = &timeline.points[timeline.count - 2];
    assert_int_equal(last->side[ROLE_PRIMARY].failures, 2);
    assert_int_equal(last->active, ROLE_SECONDARY);
    const struct timeline_point *first = &timeline.points[timeline.count - 61];
    assert_true(first->used);
    assert_false((first - 1)->used);
    assert_int_equal(first->side[ROLE_PRIMARY].min, 1);
    assert_int_equal(first->side[ROLE_PRIMARY].max, 2);
    assert_int_equal(first->side[ROLE_PRIMARY].sum, 3);
    struct json *document = json_object();
    timeline_document(&timeline, document);
    const struct json *point = json_at(json_get(document, "points"), 0);
    assert_int_equal(json_int(json_get(point, "primary"), "latency", 0), 2); /* 1.5, rounded */
    assert_string_equal(json_str(point, "time", ""), "2026-01-23T23:00:00.000Z");
    json_free(document);
    timeline_release(&timeline);
}

TEST(no_record_is_an_empty_one)
{
    struct timeline timeline;
    struct err err = ERR_INIT;
    assert_true(timeline_read(&timeline, ".", 1700000000000000, 86400000, &err));
    assert_true(timeline_availability(&timeline.side[ROLE_PRIMARY]) < 0);
    assert_int_equal(timeline_percentile(&timeline, ROLE_PRIMARY, 50), -1);
    timeline_release(&timeline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(figures_and_percentiles),
        IN_DIR(points_cover_the_span),
        IN_DIR(a_point_sums_up_its_checks),
        IN_DIR(no_record_is_an_empty_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
