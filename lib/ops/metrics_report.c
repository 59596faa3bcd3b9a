/* Metrics as JSON and as tables. */
#include <stdio.h>

#include "base/clock.h"
#include "cli/report.h"
#include "ops/backups.h"
#include "ops/metrics.h"

#define TEXT_SIZE 32
#define TABLES_SHOWN 15

static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};

/* --- JSON -------------------------------------------------------------------------- */

static void set_int(struct json *object, const char *name, int64_t value)
{
    if (value < 0)
        json_set_null(object, name);
    else
        json_set_int(object, name, value);
}

/* One decimal: more is chance. */
static void set_percent(struct json *object, const char *name, double value)
{
    if (value < 0)
        json_set_null(object, name);
    else
        json_set_double(object, name, (double)(int64_t)(value * 10 + 0.5) / 10);
}

static void system_object(const struct config *config, const struct metrics *m,
                          struct json *document)
{
    double load[3];
    struct json *system = json_set_object(document, "system");
    struct json *cpu = json_set_object(system, "cpu");
    set_percent(cpu, "percent", m->cpu_percent);
    json_set_int(cpu, "cores", machine_cores());
    json_set_bool(cpu, "limited", m->cpu.limited);
    if (machine_load(load)) {
        json_set_double(cpu, "load1", load[0]);
        json_set_double(cpu, "load5", load[1]);
        json_set_double(cpu, "load15", load[2]);
    }
    struct json *memory = json_set_object(system, "memory");
    set_percent(memory, "percent", machine_memory_percent(&m->memory));
    set_int(memory, "totalBytes", m->memory.total);
    set_int(memory, "usedBytes", m->memory.used);
    json_set_bool(memory, "limited", m->memory.limited);
    struct json *disk = json_set_object(system, "disk");
    json_set_str(disk, "path", config->state_dir);
    set_percent(disk, "percent", machine_disk_percent(&m->disk));
    set_int(disk, "totalBytes", m->disk.total);
    set_int(disk, "usedBytes", m->disk.used);
    set_int(disk, "availableBytes", m->disk.available);
    set_int(system, "uptimeSeconds", m->uptime_s);
}

static void app_object(const struct metrics_app *app, struct json *document)
{
    if (!app->source) {
        json_set_null(document, "application");
        return;
    }
    struct json *object = json_set_object(document, "application");
    json_set_str(object, "source", app->source);
    json_set_str(object, "name", app->name);
    json_set_bool(object, "running", app->processes > 0);
    json_set_int(object, "processes", app->processes);
    set_int(object, "pid", app->processes > 0 ? app->pid : -1);
    set_int(object, "memoryBytes", app->processes > 0 ? app->memory : -1);
    set_percent(object, "cpuPercent", app->cpu_percent);
    set_int(object, "uptimeSeconds", app->uptime_s);
    set_int(object, "restarts", app->restarts);
}

static double connections_percent(const struct measures *m)
{
    return m->connections >= 0 && m->connection_limit > 0
               ? 100 * (double)m->connections / (double)m->connection_limit
               : -1;
}

static void database_object(const struct measures *m, struct json *object)
{
    json_set_bool(object, "connected", m->connected);
    json_set_str(object, "error", m->connected ? NULL : m->err.message);
    if (!m->connected)
        return;
    json_set_str(object, "engine", m->engine == ENGINE_POSTGRES ? "postgres" : "cockroach");
    set_int(object, "sizeBytes", m->bytes);
    struct json *connections = json_set_object(object, "connections");
    set_int(connections, "used", m->connections);
    set_int(connections, "limit", m->connection_limit);
    set_percent(connections, "percent", connections_percent(m));
    set_int(object, "longestTransactionMs", m->longest_transaction_ms);
    set_int(object, "replicas", m->replicas);
    set_int(object, "replicationLagMs", m->lag_ms);
    struct json *tables = json_set_array(object, "tables");
    for (size_t i = 0; i < m->table_count; i++) {
        struct json *table = json_add(tables, json_object());
        json_set_str(table, "name", m->tables[i].name);
        set_int(table, "rows", m->tables[i].rows);
        set_int(table, "bytes", m->tables[i].bytes);
    }
    struct json *missing = json_set_array(object, "notAvailable");
    for (size_t i = 0; i < m->missing.count; i++)
        json_add_str(missing, m->missing.items[i]);
}

