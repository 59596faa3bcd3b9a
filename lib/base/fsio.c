/*
 * Files. Writing is arranged so that a reader, or a machine that lost power, sees either the old
 * content or the new one, never a part.
 */
#include "base/fsio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define READ_PIECE ((size_t)64 * 1024)

/* A path that is wrong is the user's to correct; a disk that is full or broken is a failure. */
enum err_code fsio_error_code(int errnum)
{
    switch (errnum) {
    case EACCES:
    case EPERM:
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case EEXIST:
    case EROFS:
        return ERR_USAGE;
    default:
        return ERR_FAILED;
    }
}

static bool read_all(int fd, const char *path, size_t max, struct buf *out, struct err *err)
{
    size_t start = out->len;

    for (;;) {
        /* One byte more than allowed shows that the file is too long. */
        size_t left = max - (out->len - start);
        size_t piece = left < READ_PIECE ? left + 1 : READ_PIECE;
        buf_grow(out, piece);
        ssize_t n = read(fd, out->data + out->len, piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set_errno(err, ERR_USAGE, errno, "cannot read %s", path);
        if (n == 0)
            return true;
        if ((size_t)n > left)
            return err_set_hint(err, ERR_USAGE,
                                "this is hardly the file that was meant: check its name",
                                "cannot read %s: longer than %zu bytes", path, max);
        out->len += (size_t)n;
        out->data[out->len] = '\0';
    }
}

bool fsio_read(const char *path, size_t max, struct buf *out, struct err *err)
{
    size_t start = out->len;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, ERR_USAGE, errno, "cannot open %s", path);
    bool ok = read_all(fd, path, max, out, err);
    (void)close(fd);
    if (!ok)
        buf_truncate(out, start);
    return ok;
}

bool fsio_read_if_regular(const char *path, size_t max, struct buf *out)
{
    struct stat st;
    struct err ignored = ERR_INIT;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && fsio_read(path, max, out, &ignored);
}

bool fsio_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

char *fsio_directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return mem_strdup(".");
    return mem_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

int fsio_open_temporary(const char *path, char **temporary)
{
    static _Atomic unsigned counter;

    for (int attempt = 0; attempt < 100; attempt++) {
        char *name =
            mem_printf("%s.%ld.%u.tmp", path, (long)getpid(), atomic_fetch_add(&counter, 1));
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0) {
            /* For fsio_remove_stale; not every file system has locks. */
            (void)flock(fd, LOCK_EX | LOCK_NB);
            *temporary = name;
            return fd;
        }
        int saved = errno;
        free(name);
        errno = saved;
        if (saved != EEXIST)
            return -1;
    }
    return -1;
}

/* Of a name PREFIX.PID.NUMBER.tmp the PID, else 0. */
static long process_of(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);
    char *end = NULL;
    long pid;

    if (strncmp(name, prefix, len) != 0 || name[len] != '.' || name[len + 1] < '1' ||
        name[len + 1] > '9')
        return 0;
    errno = 0;
    pid = strtol(name + len + 1, &end, 10);
    if (errno || pid > INT_MAX || *end != '.' || end[1] < '0' || end[1] > '9')
        return 0;
    (void)strtoul(end + 1, &end, 10);
    return strcmp(end, ".tmp") == 0 ? pid : 0;
}

static void remove_if_stale(int directory, const char *name)
{
    struct stat st;
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
        flock(fd, LOCK_EX | LOCK_NB) == 0)
        (void)unlinkat(directory, name, 0);
    (void)close(fd);
}

