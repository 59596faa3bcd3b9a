/*
 * A process of its own keeps watch over the run: forked, in a session of its own, with nothing of
 * the request's descriptors but a pipe. Through that it tells whoever waits how the run ended, or
 * after 20 s that it goes on; then it waits for the end alone and writes it down.
 */
#include "ops/api_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/mem.h"
#include "ops/api_child.h"
#include "state/events.h"

#define WAIT_MS 20000
#define SLACK_MS 15000 /* for a watcher that is slow to tell */
#define RECORD_MAX ((size_t)16 << 20)
#define LOG_MAX 65536
#define ID_SIZE 64
#define RECORD "api-run.json"

/* --- what the watcher tells ------------------------------------------------------ */

/* One line: the exit status, a blank, and what the run printed; RUNNING in place of both. */
static const char running_word[] = "running";

static void tell(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* nobody waits any more */
        data += n;
        len -= (size_t)n;
    }
}

static int exit_status(const struct child *child)
{
    return child->end == CHILD_EXITED ? child->value : -1;
}

static void tell_end(int fd, const struct child *child)
{
    struct buf text = BUF_INIT;
    buf_addf(&text, "%d ", exit_status(child));
    buf_add(&text, child->output.data, child->output.len);
    tell(fd, text.data, text.len);
    buf_release(&text);
}

/* --- the record of a long run ---------------------------------------------------- */

struct watch {
    const struct config *config;
    const struct api_run *run;
    char id[ID_SIZE];
    char started[CLOCK_TEXT_SIZE];
};

static char *record_path(const char *state_dir)
{
    return mem_printf("%s/" RECORD, state_dir);
}

static struct json *read_record(const char *state_dir)
{
    struct buf text = BUF_INIT;
    struct err ignored = ERR_INIT;
    struct json *record = NULL;
    char *path = record_path(state_dir);
    if (fsio_read(path, RECORD_MAX, &text, &ignored))
        record = json_parse(text.data, text.len, &ignored);
    free(path);
    buf_release(&text);
    if (json_is_object(record))
        return record;
    json_free(record);
    return NULL;
}

static void write_record(const struct watch *watch, const struct json *record)
{
    struct buf text = BUF_INIT;
    struct err ignored = ERR_INIT;
    char *path = record_path(watch->config->state_dir);
    json_print(record, true, &text);
    /* Nobody could be told of a failure; the run itself goes on. */
    (void)fsio_write_atomic(path, 0600, text.data, text.len, &ignored);
    free(path);
    buf_release(&text);
}

static struct json *begin_record(const struct watch *watch)
{
    struct json *record = json_object();
    json_set_str(record, "id", watch->id);
    json_set_str(record, "program", watch->run->program);
    json_set_str(record, "by", watch->run->by);
    json_set_str(record, "address", watch->run->address);
    json_set_str(record, "state", "running");
    struct machine_process self;
    json_set_int(record, "pid", getpid());
    if (machine_process(getpid(), &self))
        json_set_int(record, "pidStarted", self.started_s);
    json_set_str(record, "startedAt", watch->started);
    return record;
}

static void end_record(struct json *record, const struct child *child)
{
    char now[CLOCK_TEXT_SIZE];
    struct err ignored = ERR_INIT;
    json_set_str(record, "state", "ended");
    json_set_str(record, "endedAt", clock_format(clock_now_us(), now));
    if (child->end == CHILD_EXITED)
        json_set_int(record, "exitStatus", child->value);
    else
        json_set_null(record, "exitStatus");
    struct json *document = json_parse(child->output.data, child->output.len, &ignored);
    if (document)
        json_set(record, "document", document);
    size_t skipped = child->errors.len > LOG_MAX ? child->errors.len - LOG_MAX : 0;
    json_set_str(record, "log", child->errors.data + skipped);
}

static void write_event(const struct watch *watch, const struct child *child)
{
    struct state state = STATE_INIT;
    struct err ignored = ERR_INIT;
    struct json *extra = json_object();
    struct buf message = BUF_INIT;
    if (exit_status(child) >= 0)
        buf_addf(&message, "%s, asked for through the HTTP API, ended with exit status %d",
                 watch->run->program, exit_status(child));
    else
        buf_addf(&message, "%s, asked for through the HTTP API, was ended", watch->run->program);
    json_set_str(extra, "run", watch->id);
    if (state_peek(&state, watch->config->state_dir, &ignored)) {
        events_write(&state, exit_status(child) == 0 ? watch->run->event : "error", watch->run->by,
                     message.data, extra);
        state_release(&state);
    } else {
        json_free(extra);
    }
    buf_release(&message);
}

