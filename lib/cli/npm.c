/* npm's habit of keeping options for itself, and what is done about it. */
#include "cli/npm.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* What npm says of an option: npm_config_NAME, or NULL. */
static const char *npm_value(const char *name)
{
    struct buf key = BUF_INIT;

    buf_adds(&key, "npm_config_");
    for (; *name; name++)
        buf_addch(&key, *name == '-' ? '_' : *name);
    const char *value = getenv(key.data);
    buf_release(&key);
    return value;
}

static bool is_off(const char *value)
{
    return !*value || strcmp(value, "false") == 0;
}

/* True when npm was given the option. It takes --no-NAME for a NAME that is switched off. */
static bool kept_by_npm(const char *name)
{
    const char *value = npm_value(name);
    if (value && !is_off(value))
        return true;
    value = strncmp(name, "no-", 3) == 0 ? npm_value(name + 3) : NULL;
    return value && is_off(value);
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

/* Options that matter only to what is printed; dry-run and json are honoured. */
static bool is_harmless(const struct option *option)
{
    static const char *const names[] = {"dry-run",  "json", "quiet",  "verbose",
                                        "no-color", "help", "version"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(option->name, names[i]) == 0)
            return true;
    return false;
}

/* A missing --yes is asked for later on, or refused, so that a notice will do. Of the others each
 * is named, and added to the command that was meant. */
static void collect_kept(const struct option *option, const char *script, struct strlist *notices,
                         struct strlist *names, struct buf *meant)
{
    for (; option && option->name; option++) {
        if (is_harmless(option) || !kept_by_npm(option->name))
            continue;
        if (strcmp(option->name, "yes") == 0) {
            strlist_addf(notices, "npm kept --%s for itself: write npm run %s -- --%s",
                         option->name, script, option->name);
            continue;
        }
        strlist_addf(names, "--%s", option->name);
        buf_addf(meant, " --%s", option->name);
        if (option->argument && option->kind != OPTION_OPTIONAL)
            buf_addf(meant, "=%s", option->argument);
        else if (option->choices)
            buf_addf(meant, "=%s", option->choices);
    }
}

static bool refuse_kept(const struct program *program, struct options_common *common,
                        const char *script, struct strlist *notices, struct err *err)
{
    struct strlist names = STRLIST_INIT;
    struct buf meant = BUF_INIT;
    struct buf list = BUF_INIT;

    collect_kept(program->options, script, notices, &names, &meant);
    collect_kept(options_common_table(common), script, notices, &names, &meant);
    bool ok = names.count == 0;
    if (!ok) {
        for (size_t i = 0; i < names.count; i++)
            buf_addf(&list, "%s%s", i == 0 ? "" : ", ", names.items[i]);
        err_set(err, ERR_USAGE, "npm kept %s for itself; nothing was done", list.data);
        err_hint(err, "npm run %s --%s", script, meant.data);
    }
    strlist_release(&names);
    buf_release(&meant);
    buf_release(&list);
    return ok;
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
    return refuse_kept(program, common, script, notices, err) &&
           apply_dry_run(program, notices, err);
}
