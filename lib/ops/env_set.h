/* dbr-env --set: writes values of the configuration into the env file, for a script that must not
 * show them in the arguments of a process. */
#ifndef DBR_OPS_ENV_SET_H
#define DBR_OPS_ENV_SET_H

#include <stdbool.h>

#include "cli/main.h"

/*
 * Reads one line of standard input for each key, and sets these in the file of --env-file, which is
 * required. All other lines stay; a file that is not there is made. It is replaced as a whole, or
 * not at all, and only its owner may read it afterwards. Prints "KEY changed" or "KEY unchanged".
 * ERR_USAGE for a key that does not exist, a value that is missing or cannot be quoted, and a file
 * that cannot be read or written.
 */
bool env_set_config(struct cli *cli, const struct strlist *keys, struct err *err);

#endif
