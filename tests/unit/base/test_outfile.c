/* Files that appear whole or not at all: what is there after success, failure and giving up; what
 * is written directly; and waits for readers, which a stop ends. */
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/outfile.h"
#include "base/stop.h"
#include "unit.h"

static const struct outfile_options plain = {.gzip = false};
static const struct outfile_options packed = {.gzip = true, .level = 6, .threads = 2};
static char text[4096];

static char *make_rows(size_t len)
{
    char *rows = mem_alloc(len);
    char row[80];
    size_t at = 0;

    for (unsigned i = 0; at < len; i++) {
        int n = snprintf(row, sizeof row, "%u\tname%u\t%08x\n", i, i % 977, i * 2654435761U);
        size_t piece = len - at < (size_t)n ? len - at : (size_t)n;
        memcpy(rows + at, row, piece);
        at += piece;
    }
    return rows;
}

static bool write_in_pieces(struct outfile *out, const char *data, size_t len, size_t piece,
                            struct err *err)
{
    for (size_t at = 0; at < len; at += piece)
        if (!outfile_write(out, data + at, len - at < piece ? len - at : piece, err))
            return false;
    return true;
}

static void assert_content(const char *path, const char *data, size_t len)
{
    char *got = mem_alloc(len + 2);
    assert_int_equal(unit_read(path, got, len + 2), len);
    assert_true(len == 0 || memcmp(got, data, len) == 0);
    free(got);
}

static void assert_error(const struct err *err, enum err_code code, const char *message)
{
    assert_int_equal(err->code, code);
    assert_string_equal(err->message, message);
}

static void write_whole(const char *path, const struct outfile_options *options, const char *data,
                        size_t len, size_t piece)
{
    struct err err = ERR_INIT;
    struct stat st;

    struct outfile *out = outfile_open(path, options, &err);
    assert_non_null(out);
    assert_true(write_in_pieces(out, data, len, piece, &err));
    assert_int_equal(outfile_crc(out), crc32_z(0, (const unsigned char *)data, len));
    assert_int_equal(outfile_bytes(out), len);
    assert_true(outfile_finish(out, &err));
    assert_int_equal(outfile_crc(out), crc32_z(0, (const unsigned char *)data, len));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(outfile_stored(out), st.st_size);
    assert_int_equal(st.st_mode & 07777, 0600);
    outfile_free(out);
}

TEST(a_plain_file_holds_what_was_written)
{
    static const size_t lengths[] = {0, 1, 131071, 131072, 131073, 1000000};
    char *rows = make_rows(1000000);

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        write_whole("file", &plain, rows, lengths[i], 777);
        assert_content("file", rows, lengths[i]);
        write_whole("file", &plain, rows, lengths[i], 300000);
        assert_content("file", rows, lengths[i]);
    }
    assert_int_equal(unit_count_files(), 1);
    free(rows);
}

TEST(a_compressed_file_holds_what_was_written)
{
    static const size_t lengths[] = {0, 1, 131072, 1000000};
    char *rows = make_rows(1000000);

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (int threads = 0; threads <= 3; threads++) {
            struct outfile_options options = {true, 1, threads};
            write_whole("file.gz", &options, rows, lengths[i], 5000);
            assert_int_equal(system("gzip -dc <file.gz >unpacked"), 0);
            assert_content("unpacked", rows, lengths[i]);
        }
    }
    free(rows);
}

