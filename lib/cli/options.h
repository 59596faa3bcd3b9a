/*
 * Options from one table. Each program declares a static array of struct option; from it come parsing, --help, the listing
 * for completions, and the tests that hold the man page in step. The options common to all programs are
 * one included group (options_common).
 */
#ifndef DBR_CLI_OPTIONS_H
#define DBR_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strlist.h"

enum option_kind {
    OPTION_FLAG,   /* bool *: set to true */
    OPTION_TEXT,   /* const char **: points into argv */
    OPTION_FILE,   /* as OPTION_TEXT; completed with file names */
    OPTION_DIR,    /* as OPTION_TEXT; completed with directory names */
    OPTION_NUMBER, /* long *: decimal, min..max */
    OPTION_LIST,   /* struct strlist *: comma separated, may be repeated */
    OPTION_CHOICE, /* const char **: one of choices, "a|b|c" */
    OPTION_OPTIONAL /* const char **: --opt or --opt=value; "" when given without one */
};

struct option {
    char letter;          /* 0: long form only */
    const char *name;     /* without the dashes */
    const char *argument; /* shown name of the argument, NULL for flags */
    const char *help;     /* one line, no full stop */
    enum option_kind kind;
    void *target;
    long min, max;        /* OPTION_NUMBER */
    const char *choices;  /* OPTION_CHOICE */
    bool consent;         /* never taken from npm's environment */
};

/* The end of a table. */
#define OPTION_END                                                                                 \
    {                                                                                              \
        0, NULL, NULL, NULL, OPTION_FLAG, NULL, 0, 0, NULL, false                                  \
    }

struct options_common {
    const char *env_file;
    const char *state_dir;
    bool json, yes, quiet, verbose, no_color, help, version, list_options;
};

struct program {
    const char *name;      /* "dbr-sync" */
    const char *purpose;   /* one line */
    const char *usage;     /* the part after the name: "[options]" */
    const struct option *options; /* the program's own */
    const char *description;  /* a short paragraph for --help, or NULL */
};

/* The common group; targets point into common. The array lives as long as common does. */
const struct option *options_common_table(struct options_common *common);

/*
 * Parses argv. ERR_USAGE names the culprit and the nearest valid word. operands, when not NULL, collects what follows the
 * options ("--" ends them); when NULL an operand is an error.
 */
bool options_parse(const struct program *program, struct options_common *common, int argc, char **argv,
                   struct strlist *operands, struct err *err);

void options_print_help(const struct program *program, struct options_common *common);
/* One line per option for completions: name TAB letter TAB kind TAB argument-or-choices TAB help. */
void options_print_list(const struct program *program, struct options_common *common);

#endif
