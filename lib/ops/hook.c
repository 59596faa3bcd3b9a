/*
 * Runs the command of DB_ON_EVENT: fork and exec with an environment that was put together before,
 * then one loop that reads what it prints and looks whether it has ended or its time is over. What
 * the command leaves running in the background may keep the pipe open: the shell's end counts.
 */
#include "ops/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "ops/hook_env.h"
#include "state/secrets.h"

#define LIMIT_MS 60000
#define GRACE_MS 5000 /* between TERM and KILL */
#define SLICE_MS 50
#define LINES_MAX 200
#define LINE_MAX_READ 4096 /* masked as a whole before it is cut to what is shown */
#define LINE_MAX_SHOWN 1000

/* Why the process group was told to end. */
enum ended_by { BY_ITSELF, BY_LIMIT, BY_STOP };

struct hook {
    pid_t pid;
    int fd; /* what the command prints; -1 once it is closed */
    struct strlist secrets;
    bool stopped_before; /* a stop was requested before it was started */
    struct buf line;
    size_t lines;
    char last[LINE_MAX_SHOWN + 1]; /* the last line that was not empty, masked */
};

/* --- the child ------------------------------------------------------------------ */

static void close_from_3(void)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3U, ~0U, 0U) == 0)
        return;
#endif
    long most = sysconf(_SC_OPEN_MAX);
    for (int fd = 3; fd < (most > 0 ? (int)most : 1024); fd++)
        (void)close(fd);
}

/* Only what is allowed after fork in a program with threads. */
static _Noreturn void become(char *command, int null, int out, char **envp)
{
    static char shell[] = "/bin/sh";
    static char dash_c[] = "-c";
    char *argv[] = {shell, dash_c, command, NULL};

    (void)setpgid(0, 0);
    stop_reset();
    if (dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
        dup2(out, STDERR_FILENO) >= 0) {
        close_from_3();
        (void)execve(shell, argv, envp);
    }
    _exit(127);
}

static bool start(struct hook *hook, char *command, struct strlist *env, struct err *err)
{
    int ends[2];
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0)
        return err_set_errno(err, ERR_FAILED, errno, "cannot open /dev/null");
    if (pipe2(ends, O_CLOEXEC) != 0) {
        err_set_errno(err, ERR_FAILED, errno, "cannot run DB_ON_EVENT");
        (void)close(null);
        return false;
    }
    /* Where it is inherited as ignored, nobody learns how a child ended. */
    struct sigaction action = {.sa_handler = SIG_DFL};
    (void)sigaction(SIGCHLD, &action, NULL);
    char **envp = mem_array(NULL, env->count + 1, sizeof *envp);
    for (size_t i = 0; i < env->count; i++)
        envp[i] = env->items[i];
    envp[env->count] = NULL;
    hook->pid = fork();
    int why = errno;
    if (hook->pid == 0)
        become(command, null, ends[1], envp);
    free(envp);
    (void)close(null);
    (void)close(ends[1]);
    if (hook->pid < 0) {
        (void)close(ends[0]);
        return err_set_errno(err, ERR_FAILED, why, "cannot run DB_ON_EVENT");
    }
    (void)setpgid(hook->pid, hook->pid); /* whoever comes first */
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    hook->fd = ends[0];
    return true;
}

/* --- what it prints -------------------------------------------------------------- */

static void log_line(struct hook *hook)
{
    struct buf shown = BUF_INIT;
    secrets_mask(&hook->secrets, hook->line.data, &shown);
    if (shown.len > LINE_MAX_SHOWN)
        buf_truncate(&shown, LINE_MAX_SHOWN);
    if (shown.len > 0) {
        memcpy(hook->last, shown.data, shown.len + 1);
        hook->lines++;
        if (hook->lines <= LINES_MAX)
            log_info("DB_ON_EVENT: %s", shown.data);
    }
    buf_release(&shown);
    buf_reset(&hook->line);
}

