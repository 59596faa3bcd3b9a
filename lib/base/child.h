/*
 * Programs run as children, one or several at a time: a given argv (no shell unless argv names
 * one), environment and input, what they print kept up to a bound or handed on, a time limit, and a
 * process group of their own that is ended as a whole.
 *
 *     struct child_spec spec = {.argv = argv, .limit_ms = 10000, .output_max = 65536};
 *     if (child_start(&child, &spec, err)) {
 *         child_wait(&child, 1, -1);
 *         ok = child_judge(&child, "the check", NULL, err);
 *     }
 *     child_release(&child);
 *
 * A child inherits no descriptor but its standard ones, no signal mask and none of base/stop.h.
 * With an input, SIGPIPE has to be ignored (stop_install does that).
 */
#ifndef DBR_BASE_CHILD_H
#define DBR_BASE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Gets what a child prints, as it comes, in pieces cut anywhere. */
typedef void child_take(void *context, const char *data, size_t len);

struct child_spec {
    const char *const *argv; /* NULL-terminated; argv[0] without a slash is looked up in PATH */
    const char *const *env;  /* NULL-terminated "NAME=value"; NULL: the environment of this run */
    const char *input;       /* on its stdin; NULL: nothing. Must live until the child has ended */
    size_t input_len;
    int64_t limit_ms;  /* after that it is told to end; 0: no limit */
    int64_t grace_ms;  /* from TERM to KILL; 0: 5 s */
    size_t output_max; /* bytes kept of each stream; what is beyond is read and dropped */
    bool together;     /* stderr goes where stdout goes */
    bool ends_group;   /* what it leaves running in the background is killed when it ends */
    bool session;      /* a session of its own: outlives the terminal or server that started us */
    child_take *take;  /* in place of keeping stdout, or NULL */
    void *context;
};

enum child_end {
    CHILD_RUNNING,
    CHILD_EXITED,   /* value: exit status */
    CHILD_SIGNALED, /* value: signal */
    CHILD_LATE,     /* its time was over; its group was terminated, after the grace killed */
    CHILD_STOPPED,  /* the same because this run is to stop (base/stop.h) */
};

struct child {
    enum child_end end;
    int value;
    int64_t duration_ms; /* of an ended one */
    struct buf output;
    struct buf errors;
    bool cut; /* something was dropped */
    /* For child.c: */
    struct child_spec spec;
    pid_t pid; /* 0: none, or reaped */
    int in, out, err;
    size_t sent;
    int64_t started, deadline;
    enum child_end cause; /* CHILD_RUNNING until it is told to end */
    bool stopped_before;
};
#define CHILD_INIT                                                                                 \
    {                                                                                              \
        .output = BUF_INIT, .errors = BUF_INIT, .in = -1, .out = -1, .err = -1                     \
    }

/*
 * Starts it. child must be CHILD_INIT. ERR_FAILED also when the program cannot be executed (it is
 * missing, or not allowed): that is known when this returns.
 */
bool child_start(struct child *child, const struct child_spec *spec, struct err *err);

/*
 * Serves all of them until each has ended or timeout_ms is over (-1: no such bound; the children's
 * own limits hold). True when all have ended; those that were never started count as ended.
 * A wish to stop that comes meanwhile ends them (CHILD_STOPPED); one from before their start does
 * not.
 */
bool child_wait(struct child *children, size_t count, int64_t timeout_ms);

/*
 * True when it exited with status 0. Else ERR_FAILED, or ERR_STOPPED, with a message that begins
 * with name; detail (may be NULL or empty) is added to that of an exit status.
 */
bool child_judge(const struct child *child, const char *name, const char *detail, struct err *err);

/* Lets it go on by itself: nobody reads what it prints any more (it gets EPIPE or SIGPIPE). */
void child_leave(struct child *child);

/* Frees; one that still runs is killed with its group. The child is as after CHILD_INIT. */
void child_release(struct child *child);

#endif
