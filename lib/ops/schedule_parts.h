/* Between the files of the schedule: what both crontabs and units need. */
#ifndef DBR_OPS_SCHEDULE_PARTS_H
#define DBR_OPS_SCHEDULE_PARTS_H

#include "base/buf.h"
#include "base/strlist.h"
#include "ops/schedule.h"

/* Files only: a pipe that nobody writes to would be waited for. */
bool schedule_read_file(const char *path, struct buf *text);
/* Names in a directory without those that begin with a dot; none where it cannot be read. */
void schedule_names_in(const char *directory, struct strlist *names);
bool schedule_is_same_file(const char *one, const char *other);
/* The env file that a command or a setting names; malloced, NULL: none, or not by its whole path.
 */
char *schedule_env_file_of(const char *line);
/* Takes what was found where that is better than what is there. */
void schedule_enter(struct schedule *schedule, enum schedule_job job, const char *where,
                    struct schedule_entry found);

/* schedule_units.c: the units in these directories, the first of which go before the others. */
void schedule_read_units(struct schedule *schedule, const char *root,
                         const char *const *directories, size_t count, bool user,
                         const char *env_file, schedule_stopped *stopped);

#endif
