/*
 * Asking, in two rounds. Every question is a segment of its own in one pipeline, so that a refusal
 * harms no other; what it would have told stays unknown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/stop.h"
#include "db/engine.h"
#include "db/pipeline.h"
#include "db/quote.h"
#include "ops/doctor_questions.h"
#include "ops/doctor_server.h"
#include "repl/catalog.h"
#include "repl/fence.h"

/* The whole catalog is asked for: that may take longer than a probe, but not for ever. */
#define PROBES_LONG 3

/* Row by row the levels that it is put together from; the last word that names it counts. */
static void read_zone(struct doctor_facts *facts, const struct result *answer)
{
    static const char word[] = "gc.ttlseconds = ";

    for (size_t i = 0; i < result_rows(answer); i++) {
        const char *text = result_text(answer, i, result_columns(answer) - 1);
        const char *at = text ? strstr(text, word) : NULL;

        if (at)
            facts->gc_seconds = strtoll(at + strlen(word), NULL, 10);
    }
}

/* The questions of one server; the last one is written for its database. */
struct round {
    const struct question *questions;
    size_t count;
    const char *parameters[3];
    struct buf zone;
};

/* The second question. */
struct again {
    struct buf largest, sequences, positions;
};

static bool is_asked(const struct round *round, const struct question *q)
{
    return q->parameter == NOTHING || round->parameters[q->parameter];
}

/* The catalog comes last: where it cannot be read, what is left of it is thrown away. */
static bool queue(struct conn *conn, const struct round *round, struct err *err)
{
    for (size_t i = 0; i < round->count; i++) {
        const struct question *q = &round->questions[i];
        if (is_asked(round, q) && (!pipeline_add(conn, q->sql, q->parameter == NOTHING ? 0 : 1,
                                                 &round->parameters[q->parameter], err) ||
                                   !pipeline_sync(conn, err)))
            return false;
    }
    if (round->zone.len &&
        (!pipeline_add(conn, round->zone.data, 0, NULL, err) || !pipeline_sync(conn, err)))
        return false;
    return catalog_queue(conn, err) && pipeline_sync(conn, err) && pipeline_send(&conn, 1, err);
}

static bool is_over(const struct conn *conn, const struct err *why)
{
    return !conn_alive(conn) || why->code == ERR_STOPPED || stop_signal();
}

/* False when no further answer can be had. *answer is NULL for a question that was refused. */
static bool hear(struct conn *conn, struct result **answer, struct err *refusal, struct err *err)
{
    struct err why = ERR_INIT;
    *answer = NULL;
    if (pipeline_next(conn, answer, &why))
        return true;
    if (is_over(conn, &why)) {
        *err = why;
        return false;
    }
    *refusal = why;
    return true;
}

static void take(struct doctor_facts *facts, const struct question *q, const struct result *answer,
                 const struct err *refusal)
{
    if (!answer) {
        if (q->rights && !facts->trouble)
            facts->trouble = mem_strdup(refusal->message);
    } else if (q->read) {
        q->read(facts, answer);
    } else if (q->setting >= 0 && result_rows(answer) == 1) {
        facts->settings[q->setting] = mem_strdup(result_text(answer, 0, 0));
    }
}

/* A connection that is lost is no trouble of the model: then nothing can be said of it. */
static bool receive_catalog(struct conn *conn, struct doctor_facts *facts, struct err *err)
{
    struct err why = ERR_INIT;
    struct err ending = ERR_INIT;
    if (catalog_receive(conn, &facts->model, &why))
        return true;
    if (is_over(conn, &why)) {
        *err = why;
        return false;
    }
    if (!pipeline_end(conn, &ending) && is_over(conn, &ending)) {
        *err = ending;
        return false;
    }
    facts->model_trouble = mem_strdup(why.message);
    return true;
}

static bool receive(struct conn *conn, const struct round *round, struct doctor_facts *facts,
                    struct err *err)
{
    struct result *answer;
    struct err refusal = ERR_INIT;
    for (size_t i = 0; i < round->count; i++) {
        if (!is_asked(round, &round->questions[i]))
            continue;
        if (!hear(conn, &answer, &refusal, err))
            return false;
        take(facts, &round->questions[i], answer, &refusal);
        result_free(answer);
    }
    if (round->zone.len) {
        if (!hear(conn, &answer, &refusal, err))
            return false;
        if (answer)
            read_zone(facts, answer);
        result_free(answer);
    }
    return receive_catalog(conn, facts, err);
}

