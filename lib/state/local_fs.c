/* Tells network file systems by their magic number; those in user space, which share one number, by
 * name. */
#include "state/local_fs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/buf.h"
#include "base/fsio.h"
#include "base/mem.h"

#define FUSE_MAGIC 0x65735546UL
#define MOUNTINFO_MAX ((size_t)8 << 20)

static const struct {
    unsigned long magic;
    const char *name;
} remote_types[] = {
    {0x6969UL, "NFS"},      {0x517bUL, "SMB"},     {0xff534d42UL, "CIFS"}, {0xfe534d42UL, "SMB"},
    {0x5346414fUL, "AFS"},  {0x6b414653UL, "AFS"}, {0x00c36400UL, "Ceph"}, {0x0bd00bd0UL, "Lustre"},
    {0x73757245UL, "Coda"}, {0x564cUL, "NetWare"}, {0x47504653UL, "GPFS"}, {0x19830326UL, "BeeGFS"},
};

/* Parts of FUSE type names; other FUSE file systems (overlays of containers, disks) are local. */
static const char *const remote_fuse[] = {
    "sshfs",  "s3fs", "rclone", "gluster", "ceph",      "davfs",    "gcsfuse",
    "goofys", "smb",  "nfs",    "juicefs", "curlftpfs", "blobfuse", "mountpoint-s3"};

const char *local_fs_remote_name(unsigned long f_type, const char *fuse_type)
{
    for (size_t i = 0; i < sizeof remote_types / sizeof remote_types[0]; i++) {
        /* f_type is signed on some systems: only 32 bits count. */
        if (remote_types[i].magic == (f_type & 0xffffffffUL))
            return remote_types[i].name;
    }
    if ((f_type & 0xffffffffUL) != FUSE_MAGIC || !fuse_type)
        return NULL;
    for (size_t i = 0; i < sizeof remote_fuse / sizeof remote_fuse[0]; i++) {
        if (strstr(fuse_type, remote_fuse[i]))
            return remote_fuse[i];
    }
    return NULL;
}

/* True when the mount point (with \040 for blanks) holds path. */
static bool holds(const char *mount, size_t len, const char *path, size_t *plain_len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++, n++) {
        char c = mount[i];
        if (c == '\\' && i + 3 < len) {
            c = (char)(((mount[i + 1] - '0') << 6) | ((mount[i + 2] - '0') << 3) |
                       (mount[i + 3] - '0'));
            i += 3;
        }
        if (path[n] != c)
            return false;
    }
    *plain_len = n;
    return n == 1 || path[n] == '\0' || path[n] == '/';
}

char *local_fs_mount_type(const char *mountinfo, const char *path)
{
    char *type = NULL;
    size_t best = 0;
    for (const char *line = mountinfo; *line;) {
        /* id parent major:minor root MOUNTPOINT options ... - TYPE source options */
        const char *end = line + strcspn(line, "\n");
        const char *field = line;
        for (int i = 0; i < 4 && field < end; i++)
            field += strcspn(field, " \n") + 1;
        const char *dash = strstr(line, " - ");
        size_t len = field < end ? strcspn(field, " \n") : 0;
        size_t depth = 0;
        /* A later mount on the same point covers the earlier. */
        if (len > 0 && dash && dash < end && holds(field, len, path, &depth) && depth >= best) {
            best = depth;
            free(type);
            type = mem_strndup(dash + 3, strcspn(dash + 3, " \n"));
        }
        line = *end ? end + 1 : end;
    }
    return type;
}

static char *fuse_type_of(const char *path)
{
    struct buf mounts = BUF_INIT;
    struct err ignored = ERR_INIT;
    char *real = realpath(path, NULL);
    char *type = NULL;
    if (real && fsio_read("/proc/self/mountinfo", MOUNTINFO_MAX, &mounts, &ignored))
        type = local_fs_mount_type(mounts.data, real);
    free(real);
    buf_release(&mounts);
    return type;
}

bool local_fs_check(const char *path, struct err *err)
{
    struct statfs fs;
    if (statfs(path, &fs) != 0)
        return err_set_errno(err, ERR_USAGE, errno, "cannot look at %s", path);
    unsigned long type = (unsigned long)fs.f_type;
    char *fuse = (type & 0xffffffffUL) == FUSE_MAGIC ? fuse_type_of(path) : NULL;
    const char *name = local_fs_remote_name(type, fuse);
    free(fuse);
    if (!name)
        return true;
    err_set(err, ERR_USAGE, "the state directory %s is on a network file system (%s)", path, name);
    return err_hint(err, "set DB_STATE_DIR to a directory on a disk of this machine: locks are not "
                         "reliable elsewhere");
}
