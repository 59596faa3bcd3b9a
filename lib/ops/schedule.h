/*
 * What starts programs of dbr by itself: lines of crontabs and units of systemd, found by the
 * programs that they run, not by the names of files.
 */
#ifndef DBR_OPS_SCHEDULE_H
#define DBR_OPS_SCHEDULE_H

#include <stdbool.h>

enum schedule_job { SCHEDULE_SYNC, SCHEDULE_HEALTH, SCHEDULE_JOBS };

struct schedule_entry {
    char *where;  /* "the crontab of this user", "/etc/cron.d/dbr", "dbr-sync.timer"; NULL: none */
    bool systemd; /* where is a unit */
    bool user;    /* ... of the user's own systemd */
    bool enabled; /* a unit that is not does nothing; a line of a crontab always is */
    bool stopped; /* a unit that is enabled, and does not run all the same */
};

struct schedule {
    struct schedule_entry jobs[SCHEDULE_JOBS];
};

/* "dbr-sync", "dbr-health". */
const char *schedule_program(enum schedule_job job);

/* True when a unit is known not to be active. */
typedef bool schedule_stopped(const char *unit, bool user);

/*
 * Looks through what this machine has. root: "" (another directory in a test); home: of the user,
 * or NULL; crontab: what "crontab -l" prints, or NULL; env_file: of this run, or NULL. What cannot
 * be read is taken for empty. What is enabled goes before what is not, and what runs before what is
 * stopped (stopped may be NULL: nothing is). A line of a crontab and a unit that name another env
 * file are for another pair; an instance of a template names one by its credential.
 */
void schedule_find(struct schedule *schedule, const char *root, const char *home,
                   const char *crontab, const char *env_file, schedule_stopped *stopped);
/* True when a line runs that job in a way that is recorded: not --doctor, --cached and the like. */
bool schedule_line_runs(const char *line, enum schedule_job job);
/* True when the line names an env file by its whole path that is not this one. */
bool schedule_line_is_of_other(const char *line, const char *env_file);
void schedule_release(struct schedule *schedule);

#endif
