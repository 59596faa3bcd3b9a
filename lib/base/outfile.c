/* Files that appear whole or not at all, plain or compressed, and pipes that may be slow. */
#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/gz_blocks.h"
#include "base/mem.h"
#include "base/stop.h"

#define BUFFER ((size_t)128 * 1024)
/* What a pipe takes without blocking once poll said that it is writable. */
#define PIPE_PIECE ((size_t)4096)
#define POLL_SLICE_MS 100
#define MAX_THREADS 4

struct outfile {
    int fd;
    bool regular;
    bool own;        /* fd is ours to close */
    char *name;      /* for messages */
    char *target;    /* what the temporary file becomes; NULL when written directly */
    char *temporary; /* until it is renamed */
    struct gz_blocks *gz;
    unsigned char *plain; /* BUFFER bytes, when not compressed */
    size_t plain_len;
    uLong crc; /* of the plain bytes that left the buffer */
    int64_t bytes;
    int64_t stored;
    bool finished;
    struct err failure; /* what every call after it reports */
};

static bool fail_errno(struct outfile *out, enum err_code code, int errnum, struct err *err)
{
    return err_set_errno(err, code, errnum, "cannot write %s", out->name);
}

/* Returns when fd takes at least a piece. Errors of the other side are left to the write. */
static bool wait_writable(int fd, struct err *err)
{
    struct pollfd wait = {.fd = fd, .events = POLLOUT};

    do {
        if (!stop_check(err))
            return false;
    } while (poll(&wait, 1, POLL_SLICE_MS) <= 0);
    return true;
}

/* The output of the compressor, and of plain writes. */
static bool store(void *context, const void *data, size_t len, struct err *err)
{
    struct outfile *out = context;
    const char *next = data;

    while (len > 0) {
        size_t piece = len;

        if (!out->regular) {
            if (!wait_writable(out->fd, err))
                return false;
            if (piece > PIPE_PIECE)
                piece = PIPE_PIECE;
        }
        ssize_t n = write(out->fd, next, piece);
        if (n < 0 && (errno == EINTR || (errno == EAGAIN && !out->regular)))
            continue;
        if (n < 0)
            return fail_errno(out, ERR_FAILED, errno, err);
        out->stored += n;
        next += n;
        len -= (size_t)n;
    }
    return true;
}

/* --- opening ------------------------------------------------------------- */

static int count_processors(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n;
}

/* A pipe without a reader refuses to be opened without waiting, which is how waiting for one can be
 * given up. */
static bool open_direct(struct outfile *out, const char *path, struct err *err)
{
    for (;;) {
        out->fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (out->fd >= 0) {
            out->own = true;
            return true;
        }
        if (errno != ENXIO && errno != EINTR)
            return fail_errno(out, fsio_error_code(errno), errno, err);
        if (!stop_check(err))
            return false;
        clock_sleep_ms(POLL_SLICE_MS / 10);
    }
}

static bool open_beside(struct outfile *out, const char *path, struct err *err)
{
    /* A symbolic link stays: the file it leads to is the one that is replaced. */
    char *real = realpath(path, NULL);

    out->target = real ? real : mem_strdup(path);
    fsio_remove_stale(out->target);
    out->fd = fsio_open_temporary(out->target, &out->temporary);
    if (out->fd < 0)
        return fail_errno(out, fsio_error_code(errno), errno, err);
    out->own = true;
    out->regular = true;
    /* The umask may have taken the owner's access too; a file system without modes says EPERM. */
    if (fchmod(out->fd, 0600) != 0 && errno != EPERM)
        return fail_errno(out, fsio_error_code(errno), errno, err);
    return true;
}

/* /dev/stdout that is a file: to replace that file, or to write it from its beginning, would undo
 * what the shell's ">>" asked for. */
bool outfile_is_stdout(const char *path)
{
    struct stat st, standard;

    return strcmp(path, "-") == 0 ||
           (stat(path, &st) == 0 && fstat(STDOUT_FILENO, &standard) == 0 &&
            st.st_dev == standard.st_dev && st.st_ino == standard.st_ino);
}

static bool open_path(struct outfile *out, const char *path, struct err *err)
{
    struct stat st;

    if (outfile_is_stdout(path)) {
        if (fstat(STDOUT_FILENO, &st) != 0)
            return fail_errno(out, ERR_USAGE, errno, err);
        out->fd = STDOUT_FILENO;
        out->regular = S_ISREG(st.st_mode);
        return true;
    }
    if (stat(path, &st) != 0)
        return errno == ENOENT && *path ? open_beside(out, path, err)
                                        : fail_errno(out, fsio_error_code(errno), errno, err);
    if (S_ISDIR(st.st_mode))
        return fail_errno(out, ERR_USAGE, EISDIR, err);
    return S_ISREG(st.st_mode) ? open_beside(out, path, err) : open_direct(out, path, err);
}

