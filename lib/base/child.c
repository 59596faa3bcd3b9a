/*
 * fork and exec with all that is needed put together before, then one loop over all children that
 * writes what they read, reads what they print, and looks whether they have ended or their time is
 * over. What a child leaves running in the background may keep its pipe open: the child's own end
 * counts.
 */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/notify.h"
#include "base/stop.h"

#define GRACE_MS 5000
#define SLICE_MS 50
#define REPORT_FD 3 /* in the child: where it says why it could not become the program */

/* --- the child ------------------------------------------------------------------ */

static void close_from(int first)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0)
        return;
#endif
    long most = sysconf(_SC_OPEN_MAX);
    for (int fd = first; fd < (most > 0 ? (int)most : 1024); fd++)
        (void)close(fd);
}

/* Puts the four descriptors in their places, whatever their numbers were. */
static bool place(const int fds[4])
{
    int high[4];
    for (int i = 0; i < 4; i++) {
        high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, REPORT_FD + 1);
        if (high[i] < 0)
            return false;
    }
    for (int i = 0; i < REPORT_FD; i++) {
        if (dup2(high[i], i) < 0)
            return false;
    }
    return dup3(high[REPORT_FD], REPORT_FD, O_CLOEXEC) >= 0;
}

/* Only what is allowed after fork in a program with threads. */
static _Noreturn void become(const struct child_spec *spec, const int fds[4], char *const *argv,
                             char *const *envp)
{
    int report = fds[REPORT_FD];
    if (!spec->session || setsid() < 0)
        (void)setpgid(0, 0);
    stop_reset();
    if (place(fds)) {
        report = REPORT_FD;
        close_from(REPORT_FD + 1);
        (void)execvpe(argv[0], argv, envp);
    }
    int why = errno;
    (void)!write(report, &why, sizeof why);
    _exit(127);
}

/* --- starting ------------------------------------------------------------------- */

/* Both ends of up to four pipes: [0] is the child's, [1] ours. */
struct ends {
    int pair[4][2];
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static void close_side(struct ends *ends, int side)
{
    for (int i = 0; i < 4; i++)
        close_fd(&ends->pair[i][side]);
}

static bool open_pipe(int pair[2], bool child_reads)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return false;
    pair[0] = fds[child_reads ? 0 : 1];
    pair[1] = fds[child_reads ? 1 : 0];
    return true;
}

