/*
 * The target DB_ACTIVE_ENV_FILE: a file that the application reads its environment from, of which
 * the line DB_ACTIVE_ENV_VAR follows the active database.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "ops/pointer_target.h"
#include "state/envfile.h"
#include "state/envfile_edit.h"

#define FILE_MAX ((size_t)1 << 20)
#define NEW_FILE_MODE 0600

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

/* Reads the file as it is; *mode is 0 when there is none yet. */
static bool read_file(const char *path, struct buf *text, mode_t *mode, struct err *err)
{
    struct stat st;
    *mode = 0;
    if (stat(path, &st) != 0) {
        if (errno != ENOENT)
            return err_set_errno(err, ERR_USAGE, errno, "cannot read %s", path);
        /* Writing would put a file in the place of the link. */
        if (lstat(path, &st) == 0)
            return err_set(err, ERR_USAGE, "%s is a symbolic link to nowhere", path);
        return true;
    }
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_USAGE, "%s is not a regular file", path);
    if (!fsio_read(path, FILE_MAX, text, err))
        return false;
    if (memchr(text->data, '\0', text->len))
        return err_set(err, ERR_USAGE, "%s is not a text file", path);
    *mode = st.st_mode & 07777;
    return true;
}

static bool move(const struct config *config, enum role active, struct err *err)
{
    const char *path = path_of(config);
    struct buf old = BUF_INIT;
    struct buf new = BUF_INIT;
    mode_t mode;
    bool ok =
        read_file(path, &old, &mode, err) &&
        envfile_set(path, old.data, old.len, name_of(config), config->app_urls[active], &new, err);
    bool same = mode && old.len == new.len &&memcmp(old.data, new.data, old.len) == 0;
    if (ok && !same)
        ok = fsio_write_atomic(path, mode ? mode : NEW_FILE_MODE, new.data, new.len, err);
    buf_release(&old);
    buf_release(&new);
    return ok;
}

static bool in_group(gid_t group)
{
    gid_t groups[256];
    int count = getgroups(256, groups);
    for (int i = 0; i < count; i++) {
        if (groups[i] == group)
            return true;
    }
    return group == getegid();
}

/* The file is replaced by a new one, so it takes the right to create files in its directory, and
 * for the new one to have the old one's owner. */
static bool check_replaceable(const char *path, bool exists, struct err *err)
{
    struct stat st;
    char *real = exists ? realpath(path, NULL) : NULL;
    char *directory = mem_strdup(real ? real : path);
    char *slash = strrchr(directory, '/');
    if (slash)
        slash[slash == directory] = '\0';
    const char *where = slash ? directory : ".";
    bool ok = true;
    if (faccessat(AT_FDCWD, where, W_OK | X_OK, AT_EACCESS) != 0) {
        ok = err_set_errno(err, ERR_USAGE, errno, "cannot write to the directory of %s", path);
    } else if (exists && geteuid() != 0 && stat(path, &st) == 0 &&
               (st.st_uid != geteuid() || !in_group(st.st_gid))) {
        err_set(err, ERR_USAGE, "%s belongs to another user or group, which dbr cannot keep", path);
        ok = err_hint(err, "run dbr as the owner of that file or as root");
    }
    free(real);
    free(directory);
    return ok;
}

static bool check(const struct config *config, struct err *err)
{
    const char *path = path_of(config);
    struct buf old = BUF_INIT;
    struct buf new = BUF_INIT;
    mode_t mode;
    bool ok = read_file(path, &old, &mode, err) && check_replaceable(path, mode != 0, err);
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
    bool ok = read_file(path, &text, &mode, err);
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