bool doctor_largest_sql(const struct doctor_facts *facts, const char *schema, struct buf *sql)
{
    for (size_t i = 0; i < facts->column_count; i++) {
        if (!facts->columns[i].is_key)
            continue;
        buf_addf(sql, "%sSELECT %zu, max(", sql->len ? " UNION ALL " : "", i);
        quote_ident(sql, facts->columns[i].name);
        buf_adds(sql, ") FROM ");
        quote_ident(sql, schema);
        buf_addch(sql, '.');
        quote_ident(sql, facts->columns[i].table);
    }
    return sql->len > 0;
}

static bool add_alone(struct conn *conn, const struct buf *sql, struct err *err)
{
    return sql->len == 0 ||
           (pipeline_add(conn, sql->data, 0, NULL, err) && pipeline_sync(conn, err));
}

/* What is only known to be asked once the first answers are there. The fence comes last: its
 * questions are several. */
static bool queue_again(struct conn *conn, const struct config *config, struct again *again,
                        const struct doctor_facts *facts, struct err *err)
{
    (void)doctor_largest_sql(facts, config->schema, &again->largest);
    (void)doctor_sequences_sql(&facts->model, &again->sequences);
    (void)doctor_positions_sql(&facts->model, &again->positions);
    return add_alone(conn, &again->largest, err) && add_alone(conn, &again->sequences, err) &&
           add_alone(conn, &again->positions, err) &&
           (!config->fence || fence_queue_view(conn, config->fence_role, err)) &&
           pipeline_send(&conn, 1, err);
}

static bool receive_largest(struct conn *conn, struct doctor_facts *facts, struct err *err)
{
    struct result *answer = NULL;
    struct err refusal = ERR_INIT;
    if (!hear(conn, &answer, &refusal, err))
        return false;
    for (size_t i = 0; answer && i < result_rows(answer); i++) {
        size_t at = (size_t)result_int(answer, i, 0);
        if (at >= facts->column_count || !result_text(answer, i, 1))
            continue;
        facts->columns[at].has_largest = true;
        facts->columns[at].largest = result_int(answer, i, 1);
    }
    result_free(answer);
    return true;
}

static bool receive_sequences(struct conn *conn, struct doctor_facts *facts, struct err *err)
{
    struct result *answer = NULL;
    struct err refusal = ERR_INIT;
    if (!hear(conn, &answer, &refusal, err))
        return false;
    facts->sequence_largest =
        mem_array(NULL, facts->model.sequence_count + 1, sizeof *facts->sequence_largest);
    memset(facts->sequence_largest, 0,
           (facts->model.sequence_count + 1) * sizeof *facts->sequence_largest);
    for (size_t i = 0; answer && i < result_rows(answer); i++) {
        size_t at = (size_t)result_int(answer, i, 0);
        if (at < facts->model.sequence_count && !facts->sequence_largest[at])
            facts->sequence_largest[at] = mem_strdup(result_text(answer, i, 1));
    }
    result_free(answer);
    return true;
}

static void forget_sequences(struct doctor_facts *facts)
{
    for (size_t i = 0; facts->sequence_largest && i < facts->model.sequence_count; i++)
        free(facts->sequence_largest[i]);
    free(facts->sequence_largest);
    facts->sequence_largest = NULL;
}

/* Where they stand cannot be seen: nothing is said of them. */
static bool receive_positions(struct conn *conn, struct doctor_facts *facts, struct err *err)
{
    struct result *answer = NULL;
    struct err refusal = ERR_INIT;
    if (!hear(conn, &answer, &refusal, err))
        return false;
    if (!answer)
        forget_sequences(facts);
    for (size_t i = 0; answer && i < result_rows(answer); i++) {
        size_t at = (size_t)result_int(answer, i, 0);
        if (at >= facts->model.sequence_count || !result_text(answer, i, 1))
            continue;
        facts->model.sequences[at].last_value = result_int(answer, i, 1);
        facts->model.sequences[at].called = true;
    }
    result_free(answer);
    return true;
}

static bool receive_fence(struct conn *conn, const char *role, struct doctor_facts *facts,
                          struct err *err)
{
    struct fence_view view;
    struct err why = ERR_INIT;
    if (fence_receive_view(conn, &view, &why)) {
        (void)fence_check(conn, role, &view, true, &facts->fence_trouble);
        return true;
    }
    if (is_over(conn, &why))
        *err = why;
    return !is_over(conn, &why);
}

