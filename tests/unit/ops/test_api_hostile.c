/*
 * Ten thousand hostile requests, each through the whole of dbr-api in this process: odd methods,
 * paths, headers, lengths, bodies and encodings, made from a fixed seed. No request crashes it,
 * leads to a run, is written down, or is repeated in an answer; each answer is well formed.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ops/api.h"
#include "unit.h"

#define REQUESTS 10000
#define TOKEN "not-a-real-token"
#define MARK "zQ7"      /* in every hostile text, and in no answer */
#define LONG_SIZE 70000 /* beyond every bound */

static uint64_t seed = 20261127;

static uint64_t random_number(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static size_t below(size_t n)
{
    return (size_t)(random_number() >> 11) % n;
}

static bool one_in(size_t n)
{
    return below(n) == 0;
}

#define PICK(list) (list)[below(sizeof(list) / sizeof((list)[0]))]

/* --- what is sent ----------------------------------------------------------------- */

static const char *const texts[] = {
    MARK "<script>alert(1)</script>",
    MARK "\r\nSet-Cookie: a=b\r\n\r\n<html>",
    MARK "'; DROP TABLE users; --",
    "$(touch " MARK ")`touch " MARK "`|touch " MARK ";touch " MARK "&touch " MARK,
    "../../../../etc/passwd" MARK,
    "%2e%2e%2f%00" MARK "%ff%0d%0aX: y",
    "\xff\xfe\xc0\xaf\xed\xa0\x80" MARK,
    "\x01\x02\x1b[2J\x7f" MARK,
    "--help " MARK,
    "{\"" MARK "\": \"" MARK "\"}",
    "%n%n%s%s%x" MARK,
    "http://" MARK ".example/",
    MARK "\"\\\n\t",
    " " MARK " ",
    "-1",
    "18446744073709551616",
    "",
};

static char long_text[LONG_SIZE + 1];

/* A text that lives until the next call but seven. */
static const char *hostile_text(void)
{
    static char kept[8][256];
    static size_t next;
    if (one_in(20))
        return long_text;
    if (!one_in(4))
        return PICK(texts);
    char *text = kept[next++ % 8];
    size_t len = below(200);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(1 + below(255));
    (void)snprintf(text + len, 256 - len, "%s", MARK);
    return text;
}

static const char *const routes[] = {
    "/health",      "/db-health",   "/version",
    "/alerts",      "/events",      "/db-sync",
    "/db-failover", "/db-failback", "/circuit-breakers/primary/reset",
};

static void set(const char *name, const char *value)
{
    assert_int_equal(setenv(name, value, 1), 0);
}

static void set_method(bool post)
{
    static const char *const odd[] = {"PUT",   "DELETE",     "TRACE",  "CONNECT",      "get",
                                      "POST ", "GET /" MARK, "POST\n", MARK "\r\nX: y"};
    static const char *const reads[] = {"GET", "HEAD", "OPTIONS"};
    if (one_in(4))
        set("REQUEST_METHOD", one_in(4) ? hostile_text() : PICK(odd));
    else if (!one_in(20))
        set("REQUEST_METHOD", post ? "POST" : PICK(reads));
}

static void set_path(const char *route)
{
    static const char *const variables[] = {"PATH_INFO", "SCRIPT_NAME", "REQUEST_URI"};
    char path[LONG_SIZE + 100];
    switch (below(4)) {
    case 0:
        (void)snprintf(path, sizeof path, "/api/system%s%s", route, hostile_text());
        break;
    case 1:
        (void)snprintf(path, sizeof path, "%s", hostile_text());
        break;
    default:
        (void)snprintf(path, sizeof path, "/api/system%s", route);
        break;
    }
    set(PICK(variables), path);
    if (one_in(8))
        set(PICK(variables), hostile_text());
    if (!one_in(3)) {
        char query[LONG_SIZE + 100];
        (void)snprintf(query, sizeof query, "%s%s", one_in(2) ? "limit=" : "&&=&limit",
                       hostile_text());
        set("QUERY_STRING", query);
    }
}

static void set_headers(void)
{
    static const char *const names[] = {"HTTP_HOST",
                                        "HTTP_ORIGIN",
                                        "HTTP_SEC_FETCH_SITE",
                                        "CONTENT_TYPE",
                                        "HTTP_CONTENT_ENCODING",
                                        "HTTP_TRANSFER_ENCODING",
                                        "REMOTE_ADDR",
                                        "HTTP_X_DBR_TOKEN",
                                        "HTTP_AUTHORIZATION",
                                        "HTTP_COOKIE",
                                        "HTTP_PROXY",
                                        "HTTP_X_FORWARDED_FOR",
                                        "HTTP_DBR_ENV_FILE",
                                        "HTTP_EXPECT",
                                        "CONTENT_LENGTH",
                                        "HTTP_RANGE",
                                        "SERVER_PROTOCOL"};
    for (size_t i = below(8); i > 0; i--)
        set(PICK(names), hostile_text());
}

/* One that looks like a whole request of a person, but for one thing. */
static void set_nearly_right(void)
{
    static const char *const lengths[] = {"-1",  "+2", "0x2", "2 ", "4097", "99999999999999999999",
                                          "1e3", MARK, "40"};
    set("HTTP_AUTHORIZATION", "Bearer " TOKEN);
    set("CONTENT_TYPE", "application/json");
    set("HTTP_HOST", "dbr.example.com");
    switch (below(5)) {
    case 0:
        set("HTTP_AUTHORIZATION", one_in(2) ? "Bearer " TOKEN MARK : hostile_text());
        break;
    case 1:
        set("HTTP_ORIGIN", one_in(2) ? "https://dbr.example.com." MARK : hostile_text());
        break;
    case 2:
        set("CONTENT_TYPE", one_in(2) ? "application/json;" MARK : hostile_text());
        break;
    case 3:
        set("CONTENT_LENGTH", PICK(lengths));
        break;
    default: /* the body, which is never right */
        break;
    }
}

/* Never a JSON object that would do. */
static void make_body(struct buf *body)
{
    static const char *const broken[] = {"{",
                                         "[]",
                                         "null",
                                         "\"" MARK "\"",
                                         "{\"reason\": {\"" MARK "\": 1}}",
                                         "{\"dryRun\": \"" MARK "\"}",
                                         "{\"user\": [\"" MARK "\"]}",
                                         "{}{}",
                                         "{\"a\": 1e999}x",
                                         "{\"reason\": \"\xff" MARK "\"}",
                                         "{'" MARK "': 1}",
                                         "{\"a\":\"\\ud800" MARK "\"",
                                         "user=" MARK "&reason=" MARK,
                                         "<?xml version=\"1.0\"?><" MARK "/>",
                                         "\xef\xbb\xbf{\"" MARK "\"",
                                         "1",
                                         "\x1f\x8b\x08" MARK};
    switch (below(4)) {
    case 0:
        for (size_t i = below(4200); i > 0; i--)
            buf_addch(body, one_in(2) ? '[' : '{');
        break;
    case 1:
        for (size_t i = below(300); i > 0; i--)
            buf_addch(body, (char)below(256));
        buf_adds(body, "}" MARK);
        break;
    default:
        buf_adds(body, PICK(broken));
        break;
    }
}

static void put_on_stdin(const struct buf *body)
{
    int fd = memfd_create("body", 0);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, body->data, body->len), body->len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    (void)close(fd);
}

