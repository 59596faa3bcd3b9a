/* The doctor on the wire: does each database answer, is it the right one, may dbr do there what it
 * will have to do? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/report.h"
#include "ops/doctor_checks.h"
#include "ops/doctor_server.h"
#include "repl/catalog.h"
#include "repl/identity.h"
#include "repl/probe.h"
#include "repl/switch_mark.h"
#include "state/journal.h"

struct subject {
    enum role role;
    const char *area;
    const struct config *config;
    struct findings *findings;
};

/* By the threshold of the alert (DB_ALERT_CERTIFICATE_MS). */
static void check_certificate(const struct subject *s, int64_t expires_us)
{
    char text[32];
    int64_t left_ms = (expires_us - clock_now_us()) / 1000;
    if (expires_us == 0)
        return;
    bool soon = left_ms <= s->config->alerts.certificate_ms;
    findings_add(s->findings, soon ? FINDING_WARNING : FINDING_WELL, s->area,
                 soon ? "renew the certificate on the server, or see why the provider has not"
                      : NULL,
                 left_ms > 0 ? "the server's certificate expires in %s"
                             : "the server's certificate has expired %s ago",
                 report_duration(left_ms > 0 ? left_ms : -left_ms, text));
}

/* Of another database than that of the state check_pair tells; what is said of it is said of
 * others, as a standby whose fence is not to be lifted. */
static bool is_of_state(const struct subject *s, const struct probe *probe,
                        const struct state *state)
{
    char *identities[2] = {NULL, NULL};
    struct err ignored = ERR_INIT;
    identities[s->role] = probe->identity;
    return identity_check(state, identities, &ignored);
}

static void check_answer(const struct subject *s, const struct probe *probe,
                         const struct state *state)
{
    if (!probe->connected) {
        findings_add(s->findings, FINDING_DATABASE, s->area,
                     probe->err.hint[0] ? probe->err.hint : NULL, "%s", probe->err.message);
        return;
    }
    findings_add(s->findings, FINDING_WELL, s->area, NULL, "%s answers in %lld ms: %s, %s%s",
                 s->config->shown[s->role], (long long)probe->latency_ms, probe->version,
                 probe->identity,
                 probe->in_recovery ? ", a physical standby"
                 : probe->read_only ? ", read-only for the application"
                                    : "");
    if (state && state_active(state) == s->role && probe->read_only && is_of_state(s, probe, state))
        findings_add(s->findings, FINDING_DATABASE, s->area,
                     state_init_status(state) == INIT_NONE
                         ? "see who made it read-only; if dbr has switched to the secondary and "
                           "the state was lost, go on as dbr(7) says of a lost state file"
                         : "see who made it read-only, and lift that",
                     "the active database takes no writes");
    if (state && state_init_status(state) == INIT_DONE && state_active(state) != s->role &&
        s->config->fence && !probe->read_only)
        findings_add(s->findings, FINDING_WARNING, s->area,
                     "run dbr-sync, which makes it read-only again (or set DB_FENCE=off)",
                     "the standby takes writes: its fence is gone");
    check_certificate(s, probe->certificate_expires_us);
    long long skew = probe->clock_skew_ms < 0 ? -probe->clock_skew_ms : probe->clock_skew_ms;
    if (skew > s->config->max_clock_skew_ms)
        findings_add(s->findings, FINDING_WARNING, s->area,
                     "set the clock of this machine or of the server by NTP",
                     "its clock and this machine's differ by %lld ms", skew);
}

static int64_t under_way(const struct state *state)
{
    struct journal left;

    return state && journal_read(state, &left) ? left.epoch : 0;
}

/* A state that has missed a switch takes the one database for the other: nothing is to be advised
 * from it. */
static bool is_current(const struct state *state, const struct probe *answers, size_t count)
{
    struct err ignored = ERR_INIT;

    for (size_t i = 0; state && i < count; i++) {
        if (!switch_mark_check(state, answers[i].epoch, under_way(state), &ignored))
            return false;
    }
    return true;
}

