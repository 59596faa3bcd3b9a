/* A session as the application's would be is told its TimeZone at the start: no statement is sent.
 */
#include "repl/zone.h"

#include "base/mem.h"
#include "db/conn.h"

bool zone_read(const struct config *config, char *zones[2], struct err *err)
{
    struct conn_params params[2];
    struct conn *conns[2];
    struct err errs[2] = {ERR_INIT, ERR_INIT};
    enum role role;
    bool ok;

    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++)
        params[role] = (struct conn_params){.role = role_name(role),
                                            .url = config->urls[role],
                                            .schema = config->schema,
                                            .as_application = true};
    ok = conn_open_many(params, 2, conns, NULL, errs);
    if (!ok)
        *err = conns[ROLE_PRIMARY] ? errs[ROLE_SECONDARY] : errs[ROLE_PRIMARY];
    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++) {
        const char *zone = ok ? conn_parameter(conns[role], "TimeZone") : NULL;

        zones[role] = ok ? mem_strdup(zone ? zone : "UTC") : NULL;
        conn_close(conns[role]);
    }
    return ok;
}