TEST(the_file_appears_at_the_end_only)
{
    struct err err = ERR_INIT;
    struct stat st;

    struct outfile *out = outfile_open("file", &plain, &err);
    assert_non_null(out);
    assert_true(outfile_write(out, "new", 3, &err));
    assert_int_equal(access("file", F_OK), -1);
    assert_int_equal(unit_count_files(), 1); /* the temporary one */
    assert_true(outfile_finish(out, &err));
    assert_content("file", "new", 3);
    assert_int_equal(unit_count_files(), 1);
    assert_false(outfile_write(out, "more", 4, &err));
    assert_error(&err, ERR_FAILED, "cannot write file: it is finished");
    assert_false(outfile_finish(out, &err));
    outfile_free(out);
    assert_content("file", "new", 3);

    (void)umask(0777);
    out = outfile_open("strict", &plain, &err);
    (void)umask(022);
    assert_true(outfile_finish(out, &err));
    outfile_free(out);
    assert_int_equal(stat("strict", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    outfile_free(NULL);
}

TEST(what_is_given_up_leaves_the_older_file)
{
    struct err err = ERR_INIT;
    struct stat st;
    char *rows = make_rows(500000);
    const struct outfile_options *options[] = {&plain, &packed};

    unit_write("file", "old");
    assert_int_equal(chmod("file", 0644), 0);
    for (size_t i = 0; i < 2; i++) {
        struct outfile *out = outfile_open("file", options[i], &err);
        assert_true(outfile_write(out, rows, 500000, &err));
        outfile_free(out);
        assert_content("file", "old", 3);
        assert_int_equal(unit_count_files(), 1);
    }
    assert_int_equal(stat("file", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    write_whole("file", &plain, "new", 3, 1); /* has mode 0600, whatever the older one had */
    free(rows);
}

TEST(a_link_stays_and_its_file_is_replaced)
{
    struct stat st;

    assert_int_equal(mkdir("real", 0700), 0);
    unit_write("real/file", "old");
    assert_int_equal(symlink("real/file", "link"), 0);
    write_whole("link", &plain, "new", 3, 3);
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_content("real/file", "new", 3);
    assert_int_equal(unit_count_files(), 2);
}

TEST(paths_that_cannot_be_written_are_named)
{
    struct err err = ERR_INIT;

    assert_null(outfile_open("missing/file", &plain, &err));
    assert_error(&err, ERR_USAGE, "cannot write missing/file: No such file or directory");
    unit_write("file", "x");
    assert_null(outfile_open("file/file", &packed, &err));
    assert_error(&err, ERR_USAGE, "cannot write file/file: Not a directory");
    assert_null(outfile_open(".", &plain, &err));
    assert_error(&err, ERR_USAGE, "cannot write .: Is a directory");
    assert_null(outfile_open("", &plain, &err));
    assert_int_equal(err.code, ERR_USAGE);
    struct outfile_options wrong = {true, 10, 1};
    assert_null(outfile_open("new", &wrong, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_int_equal(unit_count_files(), 1);
}

TEST(a_directory_that_came_in_between_is_an_error)
{
    struct err err = ERR_INIT;

    struct outfile *out = outfile_open("file", &plain, &err);
    assert_int_equal(mkdir("file", 0700), 0);
    assert_false(outfile_finish(out, &err));
    assert_error(&err, ERR_USAGE, "cannot write file: Is a directory");
    outfile_free(out);
    assert_int_equal(unit_count_files(), 1);
}

/* A directory that can be written to and not read: it cannot be opened to be flushed. */
static int finish_in_a_drop_box(void *context)
{
    struct err err = ERR_INIT;
    (void)context;

    if (chdir("box") != 0 || chmod(".", 0300) != 0)
        return 1;
    if (geteuid() == 0 && (chown(".", 65534, 65534) != 0 || setuid(65534) != 0))
        return 2;
    struct outfile *out = outfile_open("file", &plain, &err);
    if (!out || !outfile_write(out, "new", 3, &err))
        return 3;
    if (outfile_finish(out, &err) || err.code != ERR_FAILED)
        return 4;
    outfile_free(out);
    return strcmp(err.message,
                  "file is there and complete, but might not outlast a crash: cannot open "
                  "directory .: Permission denied") == 0
               ? 0
               : 5;
}

TEST(a_directory_that_is_not_flushed_is_an_error_that_names_the_file)
{
    assert_int_equal(mkdir("box", 0700), 0);
    assert_int_equal(unit_child(finish_in_a_drop_box, NULL), 0);
    assert_int_equal(chmod("box", 0700), 0);
    assert_content("box/file", "new", 3);
}

TEST(a_full_device_is_reported_from_then_on)
{
    const struct outfile_options *options[] = {&plain, &packed};
    const char *message = "cannot write /dev/full: No space left on device";
    char *rows = make_rows(300000);

    for (size_t i = 0; i < 2; i++) {
        struct err err = ERR_INIT;
        struct outfile *out = outfile_open("/dev/full", options[i], &err);
        assert_non_null(out);
        assert_true(outfile_write(out, "x", 1, &err));
        assert_false(outfile_finish(out, &err));
        assert_error(&err, ERR_FAILED, message);
        outfile_free(out);

        out = outfile_open("/dev/full", options[i], &err);
        bool ok = true;
        for (int j = 0; ok && j < 100; j++)
            ok = outfile_write(out, rows, 300000, &err);
        assert_false(ok);
        err_clear(&err);
        assert_false(outfile_write(out, "x", 1, &err));
        assert_error(&err, ERR_FAILED, message);
        err_clear(&err);
        assert_false(outfile_finish(out, &err));
        assert_error(&err, ERR_FAILED, message);
        outfile_free(out);
    }
    free(rows);
}

static int write_past_the_limit(void *context)
{
    const struct rlimit limit = {100000, 100000};
    char *rows = make_rows(3000000);
    struct err err = ERR_INIT;
    struct err end = ERR_INIT;

    stop_install();
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 1;
    struct outfile *out = outfile_open("file", context, &err);
    bool ok = write_in_pieces(out, rows, 3000000, 10000, &err);
    if (ok || err.code != ERR_FAILED ||
        strcmp(err.message, "cannot write file: File too large") != 0)
        return 2;
    if (outfile_finish(out, &end) || strcmp(end.message, err.message) != 0)
        return 3;
    outfile_free(out);
    free(rows);
    return 0;
}

TEST(a_full_disk_leaves_the_older_file)
{
    struct outfile_options options[] = {plain, packed};

    unit_write("file", "old");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(unit_child(write_past_the_limit, &options[i]), 0);
        assert_content("file", "old", 3);
        assert_int_equal(unit_count_files(), 3); /* file, out and err: no temporary file */
    }
}

static int write_standard_output(void *context)
{
    struct err err = ERR_INIT;
    const char *path = context;

    struct outfile *out = outfile_open(path, &plain, &err);
    if (!out || !outfile_write(out, "text\n", 5, &err) || !outfile_finish(out, &err))
        return 1;
    if (outfile_stored(out) != 5)
        return 2;
    outfile_free(out);
    return write(STDOUT_FILENO, "after\n", 6) == 6 ? 0 : 3; /* it is left open */
}

TEST(standard_output_is_written_directly)
{
    char names[][16] = {"-", "/dev/stdout"};

    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(unit_child(write_standard_output, names[i]), 0);
        assert_content("out", "text\nafter\n", 11);
        assert_int_equal(unit_count_files(), 2);
    }
}

static int ask_for_names(void *context)
{
    (void)context;
    if (link("out", "name") != 0)
        return 1;
    if (!outfile_is_stdout("-") || !outfile_is_stdout("/dev/stdout") || !outfile_is_stdout("out") ||
        !outfile_is_stdout("name"))
        return 2;
    return outfile_is_stdout("other") || outfile_is_stdout("missing") ? 3 : 0;
}

TEST(standard_output_is_known_by_any_name)
{
    unit_write("other", "");
    assert_int_equal(unit_child(ask_for_names, NULL), 0);
}

static int write_closed_output(void *context)
{
    struct err err = ERR_INIT;
    (void)context;
    (void)close(STDOUT_FILENO);
    if (outfile_open("-", &plain, &err) || err.code != ERR_USAGE)
        return 1;
    return strcmp(err.message, "cannot write standard output: Bad file descriptor") == 0 ? 0 : 2;
}

TEST(a_closed_standard_output_is_an_error)
{
    assert_int_equal(unit_child(write_closed_output, NULL), 0);
}

static int write_to_nobody(void *context)
{
    char *rows = make_rows(3000000);
    struct err err = ERR_INIT;
    int ends[2];

    stop_install();
    if (pipe(ends) != 0 || dup2(ends[1], STDOUT_FILENO) < 0 || close(ends[0]) != 0)
        return 1;
    struct outfile *out = outfile_open("-", context, &err);
    if (!out || write_in_pieces(out, rows, 3000000, 10000, &err))
        return 2;
    outfile_free(out);
    free(rows);
    if (err.code != ERR_FAILED)
        return 3;
    return strcmp(err.message, "cannot write standard output: Broken pipe") == 0 ? 0 : 4;
}

TEST(a_reader_that_goes_away_is_an_error)
{
    struct outfile_options options[] = {plain, packed};

    for (size_t i = 0; i < 2; i++)
        assert_int_equal(unit_child(write_to_nobody, &options[i]), 0);
}

static void *read_slowly(void *context)
{
    struct buf *got = context;
    char piece[50000];
    int fd = open("fifo", O_RDONLY);
    ssize_t n;

    clock_sleep_ms(50); /* the pipe is full by then */
    while ((n = read(fd, piece, sizeof piece)) > 0)
        buf_add(got, piece, (size_t)n);
    (void)close(fd);
    return NULL;
}

TEST(a_named_pipe_is_written_when_its_reader_comes)
{
    char *rows = make_rows(1000000);
    struct buf got = BUF_INIT;
    struct err err = ERR_INIT;
    struct stat st;
    pthread_t reader;

    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(pthread_create(&reader, NULL, read_slowly, &got), 0);
    struct outfile *out = outfile_open("fifo", &plain, &err);
    assert_non_null(out);
    assert_true(write_in_pieces(out, rows, 1000000, 70000, &err));
    assert_true(outfile_finish(out, &err));
    assert_int_equal(outfile_stored(out), 1000000);
    outfile_free(out);
    (void)pthread_join(reader, NULL);
    assert_int_equal(got.len, 1000000);
    assert_memory_equal(got.data, rows, got.len);
    assert_int_equal(stat("fifo", &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    buf_release(&got);
    free(rows);
}

static void signal_later(int number)
{
    if (fork() == 0) {
        clock_sleep_ms(50);
        (void)kill(getppid(), number);
        _exit(0);
    }
}

static int write_to_a_stuck_reader(void *context)
{
    char *rows = make_rows(3000000);
    struct err err = ERR_INIT;
    int ends[2];

    stop_install();
    (void)alarm(20);
    if (pipe(ends) != 0 || dup2(ends[1], STDOUT_FILENO) < 0)
        return 1;
    struct outfile *out = outfile_open("-", context, &err);
    signal_later(SIGTERM);
    if (!out || write_in_pieces(out, rows, 3000000, 10000, &err) || err.code != ERR_STOPPED)
        return 2;
    if (outfile_finish(out, &err) || err.code != ERR_STOPPED)
        return 3;
    outfile_free(out);
    free(rows);
    (void)wait(NULL);
    return 0;
}

TEST(a_stop_ends_the_wait_for_a_stuck_reader)
{
    struct outfile_options options[] = {plain, packed};

    for (size_t i = 0; i < 2; i++)
        assert_int_equal(unit_child(write_to_a_stuck_reader, &options[i]), 0);
}

static int open_without_reader(void *context)
{
    struct err err = ERR_INIT;
    (void)context;
    stop_install();
    (void)alarm(20);
    signal_later(SIGINT);
    if (outfile_open("fifo", &plain, &err) || err.code != ERR_STOPPED)
        return 1;
    (void)wait(NULL);
    return 0;
}

TEST(a_stop_ends_the_wait_for_a_first_reader)
{
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(unit_child(open_without_reader, NULL), 0);
}

TEST(devices_stay)
{
    struct err err = ERR_INIT;
    struct stat st;

    struct outfile *out = outfile_open("/dev/null", &packed, &err);
    assert_non_null(out);
    assert_true(outfile_write(out, text, sizeof text, &err));
    assert_true(outfile_finish(out, &err));
    outfile_free(out);
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(a_plain_file_holds_what_was_written),
        IN_DIR(a_compressed_file_holds_what_was_written),
        IN_DIR(the_file_appears_at_the_end_only),
        IN_DIR(what_is_given_up_leaves_the_older_file),
        IN_DIR(a_link_stays_and_its_file_is_replaced),
        IN_DIR(paths_that_cannot_be_written_are_named),
        IN_DIR(a_directory_that_came_in_between_is_an_error),
        IN_DIR(a_directory_that_is_not_flushed_is_an_error_that_names_the_file),
        IN_DIR(a_full_device_is_reported_from_then_on),
        IN_DIR(a_full_disk_leaves_the_older_file),
        IN_DIR(standard_output_is_written_directly),
        IN_DIR(standard_output_is_known_by_any_name),
        IN_DIR(a_closed_standard_output_is_an_error),
        IN_DIR(a_reader_that_goes_away_is_an_error),
        IN_DIR(a_named_pipe_is_written_when_its_reader_comes),
        IN_DIR(a_stop_ends_the_wait_for_a_stuck_reader),
        IN_DIR(a_stop_ends_the_wait_for_a_first_reader),
        IN_DIR(devices_stay),
    };
    return cmocka_run_group_tests_name("outfile", tests, NULL, NULL);
}
