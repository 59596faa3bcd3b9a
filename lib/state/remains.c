/* The member "remains" of the state. */
#include "state/remains.h"

#include <string.h>

#include "base/clock.h"

#define MEMBER "remains"
#define KEYS "keysOff"
#define ROWS "rowsOut"
#define AGAIN_US ((int64_t)3600 * 1000000)

/* What is known of a database that is the standby is the next sync's business. */
static const struct json *known(const struct state *state)
{
    const struct json *member = json_get(state->root, MEMBER);

    if (strcmp(json_str(member, "role", ""), role_name(state_active(state))) != 0)
        return NULL;
    return member;
}

bool remains_any(const struct state *state)
{
    return known(state) != NULL;
}

bool remains_due(const struct state *state)
{
    const struct json *member = known(state);
    int64_t tried;

    if (member && json_count(json_get(member, KEYS)) == 0)
        return true;
    return member && (!clock_parse(json_str(member, "tried", ""), &tried) ||
                      clock_now_us() - tried >= AGAIN_US || tried > clock_now_us());
}

static void add_names(struct buf *text, const char *what, const struct json *list)
{
    size_t i;

    for (i = 0; i < json_count(list); i++)
        buf_addf(text, "%s%s", i ? ", " : what, json_at_str(list, i) ? json_at_str(list, i) : "?");
}

void remains_describe(const struct state *state, struct buf *text)
{
    const struct json *member = known(state);

    buf_addf(text, "a sync was broken off before the %s became active: there",
             role_name(state_active(state)));
    add_names(text, " foreign keys are off: ", json_get(member, KEYS));
    if (json_count(json_get(member, KEYS)) > 0 && json_count(json_get(member, ROWS)) > 0)
        buf_adds(text, ", and");
    add_names(text, " rows are missing in table ", json_get(member, ROWS));
}

bool remains_found(const struct remains *remains)
{
    return remains->keys_off.count > 0 || remains->rows_out.count > 0;
}

static void set_names(struct json *member, const char *name, const struct strlist *names)
{
    struct json *list = json_set_array(member, name);
    size_t i;

    for (i = 0; i < names->count; i++)
        json_add_str(list, names->items[i]);
}

void remains_set(struct state *state, enum role role, const struct remains *remains)
{
    char now[CLOCK_TEXT_SIZE];
    struct json *member;

    json_remove(state->root, MEMBER);
    if (!remains_found(remains))
        return;
    member = state_part(state, MEMBER);
    json_set_str(member, "role", role_name(role));
    json_set_str(member, "tried", clock_format(clock_now_us(), now));
    set_names(member, KEYS, &remains->keys_off);
    set_names(member, ROWS, &remains->rows_out);
}
