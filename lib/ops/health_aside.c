/* Commands that run beside the checks. */
#include "ops/health_aside.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

void health_aside_tell(struct health_aside *aside, struct alerts *news, const struct config *config,
                       struct state *state)
{
    if (news->count == 0)
        return;
    aside->items = mem_array(aside->items, aside->count + 1, sizeof *aside->items);
    aside->items[aside->count++] = alerts_tell_begin(news, config, state);
}

static void end_one(struct health_aside *aside, size_t i, const struct config *config)
{
    struct state state = STATE_INIT;
    struct err why = ERR_INIT;
    /* Without a state that can be read they are told again, when there is one. */
    if (!state_load(&state, config->state_dir, &why))
        log_warn("%s", why.message);
    alerts_tell_end(aside->items[i], state.dir ? &state : NULL);
    state_release(&state);
    aside->items[i] = aside->items[--aside->count];
}

static void end_record(struct health_aside *aside, const struct config *config)
{
    unrecorded_end(aside->record, config);
    aside->record = NULL;
}

bool health_aside_serve(struct health_aside *aside, const struct config *config)
{
    for (size_t i = aside->count; i-- > 0;)
        if (alerts_tell_has_ended(aside->items[i]))
            end_one(aside, i, config);
    if (aside->record && unrecorded_has_ended(aside->record))
        end_record(aside, config);
    return aside->count > 0 || aside->record;
}

void health_aside_end(struct health_aside *aside, const struct config *config)
{
    while (aside->count > 0)
        end_one(aside, 0, config);
    end_record(aside, config);
    free(aside->items);
    aside->items = NULL;
}
