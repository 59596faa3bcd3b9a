/* The command of DB_ON_EVENT. */
#include "ops/hook.h"

bool hook_run(const struct config *config, const struct hook_event *event, struct err *err)
{
    (void)event;
    if (!config->on_event)
        return true;
    return err_set(err, ERR_FAILED, "DB_ON_EVENT cannot be run yet");
}
