/* Names are KIND-backup-YYYY-MM-DD[-N].EXTENSION; a marker ".NAME.incomplete" tells of what lacks a
 * part. */
#include "ops/backups.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *name, *extension;
} kinds[BACKUP_KINDS] = {{"db", ".sql.gz"}, {"config", ".tar.gz"}, {"security", ".tar.gz"}};

const char *backups_kind_name(enum backup_kind kind)
{
    return kinds[kind].name;
}

static bool has_name(const char *name, enum backup_kind kind)
{
    static const char word[] = "-backup-";
    static const char day[] = "dddd-dd-dd";
    size_t prefix = strlen(kinds[kind].name);
    if (strncmp(name, kinds[kind].name, prefix) != 0 ||
        strncmp(name + prefix, word, sizeof word - 1) != 0)
        return false;
    name += prefix + sizeof word - 1;
    for (size_t i = 0; i < sizeof day - 1; i++, name++) {
        if (day[i] == 'd' ? !isdigit((unsigned char)*name) : *name != day[i])
            return false;
    }
    if (*name == '-')
        name += 1 + strspn(name + 1, "0123456789");
    return strcmp(name, kinds[kind].extension) == 0;
}

static bool is_incomplete(int directory, const char *name)
{
    char marker[NAME_MAX + 16];
    struct stat st;
    (void)snprintf(marker, sizeof marker, ".%s.incomplete", name);
    return fstatat(directory, marker, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool backups_find_newest(const char *directory, enum backup_kind kind,
                         struct backups_newest *newest)
{
    bool found = false;
    DIR *dir = opendir(directory);
    if (!dir)
        return false;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct stat st;
        if (!has_name(entry->d_name, kind) || strlen(entry->d_name) >= sizeof newest->name ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(st.st_mode) || is_incomplete(dirfd(dir), entry->d_name))
            continue;
        int64_t time = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
        if (found && time <= newest->time_us)
            continue;
        found = true;
        newest->time_us = time;
        newest->bytes = st.st_size;
        (void)snprintf(newest->name, sizeof newest->name, "%s", entry->d_name);
    }
    (void)closedir(dir);
    return found;
}
