/* Environment, command line, and the one table from an error's code to a status. */
#include "ops/api_child.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/machine.h"
#include "base/mem.h"
#include "state/config.h"

#define OUTPUT_MAX ((size_t)4 << 20)

/* --- the command line ------------------------------------------------------------ */

bool api_child_command(struct strlist *argv, const char *program, struct err *err)
{
    char *directory = machine_own_directory();
    if (!directory)
        return err_set_hint(err, ERR_FAILED,
                            "mount /proc where the web server runs its CGI programs",
                            "cannot tell where dbr-api is: /proc is not mounted");
    strlist_addf(argv, "%s/%s", directory, program);
    strlist_add(argv, "--json");
    free(directory);
    return true;
}

/* --- the environment ------------------------------------------------------------- */

static void carry(struct strlist *env, const char *name)
{
    const char *value = name ? getenv(name) : NULL;
    if (value)
        strlist_addf(env, "%s=%s", name, value);
}

/* Where libpq looks for certificates and passwords. Web servers do not set it. */
static void add_home(struct strlist *env)
{
    const char *home = getenv("HOME");
    const struct passwd *user = home && *home == '/' ? NULL : getpwuid(geteuid());
    if (user)
        home = user->pw_dir;
    if (home && *home == '/')
        strlist_addf(env, "HOME=%s", home);
}

/* A client has no say in these: what it sends arrives as HTTP_ and the variables of CGI. */
static void build_environment(struct strlist *env)
{
    static const char *const plain[] = {
        "DBR_ENV_FILE", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "TZ",          "LANG", "LC_ALL",
        "TMPDIR",       "PM2_HOME",       "SSL_CERT_FILE",   "SSL_CERT_DIR"};
    size_t count;
    const struct config_key *keys = config_keys(&count);
    if (getenv("PATH"))
        carry(env, "PATH");
    else
        strlist_add(env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    add_home(env);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        carry(env, plain[i]);
    for (size_t i = 0; i < count; i++) {
        carry(env, keys[i].name);
        carry(env, keys[i].alias);
    }
    for (size_t i = 0; environ && environ[i]; i++)
        if (strncmp(environ[i], "PG", 2) == 0)
            strlist_add(env, environ[i]);
}

/* The pointers of a list with NULL behind them; free the array. */
static const char **pointers(const struct strlist *list)
{
    const char **array = mem_array(NULL, list->count + 1, sizeof *array);
    for (size_t i = 0; i < list->count; i++)
        array[i] = list->items[i];
    array[list->count] = NULL;
    return array;
}

bool api_child_start(struct child *child, const struct strlist *argv, int64_t limit_ms,
                     struct err *err)
{
    struct strlist env = STRLIST_INIT;
    build_environment(&env);
    const char **args = pointers(argv);
    const char **variables = pointers(&env);
    struct child_spec spec = {.argv = args,
                              .env = variables,
                              .limit_ms = limit_ms,
                              .output_max = OUTPUT_MAX,
                              .session = true};
    bool ok = child_start(child, &spec, err);
    child->spec.argv = child->spec.env = NULL;
    free(args);
    free(variables);
    strlist_release(&env);
    return ok;
}

/* --- the answer ------------------------------------------------------------------ */

struct meaning {
    const char *code; /* of the programs' error documents */
    int status;
    const char *message, *hint; /* where the program has no words of its own */
};

static const struct meaning meanings[] = {
    {"failed", 500, "the program failed", "its log on the server says why"},
    {"usage", 500, "dbr's configuration or state on the server cannot be used",
     "dbr-health --doctor on the server says what to do"},
    {"unreachable", 503, "a database could not be reached, or let dbr not in",
     "GET /api/system/db-health says which"},
    {"different", 500, "verification found differences", "dbr-sync --repair on the server"},
    {"refused", 422, "refused: it would not be safe, or a step is missing",
     "run the program on the server, which says what is missing"},
    {"locked", 409, "another run is at work", "try again when it has ended"},
    {"stopped", 503, "the run was stopped", "try again"},
};

static const struct meaning *meaning_of(const char *code)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (strcmp(meanings[i].code, code) == 0)
            return &meanings[i];
    return &meanings[0];
}

static void give_error(struct json *document, struct api_response *response)
{
    const struct json *said = json_get(document, "error");
    const struct meaning *meaning = meaning_of(json_str(said, "code", "failed"));
    const char *message = json_str(said, "message", NULL);
    const char *hint = json_str(said, "hint", message ? NULL : meaning->hint);
    struct json *error = json_object();
    json_set_str(error, "code", meaning->code);
    json_set_str(error, "message", message ? message : meaning->message);
    json_set_str(error, "hint", hint);
    json_set(document, "error", error);
    json_set_bool(document, "success", false);
    api_give(response, document);
    response->status = meaning->status;
    if (meaning->status == 409 || meaning->status == 503)
        strlist_add(&response->headers, "Retry-After: 10");
}

void api_child_failed(const char *program, const char *why, struct api_response *response)
{
    log_error("dbr-api: %s: %s", program, why);
    api_fail(response, 500, meanings[0].code, meanings[0].message, meanings[0].hint);
}

void api_child_answer_text(int status, const struct buf *output, bool any_status,
                           struct api_response *response)
{
    struct err err = ERR_INIT;
    struct json *document = json_parse(output->data, output->len, &err);
    if (!json_is_object(document)) {
        json_free(document);
        api_child_failed("a program", status < 0 ? "it was ended" : "it printed no document",
                         response);
        return;
    }
    /* A switch stands, say, while the application did not follow: exit status 1 without an error.
     */
    if (json_get(document, "error") && !json_is_null(json_get(document, "error")))
        give_error(document, response);
    else if (status == 0 || (any_status && status > 0 && status <= 2))
        api_give(response, document);
    else
        give_error(document, response);
}

void api_child_answer(const struct child *child, bool any_status, struct api_response *response)
{
    if (child->cut) {
        api_child_failed("a program", "it printed too much", response);
        return;
    }
    if (child->end == CHILD_LATE) {
        log_error("dbr-api: a program took too long");
        api_fail(response, 503, "timeout", "the answer took too long", "try again");
        strlist_add(&response->headers, "Retry-After: 10");
        return;
    }
    if (child->errors.len > 0 && child->end == CHILD_EXITED && child->value != 0)
        log_debug("%s", child->errors.data);
    api_child_answer_text(child->end == CHILD_EXITED ? child->value : -1, &child->output,
                          any_status, response);
}
