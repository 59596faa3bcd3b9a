/* Files and pipes read as a stream, decompressed where they are gzip. */
#include "base/infile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/stop.h"

#define BUFFER ((size_t)128 * 1024)
#define POLL_SLICE_MS 100
#define GZIP_FORMAT 16 /* added to the window bits: gzip headers and trailers */
#define MAGIC_MAX 8    /* the longest of those below */

enum kind { UNKNOWN, PLAIN, GZIP };

struct infile {
    int fd;
    char *path; /* NULL: standard input */
    bool regular;
    off_t start; /* where a regular file was when it was opened */
    int64_t size;
    int64_t fetched; /* stored bytes that went through the buffer or past it */
    bool ended;      /* there is nothing more to fetch */
    enum kind kind;
    bool has_stream;
    bool within_member;
    z_stream stream;
    size_t at; /* buffer[at .. filled) is not consumed */
    size_t filled;
    unsigned char buffer[BUFFER];
};

/* What a user may take for a file of ours, and the command that makes text of it. */
static const struct format {
    const char *magic;
    size_t len;
    const char *what;
    const char *convert;
} formats[] = {
    {"PGDMP", 5, "in the custom format of pg_dump", "convert it first: pg_restore -f -"},
    {"toc.dat", 8, "in the tar format of pg_dump", "convert it first: pg_restore -f -"},
    {"\x28\xb5\x2f\xfd", 4, "compressed with zstd", "decompress it first: zstd -dc"},
    {"\xfd\x37zXZ", 6, "compressed with xz", "decompress it first: xz -dc"},
    {"BZh", 3, "compressed with bzip2", "decompress it first: bzip2 -dc"},
    {"PK\x03\x04", 4, "a zip archive", "unpack it first: funzip"},
    {"\x04\x22\x4d\x18", 4, "compressed with lz4", "decompress it first: lz4 -dc"},
};

const char *infile_name(const struct infile *in)
{
    return in->path ? in->path : "standard input";
}

/* --- opening ------------------------------------------------------------- */

static bool open_fd(struct infile *in, struct err *err)
{
    struct stat st;

    /* Without waiting for the writer of a named pipe: reads wait, and notice a stop. */
    in->fd = in->path ? open(in->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : STDIN_FILENO;
    if (in->fd < 0)
        return err_set_errno(err, ERR_USAGE, errno, "cannot open %s", in->path);
    if (fstat(in->fd, &st) != 0)
        return err_set_errno(err, ERR_USAGE, errno, "cannot read %s", infile_name(in));
    if (S_ISDIR(st.st_mode))
        return err_set_errno(err, ERR_USAGE, EISDIR, "cannot read %s", infile_name(in));
    if (isatty(in->fd))
        return err_set_hint(err, ERR_USAGE,
                            "name a file, or let another program write into standard input: zcat "
                            "FILE | dbr-import --input=-",
                            "cannot read %s: it is a terminal", infile_name(in));
    in->regular = S_ISREG(st.st_mode);
    if (!in->regular)
        return true;
    in->start = lseek(in->fd, 0, SEEK_CUR);
    if (in->start < 0)
        return err_set_errno(err, ERR_USAGE, errno, "cannot read %s", infile_name(in));
    in->size = st.st_size > in->start ? st.st_size - in->start : 0;
    return true;
}

struct infile *infile_open(const char *path, struct err *err)
{
    struct infile *in = mem_alloc(sizeof *in);

    in->fd = -1;
    in->size = -1;
    in->path = strcmp(path, "-") == 0 ? NULL : mem_strdup(path);
    if (open_fd(in, err))
        return in;
    infile_free(in);
    return NULL;
}

/* --- stored bytes -------------------------------------------------------- */

static bool wait_readable(int fd, struct err *err)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    do {
        if (!stop_check(err))
            return false;
    } while (poll(&wait, 1, POLL_SLICE_MS) <= 0);
    return true;
}

/* Reads what is there, up to size; *len 0 at the end. */
static bool fetch(struct infile *in, void *data, size_t size, size_t *len, struct err *err)
{
    *len = 0;
    while (!in->ended) {
        if (!in->regular && !wait_readable(in->fd, err))
            return false;
        ssize_t n = read(in->fd, data, size);
        if (n < 0 && (errno == EINTR || (errno == EAGAIN && !in->regular)))
            continue;
        if (n < 0)
            return err_set_errno(err, ERR_FAILED, errno, "cannot read %s", infile_name(in));
        if (n > 0) {
            in->fetched += n;
            *len = (size_t)n;
            return true;
        }
        in->ended = true;
    }
    return true;
}

static size_t buffered(const struct infile *in)
{
    return in->filled - in->at;
}

/* Has at least want bytes in the buffer, less only at the end of the file. */
static bool have(struct infile *in, size_t want, struct err *err)
{
    if (buffered(in) >= want)
        return true;
    memmove(in->buffer, in->buffer + in->at, buffered(in));
    in->filled = buffered(in);
    in->at = 0;
    while (in->filled < want && !in->ended) {
        size_t len;
        if (!fetch(in, in->buffer + in->filled, BUFFER - in->filled, &len, err))
            return false;
        in->filled += len;
    }
    return true;
}

int64_t infile_position(const struct infile *in)
{
    return in->fetched - (int64_t)buffered(in);
}

/* --- formats ------------------------------------------------------------- */

static bool begins(const struct infile *in, const void *magic, size_t len)
{
    return buffered(in) >= len && memcmp(in->buffer + in->at, magic, len) == 0;
}

/* A lone first byte counts: it is what is left of a gzip file that was cut off. */
static bool begins_member(const struct infile *in)
{
    return begins(in, "\x1f\x8b", 2) || (buffered(in) == 1 && begins(in, "\x1f", 1));
}