/* Of two long runs at once (a failover preempts a sync) the later one has the record. */
static void finish_record(const struct watch *watch, const struct child *child)
{
    struct json *record = read_record(watch->config->state_dir);
    if (record && strcmp(json_str(record, "id", ""), watch->id) == 0) {
        end_record(record, child);
        write_record(watch, record);
    }
    json_free(record);
    write_event(watch, child);
}

/* --- the watcher ----------------------------------------------------------------- */

static void watch_on(const struct watch *watch, struct child *child, int fd)
{
    if (child_wait(child, 1, WAIT_MS)) {
        tell_end(fd, child);
        return;
    }
    struct json *record = begin_record(watch);
    write_record(watch, record);
    json_free(record);
    tell(fd, running_word, sizeof running_word - 1);
    (void)close(fd);
    (void)child_wait(child, 1, -1);
    finish_record(watch, child);
}

/* The web server waits until nobody holds its descriptors any more. */
static void leave_request(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    (void)setsid();
    for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
        (void)dup2(null, fd);
}

static _Noreturn void watcher(const struct config *config, const struct api_run *run, int fd)
{
    struct watch watch = {.config = config, .run = run};
    struct child child = CHILD_INIT;
    struct err err = ERR_INIT;
    leave_request();
    clock_format(clock_now_us(), watch.started);
    (void)snprintf(watch.id, sizeof watch.id, "%s-%ld", watch.started, (long)getpid());
    if (api_child_start(&child, run->argv, 0, &err))
        watch_on(&watch, &child, fd);
    child_release(&child);
    _exit(0);
}

/* --- who waits for it ------------------------------------------------------------ */

static void read_told(int fd, struct buf *told)
{
    int64_t deadline = clock_mono_ms() + WAIT_MS + SLACK_MS;
    char piece[65536];
    for (;;) {
        struct pollfd poller = {fd, POLLIN, 0};
        int64_t left = deadline - clock_mono_ms();
        if (left <= 0)
            return;
        if (poll(&poller, 1, (int)left) <= 0)
            continue;
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        buf_add(told, piece, (size_t)n);
    }
}

static void accepted(const struct api_run *run, struct api_response *response)
{
    struct json *document = json_object();
    json_set_bool(document, "success", true);
    json_set_str(document, "program", run->program);
    json_set_str(document, "status", "running");
    json_set_str(document, "message",
                 "the run goes on: apiRun and operation in the health "
                 "document tell how far it is, events how it ended");
    api_give(response, document);
    response->status = 202;
    strlist_add(&response->headers, "Location: /api/system/db-health");
    strlist_add(&response->headers, "Retry-After: 10");
}

static void answer(const struct api_run *run, const struct buf *told, struct api_response *response)
{
    char *end;
    long status = strtol(told->data, &end, 10);
    if (strcmp(told->data, running_word) == 0) {
        accepted(run, response);
    } else if (end == told->data || *end != ' ') {
        api_child_failed(run->program, "it could not be run", response);
    } else {
        struct buf output = BUF_INIT;
        buf_adds(&output, end + 1);
        api_child_answer_text((int)status, &output, false, response);
        buf_release(&output);
    }
}

void api_run(const struct config *config, const struct api_run *run, struct api_response *response)
{
    struct buf told = BUF_INIT;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        api_child_failed(run->program, strerror(errno), response);
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        watcher(config, run, ends[1]);
    }
    (void)close(ends[1]);
    if (pid > 0) {
        read_told(ends[0], &told);
        answer(run, &told, response);
    } else {
        api_child_failed(run->program, strerror(errno), response);
    }
    (void)close(ends[0]);
    buf_release(&told);
}

/* --- the report ------------------------------------------------------------------ */

/* The number of a process is given anew, after a boot soon: the watcher is the one that was started
 * at that time of the machine. No clock that may be set tells it. */
static bool is_watched(const struct json *record)
{
    struct machine_process process;
    return machine_process((pid_t)json_int(record, "pid", 0), &process) &&
           process.started_s == json_int(record, "pidStarted", -1);
}

void api_run_report(const char *state_dir, struct json *document)
{
    static const char *const told[] = {"id",        "program", "by",        "state",
                                       "startedAt", "endedAt", "exitStatus"};
    struct json *record = read_record(state_dir);
    if (!record) {
        json_set_null(document, "apiRun");
        return;
    }
    if (strcmp(json_str(record, "state", ""), running_word) == 0 && !is_watched(record))
        json_set_str(record, "state", "lost");
    struct json *run = json_set_object(document, "apiRun");
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        const struct json *value = json_get(record, told[i]);
        if (value)
            json_set(run, told[i], json_copy(value));
        else
            json_set_null(run, told[i]);
    }
    const struct json *error = json_get(json_get(record, "document"), "error");
    if (error)
        json_set(run, "error", json_copy(error));
    else
        json_set_null(run, "error");
    json_free(record);
}
