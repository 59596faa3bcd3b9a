/* Files: read whole, written atomically, appended by line. Every error names the path. */
#ifndef DBR_BASE_FSIO_H
#define DBR_BASE_FSIO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Appends the file's content to out. ERR_USAGE when it is missing, unreadable, a directory or
 * longer than max. */
bool fsio_read(const char *path, size_t max, struct buf *out, struct err *err);
/* The same of a file that may as well be missing; of a regular one only, since a pipe would be
 * waited for. */
bool fsio_read_if_regular(const char *path, size_t max, struct buf *out);
bool fsio_exists(const char *path);

/*
 * Replaces path by data: a temporary file in the same directory, created exclusively with mode,
 * written, fsynced, renamed, directory fsynced. On failure path is as before and the temporary file
 * is gone. What is no regular file (a device, a pipe), and a symbolic link to nowhere, is not
 * replaced: ERR_USAGE.
 */
bool fsio_write_atomic(const char *path, mode_t mode, const void *data, size_t len,
                       struct err *err);

/* Appends line and a newline in one write, creating the file with mode. */
bool fsio_append_line(const char *path, mode_t mode, const char *line, struct err *err);

/* Creates path with its parents where missing; the last one gets mode. An existing directory is
 * fine. */
bool fsio_make_dir(const char *path, mode_t mode, struct err *err);

/* Flushes a directory entry to disk. */
bool fsio_sync_dir(const char *path, struct err *err);

/* What an atomic write is made of, for those that write in pieces. */

/* Creates a file of mode 0600 beside path, under a name that did not exist; the name is put into
 * *temporary (free it). Returns its descriptor, or -1 with errno set. */
int fsio_open_temporary(const char *path, char **temporary);
/* Removes what fsio_open_temporary made beside path in runs that were killed: of no process that
 * lives, and held open by none on another machine. What cannot be removed stays. */
void fsio_remove_stale(const char *path);
/* The directory that holds path; free it. */
char *fsio_directory_of(const char *path);
/* The code for a write that failed with errnum: ERR_USAGE for a path that cannot be written to,
 * ERR_FAILED for a disk that is full or broken. */
enum err_code fsio_error_code(int errnum);

#endif
