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

static bool run(struct child *child, const struct child_spec *spec, struct err *err)
{
    struct output *output = spec->context;
    if (!child_start(child, spec, err))
        return err_prefix(err, "DB_ON_EVENT");
    (void)child_wait(child, 1, -1);
    end_output(output);
    if (child_judge(child, "DB_ON_EVENT", output->last, err))
        return true;
    if (err->code == ERR_FAILED)
        err_hint(err, "try the command by hand with DBR_EVENT, DBR_ACTIVE, DBR_REASON and "
                      "DBR_MESSAGE set");
    return false;
}

bool hook_run(const struct config *config, const struct hook_event *event, struct err *err)
{
    struct output output = {.secrets = STRLIST_INIT, .line = BUF_INIT};
    struct strlist env = STRLIST_INIT;
    struct child child = CHILD_INIT;
    if (!config->on_event)
        return true;
    secrets_collect(config, &output.secrets);
    hook_env(config, event, &env);
    const char **envp = mem_array(NULL, env.count + 1, sizeof *envp);
    for (size_t i = 0; i < env.count; i++)
        envp[i] = env.items[i];
    envp[env.count] = NULL;
    const char *const argv[] = {"/bin/sh", "-c", config->on_event, NULL};
    const struct child_spec spec = {.argv = argv,
                                    .env = envp,
                                    .limit_ms = event->limit_ms ? event->limit_ms : LIMIT_MS,
                                    .together = true,
                                    .take = take,
                                    .context = &output};
    bool ok = run(&child, &spec, err);
    child_release(&child);
    free(envp);
    strlist_release(&env);
    strlist_release(&output.secrets);
    buf_release(&output.line);
    return ok;
}
