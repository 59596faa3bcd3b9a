/* Version 2 is asked first: where both are mounted, version 1 has the controllers, and version 2
 * no such files. */
#include "base/cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fsio.h"

#define FILE_MAX ((size_t)1 << 20)
#define PATH_SIZE 512

/* Appends nothing to what was in text. False when the file cannot be read. */
static bool read_file(const char *root, const char *name, struct buf *text)
{
    struct err ignored = ERR_INIT;
    char path[PATH_SIZE];
    buf_reset(text);
    return (size_t)snprintf(path, sizeof path, "%s/%s", root, name) < sizeof path &&
           fsio_read(path, FILE_MAX, text, &ignored);
}

/* "max", for no limit, is 0. */
static bool read_number(const char *root, const char *name, int64_t *number)
{
    struct buf text = BUF_INIT;
    bool ok = read_file(root, name, &text);
    if (ok)
        *number = strtoll(text.data, NULL, 10);
    buf_release(&text);
    return ok;
}

static bool read_field(const char *root, const char *name, const char *word, int64_t *number)
{
    struct buf text = BUF_INIT;
    bool ok = read_file(root, name, &text) && cgroup_field(text.data, word, number);
    buf_release(&text);
    return ok;
}

bool cgroup_field(const char *text, const char *word, int64_t *number)
{
    size_t len = strlen(word);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, word, len) == 0) {
            *number = strtoll(line + len, NULL, 10);
            return true;
        }
    }
    return false;
}

/* "QUOTA PERIOD" or "max PERIOD". */
static bool read_quota(const char *root, int64_t *quota, int64_t *period)
{
    struct buf text = BUF_INIT;
    bool ok = read_file(root, "cpu.max", &text);
    if (ok) {
        char *end = text.data;
        *quota = strtoll(text.data, &end, 10);
        *period = strtoll(end, NULL, 10);
    }
    buf_release(&text);
    return ok;
}

double cgroup_cpu(const char *root, int64_t *used_us)
{
    int64_t quota = 0;
    int64_t period = 0;
    bool known;

    if (read_quota(root, &quota, &period)) {
        known = read_field(root, "cpu.stat", "usage_usec ", used_us);
    } else {
        known = read_number(root, "cpu/cpu.cfs_quota_us", &quota) &&
                read_number(root, "cpu/cpu.cfs_period_us", &period) &&
                read_number(root, "cpuacct/cpuacct.usage", used_us);
        if (known)
            *used_us /= 1000; /* of nanoseconds */
    }
    return known && quota > 0 && period > 0 ? (double)quota / (double)period : -1;
}

int64_t cgroup_memory(const char *root, int64_t *used)
{
    int64_t limit;
    int64_t cache = 0;
    bool known;

    /* Files that were not read lately are given up when memory is needed. */
    if (read_number(root, "memory.max", &limit)) {
        known = read_number(root, "memory.current", used);
        (void)read_field(root, "memory.stat", "inactive_file ", &cache);
    } else {
        known = read_number(root, "memory/memory.limit_in_bytes", &limit) &&
                read_number(root, "memory/memory.usage_in_bytes", used);
        (void)read_field(root, "memory/memory.stat", "total_inactive_file ", &cache);
    }
    if (!known || limit <= 0)
        return -1;
    if (cache > 0 && cache < *used)
        *used -= cache;
    return limit;
}
