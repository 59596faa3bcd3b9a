/*
 * dbr-env: which database is active is the state's word; a state that cannot be read is an error,
 * never a guess. What is printed holds the password: that is what it is for.
 */
#include "ops/env.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "ops/env_config.h"
#include "ops/env_set.h"
#include "ops/pointer.h"
#include "state/config.h"
#include "state/envfile_edit.h"
#include "state/state.h"

#define STATUS_NOT_FOUND 127
#define STATUS_NOT_EXECUTABLE 126

static bool check_options(const struct cli *cli, const struct env_options *o, struct err *err)
{
    bool command = cli->operands.count > 0;
    const char *excluded = o->set.count       ? "--set"
                           : o->config.count  ? "--config"
                           : o->check         ? "--check"
                           : o->format        ? "--format"
                           : cli->common.json ? "--json"
                                              : NULL;
    if (command && excluded)
        return options_exclude(excluded, "a command", err);
    if (o->set.count && (o->config.count || o->check || o->format || o->name))
        return options_exclude("--set",
                               o->config.count ? "--config"
                               : o->check      ? "--check"
                               : o->format     ? "--format"
                                               : "--name",
                               err);
    if (o->config.count && (o->check || o->format || o->name))
        return options_exclude("--config",
                               o->check    ? "--check"
                               : o->format ? "--format"
                                           : "--name",
                               err);
    if (o->check && (o->format || o->name))
        return options_exclude("--check", o->format ? "--format" : "--name", err);
    if (o->name && (!*o->name || strchr("0123456789", *o->name) ||
                    o->name[strspn(o->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                            "0123456789_")]))
        return err_set_hint(
            err, ERR_USAGE,
            "for example --name=DATABASE_URL: letters, digits and _, and no digit first",
            "--name must be the name of an environment variable");
    return true;
}

/* Which database is active, and that its URL is the one it was when it became so. */
static bool find_active(const struct config *config, struct state *state, enum role *active,
                        struct err *err)
{
    const char *const *urls = (const char *const *)config->app_urls;
    if (!state_peek(state, config->state_dir, err))
        return false;
    *active = state_active(state);
    /* The state of another user or directory would say otherwise. */
    if (state->fresh && urls[ROLE_SECONDARY])
        log_warn("there is no state in %s: the primary is taken for the active database",
                 config->state_dir);
    if (!urls[*active]) {
        err_set(err, ERR_USAGE, "the secondary is active, but DATABASE_URL_SECONDARY is not set");
        return err_hint(err, "set it again");
    }
    /* Most likely DATABASE_URL in the environment is what dbr-env itself put there. */
    if (urls[ROLE_SECONDARY] && strcmp(urls[ROLE_PRIMARY], urls[ROLE_SECONDARY]) == 0) {
        err_set(err, ERR_USAGE, "DATABASE_URL and DATABASE_URL_SECONDARY are the same");
        return err_hint(err, "where DATABASE_URL of the environment hides that of the env file, "
                             "unset it before dbr is run");
    }
    return true;
}

static bool print_value(struct cli *cli, const char *format, const char *name, const char *url,
                        enum role active, struct err *err)
{
    struct buf text = BUF_INIT;
    bool ok = true;
    if (cli->common.json) {
        json_set_str(cli->document, "activeDatabase", role_name(active));
        json_set_str(cli->document, "name", name);
        json_set_str(cli->document, "url", url);
        return true;
    }
    if (format && strcmp(format, "url") == 0) {
        buf_adds(&text, url);
    } else {
        buf_addf(&text, "%s=", name);
        if (!format || strcmp(format, "shell") == 0)
            env_add_shell_quoted(&text, url);
        else
            ok = envfile_quote(&text, url);
    }
    if (ok) {
        (void)puts(text.data);
    } else {
        err_set(err, ERR_USAGE, "the URL of the %s cannot be quoted for an env file",
                role_name(active));
        err_hint(err, "write it as a postgresql:// URL");
    }
    buf_release(&text);
    return ok;
}

static bool check_targets(struct cli *cli, const struct config *config, const struct state *state,
                          struct err *err)
{
    enum role active = state_active(state);
    struct strlist differing = STRLIST_INIT;
    bool ok = pointer_agrees(config, state, &differing, err);
    if (cli->common.json) {
        json_set_str(cli->document, "activeDatabase", role_name(active));
        json_set_bool(cli->document, "agrees", ok);
        struct json *list = json_set_array(cli->document, "differing");
        for (size_t i = 0; i < differing.count; i++)
            json_add_str(list, differing.items[i]);
    } else if (ok && !cli->common.quiet) {
        (void)printf(pointer_configured(config) ? "all targets point at the %s\n"
                                                : "the %s is active; no target is configured\n",
                     role_name(active));
    }
    strlist_release(&differing);
    return ok;
}

/* Becomes the command; comes back only when that cannot be. */
static bool become(struct cli *cli, const char *name, const char *url)
{
    char **argv = mem_array(NULL, cli->operands.count + 1, sizeof *argv);
    for (size_t i = 0; i < cli->operands.count; i++)
        argv[i] = cli->operands.items[i];
    argv[cli->operands.count] = NULL;
    if (setenv(name, url, 1) != 0)
        mem_abort();
    stop_reset();
    (void)execvp(argv[0], argv);
    int why = errno;
    cli->status = why == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
    log_error("cannot run %s: %s", argv[0], strerror(why));
    free(argv);
    return true;
}

bool ops_env(struct cli *cli, const struct env_options *options, struct err *err)
{
    const struct options_common *common = &cli->common;
    struct config config;
    struct state state = STATE_INIT;
    enum role active = ROLE_PRIMARY;
    if (!check_options(cli, options, err))
        return false;
    json_set_str(cli->document, "program", cli->program->name);
    if (options->set.count)
        return env_set_config(cli, &options->set, err);
    if (options->config.count)
        return env_print_config(cli, &options->config, err);
    bool ok = config_load(&config, common->env_file, common->state_dir, false, err) &&
              find_active(&config, &state, &active, err);
    if (ok) {
        const char *url = config.app_urls[active];
        const char *name =
            options->name ? options->name : config_value(&config, "DB_ACTIVE_ENV_VAR")->value;
        if (options->check)
            ok = check_targets(cli, &config, &state, err);
        else if (cli->operands.count > 0)
            ok = become(cli, name, url);
        else
            ok = print_value(cli, options->format, name, url, active, err);
    }
    state_release(&state);
    config_release(&config);
    return ok;
}
