/*
 * Errors as values. A fallible function returns bool and takes a trailing `struct err *`; on
 * failure it fills the error and returns false. Only the mains (through lib/cli) print an error or
 * exit on it.
 *
 * An error owns nothing: all text is stored inside the struct, cut at its end when longer. A zeroed
 * struct (ERR_INIT) is "no error".
 */
#ifndef DBR_BASE_ERR_H
#define DBR_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

/* What went wrong, as the caller must tell it apart. The values 1 to 6 are the programs' exit
 * status. */
enum err_code {
    ERR_NONE = 0,
    ERR_FAILED = 1,      /* anything that none of the others names */
    ERR_USAGE = 2,       /* usage, configuration or unreadable state */
    ERR_UNREACHABLE = 3, /* a database could not be reached, or let us not in */
    ERR_DIFFERENT = 4,   /* verification found differences */
    ERR_REFUSED = 5,     /* unsafe, or a step of the user's is missing; the hint names it */
    ERR_LOCKED = 6,      /* another run holds the lock */
    ERR_STOPPED = 7      /* a signal asked us to stop: exit with 128 + stop_signal() */
};

struct err {
    enum err_code code;
    char sqlstate[6];   /* the server's code, or "" */
    char message[1024]; /* lower case, no full stop, names the object */
    char hint[512];     /* what to do next, or "" */
};

#define ERR_INIT                                                                                   \
    {                                                                                              \
        ERR_NONE, "", "", ""                                                                       \
    }

/* Replaces what the error held (hint and SQLSTATE are cleared). Always returns false: `return
 * err_set(...)`. */
bool err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set, with a hint that takes no arguments. */
bool err_set_hint(struct err *err, enum err_code code, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ERR_FAILED for what cannot happen unless dbr itself is wrong; the hint says so. */
bool err_internal(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As err_set, with ": " and the text of `errnum` (an errno) appended, and with the hint for it. */
bool err_set_errno(struct err *err, enum err_code code, int errnum, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Sets the hint. Always returns false, so that it can end a chain. */
bool err_hint(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Said in several places. */
#define HINT_DAMAGED_FILE "take another copy of the file, or make it again"

/* Puts "context: " before the message. Always returns false. */
bool err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

void err_clear(struct err *err);

/* The short word for a code in JSON: "failed", "usage", "unreachable", "different", "refused",
 * "locked", "stopped". */
const char *err_code_name(enum err_code code);

#endif