static void backups_object(const struct config *config, struct json *document)
{
    char time[CLOCK_TEXT_SIZE];
    if (!config->backup_dir) {
        json_set_null(document, "backups");
        return;
    }
    struct json *object = json_set_object(document, "backups");
    json_set_str(object, "directory", config->backup_dir);
    for (int kind = 0; kind < BACKUP_KINDS; kind++) {
        struct backups_newest newest;
        const char *name = backups_kind_name((enum backup_kind)kind);
        if (!backups_find_newest(config->backup_dir, (enum backup_kind)kind, &newest)) {
            json_set_null(object, name);
            continue;
        }
        struct json *one = json_set_object(object, name);
        json_set_str(one, "name", newest.name);
        json_set_str(one, "time", clock_format(newest.time_us, time));
        json_set_int(one, "ageMs", (clock_now_us() - newest.time_us) / 1000);
        json_set_int(one, "bytes", newest.bytes);
    }
}

void metrics_document(const struct config *config, const struct metrics *metrics,
                      struct json *document)
{
    char time[CLOCK_TEXT_SIZE];
    json_set_str(document, "time", clock_format(metrics->time_us, time));
    system_object(config, metrics, document);
    app_object(&metrics->app, document);
    for (size_t i = 0; i < metrics->count && i < 2; i++)
        database_object(&metrics->databases[i], json_set_object(document, role_name(roles[i])));
    if (metrics->count == 1)
        json_set_null(document, role_name(ROLE_SECONDARY));
    backups_object(config, document);
}

/* --- for people ---------------------------------------------------------------------- */

static const char *bytes_cell(int64_t bytes, char *text)
{
    return bytes < 0 ? NULL : report_bytes(bytes, text);
}

static const char *duration_cell(int64_t ms, char *text)
{
    return ms < 0 ? NULL : report_duration(ms, text);
}

static const char *percent_cell(double value, char *text)
{
    if (value < 0)
        return NULL;
    (void)snprintf(text, TEXT_SIZE, "%.1f %%", value);
    return text;
}

static void print_machine(const struct metrics *m, bool color)
{
    static const char *const headings[] = {"MACHINE", ">IN USE", ">USED", ">OF"};
    char text[6][TEXT_SIZE];
    struct report *report = report_new(headings, 4);
    (void)snprintf(text[1], TEXT_SIZE, "%d CPUs", machine_cores());
    const char *const cpu[] = {m->cpu.limited ? "CPU (limit of the container)" : "CPU",
                               percent_cell(m->cpu_percent, text[0]), NULL, text[1]};
    report_row(report, cpu);
    const char *const memory[] = {m->memory.limited ? "memory (limit of the container)" : "memory",
                                  percent_cell(machine_memory_percent(&m->memory), text[0]),
                                  bytes_cell(m->memory.used, text[2]),
                                  bytes_cell(m->memory.total, text[3])};
    report_row(report, memory);
    const char *const disk[] = {
        "disk of the state directory", percent_cell(machine_disk_percent(&m->disk), text[0]),
        bytes_cell(m->disk.used, text[4]), bytes_cell(m->disk.total, text[5])};
    report_row(report, disk);
    report_print(report, stdout, color);
    report_free(report);
    if (m->uptime_s >= 0)
        printf("up for %s\n", report_duration(m->uptime_s * 1000, text[0]));
}

static void print_app(const struct metrics_app *app)
{
    char text[3][TEXT_SIZE];
    struct buf name = BUF_INIT;
    if (!app->source)
        return;
    buf_add_clean(&name, app->name);
    if (app->processes == 0)
        printf("\napplication %s: not running\n", name.data);
    else
        printf("\napplication %s: pid %lld, %d processes, %s, CPU %s, up for %s\n", name.data,
               (long long)app->pid, app->processes, report_bytes(app->memory, text[0]),
               app->cpu_percent < 0 ? "-" : percent_cell(app->cpu_percent, text[1]),
               report_duration(app->uptime_s * 1000, text[2]));
    if (app->restarts >= 0)
        printf("restarts: %s\n", report_count(app->restarts, text[0]));
    buf_release(&name);
}

