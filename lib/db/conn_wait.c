/*
 * Waiting for a server: every wait watches the stop flag and cancels what runs when it is set, and
 * a server that stays silent for long is asked whether it is still there.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/stop.h"
#include "db/conn_internal.h"

#define POLL_SLICE_MS 200
/* A server may work on one statement for long: only after this much silence is it asked. */
#define SILENCE_MS 30000
#define SILENCE_PROBE_MS 10000

/* Cancelling connects to the server, which may hang: it gets a thread of its own and a short time.
 */
static void *cancel_thread(void *arg)
{
    char text[256];

    PQcancel(arg, text, sizeof(text));
    PQfreeCancel(arg);
    return NULL;
}

static void cancel_running(struct conn *conn)
{
    PGcancel *cancel;
    pthread_t thread;
    struct timespec until;

    if (PQtransactionStatus(conn->pg) != PQTRANS_ACTIVE)
        return;
    cancel = PQgetCancel(conn->pg);
    if (!cancel)
        return;
    if (pthread_create(&thread, NULL, cancel_thread, cancel) != 0) {
        PQfreeCancel(cancel);
        return;
    }
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 2;
    if (pthread_timedjoin_np(thread, NULL, &until) != 0)
        pthread_detach(thread);
}

static bool silence_error(const struct conn *conn, struct err *err)
{
    return err_set_hint(err, ERR_UNREACHABLE, CONN_LOST_HINT, "the %s (%s) stopped answering",
                        conn->role, conn->shown);
}

/* Asks a silent server for a new connection: one that cannot give it is taken for dead. */
static bool still_there(struct conn *conn, struct err *err)
{
    struct conn_params params = {conn->role, conn->url, conn->schema, SILENCE_PROBE_MS, false};
    struct conn *probe = NULL;
    enum conn_failure failure;
    struct err why = ERR_INIT;

    if (conn_open_many(&params, 1, &probe, &failure, &why)) {
        conn_close(probe);
        return true;
    }
    if (why.code == ERR_STOPPED) {
        *err = why;
        return false;
    }
    if (failure != CONN_DOWN)
        return true;
    conn->silent = true;
    return silence_error(conn, err);
}

static bool is_late(const struct conn *conn)
{
    return conn->limit_ms > 0 && clock_mono_ms() >= conn->deadline_ms;
}

/* The statement that the server is at is cancelled; those behind it end with the connection. */
static bool late_error(struct conn *conn, struct err *err)
{
    cancel_running(conn);
    conn->silent = true;
    conn_no_answer(conn->role, conn->url, conn->limit_ms, err);
    return false;
}

bool conn_wait_socket(struct conn *conn, bool or_writable, struct err *err)
{
    struct pollfd fd = {PQsocket(conn->pg), (short)(or_writable ? POLLIN | POLLOUT : POLLIN), 0};
    int silence_ms = conn->silence_ms ? conn->silence_ms : SILENCE_MS;
    int64_t silent_since = clock_mono_ms();

    if (conn->silent)
        return silence_error(conn, err);
    if (!or_writable)
        traffic_waits(conn);

    for (;;) {
        int n;

        if (!stop_check(err)) {
            cancel_running(conn);
            return false;
        }
        n = poll(&fd, 1, POLL_SLICE_MS);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return err_set_errno(err, ERR_FAILED, errno, "cannot wait for the %s", conn->role);
        if (is_late(conn))
            return late_error(conn, err);
        if (clock_mono_ms() - silent_since < silence_ms)
            continue;
        if (!still_there(conn, err))
            return false;
        silent_since = clock_mono_ms();
    }
}

bool conn_flush(struct conn *conn, struct err *err)
{
    for (;;) {
        int r = PQflush(conn->pg);

        if (r == 0)
            return true;
        if (r < 0)
            return conn_result_error(conn, NULL, err);
        if (!conn_wait_socket(conn, true, err))
            return false;
        if (!PQconsumeInput(conn->pg))
            return conn_result_error(conn, NULL, err);
    }
}

bool conn_await(struct conn *conn, struct err *err)
{
    while (PQisBusy(conn->pg)) {
        if (!conn_wait_socket(conn, false, err))
            return false;
        if (!PQconsumeInput(conn->pg))
            return conn_result_error(conn, NULL, err);
    }
    return true;
}
