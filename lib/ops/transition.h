/* Which switches there are, step by step, in one table. */
#ifndef DBR_OPS_TRANSITION_H
#define DBR_OPS_TRANSITION_H

#include <stdbool.h>

#include "state/journal.h"

/* What a run does with a switch that another run left in this step. */
enum transition_way {
    WAY_BACK,    /* undo it: the database it was to open takes no writes yet */
    WAY_LOOK,    /* back or forward, by whether that database has the mark of the switch */
    WAY_FORWARD, /* finish it: it may hold writes already */
};

struct transition {
    bool forced;
    enum switch_step step;
    enum switch_step next; /* STEP_NONE: the switch is complete */
    enum transition_way way;
    const char *doing; /* "fencing the active database", for messages */
};

/* The row of a step, or NULL where that kind of switch has no such step. */
const struct transition *transition_of(bool forced, enum switch_step step);
enum switch_step transition_first(bool forced);

#endif
