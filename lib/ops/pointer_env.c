/*
 * The target DB_ACTIVE_ENV_FILE: a file that the application reads its environment from, of which
 * the line DB_ACTIVE_ENV_VAR follows the active database.
 */
#include <string.h>

#include "base/buf.h"
#include "ops/pointer_file.h"
#include "ops/pointer_target.h"
#include "state/envfile.h"
#include "state/envfile_edit.h"

static const char *path_of(const struct config *config)
{
    return config_value(config, "DB_ACTIVE_ENV_FILE")->value;
}

static const char *name_of(const struct config *config)
{
    return config_value(config, "DB_ACTIVE_ENV_VAR")->value;
}

static bool configured(const struct config *config)
{
    return path_of(config) != NULL;
}

static bool move(const struct config *config, enum role active, struct err *err)
{
    const char *path = path_of(config);
    const char *url = config->app_urls[active];
    struct buf old = BUF_INIT;
    struct buf new = BUF_INIT;
    mode_t mode;
    bool ok = pointer_file_read(path, &old, &mode, err) &&
              envfile_set(path, old.data, old.len, name_of(config), url, &new, err) &&
              pointer_file_write(path, mode, &old, &new, err);
    buf_release(&old);
    buf_release(&new);
    return ok;
}

static bool check(const struct config *config, struct err *err)
{
    const char *path = path_of(config);
    struct buf old = BUF_INIT;
    struct buf new = BUF_INIT;
    mode_t mode;
    bool ok = pointer_file_read(path, &old, &mode, err) && pointer_file_check(path, mode, err);
    for (size_t role = 0; ok && role < 2; role++) {
        const char *url = config->app_urls[role];
        ok = !url || envfile_set(path, old.data, old.len, name_of(config), url, &new, err);
    }
    buf_release(&old);
    buf_release(&new);
    return ok || err_prefix(err, "DB_ACTIVE_ENV_FILE");
}

/* The value as it would be read back: quoting may have changed how it is written. */
static bool is_value(const char *value, const char *url)
{
    struct buf quoted = BUF_INIT;
    bool same = strcmp(value, url) == 0;
    if (!same && envfile_quote(&quoted, url)) {
        size_t len = strlen(value);
        same = quoted.len == len + 2 && memcmp(quoted.data + 1, value, len) == 0;
    }
    buf_release(&quoted);
    return same;
}

static bool agrees(const struct config *config, enum role active, struct err *err)
{
    const char *path = path_of(config);
    const char *name = name_of(config);
    struct envfile file = ENVFILE_INIT;
    struct buf text = BUF_INIT;
    mode_t mode;
    bool ok = pointer_file_read(path, &text, &mode, err);
    if (ok) {
        envfile_parse(&file, path, text.data, text.len);
        const struct envfile_entry *entry = envfile_find(&file, name);
        enum role other = role_other(active);
        if (!mode)
            ok = err_set(err, ERR_DIFFERENT, "%s does not exist", path);
        else if (!entry)
            ok = err_set(err, ERR_DIFFERENT, "%s has no line for %s", path, name);
        else if (!is_value(entry->value, config->app_urls[active]))
            ok = err_set(err, ERR_DIFFERENT, "%s of %s is %s", name, path,
                         config->app_urls[other] && is_value(entry->value, config->app_urls[other])
                             ? role_name(other)
                             : "neither database");
    }
    envfile_release(&file);
    buf_release(&text);
    return ok;
}

const struct pointer_target pointer_env_file = {
    "DB_ACTIVE_ENV_FILE", configured, check, NULL, NULL, move, agrees,
};
