/*
 * DB_CHECKS: further checks of the user, NAME=COMMAND separated by ';' ("\;" is a plain one). A
 * check whose command prints a number may have thresholds: NAME[warn>100,crit>500]=COMMAND, or with
 * '<'.
 */
#ifndef DBR_STATE_CHECKS_H
#define DBR_STATE_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define CHECKS_MAX 32 /* they run at the same time */

struct check_limit {
    bool given, below; /* below: '<' */
    double at;
};

struct check_spec {
    char *name; /* letters, digits, '_', '-', '.'; unique */
    char *command;
    struct check_limit warn, crit;
};

struct check_list {
    struct check_spec *items;
    size_t count;
};

/* ERR_USAGE says what is wrong without quoting a command. Release the list in either case. */
bool checks_parse(const char *text, struct check_list *list, struct err *err);
void checks_release(struct check_list *list);
/* The number is beyond the limit. */
bool check_limit_exceeded(const struct check_limit *limit, double value);

#endif
