/*
 * Files that belong to the application or to PgBouncer and are rewritten by a switch: read whole,
 * replaced atomically with their owner and mode, symbolic links followed.
 */
#ifndef DBR_OPS_POINTER_FILE_H
#define DBR_OPS_POINTER_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Appends the file's text to out. *mode is 0, and nothing appended, when there is none. ERR_USAGE
 * for what is no readable text file. */
bool pointer_file_read(const char *path, struct buf *text, mode_t *mode, struct err *err);

/* Whether it can be replaced (mode not 0) or created: the right to write to its directory, and to
 * give the new file the old one's owner. ERR_USAGE. */
bool pointer_file_check(const char *path, mode_t mode, struct err *err);

/* Replaces the text unless the two are the same. A new file gets mode 0600. */
bool pointer_file_write(const char *path, mode_t mode, const struct buf *old_text,
                        const struct buf *new_text, struct err *err);

#endif
