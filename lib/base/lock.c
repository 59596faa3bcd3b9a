/*
 * Locks by flock(2). The pid inside the file is for people: whether the lock is held is decided by
 * the kernel alone, so a pid that a killed holder left behind harms nobody.
 */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/stop.h"

#define NOTE_SIZE 256
/* What a killed holder has started may keep the lock until its exec. */
#define GRACE_MS 20
/* Whoever looks holds a shared lock for a moment, which lasts where its process gets no time. */
#define LOOKERS_MS 5000
#define PAUSE_MS 50

/* Reads the holder's "pid command" line; empty when there is none. */
static void read_note(int fd, char *note)
{
    ssize_t n = pread(fd, note, NOTE_SIZE - 1, 0);
    note[n > 0 ? n : 0] = '\0';
    note[strcspn(note, "\n")] = '\0';
}

static long pid_of_note(const char *note)
{
    long pid = strtol(note, NULL, 10);
    return pid > 0 ? pid : -1;
}

static void write_note(int fd, const char *command)
{
    char note[NOTE_SIZE];
    int len = snprintf(note, sizeof note, "%ld %s\n", (long)getpid(), command ? command : "");

    if (len >= (int)sizeof note) {
        len = (int)sizeof note - 1;
        note[len - 1] = '\n';
    }
    /* On a full disk the lock holds all the same; only the name of its holder is missing. */
    if (ftruncate(fd, 0) == 0 && pwrite(fd, note, (size_t)len, 0) != len)
        (void)!ftruncate(fd, 0);
}

static bool report_lookers(const char *path, struct err *err)
{
    return err_set_hint(err, ERR_LOCKED, "find who does not get on (lslocks), and try again",
                        "the lock %s has been looked at for %d seconds without a pause", path,
                        LOOKERS_MS / 1000);
}

static bool report_holder(int fd, const char *path, struct err *err)
{
    char note[NOTE_SIZE];
    struct buf clean = BUF_INIT;

    read_note(fd, note);
    long pid = pid_of_note(note);
    const char *command = strchr(note, ' ');
    if (command)
        buf_add_clean(&clean, command + 1);
    if (pid < 0)
        err_set(err, ERR_LOCKED, "another run holds the lock %s", path);
    else if (clean.len == 0)
        err_set(err, ERR_LOCKED, "another run (pid %ld) holds the lock %s", pid, path);
    else
        err_set(err, ERR_LOCKED, "another run (pid %ld, %s) holds the lock %s", pid, clean.data,
                path);
    buf_release(&clean);
    return err_hint(err, "try again when it has ended");
}

/* The lock is kept from fd by lock_look only, which is no holder. */
static bool only_looked_at(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) != 0)
        return false;
    (void)flock(fd, LOCK_UN);
    return true;
}

static bool wait_for(int fd, const char *path, int64_t wait_ms, struct err *err)
{
    int64_t start = clock_mono_ms();

    for (;;) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            return err_set_errno(err, ERR_FAILED, errno, "cannot lock %s", path);
        bool looked_at = only_looked_at(fd);
        int64_t least = looked_at ? LOOKERS_MS : GRACE_MS;
        int64_t left = start + (wait_ms > least ? wait_ms : least) - clock_mono_ms();
        if (wait_ms >= 0 && left <= 0)
            return looked_at ? report_lookers(path, err) : report_holder(fd, path, err);
        if (!stop_check(err))
            return false;
        int64_t pause = wait_ms == 0 || looked_at ? GRACE_MS / 4 : PAUSE_MS;
        clock_sleep_ms(wait_ms >= 0 && left < pause ? left : pause);
    }
}

bool lock_take(struct lock *lock, const char *path, int64_t wait_ms, const char *command,
               struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set_errno(err, errno == EACCES || errno == EROFS ? ERR_USAGE : ERR_FAILED, errno,
                             "cannot open lock %s", path);
    if (!wait_for(fd, path, wait_ms, err)) {
        (void)close(fd);
        return false;
    }
    write_note(fd, command);
    lock->fd = fd;
    return true;
}

bool lock_look(const char *path, struct lock_note *note)
{
    char text[NOTE_SIZE];
    struct stat st;
    struct buf clean = BUF_INIT;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *note = (struct lock_note){0};
    if (fd < 0)
        return false;
    bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (held) {
        read_note(fd, text);
        note->pid = pid_of_note(text);
        const char *command = strchr(text, ' ');
        if (command)
            buf_add_clean(&clean, command + 1);
        (void)snprintf(note->command, sizeof note->command, "%s", clean.data);
        buf_release(&clean);
        if (fstat(fd, &st) == 0)
            note->since_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
    }
    (void)close(fd);
    return held;
}

long lock_holder(const char *path)
{
    struct lock_note note;
    return lock_look(path, &note) ? note.pid : 0;
}

void lock_release(struct lock *lock)
{
    if (lock->fd < 0)
        return;
    (void)!ftruncate(lock->fd, 0);
    /* Also for a program that was started and has not come to its exec. */
    (void)flock(lock->fd, LOCK_UN);
    (void)close(lock->fd);
    lock->fd = -1;
}
