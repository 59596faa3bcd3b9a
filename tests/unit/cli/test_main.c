/* The frame of the programs: exit status, the two forms of an error, output that cannot be written,
 * npm, consent. */
#include <pty.h>
#include <signal.h>

#include "base/log.h"
#include "base/stop.h"
#include "base/version.h"
#include "cli/main.h"
#include "unit.h"

static bool dry_run, full;
static char out[100000], errors[100000];

static const struct option options[] = {
    {.letter = 'n', .name = "dry-run", .help = "change nothing", .target = &dry_run},
    {.name = "full", .help = "everything", .target = &full},
    {.name = "force", .help = "past the guard", .target = &full, .consent = true},
    {.name = "no-check", .help = "without a check", .target = &full},
    OPTION_END,
};
static const struct program with_dry_run = {"dbr-test", "a test", "[options]", options,
                                            NULL,       false,    NULL};
static const struct program plain = {"dbr-plain", "a test", "[options]", NULL, NULL, false, NULL};
static const struct program runner = {"dbr-run", "a test", "[options] command", NULL, NULL,
                                      true,      NULL};

/* One run of a program in a child. */
struct run {
    const struct program *program;
    cli_run code;
    const char *argv[8];
    const char *stdout_to; /* another file than out */
    int (*map)(enum err_code code);
};

static int run_code(void *context)
{
    const struct run *run = context;
    int argc = 0;

    while (run->argv[argc])
        argc++;
    if (run->stdout_to && !freopen(run->stdout_to, "w", stdout))
        return 125;
    if (!freopen("/dev/null", "r", stdin))
        return 125;
    return cli_main_mapped(run->program, argc, (char **)run->argv, run->code, run->map);
}

