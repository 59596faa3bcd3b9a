/* Is a document that was read a state? Judges the kind of every member that programs rely on. */
#ifndef DBR_STATE_STATE_CHECK_H
#define DBR_STATE_STATE_CHECK_H

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"

/* ERR_USAGE naming the first member that cannot be; unknown members are fine. */
bool state_check(const struct json *root, struct err *err);

#endif
