/* dbr-env: the URL of the active database, for a shell, for a file, or for a command that is run
 * with it in its environment; and other values of the configuration for a script. */
#ifndef DBR_OPS_ENV_H
#define DBR_OPS_ENV_H

#include <stdbool.h>

#include "cli/main.h"

struct env_options {
    const char *name;   /* NULL: DB_ACTIVE_ENV_VAR */
    const char *format; /* "shell", "dotenv", "url"; NULL: shell */
    bool check;
    struct strlist config; /* keys to print instead of the URL; empty: none */
    struct strlist set;    /* keys to write into the env file; empty: none */
};

/*
 * Reads the state without a lock and connects to nothing, but for --check, which asks PgBouncer
 * where one is configured: ERR_DIFFERENT when a target does not point at the active database.
 * With options->config it only prints those keys, and needs neither a state nor the other keys;
 * with options->set it only writes those (env_set.h).
 * cli->operands is the command; where there is one, this returns only when it could not be started
 * (cli->status is then 127 or 126).
 */
bool ops_env(struct cli *cli, const struct env_options *options, struct err *err);

#endif
