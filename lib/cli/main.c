/*
 * The frame of every program. It alone prints errors and chooses the exit status; everything below
 * it returns them.
 */
#include "cli/main.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/version.h"
#include "cli/npm.h"
#include "cli/progress.h"
#include "cli/terminal.h"

typedef int (*cli_map)(enum err_code code);

/*
 * A program started with a standard stream closed would give its number to the next file it opens,
 * the state for one, and then print into that. stdout is opened for reading only, so that writes to
 * it still fail.
 */
static void open_standard_streams(void)
{
    static const int flags[] = {O_RDONLY, O_RDONLY, O_WRONLY};

    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        /* The lowest free number is this one. */
        if (open("/dev/null", flags[fd]) != fd)
            abort();
    }
}

/* True when argv asks for JSON: the rest of a command line that does not parse counts as well. */
static bool asks_for_json(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            return true;
    return false;
}

static void print_error(const struct cli *cli, const struct err *err)
{
    struct buf text = BUF_INIT;

    buf_adds(&text, cli->program->name);
    buf_adds(&text, cli->color_err ? ": \033[1;31merror:\033[0m " : ": error: ");
    buf_add_clean(&text, err->message);
    buf_addch(&text, '\n');
    if (err->hint[0]) {
        buf_adds(&text, "hint: ");
        buf_add_clean(&text, err->hint);
        buf_addch(&text, '\n');
    }
    fputs(text.data, stderr);
    buf_release(&text);
}

static void print_document(struct cli *cli, bool ok, const struct err *err)
{
    struct buf text = BUF_INIT;

    /* A null is what cli_main put there to hold the first place. */
    if (!ok)
        json_set_bool(cli->document, "success", false);
    else if (!json_get(cli->document, "success") ||
             json_is_null(json_get(cli->document, "success")))
        json_set_bool(cli->document, "success", true);
    if (!ok) {
        struct json *error = json_set_object(cli->document, "error");
        json_set_str(error, "code", err_code_name(err->code));
        json_set_str(error, "message", err->message);
        json_set_str(error, "hint", err->hint[0] ? err->hint : NULL);
    }
    json_print(cli->document, true, &text);
    buf_addch(&text, '\n');
    fwrite(text.data, 1, text.len, stdout);
    buf_release(&text);
}

static int status_of(const struct err *err, cli_map map)
{
    if (err->code == ERR_STOPPED)
        return 128 + stop_signal();
    return map ? map(err->code) : (int)err->code;
}

/* Everything printed must have arrived: a result that was lost on its way is a failure. */
static bool flush_output(struct err *err)
{
    errno = 0;
    bool ok = fflush(stdout) == 0 && !ferror(stdout);
    if (ok)
        return true;
    if (errno)
        return err_set_errno(err, ERR_FAILED, errno, "cannot write to standard output");
    return err_set_hint(
        err, ERR_FAILED,
        "see where standard output leads: what was printed is not all that there was",
        "cannot write to standard output");
}

/* Prints what is left to print and returns the exit status. */
static int finish(struct cli *cli, bool ok, struct err *err, cli_map map)
{
    struct err output = ERR_INIT;

    progress_clear();
    progress_enable(false);
    if (!ok && err->code == ERR_NONE)
        err_internal(err, "failed for an unknown reason");
    /* What a stop broke off reports all kinds of failures; the signal is the reason. */
    if (!ok && stop_signal())
        err->code = ERR_STOPPED;

    bool answered = !ok && cli->program->failed && cli->program->failed(cli, err);
    bool document = cli->common.json && !cli->document_done && !answered;
    if (document)
        print_document(cli, ok, err);
    else if (!ok)
        print_error(cli, err);

    int status = ok                                                    ? cli->status
                 : cli->failed_status != 0 && err->code != ERR_STOPPED ? cli->failed_status
                                                                       : status_of(err, map);
    if (!flush_output(&output)) {
        print_error(cli, &output);
        if (status == 0)
            status = status_of(&output, map);
    }
    json_free(cli->document);
    strlist_release(&cli->operands);
    return status;
}

static void show_notices(struct strlist *notices)
{
    for (size_t i = 0; i < notices->count; i++)
        log_info("%s", notices->items[i]);
    strlist_release(notices);
}

static bool set_up(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct strlist notices = STRLIST_INIT;
    struct options_common *common = &cli->common;

    bool ok = options_parse(cli->program, common, argc, argv,
                            cli->program->operands ? &cli->operands : NULL, err);
    if (!ok)
        common->json = common->json || asks_for_json(argc, argv);
    /* What is given to "npm start" beside a command is meant for that. */
    bool runs_command = cli->operands.count > 0;
    if (ok && !common->help && !common->version && !common->list_options && !runs_command)
        ok = npm_apply(cli->program, common, &notices, err);

    log_set_level(common->quiet ? LOG_WARN : common->verbose ? LOG_DEBUG : LOG_INFO);
    cli->color_out = terminal_color(STDOUT_FILENO, common->no_color);
    cli->color_err = terminal_color(STDERR_FILENO, common->no_color);
    progress_enable(!common->quiet && !common->json && terminal_moves(STDERR_FILENO));
    show_notices(&notices);
    return ok;
}

/* Answers --help and its like; false when there is none of them. */
static bool answer(struct cli *cli)
{
    struct options_common *common = &cli->common;

    if (common->list_options)
        options_print_list(cli->program, common);
    else if (common->help)
        options_print_help(cli->program, common);
    else if (common->version)
        printf("%s %s\n", cli->program->name, DBR_VERSION);
    else
        return false;
    cli->document_done = true;
    return true;
}

int cli_main_mapped(const struct program *program, int argc, char **argv, cli_run run, cli_map map)
{
    struct cli cli = {.program = program, .operands = STRLIST_INIT};
    struct err err = ERR_INIT;

    open_standard_streams();
    stop_install();
    cli.document = json_object();
    json_set_null(cli.document, "success");

    bool ok = set_up(&cli, argc, argv, &err);
    if (ok && !answer(&cli))
        ok = run(&cli, &err);
    int status = finish(&cli, ok, &err, map);
    /* A thread that looks at a database may have been left behind, and it notices the stop as well:
     * what libraries clean up at exit must not be taken from under it. */
    if (stop_signal()) {
        (void)fflush(NULL);
        _exit(status);
    }
    return status;
}

int cli_main(const struct program *program, int argc, char **argv, cli_run run)
{
    return cli_main_mapped(program, argc, argv, run, NULL);
}