static bool refuse_format(const struct infile *in, const struct format *format, struct err *err)
{
    err_set(err, ERR_REFUSED, "%s is %s", infile_name(in), format->what);
    if (in->path)
        return err_hint(err, "%s %s | dbr-import --input=-", format->convert, in->path);
    return err_hint(err, "%s | dbr-import --input=-", format->convert);
}

static void begin_member(struct infile *in)
{
    int rc = in->has_stream ? inflateReset(&in->stream)
                            : inflateInit2(&in->stream, MAX_WBITS + GZIP_FORMAT);

    /* Out of memory, or a library that is not the one this was built with. */
    if (rc != Z_OK)
        mem_abort();
    in->has_stream = true;
    in->within_member = true;
}

static bool tell_kind(struct infile *in, struct err *err)
{
    if (!have(in, MAGIC_MAX, err))
        return false;
    if (buffered(in) == 0)
        return err_set_hint(err, ERR_REFUSED, HINT_DAMAGED_FILE, "%s is empty", infile_name(in));
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (begins(in, formats[i].magic, formats[i].len))
            return refuse_format(in, &formats[i], err);
    if (begins_member(in)) {
        in->kind = GZIP;
        begin_member(in);
    } else {
        in->kind = PLAIN;
    }
    return true;
}

bool infile_is_gzip(const struct infile *in)
{
    return in->kind == GZIP;
}

/* --- reading ------------------------------------------------------------- */

static bool read_plain(struct infile *in, char *data, size_t size, size_t *len, struct err *err)
{
    size_t rest = buffered(in);

    if (rest == 0)
        return fetch(in, data, size, len, err);
    *len = rest < size ? rest : size;
    memcpy(data, in->buffer + in->at, *len);
    in->at += *len;
    return true;
}

/* Between members: another one, the end, or what should not be there. */
static bool next_member(struct infile *in, struct err *err)
{
    if (!have(in, 2, err))
        return false;
    if (buffered(in) == 0)
        return true;
    if (begins_member(in)) {
        begin_member(in);
        return true;
    }
    if (in->size > infile_position(in))
        return err_set_hint(err, ERR_REFUSED, HINT_DAMAGED_FILE,
                            "%s is damaged: %lld bytes behind its end are no gzip", infile_name(in),
                            (long long)(in->size - infile_position(in)));
    return err_set_hint(err, ERR_REFUSED, HINT_DAMAGED_FILE,
                        "%s is damaged: what follows its end at byte %lld is no gzip",
                        infile_name(in), (long long)infile_position(in));
}

static bool inflate_some(struct infile *in, char *data, size_t size, size_t *len, struct err *err)
{
    z_stream *stream = &in->stream;
    uInt room = size > UINT_MAX ? UINT_MAX : (uInt)size;

    stream->next_in = in->buffer + in->at;
    stream->avail_in = (uInt)buffered(in);
    stream->next_out = (unsigned char *)data;
    stream->avail_out = room;
    int rc = inflate(stream, Z_NO_FLUSH);
    in->at = in->filled - stream->avail_in;
    *len = room - stream->avail_out;
    switch (rc) {
    case Z_STREAM_END:
        in->within_member = false;
        return true;
    case Z_OK:
    case Z_BUF_ERROR: /* no progress: more input is needed */
        return true;
    case Z_MEM_ERROR:
        mem_abort();
    default:
        return err_set_hint(err, ERR_REFUSED, HINT_DAMAGED_FILE, "%s is damaged at byte %lld: %s",
                            infile_name(in), (long long)infile_position(in),
                            stream->msg ? stream->msg : "not gzip");
    }
}

static bool read_gzip(struct infile *in, char *data, size_t size, size_t *len, struct err *err)
{
    while (*len == 0) {
        if (!in->within_member) {
            if (!next_member(in, err))
                return false;
            if (!in->within_member)
                return true;
        }
        /* Without input too: zlib may hold output that found no room the last time. */
        if (!inflate_some(in, data, size, len, err))
            return false;
        if (*len > 0 || !in->within_member)
            continue;
        if (!have(in, 1, err))
            return false;
        if (buffered(in) == 0)
            return err_set_hint(err, ERR_REFUSED, HINT_DAMAGED_FILE, "%s is cut off at byte %lld",
                                infile_name(in), (long long)infile_position(in));
    }
    return true;
}

bool infile_read(struct infile *in, char *data, size_t size, size_t *len, struct err *err)
{
    *len = 0;
    if (in->kind == UNKNOWN && !tell_kind(in, err))
        return false;
    bool ok = in->kind == GZIP ? read_gzip(in, data, size, len, err)
                               : read_plain(in, data, size, len, err);
    if (!ok)
        *len = 0;
    return ok;
}

/* --- the rest ------------------------------------------------------------ */

bool infile_can_rewind(const struct infile *in)
{
    return in->regular;
}

bool infile_rewind(struct infile *in, struct err *err)
{
    if (!in->regular)
        return err_set_hint(err, ERR_USAGE, "store it in a file first, and name that file",
                            "cannot read %s twice", infile_name(in));
    if (lseek(in->fd, in->start, SEEK_SET) < 0)
        return err_set_errno(err, ERR_FAILED, errno, "cannot read %s again", infile_name(in));
    in->fetched = 0;
    in->ended = false;
    in->kind = UNKNOWN;
    in->within_member = false;
    in->at = 0;
    in->filled = 0;
    return true;
}

int64_t infile_size(const struct infile *in)
{
    return in->size;
}

void infile_free(struct infile *in)
{
    if (!in)
        return;
    if (in->has_stream)
        (void)inflateEnd(&in->stream);
    if (in->path && in->fd >= 0)
        (void)close(in->fd);
    free(in->path);
    free(in);
}
