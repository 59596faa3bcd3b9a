/* Answers that other programs give. */
#include "ops/api_relay.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ops/api_answers.h"
#include "ops/api_child.h"

#define LIMIT_MIN_MS 30000
#define LIMIT_MAX_MS 55000 /* web servers wait for a minute */
#define TELLING_MS 25000   /* dbr-health tells of alerts before it ends (ops/alerts.h) */
#define METRICS_MAX ((size_t)4 << 20)
#define METRICS_AGE_MS 10000 /* measuring takes a moment, and a connection to each database */
/* While one measures, the others soon get the measurement before, so that they do not take up every
 * process that the web server has for answers. */
#define METRICS_WAIT_MS 2000
#define METRICS_OLD_MS 600000
#define KEPT_STATUS "httpStatus" /* in the file: of the answer */

/* A check may take its timeout, with one retry inside. */
static int64_t limit_ms(const struct config *config)
{
    int64_t limit = config->health_timeout_ms + TELLING_MS;
    return limit < LIMIT_MIN_MS ? LIMIT_MIN_MS : limit > LIMIT_MAX_MS ? LIMIT_MAX_MS : limit;
}

void api_relay_health(struct api *api, const char *const *options)
{
    struct strlist argv = STRLIST_INIT;
    struct child child = CHILD_INIT;
    struct err err = ERR_INIT;
    bool ok = api_child_command(&argv, "dbr-health", &err);
    for (size_t i = 0; ok && options[i]; i++)
        strlist_add(&argv, options[i]);
    if (ok && api_child_start(&child, &argv, limit_ms(api->config), &err)) {
        (void)child_wait(&child, 1, -1);
        api_child_answer(&child, true, api->response);
    } else {
        api_child_failed("dbr-health", err.message, api->response);
    }
    child_release(&child);
    strlist_release(&argv);
}

bool api_relay_queue(const struct api *api, const char *name, int64_t wait_ms, struct lock *lock)
{
    struct err err = ERR_INIT;
    char *path = mem_printf("%s/%s", api->config->state_dir, name);
    if (!lock_take(lock, path, wait_ms, "dbr-api", &err))
        log_debug("%s", err.message);
    free(path);
    return err.code != ERR_LOCKED;
}

/* --- metrics --------------------------------------------------------------------- */

static bool is_younger(const char *path, int64_t limit_age_ms)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    int64_t age_ms =
        clock_now_us() / 1000 - ((int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000);
    return age_ms >= 0 && age_ms < limit_age_ms;
}

/* The measurement that was kept, or the failure of it, when it is younger than that. */
static bool give_file(struct api *api, const char *path, int64_t limit_age_ms)
{
    struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    struct json *document = NULL;
    if (is_younger(path, limit_age_ms) && fsio_read(path, METRICS_MAX, &text, &err))
        document = json_parse(text.data, text.len, &err);
    buf_release(&text);
    if (!document)
        return false;
    int status = (int)json_int(document, KEPT_STATUS, 200);
    json_remove(document, KEPT_STATUS);
    api_give(api->response, document);
    api->response->status = status;
    return true;
}

/* A failure too: what took long to fail is not tried again for each who asks. */
static void keep(const struct api *api, const char *path)
{
    struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    struct json *document = api->response->document;
    json_set_int(document, KEPT_STATUS, api->response->status);
    json_print(document, false, &text);
    json_remove(document, KEPT_STATUS);
    if (!fsio_write_atomic(path, 0600, text.data, text.len, &err))
        log_debug("%s", err.message);
    buf_release(&text);
}

static void measure(struct api *api, const char *path)
{
    static const char *const options[] = {"--metrics", NULL};
    api_relay_health(api, options);
    keep(api, path);
}

static void give_old(struct api *api, const char *path)
{
    if (give_file(api, path, METRICS_OLD_MS))
        return;
    api_fail(api->response, 503, "busy", "another request is measuring", "try again");
    strlist_add(&api->response->headers, "Retry-After: 10");
}

void api_answer_metrics(struct api *api, const char *argument)
{
    struct lock lock = LOCK_INIT;
    char *path = mem_printf("%s/api-metrics.json", api->config->state_dir);
    (void)argument;
    if (!give_file(api, path, METRICS_AGE_MS)) {
        bool turn = api_relay_queue(api, "api-metrics.lock", METRICS_WAIT_MS, &lock);
        if (!turn)
            give_old(api, path);
        else if (!give_file(api, path, METRICS_AGE_MS))
            measure(api, path);
        lock_release(&lock);
    }
    free(path);
}

void api_answer_database(struct api *api, const char *argument)
{
    static const char *const kept[] = {"success", "time", "primary", "secondary", NULL};
    api_answer_metrics(api, argument);
    if (api->response->status == 200)
        api_give_members(api->response, kept);
}

/* --- history --------------------------------------------------------------------- */

void api_answer_history(struct api *api, const char *argument)
{
    static const char *const periods[] = {"24h", "1h", "7d", "30d"};
    char period[8] = "24h";
    (void)argument;
    (void)api_request_query(&api->request, "period", period, sizeof period);
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        if (strcmp(period, periods[i]) == 0) {
            char *option = mem_printf("--history=%s", periods[i]);
            const char *const options[] = {option, NULL};
            api_relay_health(api, options);
            free(option);
            return;
        }
    }
    api_fail(api->response, 400, "bad_request", "there is no such period",
             "period is 1h, 24h, 7d or 30d");
}

void api_answer_breakers(struct api *api, const char *argument)
{
    static const char *const options[] = {"--breakers", NULL};
    (void)argument;
    api_relay_health(api, options);
}
