/* The table of transitions. A step is written to the journal before it begins. */
#include "ops/transition.h"

#include <stddef.h>

static const struct transition table[] = {
    /* Planned: both databases answer. */
    {false, STEP_PAUSE, STEP_FENCE, WAY_BACK, "holding the clients of the pooler"},
    {false, STEP_FENCE, STEP_SETTLE, WAY_BACK, "fencing the active database"},
    {false, STEP_SETTLE, STEP_OPEN, WAY_BACK, "bringing over the last changes"},
    {false, STEP_OPEN, STEP_POINT, WAY_LOOK, "opening the other database for writes"},
    {false, STEP_POINT, STEP_NOTIFY, WAY_FORWARD, "pointing the application at it"},
    {false, STEP_NOTIFY, STEP_NONE, WAY_FORWARD, "telling about it"},
    /* Forced: the active one does not. Its fence is owed from the first step on. */
    {true, STEP_OPEN, STEP_POINT, WAY_LOOK, "opening the other database for writes"},
    {true, STEP_POINT, STEP_NOTIFY, WAY_FORWARD, "pointing the application at it"},
    {true, STEP_NOTIFY, STEP_NONE, WAY_FORWARD, "telling about it"},
};
#define COUNT (sizeof(table) / sizeof(table[0]))

const struct transition *transition_of(bool forced, enum switch_step step)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (table[i].forced == forced && table[i].step == step)
            return &table[i];
    }
    return NULL;
}

enum switch_step transition_first(bool forced)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (table[i].forced == forced)
            return table[i].step;
    }
    return STEP_NONE;
}
