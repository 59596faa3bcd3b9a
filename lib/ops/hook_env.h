/* The environment of the command of DB_ON_EVENT. */
#ifndef DBR_OPS_HOOK_ENV_H
#define DBR_OPS_HOOK_ENV_H

#include "base/strlist.h"
#include "ops/hook.h"

/* Fills list with NAME=value: what this process has, and what hook.h names. */
void hook_env(const struct config *config, const struct hook_event *event, struct strlist *list);

#endif
