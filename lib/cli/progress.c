/* The progress line. It is one line that is drawn over and over, so it never may be wider than the
 * terminal. */
#include "cli/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "cli/width.h"

#define REDRAW_MS 100
#define WIDTH_UNKNOWN 80
#define WHAT_MIN 12
#define LEFT_AFTER_MS 1000
#define LEFT_MAX_MS (INT64_C(100) * 3600 * 1000)
#define ERASE "\r\033[K"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool enabled;
static bool drawn;
static int64_t last_drawn;
/* What progress_begin has begun, and how much of it is done. */
static char whole_what[32];
static int64_t whole_total, whole_rows, whole_bytes;
/* Since when the same thing is being done, and how much of it was done by then. */
static char began_what[128];
static int64_t began_ms;
static double began_share;

void progress_enable(bool on)
{
    (void)pthread_mutex_lock(&mutex);
    enabled = on;
    last_drawn = 0;
    began_ms = 0;
    (void)pthread_mutex_unlock(&mutex);
    log_before_line(on ? progress_clear : NULL);
}

/* One write, so that lines of other processes do not come between. A terminal that is gone is no
 * concern of ours. */
static void put(const struct buf *text)
{
    int saved = errno;
    if (write(STDERR_FILENO, text->data, text->len) < 0)
        errno = saved;
}

/* What one line says; totals are 0 where they are unknown. */
struct line {
    const char *what;
    const char *measured; /* whose speed it is */
    int64_t rows, rows_total;
    int64_t bytes, bytes_total;
};

/* 0 to 1; negative where it cannot be known. */
static double share_of(const struct line *line)
{
    if (line->bytes_total > 0 && line->bytes <= line->bytes_total)
        return (double)line->bytes / (double)line->bytes_total;
    if (line->bytes_total <= 0 && line->rows_total > 0 && line->rows <= line->rows_total)
        return (double)line->rows / (double)line->rows_total;
    return -1;
}

/* The speed so far goes on: nothing is said before it has been seen for a while. */
static void add_left(struct buf *text, const struct line *line, double share, int64_t now)
{
    char left[32];

    if (strncmp(began_what, line->measured, sizeof began_what - 1) != 0 || began_ms == 0) {
        (void)snprintf(began_what, sizeof began_what, "%s", line->measured);
        began_ms = now;
        began_share = share;
    }
    int64_t spent = now - began_ms;
    if (spent < LEFT_AFTER_MS || share >= 1 || share <= began_share || began_share < 0)
        return;
    double ms = (double)spent * (1 - share) / (share - began_share);
    if (ms < (double)LEFT_MAX_MS) /* whole seconds: a guess has no more */
        buf_addf(text, "  %s left", report_duration(((int64_t)ms + 999) / 1000 * 1000, left));
}

/* All but what is being done. */
static void add_numbers(struct buf *text, const struct line *line, int64_t now)
{
    char count[32], of[32];
    double share = share_of(line);
    bool of_rows = share >= 0 && line->bytes_total <= 0;

    if (share >= 0)
        buf_addf(text, "  %d%%", (int)(share * 100));
    if (of_rows)
        buf_addf(text, "  %s of %s rows", report_count(line->rows, count),
                 report_count(line->rows_total, of));
    else
        buf_addf(text, "  %s rows", report_count(line->rows, count));
    if (line->bytes > 0 && line->bytes_total > 0)
        buf_addf(text, "  %s of %s", report_bytes(line->bytes, count),
                 report_bytes(line->bytes_total, of));
    else if (line->bytes > 0)
        buf_addf(text, "  %s", report_bytes(line->bytes, count));
    add_left(text, line, share, now);
}

/* Where there is no room for everything a long name is cut, since the numbers tell more. */
static void draw(const struct line *line, int64_t now)
{
    struct buf whole = BUF_INIT;
    struct buf what = BUF_INIT;
    struct buf text = BUF_INIT;
    struct buf numbers = BUF_INIT;
    size_t columns = terminal_columns(STDERR_FILENO);
    bool utf8 = terminal_utf8();

    columns = (columns > 0 ? columns : WIDTH_UNKNOWN) - 1;
    buf_add_clean(&what, line->what);
    add_numbers(&numbers, line, now);
    size_t room = columns > numbers.len + WHAT_MIN ? columns - numbers.len : WHAT_MIN;
    width_add_cut(&text, what.data, room, utf8);
    buf_adds(&text, numbers.data);
    buf_adds(&whole, ERASE);
    width_add_cut(&whole, text.data, columns, utf8);
    put(&whole);
    buf_release(&numbers);
    buf_release(&what);
    buf_release(&text);
    buf_release(&whole);
}

static void update_locked(const struct line *line)
{
    int64_t now = clock_mono_ms();
    if (enabled && (last_drawn == 0 || now - last_drawn >= REDRAW_MS)) {
        draw(line, now);
        last_drawn = now;
        drawn = true;
    }
}

static void update(const struct line *line)
{
    (void)pthread_mutex_lock(&mutex);
    update_locked(line);
    (void)pthread_mutex_unlock(&mutex);
}

void progress_update(const char *what, int64_t done, int64_t total, int64_t bytes)
{
    const struct line line = {what, what, done, total, bytes, 0};
    update(&line);
}

void progress_update_bytes(const char *what, int64_t done, int64_t total, int64_t rows)
{
    const struct line line = {what, what, rows, 0, done, total};
    update(&line);
}

void progress_begin(const char *what, int64_t total)
{
    (void)pthread_mutex_lock(&mutex);
    (void)snprintf(whole_what, sizeof whole_what, "%s", what);
    whole_total = total;
    whole_rows = whole_bytes = 0;
    began_ms = 0;
    (void)pthread_mutex_unlock(&mutex);
}

void progress_part(const char *part, int64_t rows, int64_t bytes)
{
    struct buf what = BUF_INIT;
    (void)pthread_mutex_lock(&mutex);
    whole_rows += rows;
    whole_bytes += bytes;
    buf_addf(&what, "%s %s", whole_what, part);
    const struct line line = {what.data, whole_what, whole_rows, whole_total, whole_bytes, 0};
    update_locked(&line);
    (void)pthread_mutex_unlock(&mutex);
    buf_release(&what);
}

void progress_clear(void)
{
    (void)pthread_mutex_lock(&mutex);
    if (drawn) {
        struct buf text = BUF_INIT;
        buf_adds(&text, ERASE);
        put(&text);
        buf_release(&text);
        drawn = false;
    }
    (void)pthread_mutex_unlock(&mutex);
}
