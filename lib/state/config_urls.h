/* Between config.c and config_urls.c: the part of the configuration that libpq has to judge. */
#ifndef DBR_STATE_CONFIG_URLS_H
#define DBR_STATE_CONFIG_URLS_H

#include "state/config.h"

/* Judges the value of a CONFIG_URL key; what is wrong goes to value->problem. */
typedef bool config_url_check(struct config_value *value);

/* config_load with that check; NULL: URLs are taken as they stand. */
bool config_load_with(struct config *config, const char *env_file, const char *state_dir,
                      bool lenient, config_url_check *check_url, struct err *err);

#endif
