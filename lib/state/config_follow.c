#include "state/config_follow.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define SETTLED_US INT64_C(1000000)

void config_follow_start(struct config_follow *follow, const struct config *config,
                         const char *env_file, const char *state_dir)
{
    memset(follow, 0, sizeof(*follow));
    follow->config = config;
    follow->env_file = env_file;
    follow->state_dir = state_dir;
    if (config->env_file)
        (void)stat(config->env_file, &follow->seen);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool is_settled(const struct stat *now)
{
    int64_t age_us =
        clock_now_us() - ((int64_t)now->st_mtim.tv_sec * 1000000 + now->st_mtim.tv_nsec / 1000);

    return age_us < 0 || age_us >= SETTLED_US;
}

/* True when the file is to be read. */
static bool has_changed(struct config_follow *follow)
{
    const char *path = follow->config->env_file;
    struct stat now;

    if (!path)
        return false;
    if (stat(path, &now) != 0) {
        if (follow->seen.st_ino)
            log_warn("%s cannot be read any more: %s; what it said stays in force", path,
                     strerror(errno));
        memset(&follow->seen, 0, sizeof(follow->seen));
        return false;
    }
    if (is_same(&now, &follow->seen) || !is_settled(&now))
        return false;
    follow->seen = now;
    return true;
}

static bool is_of_this_state(const struct config_follow *follow, const struct config *next)
{
    if (strcmp(next->state_dir, follow->config->state_dir) == 0)
        return true;
    log_warn("%s was changed, and names another DB_STATE_DIR: that counts from the next start, and "
             "so does what else was changed",
             next->env_file);
    return false;
}

bool config_follow(struct config_follow *follow)
{
    struct config next;
    struct err err = ERR_INIT;

    if (!has_changed(follow))
        return false;
    bool ok = config_load(&next, follow->env_file, follow->state_dir, false, &err);
    if (!ok)
        log_warn("%s was changed, and cannot be used: %s; what it said before stays in force",
                 follow->config->env_file, err.message);
    if (!ok || !is_of_this_state(follow, &next)) {
        config_release(&next);
        return false;
    }
    log_info("%s was changed: it is in force from now on", next.env_file);
    if (follow->config->urls[ROLE_SECONDARY] && !next.urls[ROLE_SECONDARY])
        log_warn(
            "%s names no DATABASE_URL_SECONDARY any more: the primary alone counts from now on",
            next.env_file);
    if (follow->has_own)
        config_release(&follow->own);
    follow->own = next;
    follow->has_own = true;
    follow->config = &follow->own;
    return true;
}

void config_follow_end(struct config_follow *follow)
{
    if (follow->has_own)
        config_release(&follow->own);
    follow->has_own = false;
}
