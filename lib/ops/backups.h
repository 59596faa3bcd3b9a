/* The backups that dbr-backup has written, found by their names. */
#ifndef DBR_OPS_BACKUPS_H
#define DBR_OPS_BACKUPS_H

#include <stdbool.h>
#include <stdint.h>

enum backup_kind { BACKUP_DATABASE, BACKUP_CONFIG, BACKUP_SECURITY, BACKUP_KINDS };

struct backups_newest {
    char name[64];
    int64_t time_us; /* when it was written */
    int64_t bytes;
};

/* "db", "config", "security": what their names begin with. */
const char *backups_kind_name(enum backup_kind kind);
/* The newest of that kind that is complete; false when there is none. */
bool backups_find_newest(const char *directory, enum backup_kind kind,
                         struct backups_newest *newest);

#endif
