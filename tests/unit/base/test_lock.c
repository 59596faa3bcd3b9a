/* Locks between processes: contention, waiting, and holders that die. */
#include <signal.h>
#include <sys/file.h>
#include <time.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/stop.h"
#include "unit.h"

/* Starts a child that takes the lock and holds it for ms; returns when it has it. */
static pid_t hold(const char *command, int ms)
{
    int ready[2];
    char c;

    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct lock lock = LOCK_INIT;
        struct err err = ERR_INIT;
        bool ok = lock_take(&lock, "op.lock", 0, command, &err);
        (void)!write(ready[1], ok ? "y" : "n", 1);
        clock_sleep_ms(ms);
        lock_release(&lock);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(c, 'y');
    (void)close(ready[0]);
    (void)close(ready[1]);
    return pid;
}

static void end(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

TEST(holder_is_written_and_removed)
{
    struct lock lock = LOCK_INIT;
    struct err err = ERR_INIT;
    char text[100];
    char want[100];

    assert_int_equal(lock_holder("op.lock"), 0);
    assert_true(lock_take(&lock, "op.lock", 0, "dbr-sync --full", &err));
    unit_read("op.lock", text, sizeof text);
    (void)snprintf(want, sizeof want, "%ld dbr-sync --full\n", (long)getpid());
    assert_string_equal(text, want);
    assert_int_equal(lock_holder("op.lock"), getpid());
    lock_release(&lock);
    assert_int_equal(lock.fd, -1);
    assert_int_equal(unit_read("op.lock", text, sizeof text), 0);
    assert_int_equal(lock_holder("op.lock"), 0);
    lock_release(&lock);
}

TEST(held_lock_names_its_holder)
{
    struct lock lock = LOCK_INIT;
    struct err err = ERR_INIT;
    char want[100];

    struct lock_note note;

    assert_false(lock_look("op.lock", &note));
    pid_t pid = hold("dbr-sync\033[2J\nforged", 20000);
    assert_int_equal(lock_holder("op.lock"), pid);
    assert_true(lock_look("op.lock", &note));
    assert_int_equal(note.pid, pid);
    assert_string_equal(note.command, "dbr-sync?[2J");
    assert_true(clock_now_us() - note.since_us < 60000000 && clock_now_us() >= note.since_us);
    int64_t start = clock_mono_ms();
    assert_false(lock_take(&lock, "op.lock", 0, "me", &err));
    assert_true(clock_mono_ms() - start < 5000);
    assert_int_equal(err.code, ERR_LOCKED);
    (void)snprintf(want, sizeof want, "another run (pid %ld, dbr-sync?[2J) holds the lock op.lock",
                   (long)pid);
    assert_string_equal(err.message, want);
    assert_true(err.hint[0] != '\0');
    assert_int_equal(lock.fd, -1);
    end(pid);
}

TEST(lock_dies_with_its_holder)
{
    struct lock lock = LOCK_INIT;
    struct err err = ERR_INIT;
    char text[100];

    pid_t pid = hold("dbr-sync", 20000);
    end(pid);
    unit_read("op.lock", text, sizeof text);
    assert_non_null(strstr(text, "dbr-sync")); /* the note is stale, the lock is free */
    assert_int_equal(lock_holder("op.lock"), 0);
    assert_true(lock_take(&lock, "op.lock", 0, "me", &err));
    assert_int_equal(lock_holder("op.lock"), getpid());
    lock_release(&lock);
}

TEST(waiting_gets_the_lock_or_gives_up)
{
    struct lock lock = LOCK_INIT;
    struct err err = ERR_INIT;

    pid_t pid = hold("dbr-sync", 300);
    int64_t start = clock_mono_ms();
    assert_false(lock_take(&lock, "op.lock", 100, "me", &err));
    assert_int_equal(err.code, ERR_LOCKED);
    assert_true(clock_mono_ms() - start >= 100);
    assert_true(lock_take(&lock, "op.lock", 20000, "me", &err));
    lock_release(&lock);
    assert_int_equal(waitpid(pid, NULL, 0), pid);

    pid = hold("dbr-sync", 200);
    assert_true(lock_take(&lock, "op.lock", -1, "me", &err));
    lock_release(&lock);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int wait_and_be_stopped(void *context)
{
    struct lock lock = LOCK_INIT;
    struct err err = ERR_INIT;
    (void)context;
    stop_install();
    if (fork() == 0) {
        clock_sleep_ms(100);
        (void)kill(getppid(), SIGTERM);
        _exit(0);
    }
    bool ok = lock_take(&lock, "op.lock", -1, "me", &err);
    (void)wait(NULL);
    return !ok && err.code == ERR_STOPPED ? 0 : 1;
}

TEST(a_stop_ends_the_wait)
{
    pid_t pid = hold("dbr-sync", 20000);
    assert_int_equal(unit_child(wait_and_be_stopped, NULL), 0);
    end(pid);
}

TEST(programs_that_are_started_do_not_inherit_the_lock)
{
    struct lock lock = LOCK_INIT;
    struct err err = ERR_INIT;

    assert_true(lock_take(&lock, "op.lock", 0, "me", &err));
    pid_t pid = fork();
    if (pid == 0) {
        (void)execlp("sleep", "sleep", "20", (char *)NULL);
        _exit(1);
    }
    clock_sleep_ms(100);
    lock_release(&lock);
    assert_true(lock_take(&lock, "op.lock", 5000, "me", &err));
    lock_release(&lock);
    end(pid);
}

TEST(a_holder_that_left_no_note)
{
    struct lock lock = LOCK_INIT;
    struct err err = ERR_INIT;

    int fd = open("op.lock", O_RDWR | O_CREAT, 0600);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(lock_holder("op.lock"), -1);
    assert_false(lock_take(&lock, "op.lock", 0, "me", &err));
    assert_string_equal(err.message, "another run holds the lock op.lock");
    (void)close(fd);
}

TEST(asking_does_not_disturb_taking)
{
    struct lock lock = LOCK_INIT;
    struct err err = ERR_INIT;

    pid_t pid = fork();
    if (pid == 0) {
        for (;;)
            (void)lock_holder("op.lock");
    }
    for (int i = 0; i < 100; i++) {
        assert_true(lock_take(&lock, "op.lock", 0, "me", &err));
        lock_release(&lock);
    }
    end(pid);
}

/* As a look whose process gets no time amid it. */
TEST(a_look_that_takes_its_time_is_no_holder)
{
    struct lock lock = LOCK_INIT;
    struct err err = ERR_INIT;
    int told[2];
    char byte = 0;

    assert_int_equal(pipe(told), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open("op.lock", O_RDONLY | O_CREAT, 0600);
        byte = flock(fd, LOCK_SH) == 0 ? 'l' : 'x';
        (void)!write(told[1], &byte, 1);
        clock_sleep_ms(500);
        _exit(0);
    }
    assert_int_equal(read(told[0], &byte, 1), 1);
    assert_int_equal(byte, 'l');
    assert_int_equal(lock_holder("op.lock"), 0);
    assert_true(lock_take(&lock, "op.lock", 0, "me", &err));
    assert_int_equal(lock_holder("op.lock"), getpid());
    lock_release(&lock);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    (void)close(told[0]);
    (void)close(told[1]);
}

TEST(bad_paths_and_long_commands)
{
    struct lock lock = LOCK_INIT;
    struct err err = ERR_INIT;
    char command[5000];
    char text[6000];

    assert_false(lock_take(&lock, "no/op.lock", 0, "me", &err));
    assert_non_null(strstr(err.message, "no/op.lock"));
    assert_int_equal(lock_holder("no/op.lock"), 0);

    memset(command, 'x', sizeof command - 1);
    command[sizeof command - 1] = '\0';
    assert_true(lock_take(&lock, "op.lock", 0, command, &err));
    size_t len = unit_read("op.lock", text, sizeof text);
    assert_in_range(len, 10, 256);
    assert_int_equal(text[len - 1], '\n');
    assert_int_equal(lock_holder("op.lock"), getpid());
    lock_release(&lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(holder_is_written_and_removed),
        IN_DIR(held_lock_names_its_holder),
        IN_DIR(lock_dies_with_its_holder),
        IN_DIR(waiting_gets_the_lock_or_gives_up),
        IN_DIR(a_stop_ends_the_wait),
        IN_DIR(programs_that_are_started_do_not_inherit_the_lock),
        IN_DIR(a_holder_that_left_no_note),
        IN_DIR(asking_does_not_disturb_taking),
        IN_DIR(a_look_that_takes_its_time_is_no_holder),
        IN_DIR(bad_paths_and_long_commands),
    };
    return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
