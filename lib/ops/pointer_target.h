/*
 * What one target of a switch has to offer. pointer.c goes through the targets that are configured;
 * their contracts are those of the functions of the same names in pointer.h.
 */
#ifndef DBR_OPS_POINTER_TARGET_H
#define DBR_OPS_POINTER_TARGET_H

#include <stdbool.h>

#include "base/err.h"
#include "state/config.h"

struct pointer_target {
    const char *name; /* for messages */
    bool (*configured)(const struct config *config);
    bool (*check)(const struct config *config, struct err *err);
    bool (*pause)(const struct config *config, struct err *err);  /* NULL: cannot hold clients */
    bool (*resume)(const struct config *config, struct err *err); /* NULL with pause */
    /* One attempt. */
    bool (*move)(const struct config *config, enum role active, struct err *err);
    bool (*agrees)(const struct config *config, enum role active, struct err *err);
};

extern const struct pointer_target pointer_env_file;  /* pointer_env.c */
extern const struct pointer_target pointer_pgbouncer; /* pointer_pgbouncer.c */

#endif