/* But for what the test's own runner reads when it prints. */
static void empty_environment(void)
{
    static const char kept[] = "CMOCKA_MESSAGE_OUTPUT";
    const char *value = getenv(kept);
    char *copy = value ? strdup(value) : NULL;
    assert_int_equal(clearenv(), 0);
    if (copy)
        set(kept, copy);
    free(copy);
}

static void make_request(void)
{
    struct buf body = BUF_INIT;
    char length[32];
    const char *route = PICK(routes);
    bool post = strstr(route, "db-s") || strstr(route, "db-f") || strstr(route, "reset");
    empty_environment();
    set("GATEWAY_INTERFACE", "CGI/1.1");
    set("DBR_ENV_FILE", "dbr.env");
    make_body(&body);
    (void)snprintf(length, sizeof length, "%zu", body.len);
    set("CONTENT_LENGTH", length);
    if (one_in(3)) {
        char path[64];
        (void)snprintf(path, sizeof path, "/api/system%s", route);
        set("REQUEST_METHOD", post ? "POST" : "GET");
        set("PATH_INFO", path);
        set_nearly_right();
    } else {
        set_method(post);
        set_path(route);
        set_headers();
    }
    put_on_stdin(&body);
    buf_release(&body);
}

/* --- what is answered ------------------------------------------------------------- */

