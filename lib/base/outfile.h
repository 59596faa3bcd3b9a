/*
 * A file that appears whole or not at all: it is written beside its place under a temporary name
 * and renamed when it is complete, so that a failed run leaves an older file of that name as it
 * was. Standard output ("-") and what is no regular file (a pipe, /dev/null) are written directly.
 *
 *     struct outfile *out = outfile_open(path, &options, err);
 *     outfile_write(out, ...); ...
 *     ok = ok && outfile_finish(out, err);   // flushed to disk, renamed, directory flushed
 *     outfile_free(out);                     // removes the temporary file of an unfinished one
 *
 * The file has mode 0600, also where an older one had another; a symbolic link stays and the file
 * it leads to is replaced. A path that cannot be written to (its directory is missing, it is a
 * directory, permission) is ERR_USAGE; a write that fails (no space, a reader that went away) is
 * ERR_FAILED, and so is a directory that cannot be flushed when the file has its name already,
 * which the message says. All name the path. A wait for the reader of a pipe ends with ERR_STOPPED
 * on a stop request (base/stop.h). After an error every further call fails with the same one.
 */
#ifndef DBR_BASE_OUTFILE_H
#define DBR_BASE_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct outfile;
struct outfile_options {
    bool gzip;   /* one gzip member, compressed by blocks on all processors */
    int level;   /* 1 to 9 */
    int threads; /* that compress; 0: as many as there are processors, at most 4 */
};

/* Whether that path is written to standard output: "-", or another name of what it leads to. */
bool outfile_is_stdout(const char *path);
/* Waits for a reader when path is a named pipe. NULL on error. */
struct outfile *outfile_open(const char *path, const struct outfile_options *options,
                             struct err *err);
/* Buffered: an error may be that of an earlier write. */
bool outfile_write(struct outfile *out, const void *data, size_t len, struct err *err);
/* Of what was written so far, before compression. The CRC may wait for blocks that are being
 * compressed: for the end of a file, not for each line. */
uint32_t outfile_crc(const struct outfile *out); /* CRC-32 as in gzip */
int64_t outfile_bytes(const struct outfile *out);
/* Bytes in the file; complete after outfile_finish. */
int64_t outfile_stored(const struct outfile *out);
/* Once; nothing can be written after it. */
bool outfile_finish(struct outfile *out, struct err *err);
void outfile_free(struct outfile *out); /* NULL is fine */

#endif
