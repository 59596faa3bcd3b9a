/* Gzip files, written and read as streams. */
#ifndef DBR_BASE_GZ_H
#define DBR_BASE_GZ_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct gz;

/* Creates path exclusively with mode. */
struct gz *gz_create(const char *path, mode_t mode, int level, struct err *err);
bool gz_write(struct gz *gz, const void *data, size_t len, struct err *err);
/* Makes everything written so far readable and durable (full flush, fsync). */
bool gz_sync(struct gz *gz, struct err *err);
/*
 * gz_mark: as gz_sync, and what comes from then on can be taken back by gz_back, which leaves the
 * file as it was at the last mark. Not for pipes.
 */
bool gz_mark(struct gz *gz, struct err *err);
bool gz_back(struct gz *gz, struct err *err);
/* Ends the member, fsyncs and closes; gz is gone in either case. NULL is fine. */
bool gz_close(struct gz *gz, struct err *err);

#endif
