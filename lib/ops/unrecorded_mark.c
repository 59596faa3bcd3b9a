/* The marks that say that somebody was told of a check that could not be recorded. */
#include "ops/unrecorded_mark.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "ops/alerts.h"
#include "ops/unrecorded.h"

/* Where a mark may lie besides the state directory, which is the first place. */
static const char *place(size_t i)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    const char *const places[] = {runtime && *runtime == '/' ? runtime : "/run", "/run",
                                  "/dev/shm"};
    return i < sizeof places / sizeof places[0] ? places[i] : NULL;
}

/* FNV-1a: which state directory a mark elsewhere belongs to. */
static uint64_t digest(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash;
}

/* The i-th path that a mark may have, NULL after the last; malloced. */
static char *mark_path(const struct config *config, bool critical, size_t i)
{
    const char *severity = alert_severity(critical);
    if (i == 0)
        return mem_printf("%s/not-recorded.%s", config->state_dir, severity);
    const char *dir = place(i - 1);
    return dir ? mem_printf("%s/dbr-%016llx-not-recorded.%s", dir,
                            (unsigned long long)digest(config->state_dir), severity)
               : NULL;
}

/* Some places are open to everybody: what others put there is no mark. */
static bool is_mark(const char *path, int64_t *told_us)
{
    struct stat st;
    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid())
        return false;
    *told_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
    return true;
}

bool unrecorded_mark_find(const struct config *config, bool critical, int64_t *told_us)
{
    bool found = false;
    char *path;
    for (size_t i = 0; !found && (path = mark_path(config, critical, i)); i++) {
        found = is_mark(path, told_us);
        free(path);
    }
    return found;
}

void unrecorded_mark_drop(const struct config *config, bool critical)
{
    int64_t told_us;
    char *path;
    for (size_t i = 0; (path = mark_path(config, critical, i)); i++) {
        if (is_mark(path, &told_us))
            (void)unlink(path);
        free(path);
    }
}

/* An empty file needs no room, on most file systems. */
void unrecorded_mark_put(const struct config *config, bool critical)
{
    bool done = false;
    char *path;
    for (size_t i = 0; !done && (path = mark_path(config, critical, i)); i++) {
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        done = fd >= 0;
        if (done)
            (void)close(fd);
        free(path);
    }
}

bool unrecorded_lasts(const struct config *config, bool *critical, int64_t *told_us)
{
    *critical = false;
    if (!config->state_dir)
        return false;
    *critical = unrecorded_mark_find(config, true, told_us);
    return *critical || unrecorded_mark_find(config, false, told_us);
}
