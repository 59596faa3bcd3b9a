/* Files: what is written whole, what survives a failure, and what errors say. Root ignores
 * permission bits, so failures come from paths that cannot be and from a limit on the size of
 * files. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "unit.h"

static char text[4096];

static void assert_error(const struct err *err, enum err_code code, const char *part)
{
    assert_int_equal(err->code, code);
    if (!strstr(err->message, part))
        fail_msg("'%s' is not in: %s", part, err->message);
}

TEST(read_appends_the_whole_file)
{
    struct buf out = BUF_INIT;
    struct err err = ERR_INIT;

    unit_write("file", "content\n");
    buf_adds(&out, "before ");
    assert_true(fsio_read("file", 8, &out, &err));
    assert_string_equal(out.data, "before content\n");
    unit_write("file", "");
    assert_true(fsio_read("file", 0, &out, &err));
    assert_int_equal(out.len, 15);
    buf_release(&out);
}

TEST(read_limits_the_length)
{
    struct buf out = BUF_INIT;
    struct err err = ERR_INIT;

    unit_write("file", "123456789");
    buf_adds(&out, "kept");
    assert_false(fsio_read("file", 8, &out, &err));
    assert_error(&err, ERR_USAGE, "file: longer than 8 bytes");
    assert_string_equal(out.data, "kept");
    assert_false(fsio_read("/dev/zero", 1000000, &out, &err));
    assert_error(&err, ERR_USAGE, "/dev/zero: longer than 1000000 bytes");
    assert_string_equal(out.data, "kept");
    buf_release(&out);
}

TEST(read_large_and_binary)
{
    struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    const size_t size = 1000003;
    char *data = malloc(size);

    assert_non_null(data);
    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 7);
    assert_true(fsio_write_atomic("file", 0600, data, size, &err));
    assert_true(fsio_read("file", size, &out, &err));
    assert_int_equal(out.len, size);
    assert_memory_equal(out.data, data, size);
    buf_release(&out);
    free(data);
}

TEST(read_errors_name_the_path)
{
    struct buf out = BUF_INIT;
    struct err err = ERR_INIT;

    assert_false(fsio_read("missing", 10, &out, &err));
    assert_error(&err, ERR_USAGE, "cannot open missing: No such file");
    assert_false(fsio_read("/", 10, &out, &err));
    assert_error(&err, ERR_USAGE, "/: Is a directory");
    buf_release(&out);
}

TEST(atomic_write_replaces_with_exact_mode)
{
    struct err err = ERR_INIT;
    struct stat st;

    (void)umask(077);
    assert_true(fsio_write_atomic("file", 0644, "one", 3, &err));
    (void)umask(022);
    assert_int_equal(stat("file", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_true(fsio_write_atomic("file", 0600, "two\0", 4, &err));
    assert_int_equal(stat("file", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(unit_read("file", text, sizeof text), 4);
    assert_string_equal(text, "two");
    assert_int_equal(unit_count_files(), 1);
}

TEST(atomic_write_follows_a_link)
{
    struct err err = ERR_INIT;
    struct stat st;

    assert_int_equal(mkdir("real", 0700), 0);
    unit_write("real/file", "old");
    assert_int_equal(symlink("real/file", "link"), 0);
    assert_true(fsio_write_atomic("link", 0600, "new", 3, &err));
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    unit_read("real/file", text, sizeof text);
    assert_string_equal(text, "new");
}

TEST(atomic_write_keeps_the_owner)
{
    struct err err = ERR_INIT;
    struct stat st;

    if (geteuid() != 0)
        skip();
    unit_write("file", "old");
    assert_int_equal(chown("file", 65534, 65534), 0);
    assert_true(fsio_write_atomic("file", 0600, "new", 3, &err));
    assert_int_equal(stat("file", &st), 0);
    assert_int_equal(st.st_uid, 65534);
    assert_int_equal(st.st_gid, 65534);
}

TEST(atomic_write_fails_where_no_file_can_be)
{
    struct err err = ERR_INIT;

    unit_write("plain", "x");
    assert_false(fsio_write_atomic("plain/file", 0600, "x", 1, &err));
    assert_error(&err, ERR_USAGE, "cannot write plain/file: Not a directory");
    assert_false(fsio_write_atomic("missing/file", 0600, "x", 1, &err));
    assert_error(&err, ERR_USAGE, "cannot write missing/file: No such file");
    assert_int_equal(mkdir("dir", 0700), 0);
    assert_false(fsio_write_atomic("dir", 0600, "x", 1, &err));
    assert_error(&err, ERR_USAGE, "Is a directory");
    assert_int_equal(unit_count_files(), 2);
}

TEST(atomic_write_replaces_regular_files_alone)
{
    struct err err = ERR_INIT;
    struct stat st;

    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(symlink("pipe", "to-pipe"), 0);
    assert_int_equal(symlink("missing", "to-nowhere"), 0);
    assert_false(fsio_write_atomic("pipe", 0600, "x", 1, &err));
    assert_error(&err, ERR_USAGE, "cannot write pipe: it is not a regular file");
    assert_false(fsio_write_atomic("to-pipe", 0600, "x", 1, &err));
    assert_error(&err, ERR_USAGE, "cannot write to-pipe: it is not a regular file");
    assert_false(fsio_write_atomic("to-nowhere", 0600, "x", 1, &err));
    assert_error(&err, ERR_USAGE, "cannot write to-nowhere: it is a symbolic link to nowhere");
    assert_int_equal(lstat("pipe", &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    assert_int_equal(lstat("to-pipe", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(unit_count_files(), 3);

    /* As /dev/stdout, where the output is a file without a name. */
    char target[64];
    int fd = open("unnamed", O_RDWR | O_CREAT, 0600);
    (void)snprintf(target, sizeof target, "/proc/self/fd/%d", fd);
    assert_int_equal(unlink("unnamed"), 0);
    assert_int_equal(symlink(target, "to-output"), 0);
    assert_false(fsio_write_atomic("to-output", 0600, "x", 1, &err));
    assert_error(&err, ERR_USAGE, "cannot write to-output: it is a symbolic link to nowhere");
    assert_int_equal(lstat("to-output", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_false(fsio_write_atomic("loop", 0600, "x", 1, &err));
    assert_error(&err, ERR_USAGE, "cannot write loop: Too many levels of symbolic links");
    (void)close(fd);
}

static void limit_files(rlim_t size)
{
    struct rlimit limit = {size, size};
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)setrlimit(RLIMIT_FSIZE, &limit);
}

