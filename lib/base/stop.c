/*
 * The wish to stop. The handler does nothing but set a flag; it is removed by its first signal, so
 * that a second one of the same kind ends a program that does not react. System calls are not
 * restarted: waits shall notice.
 */
#include "base/stop.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

static int held; /* changed by the main thread only */
static volatile sig_atomic_t requested;

static void note(int number)
{
    requested = number;
}

static void handle(int number)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    action.sa_flags = (int)SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    (void)sigaction(number, &action, NULL);
}

void stop_install(void)
{
    struct sigaction old;

    handle(SIGINT);
    handle(SIGTERM);
    /* nohup starts programs with SIGHUP ignored, and means it. */
    if (sigaction(SIGHUP, NULL, &old) != 0 || old.sa_handler != SIG_IGN)
        handle(SIGHUP);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
}

void stop_reset(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};
    sigset_t none;

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction now;

        /* What nohup ignores is to stay ignored. */
        if (numbers[i] == SIGHUP && sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
            continue;
        (void)signal(numbers[i], SIG_DFL);
    }
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void stop_hold(void)
{
    held++;
}

void stop_unhold(void)
{
    held--;
}

int stop_signal(void)
{
    return held ? 0 : requested;
}

bool stop_check(struct err *err)
{
    static const struct {
        int number;
        const char *name;
    } known[] = {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}};
    int number = stop_signal();
    const char *name = "a signal"; /* none but these is noted */

    if (number == 0)
        return true;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].number == number)
            name = known[i].name;
    return err_set_hint(err, ERR_STOPPED, "nothing is left half done: run it again to go on",
                        "stopped by %s", name);
}