static bool open_ends(const struct child_spec *spec, struct ends *ends)
{
    if (spec->input)
        (void)open_pipe(ends->pair[0], true);
    else
        ends->pair[0][0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (ends->pair[0][0] < 0 || !open_pipe(ends->pair[1], false) ||
        !open_pipe(ends->pair[REPORT_FD], false))
        return false;
    if (!spec->together)
        return open_pipe(ends->pair[2], false);
    ends->pair[2][0] = fcntl(ends->pair[1][0], F_DUPFD_CLOEXEC, 0);
    return ends->pair[2][0] >= 0;
}

static pid_t fork_child(const struct child_spec *spec, const struct ends *ends)
{
    size_t count = 0;
    while (spec->argv[count])
        count++;
    /* exec wants them writable, and writes to none. */
    char **argv = mem_array(NULL, count + 1, sizeof *argv);
    memcpy(argv, spec->argv, (count + 1) * sizeof *argv);
    size_t entries = 0;
    while (spec->env && spec->env[entries])
        entries++;
    char **envp = mem_array(NULL, entries + 1, sizeof *envp);
    if (entries > 0)
        memcpy(envp, spec->env, entries * sizeof *envp);
    envp[entries] = NULL;
    const int fds[4] = {ends->pair[0][0], ends->pair[1][0], ends->pair[2][0],
                        ends->pair[REPORT_FD][0]};
    pid_t pid = fork();
    if (pid == 0)
        become(spec, fds, argv, spec->env ? envp : environ);
    int why = errno;
    free(argv);
    free(envp);
    errno = why;
    return pid;
}

/* 0, or why the program could not be executed. Ends as soon as it is. */
static int read_report(int fd)
{
    int why = 0;
    ssize_t n;
    do
        n = read(fd, &why, sizeof why);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof why ? why : 0;
}

static void reap(struct child *child, int *status)
{
    while (waitpid(child->pid, status, 0) < 0 && errno == EINTR)
        ;
    child->pid = 0;
}

static void take_over(struct child *child, struct ends *ends)
{
    int *const mine[3] = {&child->in, &child->out, &child->err};
    for (int i = 0; i < 3; i++) {
        *mine[i] = ends->pair[i][1];
        ends->pair[i][1] = -1;
        if (*mine[i] >= 0)
            (void)fcntl(*mine[i], F_SETFL, O_NONBLOCK);
    }
}

static bool launch(struct child *child, struct ends *ends, struct err *err)
{
    const char *name = child->spec.argv[0];
    if (!open_ends(&child->spec, ends))
        return err_set_errno(err, ERR_FAILED, errno, "cannot run %s", name);
    /* Where it is inherited as ignored, nobody learns how a child ended. */
    struct sigaction action = {.sa_handler = SIG_DFL};
    (void)sigaction(SIGCHLD, &action, NULL);
    child->pid = fork_child(&child->spec, ends);
    if (child->pid < 0) {
        child->pid = 0;
        return err_set_errno(err, ERR_FAILED, errno, "cannot run %s", name);
    }
    if (!child->spec.session)
        (void)setpgid(child->pid, child->pid); /* whoever comes first */
    close_side(ends, 0);
    int why = read_report(ends->pair[REPORT_FD][1]);
    if (why != 0) {
        int status;
        reap(child, &status);
        err_set_errno(err, ERR_FAILED, why, "cannot run %s", name);
        return err_hint(err, "see that the program is there and may be executed");
    }
    take_over(child, ends);
    return true;
}

bool child_start(struct child *child, const struct child_spec *spec, struct err *err)
{
    struct ends ends = {{{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}}};
    child->spec = *spec;
    child->stopped_before = stop_signal() != 0;
    child->started = clock_mono_ms();
    child->deadline = spec->limit_ms > 0 ? child->started + spec->limit_ms : INT64_MAX;
    bool ok = launch(child, &ends, err);
    close_side(&ends, 0);
    close_side(&ends, 1);
    return ok;
}

/* --- while it runs --------------------------------------------------------------- */

static void keep(struct child *child, struct buf *into, const char *data, size_t len)
{
    if (into == &child->output && child->spec.take) {
        child->spec.take(child->spec.context, data, len);
        return;
    }
    size_t room = child->spec.output_max - into->len;
    if (len > room)
        child->cut = true;
    buf_add(into, data, len < room ? len : room);
}

/* Reads what is there, but not for ever: one that never stops printing must not keep us from
 * looking at the clock. */
static void read_stream(struct child *child, int *fd, struct buf *into)
{
    char piece[16384];
    for (int rounds = 0; *fd >= 0 && rounds < 16; rounds++) {
        ssize_t n = read(*fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0)
            close_fd(fd);
        else
            keep(child, into, piece, (size_t)n);
    }
}

static void write_input(struct child *child)
{
    while (child->in >= 0 && child->sent < child->spec.input_len) {
        ssize_t n =
            write(child->in, child->spec.input + child->sent, child->spec.input_len - child->sent);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0)
            break; /* it does not want the rest */
        child->sent += (size_t)n;
    }
    close_fd(&child->in);
}

static void serve(struct child *child)
{
    write_input(child);
    read_stream(child, &child->out, &child->output);
    read_stream(child, &child->err, &child->errors);
}

static bool has_ended(const struct child *child)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == child->pid;
}

static void tell_to_end(struct child *child)
{
    bool late = clock_mono_ms() >= child->deadline;
    bool stop = !child->stopped_before && stop_signal() != 0;
    if (child->cause == CHILD_RUNNING && (late || stop)) {
        child->cause = stop ? CHILD_STOPPED : CHILD_LATE;
        child->deadline =
            clock_mono_ms() + (child->spec.grace_ms > 0 ? child->spec.grace_ms : GRACE_MS);
        (void)kill(-child->pid, SIGTERM);
    } else if (child->cause != CHILD_RUNNING && late) {
        (void)kill(-child->pid, SIGKILL);
    }
}