static void check_pair(const struct config *config, const struct state *state,
                       const struct probe probes[2], struct findings *findings)
{
    static const char area[] = "pair";
    const struct state nothing = STATE_INIT;
    char *identities[2] = {probes[0].identity, probes[1].identity};
    struct err err = ERR_INIT;
    int64_t epoch = probes[0].epoch > probes[1].epoch ? probes[0].epoch : probes[1].epoch;
    if (!identity_check(state ? state : &nothing, identities, &err) ||
        (state && !switch_mark_check(state, epoch, under_way(state), &err)))
        findings_add(findings, FINDING_SETUP, area, err.hint, "%s", err.message);
    else if (identities[0] && identities[1])
        findings_add(findings, FINDING_WELL, area, NULL, "two different databases%s",
                     state && state_identity(state, ROLE_SECONDARY) ? ", those of the state" : "");
    if (!probes[0].connected || !probes[1].connected)
        return;
    long long skew = probes[0].clock_skew_ms - probes[1].clock_skew_ms;
    if (llabs(skew) > config->max_clock_skew_ms)
        findings_add(findings, FINDING_WARNING, area, "set the clocks of both servers by NTP",
                     "the clocks of the two servers differ by %lld ms", llabs(skew));
    bool same_engine = strcmp(probes[0].engine, probes[1].engine) == 0;
    if (same_engine && probes[0].version_number / 10000 > probes[1].version_number / 10000)
        findings_add(findings, FINDING_WARNING, area,
                     "upgrade the secondary's server to the primary's version",
                     "the secondary (%s) is older than the primary (%s)", probes[1].version,
                     probes[0].version);
}

/* The name of the database on its server, which is not always that in the URL. */
static const char *database_of(const struct probe *probe)
{
    const char *slash = probe->identity ? strchr(probe->identity, '/') : NULL;
    return slash ? slash + 1 : "";
}

/* A first init would refuse it, and says so only when it is run. Of one database under two names
 * check_pair tells. */
static void judge_emptiness(const struct subject *s, const struct doctor_facts *facts,
                            const struct probe answers[2], const struct state *state)
{
    const char *first = answers[0].identity;
    const char *second = answers[1].identity;
    if (!state || state_init_status(state) != INIT_NONE || facts->model_trouble ||
        catalog_is_empty(&facts->model) || (first && second && strcmp(first, second) == 0))
        return;
    findings_add(
        s->findings, FINDING_DATABASE, s->area,
        "name an empty database in DATABASE_URL_SECONDARY; of a twin whose state was lost: "
        "where the application uses the primary, dbr-init-secondary --resume takes it over, "
        "where it uses the secondary, see \"The state file is lost\" in dbr(7); --recreate "
        "drops what is there first",
        "the secondary is not empty: its schema %s has %zu tables", s->config->schema,
        facts->model.table_count);
}

/* Before the first migration of the application there is nothing to copy, and init refuses that. */
static void judge_source(const struct subject *s, const struct doctor_facts *facts,
                         const struct state *state)
{
    if (s->role != ROLE_PRIMARY || !s->config->urls[ROLE_SECONDARY] || !state ||
        state_init_status(state) == INIT_DONE || facts->model_trouble ||
        !catalog_is_empty(&facts->model))
        return;
    findings_drop_next(s->findings, "init");
    findings_add(s->findings, FINDING_WARNING, s->area,
                 "run the migrations of the application on the primary first, then "
                 "dbr-init-secondary; where there are tables, see that DATABASE_URL and DB_SCHEMA "
                 "name their place",
                 "the schema %s of the primary holds nothing to copy", s->config->schema);
}

/* What both answered in full, one beside the other. */
static void judge_both(const struct subject subjects[2], const struct doctor_facts *const facts[2],
                       const struct probe answers[2], const struct state *state)
{
    const struct config *config = subjects[0].config;
    struct findings *findings = subjects[0].findings;
    if (state && state_init_status(state) == INIT_DONE) {
        size_t active = subjects[0].role == state_active(state) ? 0 : 1;
        doctor_judge_schema(facts[active], facts[1 - active], config, findings);
        doctor_judge_roles(facts[active], facts[1 - active], findings);
    }
    judge_emptiness(&subjects[1], facts[1], answers, state);
    doctor_judge_zones(facts[0], facts[1], findings);
    doctor_judge_storage(facts[0], facts[1], config->shown[subjects[1].role], findings);
}

