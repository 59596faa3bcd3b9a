/* Crashes, told by the statistics that a server begins anew after each. */
#include "repl/crash.h"

bool crash_emptied(const struct json *entry, const struct session *session,
                   const struct pairing *pair)
{
    const struct model *source = &session->models[SOURCE];
    int64_t known = json_int(json_get(entry, "statistics"), role_name(session->roles[SOURCE]), 0);

    return model_table_volatile(source, pair->rows[SOURCE].table) && known > 0 &&
           source->statistics_since > 0 && source->statistics_since != known;
}

void crash_remember(struct json *entry, const struct session *session)
{
    struct json *statistics = json_set_object(entry, "statistics");

    for (enum side side = SOURCE; side <= TARGET; side++)
        if (session->models[side].statistics_since > 0)
            json_set_int(statistics, role_name(session->roles[side]),
                         session->models[side].statistics_since);
}
