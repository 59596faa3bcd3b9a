/* Keys of the env file that are most likely typing errors; told by the doctor only. */
#ifndef DBR_STATE_CONFIG_MISTYPED_H
#define DBR_STATE_CONFIG_MISTYPED_H

#include "state/config.h"
#include "state/envfile.h"

/* The key that was meant by a name that begins with DB_, DBR_ or AUTO_; NULL when it is a key
 * itself, or near to none: then it is the application's. */
const char *config_key_meant(const char *name);

/* Adds one line to config->mistyped for each entry of the file that is meant to be another. */
void config_note_mistyped(struct config *config, const struct envfile *file);

#endif
