/*
 * The limits of the container that this runs in: Linux control groups, version 2 (cpu.max,
 * memory.max) or version 1 (cpu/cpu.cfs_quota_us, memory/memory.limit_in_bytes). Source: the
 * kernel's documentation, admin-guide/cgroup-v2.rst and admin-guide/cgroup-v1/.
 */
#ifndef DBR_BASE_CGROUP_H
#define DBR_BASE_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

/* Inside a container the files there are its own; the host's root group has none, or no limits. */
#define CGROUP_ROOT "/sys/fs/cgroup"

/* The quota in cores, and the CPU time that was used, in microseconds; -1: no quota. */
double cgroup_cpu(const char *root, int64_t *used_us);
/* The limit in bytes, and what is used of it without what can be given back at once; -1: none. */
int64_t cgroup_memory(const char *root, int64_t *used);

/* The number after a word at the start of a line. */
bool cgroup_field(const char *text, const char *word, int64_t *number);

#endif
