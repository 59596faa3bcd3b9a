/*
 * Gzip files, one member each. zlib's own file layer is not used: it hides the reason of a failed
 * write, and after a finish some versions append an empty second member.
 */
#include "base/gz.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "base/mem.h"

#define OUT_SIZE ((size_t)64 * 1024)
#define GZIP_FORMAT 16 /* added to the window bits: a gzip header instead of zlib's */

struct gz {
    int fd;
    char *path;
    z_stream stream;
    bool failed; /* after a failure nothing more is written: the file ends where it broke */
    bool marked;
    z_stream mark; /* the stream as it was at the mark, */
    off_t mark_at; /* and where the file ended */
    unsigned char out[OUT_SIZE];
};

static bool write_out(struct gz *gz, struct err *err)
{
    const unsigned char *data = gz->out;
    size_t len = OUT_SIZE - gz->stream.avail_out;

    while (len > 0) {
        ssize_t n = write(gz->fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            gz->failed = true;
            return err_set_errno(err, ERR_FAILED, errno, "cannot write %s", gz->path);
        }
        data += n;
        len -= (size_t)n;
    }
    gz->stream.next_out = gz->out;
    gz->stream.avail_out = OUT_SIZE;
    return true;
}

/* Runs the input at hand through zlib; flush as in zlib. */
static bool compress_input(struct gz *gz, int flush, struct err *err)
{
    if (gz->failed)
        return err_set_hint(
            err, ERR_FAILED,
            "make room on that file system, or name another place, and run the program again",
            "cannot write %s: an earlier write failed", gz->path);
    for (;;) {
        int rc = deflate(&gz->stream, flush);
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
            gz->failed = true;
            return err_internal(err, "cannot compress %s: zlib error %d", gz->path, rc);
        }
        if (gz->stream.avail_out > 0)
            break;
        if (!write_out(gz, err))
            return false;
    }
    return flush == Z_NO_FLUSH || write_out(gz, err);
}

struct gz *gz_create(const char *path, mode_t mode, int level, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        err_set_errno(err, ERR_FAILED, errno, "cannot create %s", path);
        return NULL;
    }
    struct gz *gz = mem_alloc(sizeof *gz);
    gz->fd = fd;
    gz->path = mem_strdup(path);
    if (deflateInit2(&gz->stream, level, Z_DEFLATED, MAX_WBITS + GZIP_FORMAT, MAX_MEM_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        err_internal(err, "cannot compress %s at level %d", path, level);
        (void)close(fd);
        (void)unlink(path);
        free(gz->path);
        free(gz);
        return NULL;
    }
    gz->stream.next_out = gz->out;
    gz->stream.avail_out = OUT_SIZE;
    return gz;
}

bool gz_write(struct gz *gz, const void *data, size_t len, struct err *err)
{
    const unsigned char *next = data;

    while (len > 0) {
        uInt piece = len > UINT_MAX ? UINT_MAX : (uInt)len;
        gz->stream.next_in = (z_const Bytef *)next;
        gz->stream.avail_in = piece;
        if (!compress_input(gz, Z_NO_FLUSH, err))
            return false;
        next += piece;
        len -= piece;
    }
    return true;
}

static bool flush_to_disk(struct gz *gz, struct err *err)
{
    if (fsync(gz->fd) == 0 || errno == EINVAL) /* pipes and devices have no disk to reach */
        return true;
    gz->failed = true;
    return err_set_errno(err, ERR_FAILED, errno, "cannot write %s", gz->path);
}

bool gz_sync(struct gz *gz, struct err *err)
{
    return compress_input(gz, Z_FULL_FLUSH, err) && flush_to_disk(gz, err);
}

static void forget_mark(struct gz *gz)
{
    if (gz->marked)
        (void)deflateEnd(&gz->mark);
    gz->marked = false;
}

bool gz_mark(struct gz *gz, struct err *err)
{
    if (!gz_sync(gz, err))
        return false;
    forget_mark(gz);
    gz->mark_at = lseek(gz->fd, 0, SEEK_CUR);
    gz->marked = gz->mark_at >= 0 && deflateCopy(&gz->mark, &gz->stream) == Z_OK;
    return gz->marked || err_internal(err, "cannot mark a place in %s", gz->path);
}

bool gz_back(struct gz *gz, struct err *err)
{
    if (!gz->marked || gz->failed)
        return err_internal(err, "cannot take back what was written to %s", gz->path);
    if (ftruncate(gz->fd, gz->mark_at) != 0 || lseek(gz->fd, gz->mark_at, SEEK_SET) < 0) {
        gz->failed = true;
        return err_set_errno(err, ERR_FAILED, errno, "cannot write %s", gz->path);
    }
    (void)deflateEnd(&gz->stream);
    gz->marked = false;
    if (deflateCopy(&gz->stream, &gz->mark) != Z_OK)
        mem_abort();
    (void)deflateEnd(&gz->mark);
    gz->stream.next_out = gz->out;
    gz->stream.avail_out = OUT_SIZE;
    return gz_mark(gz, err);
}

bool gz_close(struct gz *gz, struct err *err)
{
    if (!gz)
        return true;
    bool ok = compress_input(gz, Z_FINISH, err) && flush_to_disk(gz, err);
    if (close(gz->fd) != 0 && ok)
        ok = err_set_errno(err, ERR_FAILED, errno, "cannot write %s", gz->path);
    (void)deflateEnd(&gz->stream);
    forget_mark(gz);
    free(gz->path);
    free(gz);
    return ok;
}
