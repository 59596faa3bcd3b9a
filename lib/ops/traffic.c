/* Traffic since the mark, as lines or as JSON. */
#include "ops/traffic.h"

#include <inttypes.h>

#include "base/log.h"
#include "cli/report.h"

static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};

void traffic_mark(struct traffic_mark *mark)
{
    for (size_t i = 0; i < 2; i++)
        mark->before[roles[i]] = conn_traffic(role_name(roles[i]));
}

static struct conn_traffic since(const struct traffic_mark *mark, enum role role)
{
    const struct conn_traffic *before = &mark->before[role];
    struct conn_traffic now = conn_traffic(role_name(role));
    return (struct conn_traffic){.connections = now.connections - before->connections,
                                 .statements = now.statements - before->statements,
                                 .round_trips = now.round_trips - before->round_trips,
                                 .rows_read = now.rows_read - before->rows_read,
                                 .rows_written = now.rows_written - before->rows_written,
                                 .bytes_read = now.bytes_read - before->bytes_read,
                                 .bytes_written = now.bytes_written - before->bytes_written};
}

static void add(struct json *all, enum role role, const struct conn_traffic *t)
{
    if (t->connections == 0 && t->statements == 0) {
        json_set_null(all, role_name(role));
        return;
    }
    struct json *one = json_set_object(all, role_name(role));
    json_set_int(one, "rowsRead", t->rows_read);
    json_set_int(one, "rowsWritten", t->rows_written);
    json_set_int(one, "bytesRead", t->bytes_read);
    json_set_int(one, "bytesWritten", t->bytes_written);
    json_set_int(one, "statements", t->statements);
    json_set_int(one, "roundTrips", t->round_trips);
    json_set_int(one, "connections", t->connections);
}

static void tell(enum role role, const struct conn_traffic *t)
{
    char text[4][32];
    if (t->connections == 0 && t->statements == 0)
        return;
    log_info("Traffic with the %s: %s rows read (%s), %s written (%s), %" PRId64
             " statements in %" PRId64 " round trips, connections opened: %" PRId64,
             role_name(role), report_count(t->rows_read, text[0]),
             report_bytes(t->bytes_read, text[1]), report_count(t->rows_written, text[2]),
             report_bytes(t->bytes_written, text[3]), t->statements, t->round_trips,
             t->connections);
}

void traffic_report(const struct traffic_mark *mark, struct cli *cli)
{
    struct json *all = cli->common.json ? json_set_object(cli->document, "traffic") : NULL;
    for (size_t i = 0; i < 2; i++) {
        struct conn_traffic traffic = since(mark, roles[i]);
        if (all)
            add(all, roles[i], &traffic);
        else if (cli->common.verbose)
            tell(roles[i], &traffic);
    }
}
