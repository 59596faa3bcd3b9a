/* dbr-env --config: values of the configuration for a shell script, read as dbr reads them. */
#ifndef DBR_OPS_ENV_CONFIG_H
#define DBR_OPS_ENV_CONFIG_H

#include <stdbool.h>

#include "base/buf.h"
#include "cli/main.h"

/*
 * Prints KEY='value' for each key, in that order, '' where it is not set; with --json the object
 * "config" (null where not set). Besides the keys of the table there is DBR_ENV_FILE, the absolute
 * path of the file that was read. ERR_USAGE names a key that does not exist, holds a secret, or has
 * a value that it cannot take; what is wrong with other keys does not matter.
 */
bool env_print_config(struct cli *cli, const struct strlist *keys, struct err *err);

/* Appends value within single quotes, where a shell takes everything as it is. */
void env_add_shell_quoted(struct buf *out, const char *value);

#endif
