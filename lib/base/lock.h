/*
 * A lock that dies with its holder: flock on a file that is never unlinked, opened close-on-exec so
 * that no child inherits it. The file holds "pid command" of the holder for people and messages.
 */
#ifndef DBR_BASE_LOCK_H
#define DBR_BASE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct lock {
    int fd; /* -1: not held */
};
#define LOCK_INIT                                                                                  \
    {                                                                                              \
        -1                                                                                         \
    }

/* wait_ms: 0 gives up at once, negative waits for ever (until a stop). ERR_LOCKED names the
 * holder's pid and command. A lock_look of others is no holder, however long it lasts: it is waited
 * for in any case, up to 5 s. */
bool lock_take(struct lock *lock, const char *path, int64_t wait_ms, const char *command,
               struct err *err);
/* What the holder wrote into the file. */
struct lock_note {
    long pid;          /* -1: held, but nothing is written yet */
    char command[128]; /* control characters replaced */
    int64_t since_us;  /* wall clock, when it was taken */
};

/* False when nobody holds it. */
bool lock_look(const char *path, struct lock_note *note);
/* Pid of the holder written in the file, 0 when nobody holds it. */
long lock_holder(const char *path);
void lock_release(struct lock *lock);

#endif