static int write_past_the_limit(void *context)
{
    struct err err = ERR_INIT;
    static const char data[100000];
    (void)context;
    limit_files(50000);
    if (fsio_write_atomic("file", 0600, data, sizeof data, &err) || err.code != ERR_FAILED)
        return 1;
    return strstr(err.message, "cannot write file: ") ? 0 : 2;
}

TEST(atomic_write_that_breaks_off_leaves_the_old_file)
{
    unit_write("file", "old");
    assert_int_equal(unit_child(write_past_the_limit, NULL), 0);
    unit_read("file", text, sizeof text);
    assert_string_equal(text, "old");
    assert_int_equal(unit_count_files(), 3); /* file, out and err: no temporary file */
}

TEST(append_adds_lines)
{
    struct err err = ERR_INIT;
    struct stat st;

    assert_true(fsio_append_line("log", 0600, "one", &err));
    assert_true(fsio_append_line("log", 0600, "two", &err));
    unit_read("log", text, sizeof text);
    assert_string_equal(text, "one\ntwo\n");
    assert_int_equal(stat("log", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

TEST(append_does_not_continue_a_torn_line)
{
    struct err err = ERR_INIT;

    unit_write("log", "one\n{\"half\":");
    assert_true(fsio_append_line("log", 0600, "two", &err));
    unit_read("log", text, sizeof text);
    assert_string_equal(text, "one\n{\"half\":\ntwo\n");
}

TEST(append_reports_a_full_disk)
{
    struct err err = ERR_INIT;

    assert_false(fsio_append_line("/dev/full", 0600, "x", &err));
    assert_error(&err, ERR_FAILED, "cannot append to /dev/full: No space left on device");
    assert_false(fsio_append_line("no/log", 0600, "x", &err));
    assert_error(&err, ERR_USAGE, "cannot append to no/log");
}

TEST(directories_are_made_with_their_parents)
{
    struct err err = ERR_INIT;
    struct stat st;
    char path[200];

    (void)umask(022);
    assert_true(fsio_make_dir("a/b/c", 0700, &err));
    assert_int_equal(stat("a/b/c", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat("a/b", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_true(fsio_make_dir("a/b/c", 0755, &err));
    assert_true(fsio_make_dir("d//e/", 0700, &err));
    assert_true(fsio_exists("d/e"));
    (void)snprintf(path, sizeof path, "%s/x/y", unit_dir);
    assert_true(fsio_make_dir(path, 0700, &err));
    assert_true(fsio_exists("x/y"));
    assert_true(fsio_make_dir("/", 0700, &err));
    assert_true(fsio_make_dir(".", 0700, &err));
}

TEST(directories_fail_with_their_name)
{
    struct err err = ERR_INIT;

    unit_write("plain", "x");
    assert_false(fsio_make_dir("plain", 0700, &err));
    assert_error(&err, ERR_USAGE, "cannot create directory plain: Not a directory");
    assert_false(fsio_make_dir("plain/a/b", 0700, &err));
    assert_error(&err, ERR_USAGE, "Not a directory");
    assert_false(fsio_make_dir("/proc/dbr/x", 0700, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_false(fsio_make_dir("", 0700, &err));
}

TEST(exists_and_sync)
{
    struct err err = ERR_INIT;

    assert_false(fsio_exists("nothing"));
    assert_true(fsio_exists("."));
    assert_true(fsio_sync_dir(".", &err));
    assert_false(fsio_sync_dir("nothing", &err));
    assert_error(&err, ERR_USAGE, "nothing");
}

static void leave_as_a_killed_process(struct buf *name)
{
    struct err err = ERR_INIT;
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        char *temporary = NULL;

        if (fsio_open_temporary("file", &temporary) < 0)
            _exit(1);
        unit_write("name", temporary);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(fsio_read("name", 100, name, &err));
}

TEST(what_a_killed_process_left_goes)
{
    struct buf name = BUF_INIT;
    const char *left;
    char *own = NULL;
    int holder;
    int fd = fsio_open_temporary("file", &own);

    assert_true(fd >= 0);
    leave_as_a_killed_process(&name);
    left = name.data;
    holder = open(left, O_RDONLY);
    assert_int_equal(flock(holder, LOCK_EX), 0);
    fsio_remove_stale("file"); /* a process on another machine may hold it open */
    assert_true(fsio_exists(left));
    close(holder);
    fsio_remove_stale("other");
    fsio_remove_stale("nowhere/file");
    assert_true(fsio_exists(left));
    fsio_remove_stale("file");
    assert_false(fsio_exists(left));
    assert_true(fsio_exists(own));
    close(fd);
    buf_release(&name);
    free(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(read_appends_the_whole_file),
        IN_DIR(read_limits_the_length),
        IN_DIR(read_large_and_binary),
        IN_DIR(read_errors_name_the_path),
        IN_DIR(atomic_write_replaces_with_exact_mode),
        IN_DIR(atomic_write_follows_a_link),
        IN_DIR(atomic_write_keeps_the_owner),
        IN_DIR(atomic_write_fails_where_no_file_can_be),
        IN_DIR(atomic_write_replaces_regular_files_alone),
        IN_DIR(atomic_write_that_breaks_off_leaves_the_old_file),
        IN_DIR(append_adds_lines),
        IN_DIR(append_does_not_continue_a_torn_line),
        IN_DIR(append_reports_a_full_disk),
        IN_DIR(directories_are_made_with_their_parents),
        IN_DIR(directories_fail_with_their_name),
        IN_DIR(exists_and_sync),
        IN_DIR(what_a_killed_process_left_goes),
    };
    return cmocka_run_group_tests_name("fsio", tests, NULL, NULL);
}
