/*
 * A script that sources an env file reads something else than node and dbr do, and runs what stands
 * in it. So it asks dbr-env.
 */
#include "ops/env_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "state/config.h"

#define ENV_FILE_KEY "DBR_ENV_FILE"

/* Left and taken up again for a quote. */
void env_add_shell_quoted(struct buf *out, const char *value)
{
    buf_addch(out, '\'');
    for (const char *p = value; *p; p++) {
        if (*p == '\'')
            buf_adds(out, "'\\''");
        else
            buf_addch(out, *p);
    }
    buf_addch(out, '\'');
}

static const struct config_value *find_key(const struct config *config, const char *name,
                                           struct err *err)
{
    for (size_t i = 0; i < config->value_count; i++)
        if (strcmp(config->values[i].key, name) == 0)
            return &config->values[i];
    const char **names = mem_array(NULL, config->value_count + 1, sizeof *names);
    for (size_t i = 0; i < config->value_count; i++)
        names[i] = config->values[i].key;
    struct buf shown = BUF_INIT;
    buf_add_clean(&shown, name);
    err_set(err, ERR_USAGE, "there is no configuration key %s", shown.data);
    const char *nearest = strlist_nearest(name, names, config->value_count);
    if (nearest)
        err_hint(err, "did you mean %s?", nearest);
    buf_release(&shown);
    free(names);
    return NULL;
}

/* The value that may be printed. */
static bool printable_value(const struct config *config, const char *name, const char **text,
                            struct err *err)
{
    const struct config_value *value = find_key(config, name, err);
    if (!value)
        return false;
    if (value->secret) {
        err_set(err, ERR_USAGE, "%s may hold a secret and is not printed", value->key);
        return err_hint(err, "dbr-env prints the URL of the active database");
    }
    if (*value->problem)
        return config_value_error(value, config, err);
    *text = value->value;
    return true;
}

static bool add_all(struct cli *cli, const struct config *config, const struct strlist *keys,
                    struct buf *out, struct err *err)
{
    struct json *object = cli->common.json ? json_set_object(cli->document, "config") : NULL;
    char *env_file = config->env_file ? realpath(config->env_file, NULL) : NULL;
    bool ok = true;
    for (size_t i = 0; ok && i < keys->count; i++) {
        const char *name = keys->items[i];
        const char *text = env_file;
        if (strcmp(name, ENV_FILE_KEY) != 0)
            ok = printable_value(config, name, &text, err);
        if (!ok)
            break;
        if (object)
            json_set_str(object, name, text);
        buf_addf(out, "%s=", name);
        env_add_shell_quoted(out, text ? text : "");
        buf_addch(out, '\n');
    }
    free(env_file);
    return ok;
}

bool env_print_config(struct cli *cli, const struct strlist *keys, struct err *err)
{
    const struct options_common *common = &cli->common;
    struct buf out = BUF_INIT;
    struct config config;
    /* Leniently: DB_BACKUP_DIR can be known where no database is configured. */
    bool ok = config_load(&config, common->env_file, common->state_dir, true, err);
    if (ok && config.env_file_error)
        ok = err_set_hint(err, ERR_USAGE,
                          "make the env file readable, or name another with --env-file", "%s",
                          config.env_file_error);
    ok = ok && add_all(cli, &config, keys, &out, err);
    /* All or nothing: a script that is told half of it would take the rest for not set. */
    if (ok && !common->json)
        (void)fputs(out.data, stdout);
    buf_release(&out);
    config_release(&config);
    return ok;
}
