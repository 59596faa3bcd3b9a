/*
 * The wish to stop. The handler does nothing but set a flag; it is removed by its first signal, so
 * that a second one of the same kind ends a program that does not react. System calls are not
 * restarted: waits shall notice.
 */
#include "base/stop.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

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
}

int stop_signal(void)
{
    return requested;
}

bool stop_check(struct err *err)
{
    switch (requested) {
    case 0:
        return true;
    case SIGINT:
        return err_set(err, ERR_STOPPED, "stopped by SIGINT");
    case SIGTERM:
        return err_set(err, ERR_STOPPED, "stopped by SIGTERM");
    case SIGHUP:
        return err_set(err, ERR_STOPPED, "stopped by SIGHUP");
    default:
        return err_set(err, ERR_STOPPED, "stopped by signal %d", (int)requested);
    }
}
