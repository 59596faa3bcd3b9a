/* Gzip files: readable by gzip, one member, durable after a sync, honest when the disk is full. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/gz.h"
#include "unit.h"

/* Unpacks path with gzip into the file plain; returns gzip's exit status. */
static int unpack(const char *path)
{
    char command[200];
    (void)snprintf(command, sizeof command, "gzip -dc <%s >plain 2>gzip.err", path);
    return WEXITSTATUS(system(command));
}

TEST(what_is_written_comes_back)
{
    struct err err = ERR_INIT;
    char line[64], text[200];
    struct stat st;

    struct gz *gz = gz_create("x.gz", 0600, 6, &err);
    assert_non_null(gz);
    for (int i = 0; i < 100000; i++) {
        int len = snprintf(line, sizeof line, "row %d\n", i);
        assert_true(gz_write(gz, line, (size_t)len, &err));
    }
    assert_true(gz_write(gz, "", 0, &err));
    assert_true(gz_close(gz, &err));
    assert_int_equal(stat("x.gz", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(unpack("x.gz"), 0);
    assert_int_equal(stat("plain", &st), 0);
    assert_int_equal(st.st_size, 10 * 6 + 90 * 7 + 900 * 8 + 9000 * 9 + 90000 * 10);
    assert_int_equal(system("tail -n 1 plain >last"), 0);
    unit_read("last", text, sizeof text);
    assert_string_equal(text, "row 99999\n");
}

TEST(an_empty_file_is_one_whole_member)
{
    struct err err = ERR_INIT;
    char text[200];

    assert_true(gz_close(gz_create("x.gz", 0600, 9, &err), &err));
    assert_int_equal(unpack("x.gz"), 0);
    assert_int_equal(unit_read("plain", text, sizeof text), 0);
    /* Header, an empty block and the trailer: 20 bytes, and no second member behind it. */
    assert_int_equal(unit_read("x.gz", text, sizeof text), 20);
    assert_true(gz_close(NULL, &err));
}

TEST(synced_text_is_readable_before_the_end)
{
    struct err err = ERR_INIT;
    char text[200];

    struct gz *gz = gz_create("x.gz", 0600, 6, &err);
    assert_true(gz_write(gz, "one\n", 4, &err));
    assert_true(gz_sync(gz, &err));
    (void)unpack("x.gz"); /* complains about the missing end, as after a crash */
    unit_read("plain", text, sizeof text);
    assert_string_equal(text, "one\n");
    assert_true(gz_write(gz, "two\n", 4, &err));
    assert_true(gz_sync(gz, &err));
    assert_true(gz_sync(gz, &err));
    assert_true(gz_close(gz, &err));
    assert_int_equal(unpack("x.gz"), 0);
    unit_read("plain", text, sizeof text);
    assert_string_equal(text, "one\ntwo\n");
}

TEST(what_comes_after_a_mark_can_be_taken_back)
{
    struct err err = ERR_INIT;
    char text[200];
    char noise[100000];
    size_t i;

    for (i = 0; i < sizeof noise; i++)
        noise[i] = (char)(i * i * 31 >> 7);
    struct gz *gz = gz_create("x.gz", 0600, 1, &err);
    assert_false(gz_back(gz, &err));
    assert_true(gz_write(gz, "one\n", 4, &err));
    assert_true(gz_mark(gz, &err));
    for (i = 0; i < 3; i++) {
        assert_true(gz_write(gz, noise, sizeof noise, &err));
        assert_true(i == 0 || gz_sync(gz, &err));
        assert_true(gz_back(gz, &err));
    }
    assert_true(gz_write(gz, "two\n", 4, &err));
    assert_true(gz_mark(gz, &err));
    assert_true(gz_write(gz, "three\n", 6, &err));
    assert_true(gz_back(gz, &err));
    assert_true(gz_write(gz, "four\n", 5, &err));
    assert_true(gz_close(gz, &err));
    assert_int_equal(unpack("x.gz"), 0); /* the sum is right, too */
    unit_read("plain", text, sizeof text);
    assert_string_equal(text, "one\ntwo\nfour\n");
}

TEST(an_existing_file_is_not_touched)
{
    struct err err = ERR_INIT;
    char text[20];

    unit_write("x.gz", "precious");
    assert_null(gz_create("x.gz", 0600, 6, &err));
    assert_int_equal(err.code, ERR_FAILED);
    assert_string_equal(err.message, "cannot create x.gz: File exists");
    unit_read("x.gz", text, sizeof text);
    assert_string_equal(text, "precious");
    assert_null(gz_create("no/x.gz", 0600, 6, &err));
    assert_null(gz_create("y.gz", 0600, 77, &err));
    assert_int_equal(access("y.gz", F_OK), -1);
}

static int write_past_the_limit(void *context)
{
    struct rlimit limit = {100000, 100000};
    struct err err = ERR_INIT;
    struct err end = ERR_INIT;
    unsigned seed = 1;
    char noise[4096];
    bool ok = true;
    (void)context;

    (void)signal(SIGXFSZ, SIG_IGN);
    (void)setrlimit(RLIMIT_FSIZE, &limit);
    struct gz *gz = gz_create("x.gz", 0600, 1, &err);
    if (!gz)
        return 1;
    for (int i = 0; ok && i < 1000; i++) {
        for (size_t j = 0; j < sizeof noise; j++) {
            seed = seed * 1103515245 + 12345;
            noise[j] = (char)(seed >> 16);
        }
        ok = gz_write(gz, noise, sizeof noise, &err);
    }
    if (ok || err.code != ERR_FAILED || !strstr(err.message, "cannot write x.gz: File too large"))
        return 2;
    /* The failure sticks: a file that broke off is never finished as if it were whole. */
    if (gz_close(gz, &end) || end.code != ERR_FAILED)
        return 3;
    return 0;
}

TEST(a_full_disk_is_reported_and_the_file_stays_broken)
{
    int status = unit_child(write_past_the_limit, NULL);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_not_equal(unpack("x.gz"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(what_is_written_comes_back),
        IN_DIR(an_empty_file_is_one_whole_member),
        IN_DIR(synced_text_is_readable_before_the_end),
        IN_DIR(what_comes_after_a_mark_can_be_taken_back),
        IN_DIR(an_existing_file_is_not_touched),
        IN_DIR(a_full_disk_is_reported_and_the_file_stays_broken),
    };
    return cmocka_run_group_tests_name("gz", tests, NULL, NULL);
}
