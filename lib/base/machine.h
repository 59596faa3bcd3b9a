/*
 * What Linux tells of this machine, or of the container that this runs in where that has limits of
 * its own (base/cgroup.h): a limit is then what everything is measured against. What
 * cannot be read is -1.
 */
#ifndef DBR_BASE_MACHINE_H
#define DBR_BASE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* CPU time since the start, of all CPUs, in any unit: two samples make a percentage. */
struct machine_cpu {
    int64_t busy, total;
    bool limited; /* the total is the quota of a container */
};

struct machine_memory {
    int64_t total, used; /* bytes; used without what can be given back at once */
    bool limited;
};

struct machine_disk {
    int64_t total, used, available; /* bytes; available: for those who are not root */
};

bool machine_cpu(struct machine_cpu *cpu);
/* 0 to 100; -1 where the samples are too near. */
double machine_cpu_percent(const struct machine_cpu *before, const struct machine_cpu *after);
bool machine_memory(struct machine_memory *memory);
bool machine_disk(const char *path, struct machine_disk *disk);
/* -1 where it could not be read; of a disk, of what those who are not root may use, as df has it.
 */
double machine_memory_percent(const struct machine_memory *memory);
double machine_disk_percent(const struct machine_disk *disk);
int64_t machine_uptime_s(void);
bool machine_load(double load[3]);
int machine_cores(void);

/* Where the program that runs stands, without the last "/"; malloced, NULL where /proc does not
 * tell.
 */
char *machine_own_directory(void);

struct machine_process {
    int64_t memory;    /* resident, in bytes */
    int64_t cpu_ms;    /* since its start */
    int64_t started_s; /* seconds after the machine's start */
};
/* False when there is no such process. */
bool machine_process(pid_t pid, struct machine_process *process);

#endif
