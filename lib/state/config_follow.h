/* The configuration of a program that runs for long: as its env file says now. */
#ifndef DBR_STATE_CONFIG_FOLLOW_H
#define DBR_STATE_CONFIG_FOLLOW_H

#include <stdbool.h>
#include <sys/stat.h>

#include "state/config.h"

struct config_follow {
    const struct config *config; /* the one in force */
    struct config own;           /* what was read since */
    bool has_own;
    const char *env_file, *state_dir; /* the options' values */
    struct stat seen;                 /* of the file */
};

/* config: what the run began with; it, and the values of the options, must outlast follow. */
void config_follow_start(struct config_follow *follow, const struct config *config,
                         const char *env_file, const char *state_dir);
/*
 * Reads the file again where it is another one than at the look before, or was written since. What
 * cannot be used is warned of, once, and the configuration before it stays; so does the whole of it
 * where the state would be another one, which only a new start can follow. A file that was written
 * this very moment may be half of what it will be: that is for the next look. True: another
 * configuration is in force, and pointers into the one before are void.
 */
bool config_follow(struct config_follow *follow);
void config_follow_end(struct config_follow *follow);

#endif
