/* npm's habit of keeping options for itself, and what is done about it. */
#include "cli/npm.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* True when npm was given the option: npm_config_NAME is set to something other than "false". */
static bool kept_by_npm(const char *name)
{
    struct buf key = BUF_INIT;

    buf_adds(&key, "npm_config_");
    for (; *name; name++)
        buf_addch(&key, *name == '-' ? '_' : *name);
    const char *value = getenv(key.data);
    buf_release(&key);
    return value && *value && strcmp(value, "false") != 0;
}

static bool apply_dry_run(const struct program *program, struct strlist *notices, struct err *err)
{
    const struct option *option = options_find(program->options, "dry-run");

    if (!kept_by_npm("dry-run"))
        return true;
    if (!option) {
        err_set(err, ERR_USAGE, "npm was given --dry-run, which %s does not know", program->name);
        return err_hint(err, "run it without --dry-run");
    }
    bool *target = option->target;
    if (!*target)
        strlist_add(notices, "npm was given --dry-run: this is a dry run");
    *target = true;
    return true;
}

/* The options that are honoured have notices of their own. */
static void report_kept(const struct option *option, const char *script, struct strlist *notices)
{
    for (; option && option->name; option++)
        if (strcmp(option->name, "dry-run") != 0 && strcmp(option->name, "json") != 0 &&
            kept_by_npm(option->name))
            strlist_addf(notices, "npm kept --%s for itself: write npm run %s -- --%s",
                         option->name, script, option->name);
}

bool npm_apply(const struct program *program, struct options_common *common,
               struct strlist *notices, struct err *err)
{
    const char *script = getenv("npm_lifecycle_event");

    if (!script || !*script)
        return true;
    if (kept_by_npm("json") && !common->json) {
        common->json = true;
        strlist_add(notices, "npm was given --json: the result is printed as JSON");
    }
    report_kept(program->options, script, notices);
    report_kept(options_common_table(common), script, notices);
    return apply_dry_run(program, notices, err);
}