/* Nothing is judged of a server that did not answer every question: what was not heard would be
 * taken for what is not there. */
static void judge_each(const struct subject *s, const struct doctor_facts *facts,
                       const struct err *err, const struct state *state)
{
    if (!facts) {
        findings_add(s->findings, FINDING_DATABASE, s->area, err->hint,
                     "%s; its rights, schema and sequences were not examined", err->message);
        return;
    }
    doctor_judge(facts, s->config, s->role, s->area, s->findings);
    judge_source(s, facts, state);
    doctor_judge_sequences(facts, state && state_active(state) == s->role, s->area, s->findings);
}

/* As the application would meet them: both servers at the same time, two round trips. */
static void examine(const struct subject *subjects, const struct probe *answers, size_t count,
                    const struct state *state)
{
    struct conn_params params[2];
    struct conn *conns[2] = {NULL, NULL};
    struct err errs[2] = {ERR_INIT, ERR_INIT};
    struct doctor_asked servers[2];
    const struct doctor_facts *facts[2] = {NULL, NULL};
    size_t open = 0;
    for (size_t i = 0; i < count; i++)
        params[i] = (struct conn_params){
            subjects[i].area, subjects[i].config->urls[subjects[i].role],
            subjects[i].config->schema, subjects[i].config->health_timeout_ms, true};
    (void)conn_open_many(params, count, conns, NULL, errs);
    for (size_t i = 0; i < count; i++)
        if (conns[i])
            servers[open++] =
                (struct doctor_asked){.conn = conns[i], .database = database_of(&answers[i])};
    if (count > 0)
        doctor_ask(servers, open, subjects[0].config);
    for (size_t i = 0, at = 0; i < count; i++) {
        if (conns[i]) {
            const struct doctor_asked *asked = &servers[at++];
            errs[i] = asked->err;
            facts[i] = asked->err.code == ERR_NONE ? &asked->facts : NULL;
            if (asked->late)
                doctor_explain_wait(&params[i], &errs[i]);
        }
        judge_each(&subjects[i], facts[i], &errs[i], state);
    }
    if (facts[0] && facts[1])
        judge_both(subjects, facts, answers, state);
    for (size_t i = 0; i < open; i++) {
        doctor_facts_release(&servers[i].facts);
        conn_close(servers[i].conn);
    }
}

void doctor_check_databases(const struct config *config, const struct state *state,
                            struct findings *findings)
{
    static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};
    struct probe probes[2] = {{.connected = false}, {.connected = false}};
    struct conn_params params[2];
    struct subject subjects[2];
    struct probe answers[2] = {{.connected = false}, {.connected = false}};
    struct probe connected[2];
    struct subject answering[2];
    struct err err = ERR_INIT;
    size_t count = 0;
    size_t up = 0;
    for (size_t i = 0; i < 2; i++) {
        if (!config->urls[roles[i]])
            continue;
        subjects[count] = (struct subject){roles[i], role_name(roles[i]), config, findings};
        params[count++] = (struct conn_params){role_name(roles[i]), config->urls[roles[i]],
                                               config->schema, config->health_timeout_ms, false};
    }
    if (count == 0 || !probe_run(params, count, config->health_timeout_ms, answers, &err)) {
        for (size_t i = 0; i < count; i++)
            probe_release(&answers[i]);
        return;
    }
    const struct state *believed = is_current(state, answers, count) ? state : NULL;
    for (size_t i = 0; i < count; i++) {
        probes[subjects[i].role] = answers[i];
        check_answer(&subjects[i], &answers[i], believed);
        if (!answers[i].connected)
            continue;
        answering[up] = subjects[i];
        connected[up++] = answers[i];
    }
    examine(answering, connected, up, believed);
    check_pair(config, state, probes, findings);
    for (size_t i = 0; i < count; i++)
        probe_release(&answers[i]);
}
