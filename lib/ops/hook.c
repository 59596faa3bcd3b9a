/* Runs the command of DB_ON_EVENT as a child and logs what it prints. */
#include "ops/hook.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/child.h"
#include "base/log.h"
#include "base/mem.h"
#include "ops/hook_env.h"
#include "state/secrets.h"

#define LIMIT_MS 60000
#define LINES_MAX 200
#define LINE_MAX_READ 4096 /* masked as a whole before it is cut to what is shown */
#define LINE_MAX_SHOWN 1000

/* What it prints. */
struct output {
    struct strlist secrets;
    struct buf line;
    size_t lines;
    char last[LINE_MAX_SHOWN + 1]; /* the last line that was not empty, masked */
};

static void log_line(struct output *output)
{
    struct buf shown = BUF_INIT;
    secrets_mask(&output->secrets, output->line.data, &shown);
    if (shown.len > LINE_MAX_SHOWN)
        buf_truncate(&shown, LINE_MAX_SHOWN);
    if (shown.len > 0) {
        memcpy(output->last, shown.data, shown.len + 1);
        output->lines++;
        if (output->lines <= LINES_MAX)
            log_info("DB_ON_EVENT: %s", shown.data);
    }
    buf_release(&shown);
    buf_reset(&output->line);
}

static void take(void *context, const char *data, size_t len)
{
    struct output *output = context;
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\n')
            log_line(output);
        else if (output->line.len < LINE_MAX_READ)
            buf_addch(&output->line, data[i] ? data[i] : '?');
    }
}

static void end_output(struct output *output)
{
    log_line(output);
    if (output->lines > LINES_MAX)
        log_info("DB_ON_EVENT: %zu more lines", output->lines - LINES_MAX);
}

/* One run of it. The list holds the strings of envp. */
struct job {
    struct output output;
    struct strlist env;
    const char **envp;
    bool started;
};

static void start(struct job *job, struct child *child, const struct config *config,
                  const struct hook_event *event, struct err *err)
{
    const char *const argv[] = {"/bin/sh", "-c", config->on_event, NULL};
    *job = (struct job){.output = {.secrets = STRLIST_INIT, .line = BUF_INIT}, .env = STRLIST_INIT};
    *child = (struct child)CHILD_INIT;
    if (!config->on_event)
        return;
    secrets_collect(config, &job->output.secrets);
    hook_env(config, event, &job->env);
    job->envp = mem_array(NULL, job->env.count + 1, sizeof *job->envp);
    for (size_t i = 0; i < job->env.count; i++)
        job->envp[i] = job->env.items[i];
    job->envp[job->env.count] = NULL;
    const struct child_spec spec = {.argv = argv,
                                    .env = job->envp,
                                    .limit_ms = event->limit_ms ? event->limit_ms : LIMIT_MS,
                                    .together = true,
                                    .take = take,
                                    .context = &job->output};
    job->started = child_start(child, &spec, err);
    if (!job->started)
        err_prefix(err, "DB_ON_EVENT");
}

static void finish(struct job *job, struct child *child, struct hook_result *result)
{
    if (job->started) {
        end_output(&job->output);
        if (!child_judge(child, "DB_ON_EVENT", job->output.last, &result->err) &&
            result->err.code == ERR_FAILED)
            err_hint(&result->err,
                     "try the command by hand with DBR_EVENT, DBR_ACTIVE, DBR_REASON and "
                     "DBR_MESSAGE set");
        result->late = child->end == CHILD_LATE;
    }
    child_release(child);
    free(job->envp);
    strlist_release(&job->env);
    strlist_release(&job->output.secrets);
    buf_release(&job->output.line);
}

struct hook_runs {
    size_t count;
    struct job *jobs;
    struct child *children;
    struct hook_result *results;
};

struct hook_runs *hook_start_all(const struct config *config, const struct hook_event *events,
                                 size_t count)
{
    struct hook_runs *runs = mem_alloc(sizeof *runs);
    *runs = (struct hook_runs){count, mem_array(NULL, count, sizeof *runs->jobs),
                               mem_array(NULL, count, sizeof *runs->children),
                               mem_array(NULL, count, sizeof *runs->results)};
    for (size_t i = 0; i < count; i++) {
        runs->results[i] = (struct hook_result){.err = ERR_INIT};
        start(&runs->jobs[i], &runs->children[i], config, &events[i], &runs->results[i].err);
    }
    return runs;
}

bool hook_have_ended(struct hook_runs *runs)
{
    return child_wait(runs->children, runs->count, 0);
}

void hook_finish_all(struct hook_runs *runs, struct hook_result *results)
{
    (void)child_wait(runs->children, runs->count, -1);
    for (size_t i = 0; i < runs->count; i++) {
        finish(&runs->jobs[i], &runs->children[i], &runs->results[i]);
        results[i] = runs->results[i];
    }
    free(runs->results);
    free(runs->children);
    free(runs->jobs);
    free(runs);
}

bool hook_run(const struct config *config, const struct hook_event *event, struct err *err)
{
    struct hook_result result;
    hook_finish_all(hook_start_all(config, event, 1), &result);
    if (result.err.code != ERR_NONE)
        *err = result.err;
    return result.err.code == ERR_NONE;
}
