/*
 * Is a directory on a file system of this machine? Locks of a network file system do not reliably
 * keep two runs apart, and may outlive their holder, so the state directory must not be on one.
 */
#ifndef DBR_STATE_LOCAL_FS_H
#define DBR_STATE_LOCAL_FS_H

#include <stdbool.h>

#include "base/err.h"

/* ERR_USAGE when path (which exists) is on a network file system. */
bool local_fs_check(const char *path, struct err *err);

/* The judgement alone: f_type of statfs(2) and, for FUSE, the type in /proc/self/mountinfo or NULL.
 * NULL: local. */
const char *local_fs_remote_name(unsigned long f_type, const char *fuse_type);

/* The type ("fuse.sshfs") of the mount that holds path, from text as in /proc/self/mountinfo;
 * malloced, or NULL. */
char *local_fs_mount_type(const char *mountinfo, const char *path);

#endif
