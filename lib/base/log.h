/*
 * Log lines on stderr: "2026-01-24T20:34:43.910Z [DB-Redundancy] Sync completed: 150 records
 * updated". One line is one write(2); control characters inside the text are replaced by '?'
 * (newlines by blanks), so that hostile names cannot forge lines. Thread safe.
 */
#ifndef DBR_BASE_LOG_H
#define DBR_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* The most verbose level that is printed: LOG_WARN under --quiet, LOG_DEBUG under --verbose;
 * LOG_INFO at start. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/* Called before each line that is printed (the progress line removes itself); NULL: nothing. It
 * must not log. */
typedef void (*log_hook)(void);
void log_before_line(log_hook hook);
/* Errors carry no label, so that the fixed event phrases follow "[DB-Redundancy] " at once. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...)
    __attribute__((format(printf, 1, 2))); /* "... WARNING: text" */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...)
    __attribute__((format(printf, 1, 2))); /* "... DEBUG: text" */

#endif