static void receive_again(struct conn *conn, const struct config *config, const struct again *again,
                          struct doctor_facts *facts, struct err *err)
{
    (void)((again->largest.len == 0 || receive_largest(conn, facts, err)) &&
           (again->sequences.len == 0 || receive_sequences(conn, facts, err)) &&
           (again->positions.len == 0 || receive_positions(conn, facts, err)) &&
           (!config->fence || receive_fence(conn, config->fence_role, facts, err)));
}

static void begin(struct doctor_asked *server, const struct config *config, struct round *round)
{
    struct conn *conn = server->conn;
    struct doctor_facts *facts = &server->facts;
    bool postgres = conn_kind(conn) == ENGINE_POSTGRES;
    const char *admin = conn_parameter(conn, "is_superuser");
    *round = (struct round){
        .questions = postgres ? doctor_postgres_questions : doctor_cockroach_questions,
        .count = postgres ? doctor_postgres_question_count : doctor_cockroach_question_count,
        .parameters = {[SCHEMA] = config->schema, [FENCE_ROLE] = config->fence_role},
        .zone = BUF_INIT};
    *facts = (struct doctor_facts){.engine = conn_kind(conn),
                                   .version = conn_version(conn),
                                   .database = mem_strdup(server->database),
                                   .admin = admin && strcmp(admin, "on") == 0,
                                   .tables = -1,
                                   .octets = -1,
                                   .connections = -1,
                                   .connection_limit = -1,
                                   .gc_seconds = -1};
    (void)snprintf(facts->version_text, sizeof facts->version_text, "%s", conn_version_text(conn));
    conn_tls_read(conn, &facts->tls);
    if (!postgres) {
        buf_adds(&round->zone, "SHOW ZONE CONFIGURATION FROM DATABASE ");
        quote_ident(&round->zone, server->database);
    }
}

void doctor_ask(struct doctor_asked *servers, size_t count, const struct config *config)
{
    struct round *rounds = mem_array(NULL, count + 1, sizeof *rounds);
    struct again *again = mem_array(NULL, count + 1, sizeof *again);
    bool *ok = mem_array(NULL, count + 1, sizeof *ok);
    struct err ending = ERR_INIT;
    for (size_t i = 0; i < count; i++) {
        conn_limit_time(servers[i].conn, PROBES_LONG * config->health_timeout_ms);
        begin(&servers[i], config, &rounds[i]);
        ok[i] = queue(servers[i].conn, &rounds[i], &servers[i].err);
    }
    for (size_t i = 0; i < count; i++) {
        struct doctor_asked *s = &servers[i];
        again[i] = (struct again){BUF_INIT, BUF_INIT, BUF_INIT};
        ok[i] = ok[i] && receive(s->conn, &rounds[i], &s->facts, &s->err);
        if (ok[i])
            catalog_exclude(&s->facts.model, &config->tables, &config->exclude);
        ok[i] = ok[i] && queue_again(s->conn, config, &again[i], &s->facts, &s->err);
    }
    for (size_t i = 0; i < count; i++) {
        if (ok[i])
            receive_again(servers[i].conn, config, &again[i], &servers[i].facts, &servers[i].err);
        servers[i].late = servers[i].err.code != ERR_NONE && conn_was_late(servers[i].conn);
        (void)pipeline_end(servers[i].conn, &ending); /* refusals were taken note of */
        buf_release(&rounds[i].zone);
        buf_release(&again[i].largest);
        buf_release(&again[i].sequences);
        buf_release(&again[i].positions);
    }
    free(rounds);
    free(again);
    free(ok);
}

void doctor_facts_release(struct doctor_facts *facts)
{
    free(facts->database);
    free(facts->user);
    free(facts->trouble);
    free(facts->keys_off);
    free(facts->rows_out);
    free(facts->model_trouble);
    forget_sequences(facts);
    model_release(&facts->model);
    for (size_t i = 0; i < SETTING_COUNT; i++)
        free(facts->settings[i]);
    for (size_t i = 0; i < facts->column_count; i++) {
        free(facts->columns[i].table);
        free(facts->columns[i].name);
    }
    free(facts->columns);
    for (size_t i = 0; i < facts->role_count; i++)
        free(facts->roles[i].name);
    free(facts->roles);
    *facts = (struct doctor_facts){.engine = ENGINE_POSTGRES};
}