static bool open_compressor(struct outfile *out, const struct outfile_options *options,
                            struct err *err)
{
    if (options->gzip) {
        int threads = options->threads > 0 ? options->threads : count_processors();
        out->gz = gz_blocks_new(options->level, threads, store, out, err);
        return out->gz != NULL;
    }
    out->plain = mem_realloc(NULL, BUFFER);
    return true;
}

struct outfile *outfile_open(const char *path, const struct outfile_options *options,
                             struct err *err)
{
    struct outfile *out = mem_alloc(sizeof *out);

    out->fd = -1;
    out->name = mem_strdup(strcmp(path, "-") == 0 ? "standard output" : path);
    if (open_path(out, path, err) && open_compressor(out, options, err))
        return out;
    outfile_free(out);
    return NULL;
}

/* --- writing ------------------------------------------------------------- */

static bool usable(const struct outfile *out, struct err *err)
{
    if (out->failure.code != ERR_NONE) {
        if (err)
            *err = out->failure;
        return false;
    }
    return !out->finished || err_internal(err, "cannot write %s: it is finished", out->name);
}

/* Keeps the error of a step that failed: a file that broke off is never finished as if it were
 * whole. */
static bool settle(struct outfile *out, bool ok, const struct err *why, struct err *err)
{
    if (ok)
        return true;
    out->failure = *why;
    if (err)
        *err = *why;
    return false;
}

static bool flush_plain(struct outfile *out, struct err *err)
{
    out->crc = crc32_z(out->crc, out->plain, out->plain_len);
    size_t len = out->plain_len;
    out->plain_len = 0;
    return store(out, out->plain, len, err);
}

static bool write_plain(struct outfile *out, const void *data, size_t len, struct err *err)
{
    const char *next = data;

    while (len > 0) {
        size_t room = BUFFER - out->plain_len;
        size_t piece = len < room ? len : room;

        memcpy(out->plain + out->plain_len, next, piece);
        out->plain_len += piece;
        next += piece;
        len -= piece;
        if (out->plain_len == BUFFER && !flush_plain(out, err))
            return false;
    }
    return true;
}

bool outfile_write(struct outfile *out, const void *data, size_t len, struct err *err)
{
    struct err why = ERR_INIT;

    if (!usable(out, err))
        return false;
    out->bytes += (int64_t)len;
    bool ok =
        out->gz ? gz_blocks_write(out->gz, data, len, &why) : write_plain(out, data, len, &why);
    return settle(out, ok, &why, err);
}

uint32_t outfile_crc(const struct outfile *out)
{
    if (out->gz)
        return gz_blocks_crc(out->gz);
    return (uint32_t)crc32_z(out->crc, out->plain, out->plain_len);
}

int64_t outfile_bytes(const struct outfile *out)
{
    return out->bytes;
}

int64_t outfile_stored(const struct outfile *out)
{
    return out->stored;
}

/* --- the end ------------------------------------------------------------- */

static bool close_own(struct outfile *out)
{
    int fd = out->fd;

    out->fd = -1;
    return !out->own || fd < 0 || close(fd) == 0;
}

static bool put_in_place(struct outfile *out, struct err *err)
{
    if (rename(out->temporary, out->target) != 0)
        return fail_errno(out, fsio_error_code(errno), errno, err);
    free(out->temporary);
    out->temporary = NULL;
    char *directory = fsio_directory_of(out->target);
    struct err why = ERR_INIT;
    bool ok = fsio_sync_dir(directory, &why);
    free(directory);
    return ok ||
           err_set_hint(err, ERR_FAILED, "run sync(1), and look at the file system that it lies on",
                        "%s is there and complete, but might not outlast a crash: %s", out->name,
                        why.message);
}

static bool finish(struct outfile *out, struct err *err)
{
    if (!(out->gz ? gz_blocks_finish(out->gz, err) : flush_plain(out, err)))
        return false;
    if (out->regular && fsync(out->fd) != 0)
        return fail_errno(out, ERR_FAILED, errno, err);
    if (!close_own(out))
        return fail_errno(out, ERR_FAILED, errno, err);
    return !out->temporary || put_in_place(out, err);
}

bool outfile_finish(struct outfile *out, struct err *err)
{
    struct err why = ERR_INIT;

    if (!usable(out, err))
        return false;
    out->finished = true;
    return settle(out, finish(out, &why), &why, err);
}

void outfile_free(struct outfile *out)
{
    if (!out)
        return;
    gz_blocks_free(out->gz);
    (void)close_own(out);
    if (out->temporary) {
        (void)unlink(out->temporary);
        free(out->temporary);
    }
    free(out->target);
    free(out->plain);
    free(out->name);
    free(out);
}
