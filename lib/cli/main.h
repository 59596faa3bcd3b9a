/*
 * What every main does alike: signals, options, log level, npm's environment, the error report and
 * the exit status.
 *
 *     int main(int argc, char **argv) { return cli_main(&program, argc, argv, run); }
 */
#ifndef DBR_CLI_MAIN_H
#define DBR_CLI_MAIN_H

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"
#include "cli/options.h"

struct cli {
    const struct program *program;
    struct options_common common;
    struct strlist operands; /* of a program that takes some */
    struct json *document;   /* the program adds to it; printed at the end of a run with --json */
    bool document_done;      /* the program printed its JSON itself: print nothing more */
    bool color_out, color_err;
    int status;        /* exit status of a run that did not fail; a program may set it */
    int failed_status; /* of one that did; 0: by its error */
};

typedef bool (*cli_run)(struct cli *cli, struct err *err);

/*
 * Runs the program and returns its exit status: 0 or cli->status, the code of the error, or 128 +
 * signal for a run that a signal ended. Under npm (npm_lifecycle_event set) the configuration
 * dry-run and json counts as the option given; any other option that npm kept for itself and that
 * changes what is done is refused.
 *
 * On failure prints "program: error: message" and "hint: ..." to stderr, or under --json one
 * document {"success": false, "error": {"code", "message", "hint"}} to stdout (members that the
 * program had set in cli->document stay in it).
 */
int cli_main(const struct program *program, int argc, char **argv, cli_run run);

/* As cli_main for a program whose exit status follows another table (dbr-health): maps an error to
 * a status. */
int cli_main_mapped(const struct program *program, int argc, char **argv, cli_run run,
                    int (*map)(enum err_code code));

/*
 * Consent for a step. True when --yes was given or the user agrees at the terminal; otherwise
 * ERR_REFUSED naming the option, without a prompt where stdin is no terminal.
 */
bool cli_confirm(struct cli *cli, const char *question, struct err *err);

#endif
