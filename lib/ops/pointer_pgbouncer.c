/* The target DB_PGBOUNCER_INI of a switch. */
#include "ops/pointer_target.h"

static bool configured(const struct config *config)
{
    return config_value(config, "DB_PGBOUNCER_INI")->value != NULL;
}

static bool check(const struct config *config, struct err *err)
{
    (void)config;
    return err_set(err, ERR_USAGE, "DB_PGBOUNCER_INI cannot be moved yet");
}

static bool move(const struct config *config, enum role active, struct err *err)
{
    (void)active;
    return check(config, err);
}

const struct pointer_target pointer_pgbouncer = {
    "DB_PGBOUNCER_INI", configured, check, NULL, NULL, move, move,
};