/* It is not yet reaped, so that its group cannot be another's. */
static void conclude(struct child *child)
{
    int status = 0;
    serve(child);
    if (child->cause != CHILD_RUNNING || child->spec.ends_group)
        (void)kill(-child->pid, SIGKILL);
    reap(child, &status);
    child->end = WIFSIGNALED(status) ? CHILD_SIGNALED : CHILD_EXITED;
    child->value = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    if (child->cause != CHILD_RUNNING)
        child->end = child->cause;
    child->duration_ms = clock_mono_ms() - child->started;
    close_fd(&child->in);
    close_fd(&child->out);
    close_fd(&child->err);
}

/* Serves each once; the number of those that still run. */
static size_t round_of_all(struct child *children, size_t count)
{
    size_t running = 0;
    for (size_t i = 0; i < count; i++) {
        struct child *child = &children[i];
        if (child->pid == 0)
            continue;
        serve(child);
        if (has_ended(child)) {
            conclude(child);
            continue;
        }
        tell_to_end(child);
        running++;
    }
    return running;
}

static void sleep_for_news(const struct child *children, size_t count, int64_t most_ms)
{
    struct pollfd *fds = mem_array(NULL, count * 3 + 1, sizeof *fds);
    nfds_t used = 0;
    int64_t slice = SLICE_MS;
    for (size_t i = 0; i < count; i++) {
        const struct child *child = &children[i];
        if (child->pid == 0)
            continue;
        if (child->in >= 0)
            fds[used++] = (struct pollfd){child->in, POLLOUT, 0};
        if (child->out >= 0)
            fds[used++] = (struct pollfd){child->out, POLLIN, 0};
        if (child->err >= 0)
            fds[used++] = (struct pollfd){child->err, POLLIN, 0};
        /* A closed pipe announces the end. */
        if (child->out < 0)
            slice = SLICE_MS / 10;
    }
    if (most_ms >= 0 && slice > most_ms)
        slice = most_ms;
    (void)poll(fds, used, (int)slice);
    free(fds);
}

bool child_wait(struct child *children, size_t count, int64_t timeout_ms)
{
    int64_t until = timeout_ms >= 0 ? clock_mono_ms() + timeout_ms : INT64_MAX;
    while (round_of_all(children, count) > 0) {
        int64_t left = until - clock_mono_ms();
        if (left <= 0)
            return false;
        notify_alive();
        sleep_for_news(children, count, timeout_ms >= 0 ? left : -1);
    }
    return true;
}

bool child_judge(const struct child *child, const char *name, const char *detail, struct err *err)
{
    switch (child->end) {
    case CHILD_STOPPED:
        return stop_check(err) || err_prefix(err, "%s was ended", name);
    case CHILD_LATE:
        return err_set_hint(err, ERR_FAILED, "see what it waits for by running it by hand",
                            "%s did not end within %.3g s and was terminated", name,
                            (double)child->spec.limit_ms / 1000);
    case CHILD_SIGNALED:
        return err_set_hint(err, ERR_FAILED,
                            "run it by hand: it may have crashed, or been ended by the system "
                            "where memory ran out (see dmesg)",
                            "%s was ended by signal %d", name, child->value);
    case CHILD_EXITED:
        if (child->value == 0)
            return true;
        return err_set_hint(err, ERR_FAILED, "run it by hand to see why",
                            "%s ended with exit status %d%s%s", name, child->value,
                            detail && *detail ? ": " : "", detail ? detail : "");
    default:
        return err_internal(err, "%s has not ended", name);
    }
}

void child_leave(struct child *child)
{
    child->pid = 0;
    child_release(child);
}

void child_release(struct child *child)
{
    if (child->pid > 0) {
        int status;
        (void)kill(-child->pid, SIGKILL);
        reap(child, &status);
    }
    close_fd(&child->in);
    close_fd(&child->out);
    close_fd(&child->err);
    buf_release(&child->output);
    buf_release(&child->errors);
    *child = (struct child)CHILD_INIT;
}
