/*
 * Appending with rotation, and reading. The file itself is locked for the moment, so that of two
 * programs that find it full only one renames it; a second rename would throw the older half away.
 */
#include "state/jsonl.h"

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
#include "base/fsio.h"
#include "base/mem.h"

/* A holder that is stopped must not stop others: after this long the line is appended without the
 * lock. */
#define LOCK_WAIT_MS 2000
#define LOCK_PAUSE_MS 20
#define LINE_MAX_SIZE ((size_t)256 * 1024)

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

/* --- reading -------------------------------------------------------------------- */

struct reader {
    char *data; /* LINE_MAX_SIZE + 1 bytes: what is read and not yet handed on */
    size_t used;
    bool skipping; /* within a line that is too long */
    jsonl_take *take;
    void *context;
    int64_t *damaged;
};

static void hand_on(struct reader *reader, char *line, size_t len)
{
    line[len] = '\0';
    if (reader->skipping)
        reader->skipping = false; /* counted when it became too long */
    else if (len > 0 && !reader->take(reader->context, line, len))
        ++*reader->damaged;
}

/* Hands on the whole lines that are there, and moves the rest to the front. */
static void hand_on_lines(struct reader *reader)
{
    char *line = reader->data;
    char *end = reader->data + reader->used;
    for (char *lf; (lf = memchr(line, '\n', (size_t)(end - line))) != NULL; line = lf + 1)
        hand_on(reader, line, (size_t)(lf - line));
    reader->used = (size_t)(end - line);
    if (reader->used < LINE_MAX_SIZE) {
        memmove(reader->data, line, reader->used);
        return;
    }
    if (!reader->skipping)
        ++*reader->damaged;
    reader->skipping = true;
    reader->used = 0;
}

static bool read_lines(struct reader *reader, int fd, const char *path, struct err *err)
{
    reader->used = 0;
    reader->skipping = false;
    for (;;) {
        ssize_t n = read(fd, reader->data + reader->used, LINE_MAX_SIZE - reader->used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set_errno(err, ERR_USAGE, errno, "cannot read %s", path);
        if (n == 0)
            break;
        reader->used += (size_t)n;
        hand_on_lines(reader);
    }
    hand_on(reader, reader->data, reader->used);
    return true;
}

/* -1 in *fd for a file that does not exist. */
static bool open_to_read(const char *path, int *fd, struct err *err)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    return *fd >= 0 || errno == ENOENT ||
           err_set_errno(err, ERR_USAGE, errno, "cannot open %s", path);
}

static bool same_file(int a, int b)
{
    struct stat sa, sb;
    return a >= 0 && b >= 0 && fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_ino == sb.st_ino &&
           sa.st_dev == sb.st_dev;
}

bool jsonl_each(const char *path, jsonl_take *take, void *context, int64_t *damaged,
                struct err *err)
{
    struct reader reader = {.take = take, .context = context, .damaged = damaged};
    char *old = mem_printf("%s.1", path);
    int now = -1;
    int before = -1;
    *damaged = 0;
    /* In this order a rotation between the two leaves no gap: it shows as one file with two names.
     */
    bool ok = open_to_read(path, &now, err) && open_to_read(old, &before, err);
    reader.data = mem_alloc(LINE_MAX_SIZE + 1);
    if (ok && before >= 0 && !same_file(now, before))
        ok = read_lines(&reader, before, old, err);
    if (ok && now >= 0)
        ok = read_lines(&reader, now, path, err);
    if (now >= 0)
        (void)close(now);
    if (before >= 0)
        (void)close(before);
    free(reader.data);
    free(old);
    return ok;
}