void fsio_remove_stale(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *place = fsio_directory_of(path);
    DIR *directory = opendir(place);

    for (struct dirent *entry = directory ? readdir(directory) : NULL; entry;
         entry = readdir(directory)) {
        long pid = process_of(entry->d_name, slash ? slash + 1 : path);

        if (pid && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
            remove_if_stale(dirfd(directory), entry->d_name);
    }
    if (directory)
        (void)closedir(directory);
    free(place);
}

static bool fill_temporary(int fd, const char *path, mode_t mode, const void *data, size_t len)
{
    struct stat old;

    /* A file that the application owns stays its own when root rewrites it; where that is not
     * allowed the new owner is whoever runs dbr, which is the best that can be had. */
    if (stat(path, &old) == 0 && (old.st_uid != geteuid() || old.st_gid != getegid()) &&
        fchown(fd, old.st_uid, old.st_gid) != 0 && errno != EPERM)
        return false;
    return fchmod(fd, mode) == 0 && write_all(fd, data, len) && fsync(fd) == 0;
}

/* shown: the path as the caller named it, for errors. */
static bool replace_file(const char *path, const char *shown, mode_t mode, const void *data,
                         size_t len, struct err *err)
{
    char *temporary = NULL;
    int fd = fsio_open_temporary(path, &temporary);
    if (fd < 0)
        return err_set_errno(err, fsio_error_code(errno), errno, "cannot write %s", shown);

    bool ok = fill_temporary(fd, path, mode, data, len);
    int why = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok && rename(temporary, path) != 0) {
        ok = false;
        why = errno;
    }
    if (!ok)
        (void)unlink(temporary);
    free(temporary);
    if (!ok)
        return err_set_errno(err, fsio_error_code(why), why, "cannot write %s", shown);

    char *directory = fsio_directory_of(path);
    ok = fsio_sync_dir(directory, err);
    free(directory);
    return ok;
}

/*
 * A file takes the place of what is there, which nobody wants of a device (/dev/null), a pipe or
 * what else /dev/stdout leads to. A symbolic link stays: *real, malloced, is the file that it leads
 * to; NULL where there is nothing yet. A directory refuses by itself.
 */
static bool find_replaced(const char *path, char **real, struct err *err)
{
    struct stat st;
    *real = NULL;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return err_set_hint(err, ERR_USAGE, "name a regular file",
                            "cannot write %s: it is not a regular file", path);
    *real = realpath(path, NULL);
    int why = errno;
    if (*real || lstat(path, &st) != 0 || !S_ISLNK(st.st_mode))
        return true;
    if (why != ENOENT)
        return err_set_errno(err, fsio_error_code(why), why, "cannot write %s", path);
    return err_set_hint(err, ERR_USAGE, "create the file that the link names, or remove the link",
                        "cannot write %s: it is a symbolic link to nowhere", path);
}

bool fsio_write_atomic(const char *path, mode_t mode, const void *data, size_t len, struct err *err)
{
    char *real = NULL;
    if (!find_replaced(path, &real, err))
        return false;
    bool ok = replace_file(real ? real : path, path, mode, data, len, err);
    free(real);
    return ok;
}

/* True when the file ends within a line: an earlier append was cut off by a full disk or a crash.
 */
static bool ends_within_line(int fd)
{
    struct stat st;
    char last;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return false;
    return pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

bool fsio_append_line(const char *path, mode_t mode, const char *line, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, mode);
    if (fd < 0)
        return err_set_errno(err, fsio_error_code(errno), errno, "cannot append to %s", path);

    struct buf text = BUF_INIT;
    if (ends_within_line(fd))
        buf_addch(&text, '\n');
    buf_adds(&text, line);
    buf_addch(&text, '\n');
    bool ok = write_all(fd, text.data, text.len);
    int why = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    buf_release(&text);
    return ok || err_set_errno(err, fsio_error_code(why), why, "cannot append to %s", path);
}

static bool make_one_dir(const char *path, mode_t mode, struct err *err)
{
    struct stat st;

    if (mkdir(path, mode) == 0)
        return true;
    int why = errno;
    /* Whatever mkdir says of it ("/" may be "read-only file system"), a directory that is there is
     * fine. */
    if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return true;
        why = ENOTDIR;
    }
    return err_set_errno(err, fsio_error_code(why), why, "cannot create directory %s", path);
}

bool fsio_make_dir(const char *path, mode_t mode, struct err *err)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return true;
    char *prefix = mem_strdup(path);
    bool ok = true;
    for (char *slash = strchr(prefix + (*prefix == '/'), '/'); ok && slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        /* "a//b" and "a/" name nothing between or after their slashes. */
        if (slash[1] != '\0' && slash[1] != '/')
            ok = make_one_dir(prefix, 0777, err);
        *slash = '/';
    }
    free(prefix);
    return ok && make_one_dir(path, mode, err);
}

bool fsio_sync_dir(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, fsio_error_code(errno), errno, "cannot open directory %s", path);
    int why = fsync(fd) == 0 ? 0 : errno;
    (void)close(fd);
    /* Some file systems have nothing to flush for a directory and say so. */
    if (why == 0 || why == EINVAL || why == ENOTSUP)
        return true;
    return err_set_errno(err, ERR_FAILED, why, "cannot flush directory %s", path);
}
