/*
 * Options from one table. Each program declares a static array of struct option; from it come
 * parsing, --help, the listing for completions, and the tests that hold the man page in step. The
 * options common to all programs are one included group (options_common).
 */
#ifndef DBR_CLI_OPTIONS_H
#define DBR_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strlist.h"

enum option_kind {
    OPTION_FLAG,    /* bool *: set to true */
    OPTION_TEXT,    /* const char **: points into argv */
    OPTION_FILE,    /* as OPTION_TEXT; completed with file names */
    OPTION_DIR,     /* as OPTION_TEXT; completed with directory names */
    OPTION_NUMBER,  /* long *: decimal, min..max */
    OPTION_LIST,    /* struct strlist *: comma separated, may be repeated */
    OPTION_CHOICE,  /* const char **: one of choices, "a|b|c" */
    OPTION_OPTIONAL /* const char **: --opt, --opt=value, or --opt value where the program has no
                       operands;
                       "" when given without one */
};

struct option {
    char letter;          /* 0: long form only */
    const char *name;     /* without the dashes */
    const char *argument; /* shown name of the argument, NULL for flags */
    const char *help;     /* one line, no full stop */
    enum option_kind kind;
    void *target;
    long min, max;       /* OPTION_NUMBER */
    const char *choices; /* OPTION_CHOICE */
    bool consent;        /* never taken from npm's environment */
};

/* The end of a table. */
#define OPTION_END                                                                                 \
    {                                                                                              \
        0, NULL, NULL, NULL, OPTION_FLAG, NULL, 0, 0, NULL, false                                  \
    }

#define OPTIONS_COMMON_COUNT 10 /* OPTION_END included */

struct options_common {
    const char *env_file;
    const char *state_dir;
    bool json, yes, quiet, verbose, no_color, help, version, list_options;
    struct option table[OPTIONS_COMMON_COUNT]; /* options_common_table builds it here */
};

struct cli;
struct program {
    const char *name;             /* "dbr-sync" */
    const char *purpose;          /* one line */
    const char *usage;            /* the part after the name: "[options]" */
    const struct option *options; /* the program's own */
    const char *description;      /* a short paragraph for --help, or NULL */
    bool operands; /* what follows the options is the program's (cli->operands), not an error */
    /* Told of an error before it is printed; true: standard output has what it is to have, and gets
     * no document. May be NULL. */
    bool (*failed)(const struct cli *cli, const struct err *err);
};

/* The common group; targets point into common. The array is part of common. */
const struct option *options_common_table(struct options_common *common);

/* The option of that name (without dashes) in a table, or NULL. */
const struct option *options_find(const struct option *table, const char *name);

/*
 * Parses argv. ERR_USAGE names the culprit and the nearest valid word; what looks like a URL is
 * never quoted. operands, when not NULL, collects what follows the options ("--" or the first
 * operand ends them); when NULL an operand is an error. --help, --version and --list-options end
 * the parsing: what stands behind them is not looked at.
 */
bool options_parse(const struct program *program, struct options_common *common, int argc,
                   char **argv, struct strlist *operands, struct err *err);

/* ERR_USAGE for two options that cannot go together. Always returns false. */
bool options_exclude(const char *one, const char *other, struct err *err);

void options_print_help(const struct program *program, struct options_common *common);
/*
 * One line per option for completions, five fields separated by TAB: name, letter, kind (flag,
 * text, file, dir, number, list, choice, optional), argument or choices ("a|b"), help. An empty
 * field is "-".
 */
void options_print_list(const struct program *program, struct options_common *common);

#endif