/* Runs, reads stdout and stderr, and returns the exit status. */
static int run_program(struct run run)
{
    int status = unit_child(run_code, &run);
    unit_read("out", out, sizeof out);
    unit_read("err", errors, sizeof errors);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define RUN(program_, code_, ...)                                                                  \
    run_program((struct run){.program = &(program_), .code = (code_), .argv = {"x", __VA_ARGS__}})

static bool say_hello(struct cli *cli, struct err *err)
{
    (void)err;
    if (!cli->common.json && !cli->common.quiet)
        puts("hello");
    json_set_int(cli->document, "n", 3);
    return true;
}

static bool fail_with_hint(struct cli *cli, struct err *err)
{
    json_set_int(cli->document, "n", 3);
    err_set(err, ERR_REFUSED, "table \033[1musers\n is not empty");
    return err_hint(err, "add --recreate");
}

static bool fail_silently(struct cli *cli, struct err *err)
{
    (void)cli;
    (void)err;
    return false;
}

TEST(success)
{
    assert_int_equal(RUN(plain, say_hello, NULL), 0);
    assert_string_equal(out, "hello\n");
    assert_string_equal(errors, "");
}

TEST(quiet_success_prints_nothing)
{
    assert_int_equal(RUN(plain, say_hello, "-q"), 0);
    assert_string_equal(out, "");
    assert_string_equal(errors, "");
}

TEST(success_as_json_is_one_document)
{
    assert_int_equal(RUN(plain, say_hello, "--json"), 0);
    assert_string_equal(out, "{\n  \"success\": true,\n  \"n\": 3\n}\n");
    assert_string_equal(errors, "");
}

TEST(failure_is_one_line_and_a_hint)
{
    assert_int_equal(RUN(plain, fail_with_hint, NULL), 5);
    assert_string_equal(out, "");
    assert_string_equal(errors, "dbr-plain: error: table ?[1musers  is not empty\n"
                                "hint: add --recreate\n");
}

TEST(failure_as_json_keeps_what_was_set)
{
    struct err err = ERR_INIT;

    assert_int_equal(RUN(plain, fail_with_hint, "--json"), 5);
    assert_string_equal(errors, "");
    struct json *root = json_parse(out, strlen(out), &err);
    assert_non_null(root);
    assert_false(json_bool(root, "success", true));
    assert_int_equal(json_int(root, "n", 0), 3);
    const struct json *error = json_get(root, "error");
    assert_string_equal(json_str(error, "code", ""), "refused");
    assert_string_equal(json_str(error, "message", ""), "table \033[1musers\n is not empty");
    assert_string_equal(json_str(error, "hint", ""), "add --recreate");
    json_free(root);
}

TEST(failure_without_a_reason_is_still_a_failure)
{
    assert_int_equal(RUN(plain, fail_silently, NULL), 1);
    assert_string_equal(errors,
                        "dbr-plain: error: failed for an unknown reason\n"
                        "hint: this is a fault of dbr: run the program again, and where that "
                        "ends the same way, report it with what --verbose prints\n");
}

TEST(usage_errors)
{
    assert_int_equal(RUN(plain, say_hello, "--jsn"), 2);
    assert_string_equal(out, "");
    assert_string_equal(errors, "dbr-plain: error: unknown option --jsn\n"
                                "hint: did you mean --json?\n");
    /* The wish for JSON counts wherever it stands. */
    assert_int_equal(RUN(plain, say_hello, "--nonsense", "--json"), 2);
    assert_non_null(strstr(out, "\"code\": \"usage\""));
    assert_string_equal(errors, "");
    assert_int_equal(RUN(plain, say_hello, "--", "--json"), 2);
    assert_string_equal(out, "");
}

TEST(help_version_and_list)
{
    assert_int_equal(RUN(plain, fail_silently, "--help", "--json"), 0);
    assert_int_equal(strncmp(out, "Usage: dbr-plain [options]\n", 27), 0);
    assert_int_equal(RUN(plain, fail_silently, "-V"), 0);
    assert_string_equal(out, "dbr-plain " DBR_VERSION "\n");
    assert_int_equal(RUN(plain, fail_silently, "--json", "--list-options"), 0);
    assert_int_equal(strncmp(out, "env-file\t-\tfile\tFILE\t", 21), 0);
    assert_string_equal(errors, "");
}

static bool print_operands(struct cli *cli, struct err *err)
{
    (void)err;
    for (size_t i = 0; i < cli->operands.count; i++)
        printf("[%s]", cli->operands.items[i]);
    return true;
}

TEST(operands_reach_the_program)
{
    assert_int_equal(RUN(runner, print_operands, "-q", "--", "node", "--json"), 0);
    assert_string_equal(out, "[node][--json]");
    assert_int_equal(RUN(plain, print_operands, "node"), 2);
}

static bool warn_with_status(struct cli *cli, struct err *err)
{
    (void)err;
    cli->status = 1;
    json_set_bool(cli->document, "success", false);
    return true;
}

TEST(a_program_may_set_status_and_success)
{
    assert_int_equal(RUN(plain, warn_with_status, "--json"), 1);
    assert_string_equal(out, "{\n  \"success\": false\n}\n");
}

static bool print_own_document(struct cli *cli, struct err *err)
{
    puts("{}");
    cli->document_done = true;
    return err_set(err, ERR_DIFFERENT, "2 tables differ");
}

TEST(a_document_of_its_own_stays_the_only_one)
{
    assert_int_equal(RUN(plain, print_own_document, "--json"), 4);
    assert_string_equal(out, "{}\n");
    assert_string_equal(errors, "dbr-plain: error: 2 tables differ\n");
}

static int health_status(enum err_code code)
{
    return code == ERR_USAGE ? 3 : 2;
}

TEST(a_map_replaces_the_codes)
{
    assert_int_equal(
        run_program((struct run){
            .program = &plain, .code = say_hello, .argv = {"x", "--bad"}, .map = health_status}),
        3);
    assert_int_equal(
        run_program((struct run){
            .program = &plain, .code = fail_with_hint, .argv = {"x"}, .map = health_status}),
        2);
    assert_int_equal(
        run_program((struct run){
            .program = &plain, .code = say_hello, .argv = {"x"}, .map = health_status}),
        0);
}

static bool be_stopped(struct cli *cli, struct err *err)
{
    (void)cli;
    (void)raise(SIGTERM);
    return stop_check(err);
}

static bool be_stopped_and_confused(struct cli *cli, struct err *err)
{
    (void)cli;
    (void)raise(SIGINT);
    return err_set(err, ERR_UNREACHABLE, "connection lost");
}

static bool be_stopped_too_late(struct cli *cli, struct err *err)
{
    (void)raise(SIGINT);
    return say_hello(cli, err);
}

TEST(a_signal_ends_with_128_and_its_number)
{
    assert_int_equal(RUN(plain, be_stopped, NULL), 128 + SIGTERM);
    assert_string_equal(errors, "dbr-plain: error: stopped by SIGTERM\nhint: nothing is left half "
                                "done: run it again to go on\n");
    assert_int_equal(RUN(plain, be_stopped, "--json"), 128 + SIGTERM);
    assert_non_null(strstr(out, "\"code\": \"stopped\""));
    assert_int_equal(RUN(plain, be_stopped_and_confused, NULL), 128 + SIGINT);
    assert_int_equal(RUN(plain, be_stopped_too_late, NULL), 0);
    assert_int_equal(
        run_program((struct run){
            .program = &plain, .code = be_stopped, .argv = {"x"}, .map = health_status}),
        128 + SIGTERM);
}

TEST(a_result_that_cannot_be_written_is_a_failure)
{
    static const char full_disk[] =
        "dbr-plain: error: cannot write to standard output: No space left on device\n"
        "hint: make room on that file system (df -h, df -i, quota), then run the program again\n";

    assert_int_equal(
        run_program((struct run){
            .program = &plain, .code = say_hello, .argv = {"x"}, .stdout_to = "/dev/full"}),
        1);
    assert_string_equal(errors, full_disk);
    assert_int_equal(run_program((struct run){.program = &plain,
                                              .code = say_hello,
                                              .argv = {"x", "--json"},
                                              .stdout_to = "/dev/full"}),
                     1);
    assert_string_equal(errors, full_disk);
    assert_int_equal(run_program((struct run){.program = &plain,
                                              .code = say_hello,
                                              .argv = {"x", "--help"},
                                              .stdout_to = "/dev/full"}),
                     1);
    assert_int_equal(
        run_program((struct run){
            .program = &plain, .code = say_hello, .argv = {"x", "-q"}, .stdout_to = "/dev/full"}),
        0);
}

static bool print_much(struct cli *cli, struct err *err)
{
    (void)cli;
    (void)err;
    for (int i = 0; i < 100000; i++)
        puts("a line that is long enough to fill a pipe in no time");
    return true;
}

static int run_into_closed_pipe(void *context)
{
    int ends[2];
    (void)context;
    if (pipe(ends) != 0 || dup2(ends[1], STDOUT_FILENO) < 0 || close(ends[0]) != 0)
        return 125;
    char *argv[] = {(char *)"x", NULL};
    return cli_main(&plain, 1, argv, print_much);
}

TEST(a_reader_that_went_away_is_a_failure)
{
    int status = unit_child(run_into_closed_pipe, NULL);
    assert_int_equal(WEXITSTATUS(status), 1);
    unit_read("err", errors, sizeof errors);
    assert_non_null(strstr(errors, "cannot write to standard output"));
}

static bool open_a_file(struct cli *cli, struct err *err)
{
    FILE *file = fopen("state", "w");
    if (!file)
        return err_set(err, ERR_FAILED, "no file");
    if (fileno(file) < 3)
        return err_set(err, ERR_FAILED, "got a standard number");
    (void)fputs("state", file);
    (void)fclose(file);
    return say_hello(cli, err);
}

static int run_without_streams(void *context)
{
    (void)context;
    (void)close(0);
    (void)close(1);
    (void)close(2);
    char *argv[] = {(char *)"x", NULL};
    return cli_main(&plain, 1, argv, open_a_file);
}

TEST(closed_standard_streams_do_not_lead_into_files)
{
    int status = unit_child(run_without_streams, NULL);
    assert_int_equal(WEXITSTATUS(status), 1); /* the result could not be printed */
    unit_read("state", out, sizeof out);
    assert_string_equal(out, "state");
}

static bool show_flags(struct cli *cli, struct err *err)
{
    (void)err;
    printf("%d%d%d%d", dry_run, full, cli->common.json, cli->common.yes);
    cli->document_done = true;
    return true;
}

static int npm_begin(void **state)
{
    (void)unit_enter(state);
    (void)setenv("npm_lifecycle_event", "db:test", 1);
    return 0;
}

static int npm_end(void **state)
{
    static const char *const names[] = {
        "npm_lifecycle_event", "npm_config_dry_run", "npm_config_json", "npm_config_yes",
        "npm_config_env_file", "npm_config_full",    "npm_config_check"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)unsetenv(names[i]);
    return unit_leave(state);
}

TEST(npm_dry_run_and_json_count)
{
    (void)setenv("npm_config_dry_run", "true", 1);
    (void)setenv("npm_config_json", "true", 1);
    assert_int_equal(RUN(with_dry_run, show_flags, NULL), 0);
    assert_string_equal(out, "1010");
    assert_non_null(strstr(errors, "this is a dry run"));
    assert_non_null(strstr(errors, "JSON"));
    (void)setenv("npm_config_dry_run", "false", 1);
    (void)setenv("npm_config_json", "", 1);
    assert_int_equal(RUN(with_dry_run, show_flags, NULL), 0);
    assert_string_equal(out, "0000");
    assert_string_equal(errors, "");
}

TEST(npm_never_consents)
{
    (void)setenv("npm_config_yes", "true", 1);
    assert_int_equal(RUN(with_dry_run, show_flags, NULL), 0);
    assert_string_equal(out, "0000");
    assert_non_null(strstr(errors, "npm kept --yes for itself: write npm run db:test -- --yes"));
}

TEST(what_npm_kept_is_refused)
{
    (void)setenv("npm_config_full", "true", 1);
    (void)setenv("npm_config_env_file", "other.env", 1);
    (void)setenv("npm_config_yes", "true", 1);
    assert_int_equal(RUN(with_dry_run, show_flags, NULL), 2);
    assert_string_equal(out, "");
    assert_non_null(strstr(errors, "npm kept --full, --env-file for itself; nothing was done"));
    assert_non_null(strstr(errors, "npm run db:test -- --full --env-file=FILE"));
    (void)setenv("npm_config_full", "", 1);
    (void)setenv("npm_config_env_file", "false", 1);
    assert_int_equal(RUN(with_dry_run, show_flags, NULL), 0);
}

TEST(npm_takes_no_for_a_value)
{
    (void)setenv("npm_config_check", "", 1);
    assert_int_equal(RUN(with_dry_run, show_flags, NULL), 2);
    assert_non_null(strstr(errors, "npm run db:test -- --no-check"));
    (void)setenv("npm_config_check", "true", 1);
    assert_int_equal(RUN(with_dry_run, show_flags, NULL), 0);
}

TEST(npm_dry_run_of_a_program_without_one_is_refused)
{
    (void)setenv("npm_config_dry_run", "true", 1);
    assert_int_equal(RUN(plain, show_flags, NULL), 2);
    assert_string_equal(out, "");
    assert_non_null(strstr(errors, "npm was given --dry-run, which dbr-plain does not know"));
    assert_int_equal(RUN(plain, show_flags, "--help"), 0);
}

TEST(npm_configuration_alone_means_nothing)
{
    (void)unsetenv("npm_lifecycle_event");
    (void)setenv("npm_config_dry_run", "true", 1);
    assert_int_equal(RUN(with_dry_run, show_flags, NULL), 0);
    assert_string_equal(out, "0000");
    assert_string_equal(errors, "");
}

static bool ask(struct cli *cli, struct err *err)
{
    if (!cli_confirm(cli, "Drop all tables?", err))
        return false;
    puts("agreed");
    return true;
}

TEST(consent_without_a_terminal_names_the_option)
{
    assert_int_equal(RUN(plain, ask, NULL), 5);
    assert_string_equal(out, "");
    assert_string_equal(errors, "dbr-plain: error: consent is needed, and there is no terminal to "
                                "ask at: Drop all tables?\nhint: add --yes to consent\n");
    assert_int_equal(RUN(plain, ask, "--yes"), 0);
    assert_string_equal(out, "agreed\n");
}

/* Runs ask() at a terminal where the answer is typed; returns the exit status, the terminal's text
 * in out. */
static int ask_at_terminal(const char *answer)
{
    int master;
    int status;
    size_t len = 0;
    ssize_t n;
    bool asked = false;

    (void)fflush(NULL);
    pid_t pid = forkpty(&master, NULL, NULL, NULL);
    assert_true(pid >= 0);
    if (pid == 0) {
        char *argv[] = {(char *)"x", NULL};
        int result = cli_main(&plain, 1, argv, ask);
        (void)fflush(NULL);
        _exit(result);
    }
    while (len + 1 < sizeof out && (n = read(master, out + len, sizeof out - 1 - len)) > 0) {
        len += (size_t)n;
        out[len] = '\0';
        /* What is typed before the question would be read by nobody, or kill the child as it
         * starts. */
        if (!asked && strstr(out, "[y/N] ")) {
            asked = true;
            assert_int_equal(write(master, answer, strlen(answer)), (ssize_t)strlen(answer));
        }
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    (void)close(master);
    return WEXITSTATUS(status);
}

TEST(consent_at_a_terminal)
{
    assert_int_equal(ask_at_terminal("y\n"), 0);
    assert_non_null(strstr(out, "Drop all tables? [y/N] "));
    assert_non_null(strstr(out, "agreed"));
    assert_int_equal(ask_at_terminal("Yes\n"), 0);
    assert_int_equal(ask_at_terminal("\n"), 5);
    assert_non_null(strstr(out, "not confirmed: nothing was changed"));
    assert_int_equal(ask_at_terminal("n\n"), 5);
    assert_int_equal(ask_at_terminal("yesterday\n"), 5);
    assert_int_equal(ask_at_terminal("\004"), 5);
    assert_int_equal(ask_at_terminal("\003"), 128 + SIGINT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(success),
        IN_DIR(quiet_success_prints_nothing),
        IN_DIR(success_as_json_is_one_document),
        IN_DIR(failure_is_one_line_and_a_hint),
        IN_DIR(failure_as_json_keeps_what_was_set),
        IN_DIR(failure_without_a_reason_is_still_a_failure),
        IN_DIR(usage_errors),
        IN_DIR(help_version_and_list),
        IN_DIR(operands_reach_the_program),
        IN_DIR(a_program_may_set_status_and_success),
        IN_DIR(a_document_of_its_own_stays_the_only_one),
        IN_DIR(a_map_replaces_the_codes),
        IN_DIR(a_signal_ends_with_128_and_its_number),
        IN_DIR(a_result_that_cannot_be_written_is_a_failure),
        IN_DIR(a_reader_that_went_away_is_a_failure),
        IN_DIR(closed_standard_streams_do_not_lead_into_files),
        cmocka_unit_test_setup_teardown(npm_dry_run_and_json_count, npm_begin, npm_end),
        cmocka_unit_test_setup_teardown(npm_never_consents, npm_begin, npm_end),
        cmocka_unit_test_setup_teardown(what_npm_kept_is_refused, npm_begin, npm_end),
        cmocka_unit_test_setup_teardown(npm_takes_no_for_a_value, npm_begin, npm_end),
        cmocka_unit_test_setup_teardown(npm_dry_run_of_a_program_without_one_is_refused, npm_begin,
                                        npm_end),
        cmocka_unit_test_setup_teardown(npm_configuration_alone_means_nothing, npm_begin, npm_end),
        IN_DIR(consent_without_a_terminal_names_the_option),
        IN_DIR(consent_at_a_terminal),
    };
    return cmocka_run_group_tests_name("main", tests, NULL, NULL);
}
