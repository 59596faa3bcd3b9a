/* Reads /proc. */
#include "base/machine.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cgroup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fsio.h"
#include "base/mem.h"

#define FILE_MAX ((size_t)1 << 20)

/* Appends the file; false when it cannot be read. */
static bool read_file(const char *path, struct buf *text)
{
    struct err ignored = ERR_INIT;
    buf_reset(text);
    return fsio_read(path, FILE_MAX, text, &ignored);
}

static int64_t number_after(const char *text, const char *word)
{
    int64_t number;
    return cgroup_field(text, word, &number) ? number : -1;
}

/* --- CPU ---------------------------------------------------------------------------- */

/* A container's quota: what it used, against what it might have used. */
static bool cpu_of_container(struct machine_cpu *cpu)
{
    double cores = cgroup_cpu(CGROUP_ROOT, &cpu->busy);
    if (cores <= 0)
        return false;
    /* A quota above what the machine has can never be reached. */
    if (cores > machine_cores())
        cores = machine_cores();
    cpu->total = (int64_t)((double)clock_mono_us() * cores);
    cpu->limited = true;
    return true;
}

static bool cpu_of_machine(struct machine_cpu *cpu, struct buf *text)
{
    int64_t parts[8] = {0}; /* user nice system idle iowait irq softirq steal */
    if (!read_file("/proc/stat", text) || strncmp(text->data, "cpu ", 4) != 0)
        return false;
    char *at = text->data + 4;
    cpu->total = 0;
    for (int i = 0; i < 8; i++) {
        parts[i] = strtoll(at, &at, 10);
        cpu->total += parts[i];
    }
    cpu->busy = cpu->total - parts[3] - parts[4];
    cpu->limited = false;
    return cpu->total > 0;
}

bool machine_cpu(struct machine_cpu *cpu)
{
    struct buf text = BUF_INIT;
    bool ok = cpu_of_container(cpu) || cpu_of_machine(cpu, &text);
    buf_release(&text);
    return ok;
}

double machine_cpu_percent(const struct machine_cpu *before, const struct machine_cpu *after)
{
    int64_t total = after->total - before->total;
    int64_t busy = after->busy - before->busy;
    if (total <= 0 || busy < 0 || before->limited != after->limited)
        return -1;
    double percent = 100 * (double)busy / (double)total;
    return percent > 100 ? 100 : percent;
}

static double percent_of(int64_t part, int64_t whole)
{
    return part >= 0 && whole > 0 ? 100 * (double)part / (double)whole : -1;
}

int machine_cores(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (int)cores : 1;
}

bool machine_load(double load[3])
{
    return getloadavg(load, 3) == 3;
}

/* --- memory -------------------------------------------------------------------------- */

static void memory_of_container(struct machine_memory *memory)
{
    int64_t used;
    int64_t limit = cgroup_memory(CGROUP_ROOT, &used);
    if (limit <= 0 || limit >= memory->total)
        return;
    memory->total = limit;
    memory->used = used;
    memory->limited = true;
}

bool machine_memory(struct machine_memory *memory)
{
    struct buf text = BUF_INIT;
    *memory = (struct machine_memory){-1, -1, false};
    bool ok = read_file("/proc/meminfo", &text);
    if (ok) {
        int64_t total = number_after(text.data, "MemTotal:");
        int64_t available = number_after(text.data, "MemAvailable:");
        ok = total > 0 && available >= 0;
        memory->total = total * 1024;
        memory->used = (total - available) * 1024;
    }
    if (ok)
        memory_of_container(memory);
    buf_release(&text);
    return ok;
}

double machine_memory_percent(const struct machine_memory *memory)
{
    return percent_of(memory->used, memory->total);
}

/* --- the rest ------------------------------------------------------------------------- */

bool machine_disk(const char *path, struct machine_disk *disk)
{
    struct statvfs vfs;
    *disk = (struct machine_disk){-1, -1, -1};
    if (statvfs(path, &vfs) != 0 || vfs.f_blocks == 0)
        return false;
    disk->total = (int64_t)vfs.f_blocks * (int64_t)vfs.f_frsize;
    disk->used = (int64_t)(vfs.f_blocks - vfs.f_bfree) * (int64_t)vfs.f_frsize;
    disk->available = (int64_t)vfs.f_bavail * (int64_t)vfs.f_frsize;
    return true;
}

double machine_disk_percent(const struct machine_disk *disk)
{
    return percent_of(disk->used, disk->used + disk->available);
}

int64_t machine_uptime_s(void)
{
    struct buf text = BUF_INIT;
    int64_t seconds = read_file("/proc/uptime", &text) ? strtoll(text.data, NULL, 10) : -1;
    buf_release(&text);
    return seconds;
}

char *machine_own_directory(void)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path);
    const char *slash = len > 0 ? memrchr(path, '/', (size_t)len) : NULL;
    return slash ? mem_strndup(path, (size_t)(slash - path)) : NULL;
}

/* Field of /proc/PID/stat by its number in proc(5), from the third on: the second, the name, may
 * hold anything. */
static int64_t stat_field(const char *stat, int field)
{
    const char *at = strrchr(stat, ')');
    for (int i = 2; at && i < field; i++)
        at = strchr(at + 1, ' ');
    return at ? strtoll(at + 1, NULL, 10) : 0;
}

bool machine_process(pid_t pid, struct machine_process *process)
{
    char path[64];
    struct buf text = BUF_INIT;
    long ticks = sysconf(_SC_CLK_TCK);
    (void)snprintf(path, sizeof path, "/proc/%" PRIdMAX "/stat", (intmax_t)pid);
    bool ok = pid > 0 && ticks > 0 && read_file(path, &text) && strrchr(text.data, ')');
    if (ok) {
        process->cpu_ms =
            (stat_field(text.data, 14) + stat_field(text.data, 15)) * 1000 / (int64_t)ticks;
        process->started_s = stat_field(text.data, 22) / ticks;
        process->memory = stat_field(text.data, 24) * sysconf(_SC_PAGESIZE);
    }
    buf_release(&text);
    return ok;
}
