/* Reads and replaces the files of others that a switch rewrites. */
#include "ops/pointer_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"

#define FILE_MAX ((size_t)1 << 20)
#define NEW_FILE_MODE 0600

bool pointer_file_read(const char *path, struct buf *text, mode_t *mode, struct err *err)
{
    struct stat st;
    *mode = 0;
    if (stat(path, &st) != 0) {
        if (errno != ENOENT)
            return err_set_errno(err, ERR_USAGE, errno, "cannot read %s", path);
        /* Said before a switch begins, not when the file is to be written. */
        if (lstat(path, &st) == 0)
            return err_set_hint(err, ERR_USAGE,
                                "create the file that the link names, or remove the link",
                                "%s is a symbolic link to nowhere", path);
        return true;
    }
    if (!S_ISREG(st.st_mode))
        return err_set_hint(err, ERR_USAGE, "name a regular file", "%s is not a regular file",
                            path);
    if (!fsio_read(path, FILE_MAX, text, err))
        return false;
    if (memchr(text->data, '\0', text->len))
        return err_set_hint(err, ERR_USAGE, "name the text file that was meant",
                            "%s is not a text file", path);
    *mode = st.st_mode & 07777;
    return true;
}

static bool in_group(gid_t group)
{
    gid_t groups[256];
    int count = getgroups(256, groups);
    for (int i = 0; i < count; i++) {
        if (groups[i] == group)
            return true;
    }
    return group == getegid();
}

bool pointer_file_check(const char *path, mode_t mode, struct err *err)
{
    struct stat st;
    char *real = mode ? realpath(path, NULL) : NULL;
    char *directory = mem_strdup(real ? real : path);
    char *slash = strrchr(directory, '/');
    if (slash)
        slash[slash == directory] = '\0';
    const char *where = slash ? directory : ".";
    bool ok = true;
    if (faccessat(AT_FDCWD, where, W_OK | X_OK, AT_EACCESS) != 0) {
        ok = err_set_errno(err, ERR_USAGE, errno, "cannot write to the directory of %s", path);
    } else if (mode && geteuid() != 0 && stat(path, &st) == 0 &&
               (st.st_uid != geteuid() || !in_group(st.st_gid))) {
        err_set(err, ERR_USAGE, "%s belongs to another user or group, which dbr cannot keep", path);
        ok = err_hint(err, "run dbr as the owner of that file or as root");
    }
    free(real);
    free(directory);
    return ok;
}

bool pointer_file_write(const char *path, mode_t mode, const struct buf *old_text,
                        const struct buf *new_text, struct err *err)
{
    if (mode && old_text->len == new_text->len &&
        memcmp(old_text->data, new_text->data, old_text->len) == 0)
        return true;
    return fsio_write_atomic(path, mode ? mode : NEW_FILE_MODE, new_text->data, new_text->len, err);
}