static void database_row(struct report *report, enum role role, const struct measures *m)
{
    char text[4][TEXT_SIZE];
    char sessions[TEXT_SIZE * 2];
    if (m->connection_limit >= 0)
        (void)snprintf(sessions, sizeof sessions, "%lld of %lld", (long long)m->connections,
                       (long long)m->connection_limit);
    else
        (void)snprintf(sessions, sizeof sessions, "%lld", (long long)m->connections);
    const char *const cells[] = {role_name(role),
                                 m->connected ? "yes" : "NO",
                                 bytes_cell(m->bytes, text[0]),
                                 m->connections < 0 ? NULL : sessions,
                                 duration_cell(m->longest_transaction_ms, text[1]),
                                 m->replicas < 0 ? NULL : report_count(m->replicas, text[2]),
                                 duration_cell(m->lag_ms, text[3])};
    report_row(report, cells);
}

static void print_databases(const struct metrics *m, bool color)
{
    static const char *const headings[] = {
        "DATABASE",  "CONNECTED", ">SIZE", ">CONNECTIONS", ">LONGEST TRANSACTION",
        ">REPLICAS", ">LAG"};
    struct report *report = report_new(headings, sizeof headings / sizeof headings[0]);
    for (size_t i = 0; i < m->count && i < 2; i++)
        database_row(report, roles[i], &m->databases[i]);
    putchar('\n');
    report_print(report, stdout, color);
    report_free(report);
}

/* The largest of each. */
static void print_tables(const struct metrics *m, bool color)
{
    static const char *const headings[] = {"TABLE", "DATABASE", ">ROWS (ESTIMATE)", ">SIZE"};
    char text[2][TEXT_SIZE];
    struct report *report = report_new(headings, sizeof headings / sizeof headings[0]);
    for (size_t i = 0; i < m->count && i < 2; i++) {
        const struct measures *database = &m->databases[i];
        for (size_t t = 0; t < database->table_count && t < TABLES_SHOWN; t++) {
            const struct measures_table *table = &database->tables[t];
            const char *const cells[] = {table->name, role_name(roles[i]),
                                         table->rows < 0 ? NULL
                                                         : report_count(table->rows, text[0]),
                                         bytes_cell(table->bytes, text[1])};
            report_row(report, cells);
        }
        if (database->table_count > TABLES_SHOWN) {
            (void)snprintf(text[0], TEXT_SIZE, "... %zu more",
                           database->table_count - TABLES_SHOWN);
            const char *const cells[] = {text[0], role_name(roles[i]), NULL, NULL};
            report_row(report, cells);
        }
    }
    putchar('\n');
    report_print(report, stdout, color);
    report_free(report);
}

static void print_backups(const struct config *config)
{
    char text[2][TEXT_SIZE];
    for (int kind = 0; config->backup_dir && kind < BACKUP_KINDS; kind++) {
        struct backups_newest newest;
        const char *name = backups_kind_name((enum backup_kind)kind);
        if (backups_find_newest(config->backup_dir, (enum backup_kind)kind, &newest))
            printf("%snewest backup (%s): %s, %s, %s old\n", kind ? "" : "\n", name, newest.name,
                   report_bytes(newest.bytes, text[0]),
                   report_duration((clock_now_us() - newest.time_us) / 1000, text[1]));
        else if (kind == BACKUP_DATABASE)
            printf("\nno backup of the database in %s\n", config->backup_dir);
    }
}

void metrics_print(const struct config *config, const struct metrics *metrics, bool color)
{
    print_machine(metrics, color);
    print_app(&metrics->app);
    print_databases(metrics, color);
    print_tables(metrics, color);
    print_backups(config);
}
