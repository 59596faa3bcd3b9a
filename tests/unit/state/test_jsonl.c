/* Files that grow by lines: rotation, many writers, and what events and history put into them. */
#include <sys/stat.h>

#include "base/clock.h"
#include "state/events.h"
#include "state/history.h"
#include "state/jsonl.h"
#include "unit.h"

static char text[65536];

static struct json *numbered(int n)
{
    struct json *line = json_object();
    json_set_int(line, "n", n);
    return line;
}

static int count_lines(const char *path)
{
    int lines = 0;
    (void)unit_read(path, text, sizeof text);
    for (const char *p = text; *p; p++)
        lines += *p == '\n';
    return lines;
}

TEST(lines_are_appended_and_the_file_is_ours)
{
    struct err err = ERR_INIT;
    struct stat st;
    assert_true(jsonl_append("log", numbered(1), 1000, &err));
    assert_true(jsonl_append("log", numbered(2), 1000, &err));
    (void)unit_read("log", text, sizeof text);
    assert_string_equal(text, "{\"n\":1}\n{\"n\":2}\n");
    assert_int_equal(stat("log", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

TEST(a_full_file_becomes_the_old_one)
{
    struct err err = ERR_INIT;
    for (int i = 0; i < 10; i++)
        assert_true(jsonl_append("log", numbered(i), 30, &err));
    (void)unit_read("log.1", text, sizeof text);
    assert_string_equal(text, "{\"n\":6}\n{\"n\":7}\n{\"n\":8}\n");
    (void)unit_read("log", text, sizeof text);
    assert_string_equal(text, "{\"n\":9}\n");
    assert_int_equal(unit_count_files(), 2);
}

TEST(many_writers_lose_nothing_to_rotation)
{
    pid_t children[4];
    for (int c = 0; c < 4; c++) {
        children[c] = fork();
        if (children[c] == 0) {
            struct err err = ERR_INIT;
            bool ok = true;
            for (int i = 0; i < 50; i++)
                ok = jsonl_append("log", numbered(100 + i), 1200, &err) && ok;
            _exit(ok ? 0 : 1);
        }
        assert_true(children[c] > 0);
    }
    for (int c = 0; c < 4; c++) {
        int status;
        assert_int_equal(waitpid(children[c], &status, 0), children[c]);
        assert_int_equal(status, 0);
    }
    /* 200 lines of 10 bytes: rotated once, when 1200 bytes were reached. */
    assert_int_equal(count_lines("log") + count_lines("log.1"), 200);
}

TEST(a_directory_that_is_gone_is_an_error)
{
    struct err err = ERR_INIT;
    assert_false(jsonl_append("none/log", numbered(1), 1000, &err));
    assert_non_null(strstr(err.message, "none/log"));
}

TEST(events_and_history)
{
    struct state kept;
    struct err err = ERR_INIT;
    struct json *extra = json_object();
    assert_true(state_load(&kept, "dir", &err));
    json_set_int(extra, "recordsSynced", 150);
    events_write(&kept, "sync", NULL, "one\nline", extra);
    (void)unit_read("dir/events.jsonl", text, sizeof text);
    struct json *event = json_parse(text, strlen(text), &err);
    assert_non_null(event);
    assert_string_equal(json_str(event, "event", ""), "sync");
    assert_string_equal(json_str(event, "active", ""), "primary");
    assert_string_equal(json_str(event, "message", ""), "one\nline");
    assert_true(json_is_null(json_get(event, "reason")));
    assert_int_equal(json_int(event, "recordsSynced", 0), 150);
    assert_string_equal(json_key(json_first(event)), "time");
    json_free(event);
    assert_true(history_write(&kept, numbered(5), &err));
    (void)unit_read("dir/history.jsonl", text, sizeof text);
    assert_string_equal(text, "{\"n\":5}\n");
    state_release(&kept);
}

struct seen {
    char text[4096];
    int64_t lines;
};

/* Understands what begins with a brace. */
static bool see(void *context, const char *line, size_t len)
{
    struct seen *seen = context;
    assert_int_equal(strlen(line), len);
    if (line[0] != '{')
        return false;
    seen->lines++;
    if (strlen(seen->text) + len + 2 < sizeof seen->text)
        (void)strcat(strcat(seen->text, line), "|");
    return true;
}

TEST(both_files_are_read_the_older_first)
{
    struct seen seen = {"", 0};
    struct err err = ERR_INIT;
    int64_t damaged = 9;
    assert_true(jsonl_each("log", see, &seen, &damaged, &err));
    assert_int_equal(damaged, 0);
    unit_write("log.1", "{1}\n\nbad\n{2}\n");
    unit_write("log", "{3}\n{4}"); /* the last append was cut off after its line */
    assert_true(jsonl_each("log", see, &seen, &damaged, &err));
    assert_string_equal(seen.text, "{1}|{2}|{3}|{4}|");
    assert_int_equal(damaged, 1);
    assert_int_equal(unlink("log.1"), 0);
    assert_int_equal(link("log", "log.1"), 0); /* in the moment of a rotation */
    seen = (struct seen){"", 0};
    assert_true(jsonl_each("log", see, &seen, &damaged, &err));
    assert_string_equal(seen.text, "{3}|{4}|");
    assert_int_equal(unlink("log"), 0);
    assert_int_equal(mkdir("log", 0700), 0);
    assert_false(jsonl_each("log", see, &seen, &damaged, &err));
    assert_int_equal(err.code, ERR_USAGE);
}

TEST(lines_of_any_length_are_read_or_counted)
{
    struct seen seen = {"", 0};
    struct err err = ERR_INIT;
    int64_t damaged = 0;
    FILE *file = fopen("log", "w");
    assert_non_null(file);
    for (int i = 0; i < 30000; i++) /* across the borders of what is read at once */
        (void)fprintf(file, "{%*d}\n", i % 97 + 1, i);
    for (int i = 0; i < 700000; i++)
        (void)fputc('x', file);
    (void)fputs("\n{end}\n", file);
    assert_int_equal(fclose(file), 0);
    assert_true(jsonl_each("log", see, &seen, &damaged, &err));
    assert_int_equal(seen.lines, 30001);
    assert_int_equal(damaged, 1);
}

static bool parse(const char *line, struct history_sample *sample)
{
    return history_parse(line, strlen(line), sample);
}

/* The same line as dbr writes it and in another spelling. */
static void assert_both(const char *own, const char *other)
{
    struct history_sample a;
    struct history_sample b;
    assert_true(parse(own, &a));
    assert_true(parse(other, &b));
    assert_memory_equal(&a, &b, sizeof a);
}

#define TIME "\"time\":\"2026-01-24T20:34:43.910Z\""

TEST(lines_of_the_history_are_read_in_any_spelling)
{
    struct history_sample sample;
    assert_both("{" TIME ",\"active\":\"primary\",\"primary\":{\"connected\":true,\"latency\":209},"
                "\"secondary\":{\"connected\":false,\"latency\":null}}",
                "{\"active\": \"primary\", \"secondary\": {\"connected\": false}, " TIME
                ", \"more\": [1], \"primary\": {\"latency\": 209, \"connected\": true}}");
    assert_both("{" TIME ",\"active\":\"secondary\",\"primary\":{\"connected\":true,\"latency\":0},"
                "\"secondary\":null}",
                " {" TIME
                ",\"active\":\"secondary\",\"primary\":{\"connected\":true,\"latency\":0}}");
    assert_true(parse("{\"time\":\"2026-02-03T04:05:06.007Z\",\"active\":\"primary\",\"primary\":{"
                      "\"connected\":true,\"latency\":1},\"secondary\":null}",
                      &sample));
    assert_true(sample.time_us == INT64_C(1770091506007000));
    assert_false(sample.side[ROLE_SECONDARY].checked);
}

TEST(damaged_lines_of_the_history_are_told)
{
    static const char *const damaged[] = {
        "x",
        "{}",
        "[]",
        "{\"time\":\"2026-01-24T20:34:4",
        "{\"time\":\"2026-01-24T25:34:43.910Z\",\"active\":\"primary\"}",
        "{\"time\":\"2026-13-24T20:34:43.910Z\",\"active\":\"primary\"}",
        "{" TIME ",\"active\":\"primary\",\"primary\":{\"connected\":true,\"latency\":20",
    };
    struct history_sample sample;
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        if (parse(damaged[i], &sample))
            fail_msg("read: %s", damaged[i]);
    }
}

static void count_sample(void *context, const struct history_sample *sample)
{
    int64_t *sum = context;
    *sum += sample->side[ROLE_PRIMARY].latency_ms;
}

TEST(the_history_is_read_within_a_span)
{
    struct err err = ERR_INIT;
    int64_t damaged = 0;
    int64_t sum = 0;
    int64_t second;
    FILE *file = fopen("history.jsonl", "w");
    assert_non_null(file);
    for (int i = 0; i < 6; i++)
        (void)fprintf(file,
                      "{\"time\":\"2026-02-03T04:05:0%d.000Z\",\"active\":\"primary\",\"primary\":{"
                      "\"connected\":true,\"latency\":%d},\"secondary\":null}\n%s",
                      i, 1 << i, i == 2 ? "torn{\n" : "");
    assert_int_equal(fclose(file), 0);
    assert_true(clock_parse("2026-02-03T04:05:00.000Z", &second));
    assert_true(
        history_read(".", second + 2000000, second + 4000000, count_sample, &sum, &damaged, &err));
    assert_int_equal(sum, 4 + 8 + 16);
    assert_int_equal(damaged, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(lines_are_appended_and_the_file_is_ours),
        IN_DIR(a_full_file_becomes_the_old_one),
        IN_DIR(many_writers_lose_nothing_to_rotation),
        IN_DIR(a_directory_that_is_gone_is_an_error),
        IN_DIR(events_and_history),
        IN_DIR(both_files_are_read_the_older_first),
        IN_DIR(lines_of_any_length_are_read_or_counted),
        cmocka_unit_test(lines_of_the_history_are_read_in_any_spelling),
        cmocka_unit_test(damaged_lines_of_the_history_are_told),
        IN_DIR(the_history_is_read_within_a_span),
    };
    return cmocka_run_group_tests_name("jsonl", tests, NULL, NULL);
}
