/*
 * Log lines on stderr. A line is put together aside and leaves in one write(2), so that lines of
 * threads and processes that share stderr do not mix.
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

static _Atomic int current_level = LOG_INFO;
static _Atomic(log_hook) before_line;

void log_set_level(enum log_level level)
{
    atomic_store(&current_level, (int)level);
}

enum log_level log_get_level(void)
{
    return (enum log_level)atomic_load(&current_level);
}

void log_before_line(log_hook hook)
{
    atomic_store(&before_line, hook);
}

static void write_all(const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDERR_FILENO, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) /* nobody is left to be told */
            return;
        data += n;
        len -= (size_t)n;
    }
}

__attribute__((format(printf, 3, 0))) static void
write_line(enum log_level level, const char *label, const char *format, va_list args)
{
    if ((int)level > atomic_load(&current_level))
        return;

    int saved = errno; /* a log line must not change what its caller is about to look at */
    struct buf text = BUF_INIT;
    struct buf line = BUF_INIT;
    char time[CLOCK_TEXT_SIZE];

    buf_vaddf(&text, format, args);
    buf_addf(&line, "%s [DB-Redundancy] %s", clock_format(clock_now_us(), time), label);
    buf_add_clean(&line, text.data);
    buf_addch(&line, '\n');
    log_hook hook = atomic_load(&before_line);
    if (hook)
        hook();
    write_all(line.data, line.len);
    buf_release(&text);
    buf_release(&line);
    errno = saved;
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(LOG_ERROR, "", format, args);
    va_end(args);
}

void log_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(LOG_WARN, "WARNING: ", format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(LOG_INFO, "", format, args);
    va_end(args);
}

void log_debug(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(LOG_DEBUG, "DEBUG: ", format, args);
    va_end(args);
}
