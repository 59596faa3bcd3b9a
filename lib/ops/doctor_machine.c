/* The doctor on what dbr needs of this machine: room, and backups that are made. */
#include <sys/stat.h>

#include "base/clock.h"
#include "base/machine.h"
#include "cli/report.h"
#include "ops/backups.h"
#include "ops/doctor_checks.h"

#define TEXT_SIZE 32

static void check_room(const struct config *config, const char *directory, const char *what,
                       struct findings *findings)
{
    struct machine_disk disk;
    char size[TEXT_SIZE];
    if (!machine_disk(directory, &disk) || disk.used + disk.available <= 0)
        return;
    double percent = 100.0 * (double)disk.used / (double)(disk.used + disk.available);
    bool full = percent > config->alerts.disk_percent;
    findings_add(findings, full ? FINDING_WARNING : FINDING_WELL, "disk",
                 full ? "make room there: salvage/ and old backups are what dbr itself leaves"
                      : NULL,
                 "%s (%s) has %s left, %.0f %% in use%s", what, directory,
                 report_bytes(disk.available, size), percent,
                 full ? ": where it is full, no state is written and no switch is made" : "");
}

static void check_backups(const struct config *config, struct findings *findings)
{
    struct backups_newest newest;
    char age[TEXT_SIZE];
    char size[TEXT_SIZE];
    if (!config->backup_dir) {
        findings_add(findings, FINDING_WELL, "backup", NULL,
                     "DB_BACKUP_DIR is not set: whether backups are made is not watched");
        return;
    }
    if (!backups_find_newest(config->backup_dir, BACKUP_DATABASE, &newest)) {
        findings_add(findings, FINDING_WARNING, "backup", "dbr-backup db",
                     "there is no backup of the database in %s", config->backup_dir);
        return;
    }
    int64_t age_ms = (clock_now_us() - newest.time_us) / 1000;
    bool late = config->alerts.backup_ms > 0 && age_ms > config->alerts.backup_ms;
    findings_add(findings, late ? FINDING_WARNING : FINDING_WELL, "backup",
                 late ? "dbr-backup db; dbr-backup schedule --install makes it daily" : NULL,
                 "the newest backup of the database is %s old: %s, %s",
                 report_duration(age_ms > 0 ? age_ms : 0, age), newest.name,
                 report_bytes(newest.bytes, size));
}

void doctor_check_machine(const struct config *config, struct findings *findings)
{
    struct stat state;
    struct stat backups;
    bool has_state = config->state_dir && stat(config->state_dir, &state) == 0;
    if (has_state)
        check_room(config, config->state_dir, "the state directory", findings);
    if (config->backup_dir && stat(config->backup_dir, &backups) == 0 &&
        !(has_state && backups.st_dev == state.st_dev))
        check_room(config, config->backup_dir, "DB_BACKUP_DIR", findings);
    check_backups(config, findings);
}
