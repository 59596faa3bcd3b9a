/*
 * Appending with rotation. The file itself is locked for the moment, so that of two programs that
 * find it full only one renames it; a second rename would throw the older half away.
 */
#include "state/jsonl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fsio.h"
#include "base/mem.h"

/* A holder that is stopped must not stop others: after this long the line is appended without the
 * lock. */
#define LOCK_WAIT_MS 2000
#define LOCK_PAUSE_MS 20

static void lock_for_a_moment(int fd)
{
    int64_t until = clock_mono_ms() + LOCK_WAIT_MS;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR) &&
           clock_mono_ms() < until)
        clock_sleep_ms(LOCK_PAUSE_MS);
}

/* Opens path and locks it; opens again when another program has renamed it meanwhile. -1 with
 * errno. */
static int open_locked(const char *path, off_t *size)
{
    for (;;) {
        struct stat mine, now;
        int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
            return -1;
        lock_for_a_moment(fd);
        if (fstat(fd, &mine) == 0 && stat(path, &now) == 0 && mine.st_ino == now.st_ino &&
            mine.st_dev == now.st_dev) {
            *size = mine.st_size;
            return fd;
        }
        (void)close(fd);
    }
}

static bool rotate(const char *path, struct err *err)
{
    char *old = mem_printf("%s.1", path);
    bool ok = rename(path, old) == 0;
    if (!ok)
        err_set_errno(err, ERR_FAILED, errno, "cannot rename %s", path);
    free(old);
    return ok;
}

bool jsonl_append(const char *path, struct json *line, size_t max_size, struct err *err)
{
    struct buf text = BUF_INIT;
    off_t size = 0;
    json_print(line, false, &text);
    json_free(line);
    int fd = open_locked(path, &size);
    bool ok = fd >= 0;
    if (!ok)
        err_set_errno(err, ERR_FAILED, errno, "cannot open %s", path);
    if (ok && size > 0 && (size_t)size + text.len >= max_size)
        ok = rotate(path, err);
    ok = ok && fsio_append_line(path, 0600, text.data, err);
    if (fd >= 0)
        (void)close(fd);
    buf_release(&text);
    return ok;
}
