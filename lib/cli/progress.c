/* The progress line. It is one line that is drawn over and over, so it never may be wider than the
 * terminal. */
#include "cli/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/report.h"

#define REDRAW_MS 100
#define WIDTH_UNKNOWN 80
#define ERASE "\r\033[K"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool enabled;
static bool drawn;
static int64_t last_drawn;

void progress_enable(bool on)
{
    (void)pthread_mutex_lock(&mutex);
    enabled = on;
    last_drawn = 0;
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

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_UNKNOWN;
    return size.ws_col;
}

/* Cuts the text to a width in UTF-8 code points. */
static void cut(struct buf *text, size_t width)
{
    size_t count = 0;

    for (size_t i = 0; i < text->len; i++) {
        if (((unsigned char)text->data[i] & 0xC0) == 0x80)
            continue;
        if (count++ == width) {
            buf_truncate(text, i);
            return;
        }
    }
}

static void draw(const char *what, int64_t done, int64_t total, int64_t bytes)
{
    struct buf line = BUF_INIT;
    struct buf text = BUF_INIT;
    char count[32], of[32], size[32];

    buf_add_clean(&text, what);
    if (total > 0 && done <= total)
        buf_addf(&text, "  %d%%  %s of %s rows", (int)((double)done * 100 / (double)total),
                 report_count(done, count), report_count(total, of));
    else
        buf_addf(&text, "  %s rows", report_count(done, count));
    if (bytes > 0)
        buf_addf(&text, "  %s", report_bytes(bytes, size));
    cut(&text, terminal_width() - 1);
    buf_adds(&line, ERASE);
    buf_add(&line, text.data, text.len);
    put(&line);
    buf_release(&text);
    buf_release(&line);
}

void progress_update(const char *what, int64_t done, int64_t total, int64_t bytes)
{
    (void)pthread_mutex_lock(&mutex);
    int64_t now = clock_mono_ms();
    if (enabled && (last_drawn == 0 || now - last_drawn >= REDRAW_MS)) {
        draw(what, done, total, bytes);
        last_drawn = now;
        drawn = true;
    }
    (void)pthread_mutex_unlock(&mutex);
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