static void check_header(const char *line, size_t len)
{
    static const char *const known[] = {"Content-Type: ",
                                        "Cache-Control: no-store",
                                        "X-Content-Type-Options: nosniff",
                                        "X-Frame-Options: ",
                                        "Referrer-Policy: ",
                                        "Content-Security-Policy: ",
                                        "Content-Length: ",
                                        "Allow: ",
                                        "WWW-Authenticate: Bearer"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strncmp(line, known[i], strlen(known[i])) == 0)
            return;
    fail_msg("a header of its own: %.*s", (int)len, line);
}

static void check_body(const char *text, int status)
{
    struct err err = ERR_INIT;
    struct json *json = json_parse(text, strlen(text), &err);
    if (!json_is_object(json))
        fail_msg("the body is no document: %s", text);
    bool success = json_bool(json, "success", status >= 400);
    assert_int_equal(success, status < 300);
    if (!success)
        assert_true(strlen(json_str(json_get(json, "error"), "message", "")) > 0);
    json_free(json);
}

/* Returns the status. */
static int check_answer(const char *text, bool with_body)
{
    int status = 0;
    assert_int_equal(sscanf(text, "Status: %d ", &status), 1);
    if (strstr(text, MARK))
        fail_msg("it is repeated: %s", text);
    const char *line = strstr(text, "\r\n") + 2;
    for (const char *end; strncmp(line, "\r\n", 2) != 0; line = end + 2) {
        end = strstr(line, "\r\n");
        assert_non_null(end);
        check_header(line, (size_t)(end - line));
    }
    line += 2;
    if (with_body && status != 204)
        check_body(line, status);
    else
        assert_string_equal(line, "");
    return status;
}

static void check_status(int status)
{
    static const int expected[] = {200, 204, 400, 401, 403, 404, 405, 413, 415};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        if (status == expected[i])
            return;
    fail_msg("status %d", status);
}

static int serve(void)
{
    struct api_response response = API_RESPONSE_INIT;
    struct buf text = BUF_INIT;
    bool with_body = true;
    make_request();
    bool post = strcmp(getenv("REQUEST_METHOD") ? getenv("REQUEST_METHOD") : "", "POST") == 0;
    api_serve(&response, &with_body);
    api_response_print(&response, with_body, &text);
    int status = check_answer(text.data, with_body);
    check_status(status);
    if (post && status == 200)
        fail_msg("a hostile request was carried out");
    buf_release(&text);
    api_response_release(&response);
    return status;
}

/* A record that is fresh, so that nothing has to be run to answer a read. */
static void make_state(void)
{
    char now[CLOCK_TEXT_SIZE];
    char *state = mem_printf("{\"version\": 1, \"activeDatabase\": \"primary\", \"health\": "
                             "{\"primary\": {\"connected\": true, \"lastCheck\": \"%s\"}}}\n",
                             clock_format(clock_now_us(), now));
    assert_int_equal(mkdir("state", 0700), 0);
    unit_write("state/state.json", state);
    unit_write("dbr.env", "DATABASE_URL=postgresql://u:hunter2@one.example/x\nDB_STATE_DIR=state\n"
                          "DB_HEALTH_CHECK_INTERVAL_MS=2592000000\nDBR_API_TOKEN=" TOKEN "\n");
    assert_int_equal(chmod("dbr.env", 0600), 0);
    free(state);
}

TEST(ten_thousand)
{
    size_t counts[600] = {0};
    char *output = mem_strdup(getenv("CMOCKA_MESSAGE_OUTPUT"));
    memset(long_text, 'A', LONG_SIZE);
    memcpy(long_text, MARK, sizeof MARK - 1);
    log_set_level(LOG_ERROR);
    make_state();
    for (size_t i = 0; i < REQUESTS; i++)
        counts[serve()]++;
    if (output)
        set("CMOCKA_MESSAGE_OUTPUT", output);
    free(output);
    /* They got as far as every check there is. */
    static const int reached[] = {200, 204, 400, 401, 403, 404, 405, 413, 415};
    for (size_t i = 0; i < sizeof reached / sizeof reached[0]; i++)
        if (counts[reached[i]] < 20)
            fail_msg("only %zu answers with status %d", counts[reached[i]], reached[i]);
    assert_int_equal(access("state/events.jsonl", F_OK), -1);
    assert_int_equal(access("state/api-run.json", F_OK), -1);
    assert_int_equal(access(MARK, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {IN_DIR(ten_thousand)};
    return cmocka_run_group_tests_name("api, hostile requests", tests, NULL, NULL);
}
