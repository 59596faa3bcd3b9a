/* The target DB_ACTIVE_ENV_FILE of a switch. */
#include "ops/pointer_target.h"

static bool configured(const struct config *config)
{
    return config_value(config, "DB_ACTIVE_ENV_FILE")->value != NULL;
}

static bool check(const struct config *config, struct err *err)
{
    (void)config;
    return err_set(err, ERR_USAGE, "DB_ACTIVE_ENV_FILE cannot be moved yet");
}

static bool move(const struct config *config, enum role active, struct err *err)
{
    (void)active;
    return check(config, err);
}

const struct pointer_target pointer_env_file = {
    "DB_ACTIVE_ENV_FILE", configured, check, NULL, NULL, move, move,
};
