/* Puts together the environment of the command of DB_ON_EVENT. */
#include "ops/hook_env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/machine.h"
#include "base/mem.h"

/* Puts NAME=value at the end, in the place of what was inherited under that name. */
static void set(struct strlist *list, const char *name, const char *value)
{
    size_t len = strlen(name);
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (strncmp(list->items[i], name, len) == 0 && list->items[i][len] == '=')
            free(list->items[i]);
        else
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
    strlist_addf(list, "%s=%s", name, value);
}

/* Without line ends and control characters: such a value ends up in mails and headers. */
static void set_clean(struct strlist *list, const char *name, const char *value)
{
    struct buf text = BUF_INIT;
    buf_add_clean(&text, value ? value : "");
    set(list, name, text.data);
    buf_release(&text);
}

static void set_path(struct strlist *list, const char *name, const char *path)
{
    char *absolute = path ? realpath(path, NULL) : NULL;
    if (absolute)
        set(list, name, absolute);
    free(absolute);
}

/* Cron and units have a short one; what stands beside dbr is named without its place in recipes. */
static void set_search_path(struct strlist *list)
{
    const char *path = getenv("PATH");
    char *own = machine_own_directory();
    struct buf text = BUF_INIT;
    buf_adds(&text, path && *path ? path : "/usr/local/bin:/usr/bin:/bin");
    if (own)
        buf_addf(&text, ":%s", own);
    set(list, "PATH", text.data);
    buf_release(&text);
    free(own);
}

void hook_env(const struct config *config, const struct hook_event *event, struct strlist *list)
{
    static const char *const passed_on[] = {"DB_ACTIVE_ENV_VAR", "DB_APP_PM2_NAME"};
    char time[CLOCK_TEXT_SIZE];
    char alerts[24] = "";

    for (size_t i = 0; environ && environ[i]; i++)
        if (strncmp(environ[i], "npm_", 4) != 0) /* what npm was told is for this run alone */
            strlist_add(list, environ[i]);
    set_search_path(list);
    set_path(list, "DBR_ENV_FILE", config->env_file);
    set_path(list, "DB_STATE_DIR", config->state_dir);
    for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++) {
        const char *value = config_value(config, passed_on[i])->value;
        if (value)
            set(list, passed_on[i], value);
    }
    set(list, "DBR_EVENT", event->event);
    set(list, "DBR_ACTIVE", role_name(event->active));
    set_clean(list, "DBR_REASON", event->reason);
    set_clean(list, "DBR_MESSAGE", event->message);
    set(list, "DBR_SEVERITY", event->severity ? event->severity : "");
    if (event->severity)
        (void)snprintf(alerts, sizeof alerts, "%zu", event->alerts);
    set(list, "DBR_ALERTS", alerts);
    set(list, "DBR_FILE", event->file ? event->file : "");
    set(list, "DBR_TIME", clock_format(event->time_us ? event->time_us : clock_now_us(), time));
}
