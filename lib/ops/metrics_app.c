/*
 * The application's processes: the one of a pid file, or those of an application under PM2, by the
 * pid files that PM2 keeps. How often it was restarted only PM2 itself knows, which is asked while
 * its daemon runs (asking would start it otherwise).
 */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/fsio.h"
#include "base/json.h"
#include "base/mem.h"
#include "ops/metrics.h"

#define PID_FILE_MAX 64
#define JLIST_LIMIT_MS 5000
#define JLIST_MAX ((size_t)4 << 20)

static pid_t read_pid(const char *path)
{
    struct buf text = BUF_INIT;
    long pid = 0;
    if (fsio_read_if_regular(path, PID_FILE_MAX, &text))
        pid = strtol(text.data, NULL, 10);
    buf_release(&text);
    return pid > 0 ? (pid_t)pid : 0;
}

static void add_process(struct metrics_app *app, pid_t pid)
{
    struct machine_process process;
    int64_t uptime = machine_uptime_s();
    if (!machine_process(pid, &process))
        return;
    int64_t age = uptime > process.started_s ? uptime - process.started_s : 0;
    app->pid = app->processes++ == 0 ? pid : app->pid;
    app->memory += process.memory;
    app->cpu_ms += process.cpu_ms;
    app->uptime_s = app->uptime_s < 0 || age < app->uptime_s ? age : app->uptime_s;
}

/* "NAME-3.pid", the characters that are none of a file name replaced as PM2 does. */
static bool is_of(const char *file, const char *name)
{
    size_t i = 0;
    for (; name[i]; i++) {
        bool plain = isalnum((unsigned char)name[i]) || name[i] == '_';
        if (file[i] != name[i] && (plain || file[i] != '-'))
            return false;
    }
    if (file[i] != '-')
        return false;
    size_t digits = strspn(file + i + 1, "0123456789");
    return digits > 0 && strcmp(file + i + 1 + digits, ".pid") == 0;
}

static char *pm2_home(void)
{
    const char *home = getenv("PM2_HOME");
    if (home && *home)
        return mem_strdup(home);
    home = getenv("HOME");
    return mem_printf("%s/.pm2", home ? home : "");
}

static void add_pm2_processes(struct metrics_app *app, const char *home)
{
    char *path = mem_printf("%s/pids", home);
    DIR *dir = opendir(path);
    for (const struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        if (!is_of(entry->d_name, app->name))
            continue;
        char *file = mem_printf("%s/%s", path, entry->d_name);
        add_process(app, read_pid(file));
        free(file);
    }
    if (dir)
        (void)closedir(dir);
    free(path);
}

static int64_t sum_restarts(const struct json *list, const char *name)
{
    int64_t sum = -1;
    for (const struct json *one = json_first(list); one; one = json_next(one)) {
        if (strcmp(json_str(one, "name", ""), name) == 0)
            sum = (sum < 0 ? 0 : sum) + json_int(json_get(one, "pm2_env"), "restart_time", 0);
    }
    return sum;
}

static int64_t ask_restarts(const char *name)
{
    static const char *const argv[] = {"pm2", "jlist", NULL};
    const struct child_spec spec = {
        .argv = argv, .limit_ms = JLIST_LIMIT_MS, .output_max = JLIST_MAX, .ends_group = true};
    struct child child = CHILD_INIT;
    struct err ignored = ERR_INIT;
    int64_t restarts = -1;
    if (child_start(&child, &spec, &ignored) && child_wait(&child, 1, -1) && !child.cut) {
        /* PM2 may say other things first. */
        const char *list = strstr(child.output.data, "[{");
        struct json *json = list ? json_parse(list, strlen(list), &ignored) : NULL;
        restarts = sum_restarts(json, name);
        json_free(json);
    }
    child_release(&child);
    return restarts;
}

void metrics_app_read(const struct config *config, bool restarts, struct metrics_app *app)
{
    const char *file = config_value(config, "DB_APP_PID_FILE")->value;
    const char *name = config_value(config, "DB_APP_PM2_NAME")->value;
    *app = (struct metrics_app){.cpu_percent = -1, .uptime_s = -1, .restarts = -1};
    if (file) {
        app->source = "pid-file";
        app->name = file;
        add_process(app, read_pid(file));
    } else if (name) {
        char *home = pm2_home();
        char *socket = mem_printf("%s/rpc.sock", home);
        app->source = "pm2";
        app->name = name;
        add_pm2_processes(app, home);
        if (restarts && fsio_exists(socket))
            app->restarts = ask_restarts(name);
        free(socket);
        free(home);
    }
}
