/* Files that grow by lines: rotation, many writers, and what events and history put into them. */
#include <sys/stat.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(lines_are_appended_and_the_file_is_ours),
        IN_DIR(a_full_file_becomes_the_old_one),
        IN_DIR(many_writers_lose_nothing_to_rotation),
        IN_DIR(a_directory_that_is_gone_is_an_error),
        IN_DIR(events_and_history),
    };
    return cmocka_run_group_tests_name("jsonl", tests, NULL, NULL);
}