/* Reads what is there. */
static void read_output(struct hook *hook)
{
    char piece[4096];
    while (hook->fd >= 0) {
        ssize_t n = read(hook->fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        for (ssize_t i = 0; i < n; i++) {
            if (piece[i] == '\n')
                log_line(hook);
            else if (hook->line.len < LINE_MAX_READ)
                buf_addch(&hook->line, piece[i] ? piece[i] : '?');
        }
        if (n <= 0) {
            (void)close(hook->fd);
            hook->fd = -1;
        }
        /* A command that never stops printing must not keep us from looking at the clock. */
        if (n < (ssize_t)sizeof piece)
            return;
    }
}

static void end_output(struct hook *hook)
{
    log_line(hook);
    if (hook->lines > LINES_MAX)
        log_info("DB_ON_EVENT: %zu more lines", hook->lines - LINES_MAX);
    if (hook->fd >= 0)
        (void)close(hook->fd);
}

/* --- until it ends ---------------------------------------------------------------- */

static bool has_ended(const struct hook *hook)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)hook->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == hook->pid;
}

/* Returns why it was ended. The shell is not yet reaped, so that its group cannot be another's. */
static enum ended_by watch(struct hook *hook, int64_t limit_ms)
{
    int64_t deadline = clock_mono_ms() + (limit_ms ? limit_ms : LIMIT_MS);
    enum ended_by why = BY_ITSELF;

    while (!has_ended(hook)) {
        struct pollfd fd = {hook->fd, POLLIN, 0};
        /* A closed pipe announces the end. */
        (void)poll(&fd, 1, hook->fd >= 0 ? SLICE_MS : SLICE_MS / 10);
        read_output(hook);
        bool late = clock_mono_ms() >= deadline;
        bool stop = !hook->stopped_before && stop_signal() != 0;
        if (why == BY_ITSELF && (late || stop)) {
            why = stop ? BY_STOP : BY_LIMIT;
            deadline = clock_mono_ms() + GRACE_MS;
            (void)kill(-hook->pid, SIGTERM);
        } else if (why != BY_ITSELF && late) {
            (void)kill(-hook->pid, SIGKILL);
        }
    }
    read_output(hook);
    if (why != BY_ITSELF)
        (void)kill(-hook->pid, SIGKILL); /* the rest of the group */
    return why;
}

static bool judge(const struct hook *hook, enum ended_by why, int status, int64_t limit_ms,
                  struct err *err)
{
    if (why == BY_STOP)
        return stop_check(err) || err_prefix(err, "DB_ON_EVENT was ended");
    if (why == BY_LIMIT)
        err_set(err, ERR_FAILED, "DB_ON_EVENT did not end within %.3g s and was terminated",
                (double)(limit_ms ? limit_ms : LIMIT_MS) / 1000);
    else if (WIFSIGNALED(status))
        err_set(err, ERR_FAILED, "DB_ON_EVENT was ended by signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        err_set(err, ERR_FAILED, "DB_ON_EVENT ended with exit status %d%s%s", WEXITSTATUS(status),
                hook->last[0] ? ": " : "", hook->last);
    else
        return true;
    return err_hint(err, "try the command by hand with DBR_EVENT, DBR_ACTIVE, DBR_REASON and "
                         "DBR_MESSAGE set");
}

bool hook_run(const struct config *config, const struct hook_event *event, struct err *err)
{
    struct hook hook = {.fd = -1, .secrets = STRLIST_INIT, .line = BUF_INIT};
    struct strlist env = STRLIST_INIT;
    if (!config->on_event)
        return true;
    secrets_collect(config, &hook.secrets);
    hook_env(config, event, &env);
    hook.stopped_before = stop_signal() != 0;
    bool ok = start(&hook, config->on_event, &env, err);
    if (ok) {
        enum ended_by why = watch(&hook, event->limit_ms);
        int status = 0;
        while (waitpid(hook.pid, &status, 0) < 0 && errno == EINTR)
            ;
        end_output(&hook);
        ok = judge(&hook, why, status, event->limit_ms, err);
    }
    strlist_release(&env);
    strlist_release(&hook.secrets);
    buf_release(&hook.line);
    return ok;
}
